import { LRUCache } from 'lru-cache'
import { type Key, keyOf, nameOf, type Written } from '../decide/draft.ts'
import type { Rows, TableName } from '../tables.ts'

/**
 * Rows that nearly every inbound message reads, kept over groups. It is exact, because one connection writes and these
 * tables are written by `decide` alone; what several processes share could not be cached like this.
 */
const CACHED = new Set<TableName>(['workspaces', 'channels', 'addresses', 'contacts', 'openConversations'])
/** Rows kept, at well under a kilobyte each. */
const ROWS_MAX = 30_000

export type RowCache = {
  load<T extends TableName>(table: T, key: Key, read: () => Rows[T] | undefined): Rows[T] | undefined
  /** What a group wrote, after it became durable. */
  note(written: Written): void
}

export function createRowCache(): RowCache {
  const rows = new LRUCache<string, object>({ max: ROWS_MAX })
  const name = (table: TableName, key: Key): string => `${table} ${nameOf(key)}`
  return {
    load: (table, key, read) => {
      if (!CACHED.has(table)) return read()
      const cached = rows.get(name(table, key))
      if (cached !== undefined) return cached as ReturnType<typeof read>
      const row = read()
      if (row !== undefined) rows.set(name(table, key), row)
      return row
    },
    note: ({ table, inserts, updates, deletes }) => {
      if (!CACHED.has(table)) return
      for (const row of [...inserts, ...updates]) rows.set(name(table, keyOf(table, row as never)), row)
      for (const key of deletes) rows.delete(name(table, key))
    },
  }
}
