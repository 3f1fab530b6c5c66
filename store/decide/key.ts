import type { Rows } from '../rows.ts'
import { TABLES, type TableName } from '../tables.ts'

/** The key of a row, in the order of its table's description. */
export type Key = readonly string[]

export function keyOf<T extends TableName>(table: T, row: Rows[T]): Key {
  return TABLES[table].key.map(field => String(row[field as keyof Rows[T]]))
}

/** A key as one text. */
export function nameOf(key: Key): string {
  return key.length === 1 ? (key[0] as string) : `${key[0]}\u001f${restOf(key)}`
}

/**
 * What follows the first part, nearly always the workspace. Kept apart because most keys have just one more part: that
 * text is used as it is, and nothing is put together for a look-up.
 */
export function restOf(key: Key): string {
  if (key.length < 3) return key[1] ?? ''
  return key.length === 3 ? `${key[1]}\u001f${key[2]}` : key.slice(1).join('\u001f')
}
