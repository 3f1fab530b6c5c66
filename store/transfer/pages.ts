import { createHash } from 'node:crypto'
import { HASHED } from '../hash.ts'
import { type Sql, type SqlValue, sql } from '../sql.ts'
import { column, TABLES, type TableName } from '../tables.ts'
import type { Depot, Row } from './depot.ts'

/** What a store consists of, besides its files. `meta` is about one store itself and stays there. */
export const CARRIED = (Object.keys(TABLES) as TableName[]).filter(table => table !== 'meta')

/** Rows of one read and of one transaction; fewer where a row may be large, so that memory is bounded. */
const PAGE_ROWS = 1000
const LARGE: { [T in TableName]?: number } = {
  contents: 250,
  revisions: 250,
  idempotency: 100,
  rejected: 20,
}

export function pageRowsOf(table: TableName): number {
  return LARGE[table] ?? PAGE_ROWS
}

/** Where a reader stands in a table: the key of the last row it has, and how many it has. */
export type Position = { key: SqlValue[]; rows: number }

/**
 * The fields of a row that is moved. The hash of a key is one of them: it was made from the key as it was told, which
 * a database may have had to spell otherwise.
 */
export function fieldsOf(table: TableName): string[] {
  return [...Object.keys(TABLES[table].columns), ...(HASHED.has(table) ? [HASH] : [])]
}

const HASH = 'keyHash'

/** The rows of a table in the order of its key, page by page. Each page is a read by itself. */
export async function* pagesOf(
  depot: Pick<Depot, 'select'>,
  table: TableName,
  { fields, from, workspace }: { fields: readonly string[]; from: Position | null; workspace: string | null },
): AsyncGenerator<Row[]> {
  const limit = pageRowsOf(table)
  let after = from?.key ?? null
  for (;;) {
    const rows = await depot.select(pageOf(table, { fields, after, workspace, limit }))
    const last = rows.at(-1)
    if (last === undefined) return
    yield table === 'leases' ? rows.map(row => givenBack(row, fields)) : rows
    if (rows.length < limit) return
    after = positionOf(table, fields, last)
  }
}

/** The values that order a table. Never the hash alone: two keys may share it. */
function orderOf(table: TableName): string[] {
  return [...(HASHED.has(table) ? [HASH] : []), ...TABLES[table].key]
}

export function positionOf(table: TableName, fields: readonly string[], row: Row): SqlValue[] {
  return orderOf(table).map(field => row[fields.indexOf(field)] ?? null)
}

type PageQuery = {
  fields: readonly string[]
  after: readonly SqlValue[] | null
  workspace: string | null
  limit: number
}

function pageOf(table: TableName, { fields, after, workspace, limit }: PageQuery): Sql {
  const order = orderOf(table).map(column).join(', ')
  const conditions: string[] = []
  const args: SqlValue[] = []
  if (after !== null) {
    conditions.push(`(${order}) > (${after.map(() => '?').join(', ')})`)
    args.push(...after)
  }
  if (workspace !== null) {
    conditions.push(`${OF_WORKSPACE[table] ?? 'workspace = ?'}`)
    args.push(workspace)
  }
  const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`
  const columns = fields.map(column).join(', ')
  const text = `SELECT ${columns} FROM ${TABLES[table].name} ${where} ORDER BY ${order} LIMIT ?`
  return sql(text, [...args, limit])
}

const OF_WORKSPACE: { [T in TableName]?: string } = {
  workspaces: 'id = ?',
  leases: 'sender_group IN (SELECT sender_group FROM channels WHERE workspace = ?)',
}

/**
 * Nobody holds a lease in a store that was moved. Its number stays, so that the next holder's is above every one that
 * stands in the queue (RULES C4), and that holder inherits what was claimed or attempted (C2).
 */
function givenBack(row: Row, fields: readonly string[]): Row {
  return row.map((value, at) => (fields[at] === 'holder' ? '' : fields[at] === 'endsAt' ? 0 : value))
}

/** Content of files that rows name, each once, in order, after the one given. */
export async function* filesOf(
  depot: Pick<Depot, 'select'>,
  workspace: string | null,
  after: string,
): AsyncGenerator<string[]> {
  const only = workspace === null ? '' : 'AND workspace = ?'
  for (let from = after; ; ) {
    const text = `SELECT DISTINCT sha256 FROM files WHERE sha256 IS NOT NULL AND sha256 > ? ${only}
      ORDER BY sha256 LIMIT ?`
    const args = [from, ...(workspace === null ? [] : [workspace]), PAGE_ROWS]
    const page = (await depot.select(sql(text, args))).map(([sha256]) => String(sha256))
    const last = page.at(-1)
    if (last === undefined) return
    yield page
    from = last
  }
}

/** How many rows, and the SHA-256 of their lines in order: the same for the same rows in every engine. */
export type Sum = { rows: number; sha256: string }

export async function sumOf(pages: AsyncIterable<readonly Row[]>): Promise<Sum> {
  const sum = sumOfLines()
  for await (const page of pages) for (const row of page) sum.add(lineOf(row.map(comparable)), 1)
  return sum.end()
}

export function sumOfLines(): { add(lines: string | Uint8Array, count: number): void; end(): Sum } {
  const hash = createHash('sha256')
  let rows = 0
  return {
    add: (lines, count) => {
      hash.update(lines)
      rows += count
    },
    end: () => ({ rows, sha256: hash.digest('hex') }),
  }
}

/** A row as a line of JSON: a list of its values, bytes in base64. */
export function lineOf(row: Row): string {
  const values = row.map(value =>
    value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value,
  )
  return `${JSON.stringify(values)}\n`
}

/** PostgreSQL's text has no NUL; what stands for it there is the same to us. */
function comparable(value: SqlValue): SqlValue {
  return typeof value === 'string' && value.includes('\0') ? value.replaceAll('\0', '\uFFFD') : value
}
