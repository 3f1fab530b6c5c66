import { type Key, keyOf } from '../decide/key.ts'
import { HASHED, keyHash } from '../hash.ts'
import { changedValuesOf, columnsOf, type SqlValue, valuesOf } from '../sql.ts'
import { type ColumnType, column, TABLES, type Table, type TableName } from '../tables.ts'
import { array, storable, TYPES, textArray } from './array.ts'
import { isPartitioned } from './partitions.ts'
import { type Statement, statement } from './statement.ts'

/**
 * Rows by their keys: one statement a table, one list a column, however many rows. All of them are prepared, so none
 * may leave the planner a choice: with `JOIN`, and a table that was vacuumed while it was empty, it would read the
 * whole table for each key, and go on doing so when the table is full.
 */

/** `n` is the place of the key in the list. */
export function selectKeys(table: TableName, keys: readonly Key[]): Statement {
  const [text, values] = [SQL[table].select, keyArrays(table, keys)]
  return AMBIGUOUS.has(table) ? { text, values } : statement(text, values)
}

export function insertRows(table: TableName, rows: readonly object[]): Statement {
  const values = columnArrays(
    typesOf(table),
    rows.map(row => valuesOf(table, row)),
  )
  if (HASHED.has(table)) {
    const hashes = rows.map(row => keyHash(keyOf(table, row as never)))
    values.push(array('int', hashes))
  }
  return statement(SQL[table].insert, values)
}

/** Rows that are there: what is not is made of nothing but its key and these columns. */
export function updateRows(table: TableName, rows: readonly object[]): Statement {
  const { changes, key } = TABLES[table]
  const types = typesOf(table, [...changes, ...key])
  const values = columnArrays(
    types,
    rows.map(row => changedValuesOf(table, row)),
  )
  return statement(SQL[table].update, values)
}

/** @throws Error for a table in partitions, whose rows only retention deletes */
export function deleteKeys(table: TableName, keys: readonly Key[]): Statement {
  if (isPartitioned(table)) throw new Error(`rows of ${table} are not deleted by a group`)
  return statement(SQL[table].remove, keyArrays(table, keys))
}

/** Counts up the version of what nodes keep of these workspaces (`cache.ts`). */
export function countVersions(workspaces: readonly string[]): Statement {
  const text = 'UPDATE workspaces SET version = version + 1 WHERE id = ANY($1::text[])'
  return statement(text, [textArray(workspaces)])
}

function keyArrays(table: TableName, keys: readonly Key[]): string[] {
  const values = TABLES[table].key.map((_, index) => textArray(keys.map(key => storable(key[index] ?? ''))))
  return HASHED.has(table) ? [...values, array('int', keys.map(keyHash))] : values
}

function columnArrays(types: readonly ColumnType[], rows: readonly SqlValue[][]): string[] {
  return types.map((type, index) =>
    array(
      type,
      rows.map(row => row[index] ?? null),
    ),
  )
}

function typesOf(table: TableName, fields?: readonly string[]): ColumnType[] {
  const columns = TABLES[table].columns as Record<string, ColumnType>
  return (fields ?? Object.keys(columns)).map(field => columns[field] ?? 'text')
}

/**
 * Other indexes of these hold the id as well, and for an empty table one is as good as the other: planned each time,
 * when it is known how many rows there are.
 */
const AMBIGUOUS: ReadonlySet<TableName> = new Set(['messages', 'conversations', 'candidates'])

/**
 * What is locked by being read. The workspace is RULES A1's lock. A claim changes rows of the queue without it, so they
 * are locked one by one; a lease may be read by many at once, and not be taken over meanwhile.
 */
const LOCKS: { [T in TableName]?: string } = {
  workspaces: 'FOR UPDATE',
  leases: 'FOR SHARE',
  queue: 'FOR UPDATE',
}

const SQL = Object.fromEntries(
  Object.entries(TABLES).map(([name, described]) => [name, statementsOf(name as TableName, described)]),
) as Record<TableName, { select: string; insert: string; update: string; remove: string }>

function statementsOf(table: TableName, { name, key, columns, changes }: Table<never>) {
  const types = columns as Record<string, ColumnType>
  const hash: string[] = HASHED.has(table) ? ['key_hash'] : []
  const lists = (fields: readonly string[]): string => {
    const known = fields.map((field, index) => `$${index + 1}::${TYPES[types[field] ?? 'text']}[]`)
    return [...known, ...hash.map((_, index) => `$${fields.length + index + 1}::bigint[]`)].join(', ')
  }
  const fieldsOf = (fields: readonly string[]): string => [...fields.map(column), ...hash].join(', ')
  const matches = [...hash, ...key.map(column)].map(field => `x.${field} = u.${field}`).join(' AND ')
  // `OFFSET 0` keeps it a question of its own, asked for one key after the other.
  const found = (what: string): string =>
    `LATERAL (SELECT ${what} FROM ${name} x WHERE ${matches} OFFSET 0 ${LOCKS[table] ?? ''}) t`
  const all = Object.keys(columns)
  const sets = changes.map(field => `${column(field)} = excluded.${column(field)}`)
  return {
    select: `SELECT u.n AS n, ${columnsOf(table, 't')}${table === 'workspaces' ? ', t.version' : ''}
      FROM unnest(${lists(key)}) WITH ORDINALITY AS u(${fieldsOf(key)}, n) CROSS JOIN ${found('*')}`,
    insert: `INSERT INTO ${name} (${fieldsOf(all)}) SELECT * FROM unnest(${lists(all)})`,
    // By its key's index, whatever the planner thinks of the table.
    update: `INSERT INTO ${name} (${fieldsOf([...changes, ...key])})
      SELECT * FROM unnest(${lists([...changes, ...key])})
      ON CONFLICT (${fieldsOf(key)}) DO UPDATE SET ${sets.join(', ')}`,
    remove: `DELETE FROM ${name} WHERE ctid = ANY (ARRAY(
      SELECT t.ctid FROM unnest(${lists(key)}) AS u(${fieldsOf(key)}) CROSS JOIN ${found('x.ctid')}))`,
  }
}
