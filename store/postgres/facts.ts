import { type Key, nameOf } from '../decide/key.ts'
import type { Rows } from '../rows.ts'
import type { TableName } from '../tables.ts'
import { isCached, type SharedCache } from './cache.ts'

/** Rows that were read for one group, and keys under which there is none. */
export type Facts = {
  has(table: TableName, key: Key): boolean
  get<T extends TableName>(table: T, key: Key): Rows[T] | undefined
  set<T extends TableName>(table: T, key: Key, row: Rows[T] | undefined): void
  /** The workspace's lock is ours, and this is the version of what is kept of it. */
  locked(workspace: string, version: number): void
  /** Takes the row from what is kept; false if it has to be read. */
  remember(table: TableName, key: Key): boolean
  epochOf(workspace: string): number
}

/** Of a workspace that does not exist: nothing is kept under it. */
const NEVER = 0

export function createFacts(cache: SharedCache): Facts {
  const tables = new Map<TableName, Map<string, object | undefined>>()
  const epochs = new Map<string, number>()
  const epochOf = (workspace: string): number => epochs.get(workspace) ?? NEVER
  const put = (table: TableName, key: Key, row: object | undefined): void => {
    const rows = tables.get(table) ?? new Map<string, object | undefined>()
    tables.set(table, rows)
    rows.set(nameOf(key), row)
  }
  return {
    has: (table, key) => tables.get(table)?.has(nameOf(key)) ?? false,
    get: <T extends TableName>(table: T, key: Key) =>
      tables.get(table)?.get(nameOf(key)) as Rows[T] | undefined,
    set: (table, key, row) => {
      put(table, key, row)
      const epoch = epochOf(key[0] ?? '')
      if (row !== undefined && epoch !== NEVER && isCached(table)) cache.keep(epoch, table, row, key)
    },
    locked: (workspace, version) => void epochs.set(workspace, cache.seen(workspace, version)),
    remember: (table, key) => {
      const epoch = epochOf(key[0] ?? '')
      const row = epoch === NEVER ? undefined : cache.get(epoch, table, key)
      if (row !== undefined) put(table, key, row)
      return row !== undefined
    },
    epochOf,
  }
}
