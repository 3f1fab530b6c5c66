import { type Key, nameOf } from '../decide/key.ts'
import type { Rows, TableName } from '../tables.ts'

/** Rows that were read for one group, and keys under which there is none. */
export type Facts = {
  has(table: TableName, key: Key): boolean
  get<T extends TableName>(table: T, key: Key): Rows[T] | undefined
  set<T extends TableName>(table: T, key: Key, row: Rows[T] | undefined): void
}

export function createFacts(): Facts {
  const tables = new Map<TableName, Map<string, object | undefined>>()
  return {
    has: (table, key) => tables.get(table)?.has(nameOf(key)) ?? false,
    get: <T extends TableName>(table: T, key: Key) =>
      tables.get(table)?.get(nameOf(key)) as Rows[T] | undefined,
    set: (table, key, row) => {
      const rows = tables.get(table) ?? new Map<string, object | undefined>()
      tables.set(table, rows)
      rows.set(nameOf(key), row)
    },
  }
}
