import type { Lane } from '../model/change.ts'
import type { WorkspaceId } from '../model/ids.ts'
import type { Message } from '../model/message.ts'
import { ACCESS_QUERIES } from './access.ts'
import { type Filter, given, page, where } from './filter.ts'
import { CONTACT_QUERIES } from './found/contact-queries.ts'
import { readMeta } from './meta.ts'
import { familyOf } from './people.ts'
import { rejectedPage, rejectedRaw } from './rejected.ts'
import { KEY_CHECK } from './seal.ts'
import { MESSAGE, shown } from './shown.ts'
import { columnsOf, marks, type RawRow, rowOf, type Steps, sql } from './sql.ts'
import type { Queries, StoredChannel, TimelineEntry } from './store.ts'
import type { Rows } from './tables.ts'
import { TOLD_QUERIES } from './told.ts'
import { conversationView, createdView } from './view.ts'
import { VISIT_QUERIES } from './visits.ts'

/** Every named read, for both engines. Pages are newest first and resume below an id, which sorts by time. */
export const QUERIES: {
  [Q in keyof Queries]: (params: Queries[Q]['params']) => Steps<Queries[Q]['result']>
} = {
  ...ACCESS_QUERIES,
  ...TOLD_QUERIES,
  ...VISIT_QUERIES,
  ...CONTACT_QUERIES,

  keyCheck: () => readMeta(KEY_CHECK),

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
      yield* ofContact(workspace, contact, 'm.'),
      after === undefined ? undefined : { text: 'm.id < ?', args: [after] },
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

  rejected: rejectedPage,
  rejectedRaw,
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

/** Of a contact, or of one that was merged into it. */
function* ofContact(
  workspace: WorkspaceId,
  contact: string | undefined,
  prefix = '',
): Steps<Filter | undefined> {
  if (contact === undefined) return undefined
  const family = yield* familyOf(workspace, contact)
  return { text: `${prefix}contact IN (${marks(family)})`, args: family }
}
