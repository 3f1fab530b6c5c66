import { RAISED_MAX, type RaisableScope } from './decide/draft.ts'
import type { Rows } from './rows.ts'
import { type ColumnType, column, TABLES, type TableName } from './tables.ts'

/**
 * SQL that both engines speak. What takes several statements is a generator that yields each and gets its rows: one
 * engine drives it synchronously in its thread, the other awaits every answer. Dialect stays inside `store/`.
 */
export type SqlValue = string | number | null | Uint8Array
export type RawRow = Record<string, unknown>
/**
 * `?` marks a value. `keys`: the text ends with `IN (KEYS)`, and it is done for all of these. `lock`: the rows of this
 * table, by its name or alias, are held until the end of the transaction; where one connection writes they are anyway.
 */
export type Sql = {
  text: string
  args: readonly SqlValue[]
  keys?: readonly RowKey[]
  lock?: string
  /** Where the engines differ: the same for PostgreSQL. `bitmaps`: it goes by an index that is read as a bitmap. */
  postgres?: { text: string; args: readonly SqlValue[]; bitmaps: boolean }
}
/** Workspace and id of a row. */
export type RowKey = readonly [string, string]
export type Steps<T> = Generator<Sql, T, RawRow[]>

export function sql(text: string, args: readonly SqlValue[] = []): Sql {
  return { text, args }
}

/**
 * More new rows of a table than this come out of a file, and nobody will ask for them soon: they would only drive out
 * what is asked for all the time.
 */
export const BULK_ROWS = 100

/** `a`, `b` → `?, ?`. An empty list becomes NULL, which nothing equals. */
export function marks(list: readonly unknown[]): string {
  return list.length === 0 ? 'NULL' : list.map(() => '?').join(', ')
}

/** All columns of a table, each under an alias that `rowOf` finds again. */
export function columnsOf(table: TableName, alias?: string): string {
  const prefix = alias === undefined ? '' : `${alias}.`
  const name = alias === undefined ? '' : `${alias}_`
  return Object.keys(TABLES[table].columns)
    .map(field => `${prefix}${column(field)} AS "${name}${field}"`)
    .join(', ')
}

/** Reads the row of a table out of what the database answered. */
export function rowOf<T extends TableName>(table: T, raw: RawRow, alias?: string): Rows[T] {
  const prefix = alias === undefined ? '' : `${alias}_`
  const row: Record<string, unknown> = {}
  for (const [field, type] of COLUMNS[table]) row[field] = decoded(type, raw[prefix + field])
  return row as Rows[T]
}

/** A row as values in the order of its columns. */
export function valuesOf(table: TableName, row: object): SqlValue[] {
  return pick(COLUMNS[table], row)
}

/** The columns that change, then the key: what an UPDATE binds. */
export function changedValuesOf(table: TableName, row: object): SqlValue[] {
  return pick(CHANGES[table], row)
}

/** What a watermark raises (RULES D5): newest first, a bounded number. */
export function selectRaisable({ workspace, channel, address, clock }: RaisableScope): Sql {
  return sql(
    `SELECT ${columnsOf('messages')} FROM messages
     WHERE workspace = ? AND channel = ? AND address_value = ? AND direction = 'outbound'
       AND status IN ('sent', 'received') AND created_at <= ? ORDER BY id DESC LIMIT ${RAISED_MAX}`,
    [workspace, channel, address, clock],
  )
}

function pick(columns: readonly [string, ColumnType][], row: object): SqlValue[] {
  const values: SqlValue[] = []
  for (const [field, type] of columns) values.push(encoded(type, (row as Record<string, unknown>)[field]))
  return values
}

const COLUMNS = Object.fromEntries(
  Object.entries(TABLES).map(([table, { columns }]) => [table, Object.entries(columns)]),
) as Record<TableName, [string, ColumnType][]>

const CHANGES = Object.fromEntries(
  Object.entries(TABLES).map(([table, { columns, changes, key }]) => {
    const types = columns as Record<string, ColumnType>
    return [table, [...changes, ...key].map(field => [field, types[field]])]
  }),
) as Record<TableName, [string, ColumnType][]>

function encoded(type: ColumnType, value: unknown): SqlValue {
  if (value === null || value === undefined) return null
  if (type === 'json') return JSON.stringify(value)
  if (type === 'bool') return value === true ? 1 : 0
  return value as SqlValue
}

function decoded(type: ColumnType, value: unknown): unknown {
  if (value === null || value === undefined) return null
  if (type === 'json') return JSON.parse(value as string)
  if (type === 'bool') return value === 1 || value === true
  return type === 'int' ? Number(value) : value
}
