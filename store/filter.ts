import { columnsOf, type RawRow, type SqlValue, type Steps, sql } from './sql.ts'

/** Conditions of a named read, put together. */
export type Filter = { text: string; args: SqlValue[] }

export function given(filters: Record<string, string | undefined>, prefix = ''): Record<string, string> {
  const set = Object.entries(filters).filter((entry): entry is [string, string] => entry[1] !== undefined)
  return Object.fromEntries(set.map(([name, value]) => [prefix + name, value]))
}

export function where(equal: Record<string, SqlValue>, ...further: (Filter | undefined)[]): Filter {
  const more = further.filter(filter => filter !== undefined)
  const terms = Object.entries(equal).map(([name, value]) =>
    value === null ? `${name} IS NULL` : `${name} = ?`,
  )
  const texts = [...terms, ...more.map(filter => filter.text)]
  const args = Object.values(equal).filter(value => value !== null)
  return {
    text: texts.length === 0 ? '' : `WHERE ${texts.join(' AND ')}`,
    args: [...args, ...more.flatMap(filter => filter.args)],
  }
}

/** Newest first, below an id. */
export function* page(
  table: 'conversations' | 'contacts' | 'imports' | 'segments' | 'templates' | 'tokens' | 'workspaces',
  equal: Record<string, SqlValue>,
  after: string | undefined,
  limit: number,
  further?: Filter,
): Steps<RawRow[]> {
  const older = after === undefined ? undefined : { text: 'id < ?', args: [after] }
  const filter = where(equal, older, further)
  return yield sql(`SELECT ${columnsOf(table)} FROM ${table} ${filter.text} ORDER BY id DESC LIMIT ?`, [
    ...filter.args,
    limit,
  ])
}
