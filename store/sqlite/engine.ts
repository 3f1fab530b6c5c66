import { DatabaseSync, type StatementSync } from 'node:sqlite'
import type { Committed, Transaction } from '../../model/change.ts'
import type { LogEvent } from '../../model/event.ts'
import type { IdMaker } from '../../model/ids.ts'
import { fold, want } from '../decide/decide.ts'
import { Draft, type RaisableScope, type Written } from '../decide/draft.ts'
import { type Key, keyOf } from '../decide/key.ts'
import { HASHED, keyHash } from '../hash.ts'
import type { Pseudonym } from '../pseudonym.ts'
import type { Rows } from '../rows.ts'
import {
  changedValuesOf,
  columnsOf,
  type RawRow,
  rowOf,
  type Steps,
  selectRaisable,
  valuesOf,
} from '../sql.ts'
import { SchemaTooNew } from '../store.ts'
import { column, TABLES, type TableName } from '../tables.ts'
import { createRowCache } from './cache.ts'
import { indexChanged, indexMissing, indexNew, nextDoc } from './contact-index.ts'
import { readMigrations } from './migrations.ts'

/**
 * SQLite, driven synchronously by whoever owns the thread. It reads keys and writes rows; it decides nothing.
 * One connection writes; any number of further ones only read.
 */
export type Engine = {
  /** Applies a group in one transaction. Durable when it returns; if it throws, nothing was done. */
  group(transactions: readonly Transaction[], now: number, pseudonym: Pseudonym): GroupResult
  /** Runs statements in one transaction of their own. */
  write<T>(steps: Steps<T>): T
  read<T>(steps: Steps<T>): T
  close(): void
}

export type GroupResult = { committed: Committed[]; events: LogEvent[]; work: string[] }

/** Pages the write-ahead log may reach before they are moved into the database: 16 MB. */
const CHECKPOINT_PAGES = 4096
/** Memory for pages, in KiB. */
const CACHE_KIB = 32_768
/** Texts that are kept prepared. */
const STATEMENTS_MAX = 500

export type EngineOptions = {
  readOnly: boolean
  newId: IdMaker
  /** Loads as an engine across a network must, so that the tests prove that `want` names what `decide` reads. */
  inBulk?: boolean
}

export function openEngine(path: string, options: EngineOptions): Engine {
  const database = new DatabaseSync(path, { readOnly: options.readOnly, timeout: 2000 })
  // FULL: the log is synced at every commit, so what was answered survives a power cut.
  if (!options.readOnly) database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
  database.exec(`PRAGMA cache_size = -${CACHE_KIB}; PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`)
  const statements = new Map<string, StatementSync>()
  const prepared = (text: string): StatementSync => {
    const known = statements.get(text)
    if (known !== undefined) return known
    const statement = database.prepare(text)
    statements.set(text, statement)
    // Filters come in any form: what was prepared first is mostly what is used all the time, and is prepared again.
    if (statements.size > STATEMENTS_MAX) statements.delete(statements.keys().next().value as string)
    return statement
  }
  const cache = createRowCache(
    table => prepared(`SELECT 1 FROM ${TABLES[table].name} LIMIT 1`).get() === undefined,
  )
  const engine: Engine = {
    group: (transactions, now, pseudonym) => {
      const draft = new Draft({
        now,
        pseudonym,
        newId: options.newId,
        raisable: scope => raisable(prepared, scope),
        ...(options.inBulk === true
          ? {}
          : { load: (table, key) => cache.load(table, key, () => load(prepared, table, key)) }),
      })
      const result = inTransaction(database, () => {
        if (options.inBulk === true) bringAll(prepared, draft, transactions)
        return runGroup(prepared, draft, transactions)
      })
      // Only what is durable may be remembered.
      for (const written of result.written) cache.note(written)
      return result.answer
    },
    write: steps => inTransaction(database, () => drive(prepared, steps)),
    read: steps => drive(prepared, steps),
    close: () => database.close(),
  }
  return engine
}

/** Brings the schema up to this code's. @throws SchemaTooNew */
export function migrate(path: string): void {
  const migrations = readMigrations()
  const database = new DatabaseSync(path, { timeout: 2000 })
  try {
    database.exec('PRAGMA journal_mode = WAL')
    const version = (): number => Number(database.prepare('PRAGMA user_version').get()?.['user_version'])
    if (version() > migrations.length) {
      const known = `schema ${version()}, this one knows ${migrations.length}`
      throw new SchemaTooNew(`the database was written by a newer Omnibus (${known})`)
    }
    while (version() < migrations.length) {
      // The version is read again under the lock: another process may have migrated meanwhile.
      inTransaction(database, () => {
        const at = version()
        database.exec(migrations[at] ?? '')
        database.exec(`PRAGMA user_version = ${at + 1}`)
      })
    }
    const prepared = (text: string): StatementSync => database.prepare(text)
    while (inTransaction(database, () => indexMissing(prepared)));
  } finally {
    database.close()
  }
}

function inTransaction<T>(database: DatabaseSync, run: () => T): T {
  database.exec('BEGIN IMMEDIATE')
  try {
    const result = run()
    database.exec('COMMIT')
    return result
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK')
    throw error
  }
}

type Prepare = (text: string) => StatementSync

function runGroup(
  prepared: Prepare,
  draft: Draft,
  transactions: readonly Transaction[],
): { answer: GroupResult; written: Written[] } {
  const committed = fold(draft, transactions)
  const written = [...draft.written()]
  for (const rows of written) write(prepared, rows)
  return { answer: { committed, events: draft.events, work: [...draft.work] }, written }
}

function bringAll(prepared: Prepare, draft: Draft, transactions: readonly Transaction[]): void {
  for (;;) {
    want(draft, transactions)
    const asked = draft.asked()
    if (asked.length === 0) return
    for (const { table, key } of asked) {
      const row = load(prepared, table, key)
      if (row !== undefined) draft.bring(table, key, row)
    }
    draft.settle(asked)
  }
}

function load<T extends TableName>(prepared: Prepare, table: T, key: Key): Rows[T] | undefined {
  const hash = HASHED.has(table) ? [keyHash(key)] : []
  const raw = prepared(SQL[table].select).get(...hash, ...key) as RawRow | undefined
  return raw === undefined ? undefined : rowOf(table, raw)
}

function raisable(prepared: Prepare, scope: RaisableScope): Rows['messages'][] {
  const { text, args } = selectRaisable(scope)
  return (prepared(text).all(...args) as RawRow[]).map(row => rowOf('messages', row))
}

/** `get` and not `run`: nobody wants to know how many rows changed, and `run` makes an object to say so. */
function write(prepared: Prepare, { table, inserts, updates, deletes }: Written): void {
  const { insert, update, remove } = SQL[table]
  if (inserts.length > 0) {
    const statement = prepared(insert)
    const isHashed = HASHED.has(table)
    let doc = table === 'contacts' ? nextDoc(prepared) : undefined
    for (const row of inserts) {
      const values = valuesOf(table, row)
      if (isHashed) values.push(keyHash(keyOf(table, row as never)))
      if (doc !== undefined) values.push(doc, 1)
      statement.get(...values)
      if (doc !== undefined) indexNew(prepared, row as Rows['contacts'], doc++)
    }
  }
  if (updates.length > 0) {
    const statement = prepared(update)
    for (const row of updates) {
      if (table === 'contacts') indexChanged(prepared, row as Rows['contacts'])
      statement.get(...changedValuesOf(table, row))
    }
  }
  for (const key of deletes) prepared(remove).get(...(HASHED.has(table) ? [keyHash(key)] : []), ...key)
}

/** The statements of each table, from its description. */
const SQL = Object.fromEntries(
  Object.entries(TABLES).map(([table, { name, key, columns, changes }]) => {
    const sets = changes.map(field => `${column(field)} = ?`).join(', ')
    const hash = HASHED.has(table as TableName) ? ['key_hash'] : []
    const further = table === 'contacts' ? ['doc', 'indexed'] : hash
    const fields = [...Object.keys(columns).map(column), ...further]
    const matches = [...hash, ...key.map(column)].map(field => `${field} = ?`).join(' AND ')
    return [
      table,
      {
        select: `SELECT ${columnsOf(table as TableName)} FROM ${name} WHERE ${matches}`,
        insert: `INSERT INTO ${name} (${fields.join(', ')}) VALUES (${fields.map(() => '?').join(', ')})`,
        update: `UPDATE ${name} SET ${sets} WHERE ${matches}`,
        remove: `DELETE FROM ${name} WHERE ${matches}`,
      },
    ]
  }),
) as Record<TableName, { select: string; insert: string; update: string; remove: string }>

function drive<T>(prepared: Prepare, steps: Steps<T>): T {
  let answer: RawRow[] = []
  for (;;) {
    const step = steps.next(answer)
    if (step.done === true) return step.value
    const { text, args, keys } = step.value
    if (keys === undefined) answer = prepared(text).all(...args) as RawRow[]
    else {
      const statement = prepared(text.replace('KEYS', 'VALUES (?, ?)'))
      for (const key of keys) statement.get(...args, ...key)
      answer = []
    }
  }
}
