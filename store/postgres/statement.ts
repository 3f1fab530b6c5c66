import { type Key, keyOf } from '../decide/key.ts'
import { HASHED, keyHash } from '../hash.ts'
import { changedValuesOf, columnsOf, type Sql, type SqlValue, valuesOf } from '../sql.ts'
import { type ColumnType, column, TABLES, type Table, type TableName } from '../tables.ts'

/** What the driver sends. A name makes it prepared: parsed and planned once for a connection. */
export type Statement = { text: string; name?: string; values?: unknown[] }

/** Numbers as numbers: nothing here counts beyond 2^53. Everything else is text or bytes. */
export const typeParsers = {
  getTypeParser: (oid: number, format?: string) => {
    if (oid === INT8 || oid === INT4 || oid === INT2) return Number
    if (oid === BOOL) return isTrue
    return oid === BYTEA && format !== 'binary' ? bytesOf : asIs
  },
}
const [BOOL, BYTEA, INT8, INT2, INT4] = [16, 17, 20, 21, 23]
const isTrue = (text: string): boolean => text === 't'
const asIs = (text: string): string => text
const bytesOf = (text: string): Uint8Array => Buffer.from(text.slice(2), 'hex')

/** Texts that are prepared; those with lists of any length are too many to keep. */
const PREPARED_MAX = 300
const names = new Map<string, string>()

export function statement(text: string, values: unknown[]): Statement {
  let name = names.get(text)
  if (name === undefined && names.size < PREPARED_MAX) {
    name = `s${names.size}`
    names.set(text, name)
  }
  return name === undefined ? { text, values } : { text, name, values }
}

const texts = new Map<string, string>()

/** A statement of both dialects in PostgreSQL's. */
export function bound({ text, args, keys, lock }: Sql): Statement {
  const values: unknown[] = args.map(value => (typeof value === 'string' ? storable(value) : value))
  if (keys !== undefined) values.push(textArray(keys.map(key => key[0])), textArray(keys.map(key => key[1])))
  const mark = `${lock ?? ''} ${text}`
  let ours = texts.get(mark)
  if (ours === undefined) {
    ours = translated(text, lock)
    if (texts.size < PREPARED_MAX) texts.set(mark, ours)
  }
  return statement(ours, values)
}

function translated(text: string, lock: string | undefined): string {
  let count = 0
  const next = (): string => `$${++count}`
  const numbered = text.replaceAll('?', next)
  const keyed = numbered.replace('KEYS', () => `SELECT * FROM unnest(${next()}::text[], ${next()}::text[])`)
  return lock === undefined ? keyed : `${keyed} FOR UPDATE OF ${lock}`
}

/** Rows by their keys; `n` is the place of the key in the list. */
export function selectKeys(table: TableName, keys: readonly Key[]): Statement {
  const values = TABLES[table].key.map((_, index) => textArray(keys.map(key => storable(key[index] ?? ''))))
  if (HASHED.has(table)) values.push(array('int', keys.map(keyHash)))
  return statement(SQL[table].select, values)
}

export function insertRows(table: TableName, rows: readonly object[]): Statement {
  const values = columnArrays(
    table,
    rows.map(row => valuesOf(table, row)),
    typesOf(table),
  )
  if (HASHED.has(table)) {
    values.push(
      array(
        'int',
        rows.map(row => keyHash(keyOf(table, row as never))),
      ),
    )
  }
  return statement(SQL[table].insert, values)
}

export function updateRows(table: TableName, rows: readonly object[]): Statement {
  const { changes, key } = TABLES[table]
  const types = typesOf(table, [...changes, ...key])
  const values = columnArrays(
    table,
    rows.map(row => changedValuesOf(table, row)),
    types,
  )
  return statement(SQL[table].update, values)
}

/** Counts up the version of what nodes keep of these workspaces (`cache.ts`). */
export function countVersions(workspaces: readonly string[]): Statement {
  const text = 'UPDATE workspaces SET version = version + 1 WHERE id = ANY($1::text[])'
  return statement(text, [textArray(workspaces)])
}

export function deleteKeys(table: TableName, keys: readonly Key[]): Statement {
  const values = TABLES[table].key.map((_, index) => textArray(keys.map(key => storable(key[index] ?? ''))))
  if (HASHED.has(table)) values.push(array('int', keys.map(keyHash)))
  return statement(SQL[table].remove, values)
}

function columnArrays(_table: TableName, rows: readonly SqlValue[][], types: ColumnType[]): string[] {
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

/** https://www.postgresql.org/docs/15/arrays.html#ARRAYS-IO */
function array(type: ColumnType, values: readonly SqlValue[]): string {
  let text = '{'
  for (const value of values) {
    if (text.length > 1) text += ','
    if (value === null) text += 'NULL'
    else if (typeof value === 'number') text += value
    else if (typeof value === 'string') text += quoted(type === 'json' ? value : storable(value))
    else text += `"\\\\x${Buffer.from(value).toString('hex')}"`
  }
  return `${text}}`
}

function textArray(values: readonly string[]): string {
  return array('text', values)
}

function quoted(text: string): string {
  return ESCAPED.test(text) ? `"${text.replace(/["\\]/g, '\\$&')}"` : `"${text}"`
}
const ESCAPED = /["\\]/

/** PostgreSQL's text has no NUL. What a stranger puts into a name must not make its message impossible to keep. */
export function storable(text: string): string {
  return text.includes('\0') ? text.replaceAll('\0', '\uFFFD') : text
}

export const TYPES: Record<ColumnType, string> = {
  text: 'text',
  json: 'text',
  int: 'bigint',
  bool: 'smallint',
  bytes: 'bytea',
}

/**
 * What is locked by being read. The workspace is RULES A1's lock. A claim changes rows of the queue without it, so they
 * are locked one by one; a lease may be read by many at once, and not be taken over meanwhile.
 */
const LOCKS: { [T in TableName]?: string } = {
  workspaces: 'ORDER BY u.n FOR UPDATE OF t',
  leases: 'ORDER BY u.n FOR SHARE OF t',
  queue: 'ORDER BY u.n FOR UPDATE OF t',
}

/** The statements of each table, from its description: one list a column, however many rows. */
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
  const all = Object.keys(columns)
  const matches = [...hash, ...key.map(column)].map(field => `t.${field} = u.${field}`).join(' AND ')
  return {
    select: `SELECT u.n AS n, ${columnsOf(table, 't')} ${table === 'workspaces' ? ', t.version AS version' : ''}
      FROM unnest(${lists(key)}) WITH ORDINALITY AS u(${fieldsOf(key)}, n) JOIN ${name} t ON ${matches}
      ${LOCKS[table] ?? ''}`,
    insert: `INSERT INTO ${name} (${fieldsOf(all)}) SELECT * FROM unnest(${lists(all)})`,
    update: `UPDATE ${name} t SET ${changes.map(field => `${column(field)} = u.${column(field)}`).join(', ')}
      FROM unnest(${lists([...changes, ...key])}) AS u(${fieldsOf([...changes, ...key])}) WHERE ${matches}`,
    remove: `DELETE FROM ${name} t USING unnest(${lists(key)}) AS u(${fieldsOf(key)}) WHERE ${matches}`,
  }
}
