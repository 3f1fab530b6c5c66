import type { Contact } from '../../model/contact.ts'
import type { ContactId, WorkspaceId } from '../../model/ids.ts'
import { shownContacts } from '../people.ts'
import { columnsOf, marks, type RawRow, rowOf, type Sql, type Steps, sql } from '../sql.ts'
import { conditionOf } from './condition.ts'
import { ftsOf, markOf, tsqueryOf, type Wanted, wantedOf } from './index-words.ts'
import type { Test } from './test.ts'

/** `now`: what `daysAgo` is counted from, the same for all steps of one answer. */
type Asked = { workspace: WorkspaceId; test: Test; now: number; after?: ContactId }

/**
 * The steps of finding contacts, each short: the reader answers others between two of them, and holds nothing back
 * (RULES A8). `found.ts` puts them together. Newest first, by id.
 */
export type FoundQueries = {
  /** Reads so many contacts, newest first. `at`: the last one that was looked at; null: there are no more. */
  contactsRead: {
    params: Asked & { rows: number; limit: number }
    result: { contacts: Contact[]; at: ContactId | null }
  }
  /** Through the index. null: it says nothing, or more than `max` have what it asks. */
  contactsIndexed: {
    params: Asked & { max: number; limit: number }
    result: { contacts: Contact[] } | null
  }
  /**
   * How many of at most `max` that the index names, from entry `from` on. `at`: where to go on; null at the end. null:
   * it says nothing, or it is one that cannot go on and has more.
   */
  contactsCountedByIndex: {
    params: Asked & { from: number; max: number }
    result: { count: number; at: number | null } | null
  }
  contactsCounted: { params: Asked & { rows: number }; result: { count: number; at: ContactId | null } }
}

export const FOUND_QUERIES: {
  [Q in keyof FoundQueries]: (params: FoundQueries[Q]['params']) => Steps<FoundQueries[Q]['result']>
} = {
  *contactsRead({ workspace, test, now, after, rows, limit }) {
    const { text, args } = conditionOf(test, now)
    const some = newest('*', workspace, after, rows)
    const found = yield sql(
      `SELECT ${columnsOf('contacts', 'c')} FROM (${some.text}) c
       WHERE ${IS_THERE} AND ${text} ORDER BY c.id DESC LIMIT ?`,
      [...some.args, ...args, limit],
    )
    const contacts = yield* shownContacts(
      workspace,
      found.map(row => rowOf('contacts', row, 'c')),
    )
    const last = contacts.at(-1)
    if (contacts.length === limit && last !== undefined) return { contacts, at: last.id }
    const ids = newest('id', workspace, after, rows)
    const [end] = yield sql(`SELECT min(c.id) AS id, count(*) AS count FROM (${ids.text}) c`, ids.args)
    return { contacts, at: endOf(end, rows) }
  },

  *contactsIndexed({ workspace, test, now, after, max, limit }) {
    const wanted = wantedOf(test, now)
    if (wanted === null) return null
    const { text, args } = conditionOf(test, now)
    const words = wordsOf(wanted, workspace)
    const older = after === undefined ? '' : 'AND c.id < ?'
    const found = yield* indexed(
      words,
      { from: 0, max: max + 1, most: max },
      {
        text: `c.workspace = ? AND ${IS_THERE} ${older} AND ${text}`,
        args: [workspace, ...(after === undefined ? [] : [after]), ...args],
      },
    )
    if (Number(found[0]?.['looked_at'] ?? 0) > max) return null
    const ids = found.flatMap(row => (row['id'] === null ? [] : [row['id'] as string]))
    const page = ids.toSorted((a, b) => (a < b ? 1 : -1)).slice(0, limit)
    const rows =
      page.length === 0
        ? []
        : yield sql(
            `SELECT ${columnsOf('contacts')} FROM contacts WHERE workspace = ? AND id IN (${marks(page)})
       ORDER BY id DESC`,
            [workspace, ...page],
          )
    const contacts = yield* shownContacts(
      workspace,
      rows.map(row => rowOf('contacts', row)),
    )
    return { contacts }
  },

  *contactsCountedByIndex({ workspace, test, now, from, max }) {
    const wanted = wantedOf(test, now)
    if (wanted === null) return null
    const { text, args } = conditionOf(test, now)
    const rows = yield* indexed(
      wordsOf(wanted, workspace),
      { from, max: max + 1, most: max + 1 },
      {
        text: `c.workspace = ? AND ${IS_THERE} AND ${text}`,
        args: [workspace, ...args],
      },
    )
    const count = rows.filter(row => row['id'] !== null).length
    if (Number(rows[0]?.['looked_at'] ?? 0) <= max) return { count, at: null }
    const last = rows[0]?.['last'] ?? null
    return last === null ? null : { count, at: Number(last) }
  },

  *contactsCounted({ workspace, test, now, after, rows }) {
    const { text, args } = conditionOf(test, now)
    const some = newest('*', workspace, after, rows)
    const [row] = yield sql(
      `SELECT count(*) AS count, min(c.id) AS id,
         sum(CASE WHEN ${IS_THERE} AND ${text} THEN 1 ELSE 0 END) AS found
       FROM (${some.text}) c`,
      [...args, ...some.args],
    )
    return { count: Number(row?.['found'] ?? 0), at: endOf(row, rows) }
  },
}

const IS_THERE = 'c.merged_into IS NULL AND c.deleted_at IS NULL'

function newest(what: string, workspace: WorkspaceId, after: ContactId | undefined, rows: number): Sql {
  const older = after === undefined ? '' : 'AND id < ?'
  return sql(`SELECT ${what} FROM contacts WHERE workspace = ? ${older} ORDER BY id DESC LIMIT ?`, [
    workspace,
    ...(after === undefined ? [] : [after]),
    rows,
  ])
}

function endOf(row: RawRow | undefined, rows: number): ContactId | null {
  return Number(row?.['count'] ?? 0) < rows ? null : (row?.['id'] as ContactId)
}

type Words = { fts: string; tsquery: string }

function wordsOf(wanted: Wanted, workspace: WorkspaceId): Words {
  const mark = markOf(workspace)
  return { fts: ftsOf(wanted, mark), tsquery: tsqueryOf(wanted, mark) }
}

/**
 * Of at most `max` rows that the index names the ids of those that meet the condition, and how many there were to
 * look at; if more than `most`, none is. With nobody who meets it there is one row without an id. Each engine has an
 * index of its own kind; that of words goes on after an entry, the one that is read as a bitmap cannot.
 */
function* indexed(
  { fts, tsquery }: Words,
  { from, max, most }: { from: number; max: number; most: number },
  condition: { text: string; args: Sql['args'] },
): Steps<RawRow[]> {
  const met = `CASE WHEN ${condition.text} THEN c.id END AS id`
  return yield {
    text: `WITH d AS MATERIALIZED (
        SELECT rowid AS doc FROM contact_terms WHERE contact_terms MATCH ? AND rowid > ? LIMIT ?
      ), n AS MATERIALIZED (SELECT count(*) AS looked_at, max(doc) AS last FROM d),
      f AS MATERIALIZED (
        SELECT ${met} FROM n CROSS JOIN d CROSS JOIN contacts c ON c.doc = d.doc WHERE n.looked_at <= ?
      ) SELECT n.looked_at AS looked_at, n.last AS last, f.id AS id FROM n LEFT JOIN f ON f.id IS NOT NULL`,
    args: [fts, from, max, ...condition.args, most],
    postgres: {
      text: `WITH f AS MATERIALIZED (
          SELECT ${met} FROM contacts c
          WHERE contact_words(c.terms, c.workspace) @@ CAST(? AS tsquery) AND c.terms <> '' LIMIT ?
        ) SELECT n.looked_at AS looked_at, NULL AS last, f.id AS id
        FROM (SELECT count(*) AS looked_at FROM f) n LEFT JOIN f ON f.id IS NOT NULL`,
      args: [...condition.args, tsquery, max],
      bitmaps: true,
    },
  }
}
