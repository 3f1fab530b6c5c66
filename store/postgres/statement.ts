import type { Sql } from '../sql.ts'
import { storable, textArray } from './array.ts'
import { isPartition } from './partitions.ts'

/** What the driver sends; with a name it is prepared. */
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

const names = new Map<string, string>()

/**
 * Prepared: parsed and planned once for a connection, whatever becomes of its tables. Only for a text whose plan
 * leaves no choice, and of which there are few.
 */
export function statement(text: string, values: unknown[]): Statement {
  const name = names.get(text) ?? `s${names.size}`
  names.set(text, name)
  return { text, name, values }
}

/** Translations that are kept; texts with lists of any length are too many. */
const TEXTS_MAX = 300
const texts = new Map<string, string>()

/**
 * A statement of both dialects in PostgreSQL's. It is planned each time: what is right for an empty table reads all of
 * a full one, and these leave the planner a choice.
 */
export function bound({ postgres, keys, lock, ...both }: Sql): Statement {
  const { text, args } = postgres ?? both
  const values: unknown[] = args.map(value => (typeof value === 'string' ? storable(value) : value))
  if (keys !== undefined) values.push(textArray(keys.map(key => key[0])), textArray(keys.map(key => key[1])))
  const mark = `${lock ?? ''} ${text}`
  let ours = texts.get(mark)
  if (ours === undefined) {
    ours = translated(text, lock)
    if (texts.size < TEXTS_MAX) texts.set(mark, ours)
  }
  return { text: ours, values }
}

/** The table, what is done, and the two columns of the key. */
const KEYED = /(?<=^(?:UPDATE|DELETE FROM) )(\w+)( (?:SET [\s\S]* )?)WHERE \((\w+), (\w+)\) IN \(KEYS\)$/

function translated(text: string, lock: string | undefined): string {
  let count = 0
  const next = (): string => `$${++count}`
  const numbered = text.replaceAll('?', next).replaceAll('instr(', 'strpos(')
  const keyed = numbered.replace(
    KEYED,
    (whole, table: string, what: string, first: string, second: string) => {
      const keys = `unnest(${next()}::text[], ${next()}::text[])`
      if (isPartition(table)) return whole.replace('KEYS', `SELECT * FROM ${keys}`)
      // A queue that was emptied and vacuumed counts as one row, however many wait since: see `rows.ts`.
      return `${table}${what}WHERE ctid = ANY (ARRAY(
      SELECT x.ctid FROM ${keys} AS u(a, b) CROSS JOIN LATERAL (
        SELECT t.ctid FROM ${table} t WHERE t.${first} = u.a AND t.${second} = u.b OFFSET 0) x))`
    },
  )
  return lock === undefined ? keyed : `${keyed} FOR UPDATE OF ${lock}`
}
