import type { Written } from '../decide/draft.ts'
import { type Key, keyOf, nameOf } from '../decide/key.ts'
import type { Rows } from '../rows.ts'
import { BULK_ROWS } from '../sql.ts'
import type { TableName } from '../tables.ts'

/**
 * Rows that nearly every inbound message reads, kept over groups. It is exact, because one connection writes and these
 * tables are written by `decide` alone; what several processes share could not be cached like this.
 *
 * Two generations: a row is looked for in the young one, then in the old one, from where it moves back to the young.
 * When the young one is full it becomes the old one, and what was not read for a whole generation is gone. Against a
 * list in order of use (lru-cache), a hit writes nothing.
 */
const CACHED = new Set<TableName>(['workspaces', 'channels', 'addresses', 'contacts', 'openConversations'])
/** Rows of each table in one generation, at well under a kilobyte each. */
const GENERATION_ROWS_MAX = 8_000

/** Tables that are nearly always empty and asked for every sent message: while they are, nothing is read. */
const OFTEN_EMPTY = new Set<TableName>(['parked', 'watermarks'])

export type RowCache = {
  load<T extends TableName>(table: T, key: Key, read: () => Rows[T] | undefined): Rows[T] | undefined
  /** What a group wrote, after it became durable. */
  note(written: Written): void
}

type Generations = { young: Map<string, object>; old: Map<string, object> }

/** `isEmpty` looks into the database; it is asked once for each table. */
export function createRowCache(isEmpty: (table: TableName) => boolean): RowCache {
  const empty = new Map<TableName, boolean>()
  const isKnownEmpty = (table: TableName): boolean => {
    const known = empty.get(table) ?? isEmpty(table)
    empty.set(table, known)
    return known
  }
  const tables = new Map<TableName, Generations>()
  for (const table of CACHED) tables.set(table, { young: new Map(), old: new Map() })
  return {
    load: (table, key, read) => {
      const rows = tables.get(table)
      if (rows === undefined) return OFTEN_EMPTY.has(table) && isKnownEmpty(table) ? undefined : read()
      const name = nameOf(key)
      const young = rows.young.get(name)
      if (young !== undefined) return young as ReturnType<typeof read>
      const row = rows.old.get(name) ?? read()
      if (row !== undefined) keep(rows, name, row)
      return row as ReturnType<typeof read>
    },
    note: ({ table, inserts, updates, deletes }) => {
      const rows = tables.get(table)
      if (rows === undefined) {
        if (inserts.length > 0 && OFTEN_EMPTY.has(table)) empty.set(table, false)
        return
      }
      if (inserts.length <= BULK_ROWS)
        for (const row of inserts) keep(rows, nameOf(keyOf(table, row as never)), row)
      for (const row of updates) keep(rows, nameOf(keyOf(table, row as never)), row)
      for (const key of deletes) {
        rows.young.delete(nameOf(key))
        rows.old.delete(nameOf(key))
      }
    },
  }
}

function keep(rows: Generations, name: string, row: object): void {
  if (rows.young.size >= GENERATION_ROWS_MAX) {
    rows.old = rows.young
    rows.young = new Map()
  }
  rows.young.set(name, row)
}
