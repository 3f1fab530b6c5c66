import type { Lane } from '../model/change.ts'
import type { LogEvent } from '../model/event.ts'
import type { WorkspaceId } from '../model/ids.ts'
import type { Message } from '../model/message.ts'
import { logEvent } from './decide/draft.ts'
import { familyOf, standing } from './people.ts'
import { MESSAGE, shown } from './shown.ts'
import { columnsOf, marks, type RawRow, rowOf, type SqlValue, type Steps, sql } from './sql.ts'
import { LogTrimmed, type Queries, type StoredChannel, type TimelineEntry } from './store.ts'
import type { Rows } from './tables.ts'
import { contactView, conversationView, createdView } from './view.ts'
import { VISIT_QUERIES } from './visits.ts'

/** Every named read, for both engines. Pages are newest first and resume below an id, which sorts by time. */
export const QUERIES: {
  [Q in keyof Queries]: (params: Queries[Q]['params']) => Steps<Queries[Q]['result']>
} = {
  ...VISIT_QUERIES,

  *workspaces() {
    const rows = yield sql(`SELECT ${columnsOf('workspaces')} FROM workspaces ORDER BY id`)
    return rows.map(row => rowOf('workspaces', row))
  },

  *token({ hash }) {
    const [row] = yield sql(`SELECT ${columnsOf('tokens')} FROM tokens WHERE hash = ?`, [hash])
    return row === undefined ? null : rowOf('tokens', row)
  },

  *channels({ workspace }) {
    const filter = where({ deleted_at: null, ...(workspace === undefined ? {} : { workspace }) })
    const rows = yield sql(
      `SELECT ${columnsOf('channels')} FROM channels ${filter.text} ORDER BY id`,
      filter.args,
    )
    return rows.map(row => rowOf('channels', row) satisfies StoredChannel)
  },

  *message({ workspace, id }) {
    const [message] = yield* shown(
      yield sql(`${MESSAGE} WHERE m.workspace = ? AND m.id = ?`, [workspace, id]),
    )
    return message ?? null
  },

  *messageCreated({ workspace, id }) {
    const [row] = yield sql(`${MESSAGE} WHERE m.workspace = ? AND m.id = ?`, [workspace, id])
    return row === undefined ? null : created(row)
  },

  *messages({ workspace, after, limit, channel, contact, conversation, direction, status }) {
    const filter = where(
      { 'm.workspace': workspace, ...given({ channel, conversation, direction, status }, 'm.') },
      [...(yield* ofContact(workspace, contact, 'm.')), ...below(after, 'm.')],
    )
    const rows = yield sql(`${MESSAGE} ${filter.text} ORDER BY m.id DESC LIMIT ?`, [...filter.args, limit])
    return yield* shown(rows)
  },

  *timeline({ workspace, id }) {
    const [row] = yield sql(`${MESSAGE} WHERE m.workspace = ? AND m.id = ?`, [workspace, id])
    if (row === undefined) return []
    const lines = yield sql(
      `SELECT ${columnsOf('history')} FROM history WHERE workspace = ? AND message = ? ORDER BY at, entry`,
      [workspace, id],
    )
    const [queue] = yield sql(`SELECT ${columnsOf('queue')} FROM queue WHERE workspace = ? AND message = ?`, [
      workspace,
      id,
    ])
    const attempt = queue === undefined ? [] : underWay(rowOf('queue', queue))
    return [
      first(rowOf('messages', row, 'm')),
      ...lines.map(line => entryOf(rowOf('history', line))),
      ...attempt,
    ]
  },

  *conversation({ workspace, id }) {
    const [row] = yield sql(
      `SELECT ${columnsOf('conversations')} FROM conversations WHERE workspace = ? AND id = ?`,
      [workspace, id],
    )
    return row === undefined ? null : conversationView(rowOf('conversations', row))
  },

  *conversations({ workspace, after, limit, contact, status }) {
    const theirs = yield* ofContact(workspace, contact)
    const rows = yield* page('conversations', { workspace, ...given({ status }) }, after, limit, theirs)
    return rows.map(row => conversationView(rowOf('conversations', row)))
  },

  *contact({ workspace, id }) {
    const row = yield* standing(workspace, id)
    return row === undefined ? null : contactView(row)
  },

  *contactByAddress({ workspace, address }) {
    const [known] = yield sql(
      'SELECT contact FROM addresses WHERE workspace = ? AND kind = ? AND value = ?',
      [workspace, address.kind, address.value],
    )
    const row = known && (yield* standing(workspace, known['contact'] as string))
    return row === undefined ? null : contactView(row)
  },

  *contacts({ workspace, after, limit }) {
    const rows = yield* page('contacts', { workspace, merged_into: null }, after, limit)
    return rows.map(row => contactView(rowOf('contacts', row)))
  },

  *file({ workspace, id }) {
    const [row] = yield sql(`SELECT ${columnsOf('files')} FROM files WHERE workspace = ? AND id = ?`, [
      workspace,
      id,
    ])
    return row === undefined ? null : rowOf('files', row)
  },

  *mediaDue({ by, limit }) {
    const rows = yield sql(
      `SELECT ${columnsOf('files')} FROM files WHERE state = 'due' AND next_at <= ? ORDER BY next_at LIMIT ?`,
      [by, limit],
    )
    return rows.map(row => rowOf('files', row))
  },

  *groups() {
    const rows = yield sql('SELECT DISTINCT sender_group AS name FROM queue')
    return rows.map(row => row['name'] as string)
  },

  *depth() {
    const rows = yield sql(
      `SELECT q.lane AS lane, q.state AS state, count(*) AS count, min(m.created_at) AS oldest
       FROM queue q JOIN messages m ON m.workspace = q.workspace AND m.id = q.message
       GROUP BY q.lane, q.state`,
    )
    return rows.map(row => ({
      lane: row['lane'] as Lane,
      state: row['state'] as string,
      count: Number(row['count']),
      oldest: Number(row['oldest']),
    }))
  },

  *rejected({ workspace, limit }) {
    const rows = yield sql(
      `SELECT ${columnsOf('rejected')} FROM rejected WHERE workspace = ? ORDER BY id DESC LIMIT ?`,
      [workspace, limit],
    )
    return rows.map(row => rowOf('rejected', row))
  },
}

/**
 * Events of a workspace above `after`, made anew from the rows that are the same forever (RULES A5).
 * @throws LogTrimmed
 */
export function* events(workspace: WorkspaceId, after: number, limit: number): Steps<LogEvent[]> {
  const rows = yield sql(
    `SELECT ${columnsOf('events', 'e')}, ${columnsOf('messages', 'm')}, c.content AS content
     FROM events e
     LEFT JOIN messages m ON e.data IS NULL AND m.workspace = e.workspace AND m.id = e.subject
     LEFT JOIN contents c ON e.data IS NULL AND c.workspace = e.workspace AND c.message = e.subject
     WHERE e.workspace = ? AND e.sequence > ? ORDER BY e.sequence LIMIT ?`,
    [workspace, after, limit],
  )
  const read: LogEvent[] = []
  for (const row of rows) {
    const event = rowOf('events', row, 'e')
    // Numbers have no gaps: one at the start was trimmed.
    if (read.length === 0 && event.sequence !== after + 1) throw new LogTrimmed(event.sequence)
    if (event.data === null && row['content'] === null) {
      // A clock that jumped far made the message look older than its event: both count as not kept.
      if (read.length > 0) break
      throw new LogTrimmed(nextKept(rows))
    }
    read.push(logEvent(event, event.data ?? created(row)))
  }
  if (rows.length === 0 && limit > 0) yield* proveKept(workspace, after)
  return read
}

function nextKept(rows: RawRow[]): number {
  const events = rows.map(row => ({ ...rowOf('events', row, 'e'), content: row['content'] }))
  const kept = events.find(event => event.data !== null || event.content !== null)
  return kept?.sequence ?? (events.at(-1)?.sequence ?? 0) + 1
}

/** Nothing follows `after`: because it is the newest number, or because all that followed is not kept any more. */
function* proveKept(workspace: WorkspaceId, after: number): Steps<void> {
  const [row] = yield sql('SELECT trimmed FROM workspaces WHERE id = ?', [workspace])
  const trimmed = Number(row?.['trimmed'] ?? 0)
  if (after < trimmed) throw new LogTrimmed(trimmed + 1)
}

export function* cursorOf(follower: string, workspace: WorkspaceId): Steps<number> {
  const [row] = yield sql('SELECT sequence FROM cursors WHERE follower = ? AND workspace = ?', [
    follower,
    workspace,
  ])
  return Number(row?.['sequence'] ?? 0)
}

function created(raw: RawRow): Message {
  return createdView(rowOf('messages', raw, 'm'), JSON.parse(raw['content'] as string))
}

function first(message: Rows['messages']): TimelineEntry {
  const status = message.status === null ? null : 'pending'
  return { at: message.createdAt, kind: 'created', part: 0, attempt: null, status, raw: null, detail: null }
}

function entryOf({ at, kind, part, attempt, status, raw, detail }: Rows['history']): TimelineEntry {
  return { at, kind, part, attempt, status, raw, detail }
}

/** An attempt that is not settled has no line of its own yet: its queue row is the record. */
function underWay(queue: Rows['queue']): TimelineEntry[] {
  if (queue.state !== 'attempted' || queue.attemptedAt === null) return []
  const { attemptedAt: at, part, attempts: attempt } = queue
  return [{ at, kind: 'attempted', part, attempt, status: null, raw: null, detail: null }]
}

type Filter = { text: string; args: SqlValue[] }

function given(filters: Record<string, string | undefined>, prefix = ''): Record<string, string> {
  const set = Object.entries(filters).filter((entry): entry is [string, string] => entry[1] !== undefined)
  return Object.fromEntries(set.map(([name, value]) => [prefix + name, value]))
}

function where(equal: Record<string, SqlValue>, further: readonly Filter[] = []): Filter {
  const terms = Object.entries(equal).map(([name, value]) =>
    value === null ? `${name} IS NULL` : `${name} = ?`,
  )
  const args = Object.values(equal).filter(value => value !== null)
  return {
    text: `WHERE ${[...terms, ...further.map(({ text }) => text)].join(' AND ')}`,
    args: [...args, ...further.flatMap(filter => filter.args)],
  }
}

function below(after: string | undefined, prefix = ''): Filter[] {
  return after === undefined ? [] : [{ text: `${prefix}id < ?`, args: [after] }]
}

/** Of a contact, or of one that was merged into it. */
function* ofContact(workspace: WorkspaceId, contact: string | undefined, prefix = ''): Steps<Filter[]> {
  if (contact === undefined) return []
  const family = yield* familyOf(workspace, contact)
  return [{ text: `${prefix}contact IN (${marks(family)})`, args: family }]
}

function* page(
  table: 'conversations' | 'contacts',
  equal: Record<string, SqlValue>,
  after: string | undefined,
  limit: number,
  further: readonly Filter[] = [],
): Steps<RawRow[]> {
  const filter = where(equal, [...further, ...below(after)])
  return yield sql(`SELECT ${columnsOf(table)} FROM ${table} ${filter.text} ORDER BY id DESC LIMIT ?`, [
    ...filter.args,
    limit,
  ])
}
