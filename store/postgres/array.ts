import type { SqlValue } from '../sql.ts'
import type { ColumnType } from '../tables.ts'

export const TYPES: Record<ColumnType, string> = {
  text: 'text',
  json: 'text',
  int: 'bigint',
  bool: 'smallint',
  bytes: 'bytea',
}

/** https://www.postgresql.org/docs/15/arrays.html#ARRAYS-IO */
export function array(type: ColumnType, values: readonly SqlValue[]): string {
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

export function textArray(values: readonly string[]): string {
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
