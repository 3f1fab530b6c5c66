import type { Committed, Transaction } from '../../model/change.ts'
import type { LogEvent } from '../../model/event.ts'
import type { IdMaker } from '../../model/ids.ts'
import { fold, want } from '../decide/decide.ts'
import { type Asked, Draft, NotLoaded, type RaisableScope, type Written } from '../decide/draft.ts'
import { nameOf } from '../decide/key.ts'
import type { Pseudonym } from '../pseudonym.ts'
import { rowOf, selectRaisable } from '../sql.ts'
import type { TableName } from '../tables.ts'
import { isCached, type SharedCache, workspacesOf } from './cache.ts'
import type { Connection } from './client.ts'
import { createFacts, type Facts } from './facts.ts'
import { countVersions, deleteKeys, insertRows, selectKeys, updateRows } from './rows.ts'
import { bound } from './statement.ts'

/**
 * A group on PostgreSQL: lock its workspaces, load what `want` names in rounds, decide, write, commit (RULES A1). Each
 * round is one trip to the server, and so are all writes with the commit. It decides nothing itself.
 */
export type GroupResult = { committed: Committed[]; events: LogEvent[]; work: string[] }

export type GroupOptions = {
  now: number
  newId: IdMaker
  pseudonym: Pseudonym
  cache: SharedCache
  /** What else is to be sent with the writes, such as word to the other nodes. */
  also(result: GroupResult): void
}

/** `durable` is to be called when it is: only then may what was written be remembered. */
export async function runGroup(
  connection: Connection,
  transactions: readonly Transaction[],
  { now, newId, pseudonym, cache, also }: GroupOptions,
): Promise<{ result: GroupResult; durable: () => void }> {
  const facts = createFacts(cache)
  // What was wanted and could not be foreseen; each time it happens there is one more, so it comes to an end.
  const unforeseen: Asked[] = []
  for (;;) {
    const draft = new Draft({ now, newId, pseudonym })
    await bring(connection, draft, transactions, unforeseen, facts)
    try {
      const committed = fold(draft, transactions)
      const result = { committed, events: draft.events, work: [...draft.work] }
      const written = [...draft.written()]
      const changed = [...workspacesOf(written)]
      for (const rows of written) write(connection, rows)
      if (changed.length > 0) connection.send(countVersions(changed))
      also(result)
      const durable = (): void => {
        for (const workspace of changed) cache.note(workspace, facts.epochOf(workspace), written)
      }
      return { result, durable }
    } catch (error) {
      if (!(error instanceof NotLoaded)) throw error
      unforeseen.push({ table: error.table, key: error.key })
    }
  }
}

async function bring(
  connection: Connection,
  draft: Draft,
  transactions: readonly Transaction[],
  unforeseen: readonly Asked[],
  facts: Facts,
): Promise<void> {
  for (;;) {
    want(draft, transactions)
    for (const { table, key } of unforeseen) draft.want(table, ...key)
    const asked = draft.asked()
    const scopes = draft.askedRaisable()
    if (asked.length === 0 && scopes.length === 0) return
    const unknown = asked.filter(({ table, key }) => !facts.has(table, key))
    const { kept = [], other = [] } = Object.groupBy(unknown, ({ table }) =>
      isCached(table) ? 'kept' : 'other',
    )
    await Promise.all([...load(connection, other, facts), ...loadRaisable(connection, scopes, draft)])
    // Only now the workspaces are locked, and what is kept of them may be believed.
    const missing = kept.filter(({ table, key }) => !facts.remember(table, key))
    await Promise.all(load(connection, missing, facts))
    for (const { table, key } of asked) {
      const row = facts.get(table, key)
      if (row !== undefined) draft.bring(table, key, row)
    }
    draft.settle(asked)
  }
}

/** Sent after what locks the workspaces (RULES A1): the server answers in order. */
function loadRaisable(
  connection: Connection,
  scopes: readonly RaisableScope[],
  draft: Draft,
): Promise<void>[] {
  return scopes.map(async scope => {
    const rows = await connection.send(bound(selectRaisable(scope)))
    draft.bringRaisable(
      scope,
      rows.map(row => rowOf('messages', row)),
    )
  })
}

/** Tables whose rows are locked when they are read, in the order in which everybody locks them. */
const LOCKED: readonly TableName[] = ['workspaces', 'leases', 'queue']

function load(connection: Connection, unknown: readonly Asked[], facts: Facts): Promise<void>[] {
  const keysOf = Map.groupBy(unknown, ({ table }) => table)
  const tables = new Set([...LOCKED.filter(table => keysOf.has(table)), ...keysOf.keys()])
  return [...tables].map(async table => {
    const keys = (keysOf.get(table) ?? []).map(({ key }) => key)
    if (LOCKED.includes(table)) keys.sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1))
    const rows = await connection.send(selectKeys(table, keys))
    for (const key of keys) facts.set(table, key, undefined)
    for (const raw of rows) {
      const key = keys[Number(raw['n']) - 1]
      if (key === undefined) continue
      facts.set(table, key, rowOf(table, raw, 't'))
      if (table === 'workspaces') facts.locked(key[0] ?? '', Number(raw['version']))
    }
  })
}

function write(connection: Connection, { table, inserts, updates, deletes }: Written): void {
  if (deletes.length > 0) connection.send(deleteKeys(table, deletes))
  if (updates.length > 0) connection.send(updateRows(table, updates))
  if (inserts.length > 0) connection.send(insertRows(table, inserts))
}
