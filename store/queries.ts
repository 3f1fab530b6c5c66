import type { Lane } from '../model/change.ts'
import type { WorkspaceId } from '../model/ids.ts'
import type { Message } from '../model/message.ts'
import { ACCESS_QUERIES } from './access.ts'
import { type Filter, given, page, where } from './filter.ts'
import { CONTACT_QUERIES } from './found/contact-queries.ts'
import { IDENTITY_QUERIES } from './identity.ts'
import { IMPORT_QUERIES } from './imports.ts'
import { readMeta } from './meta.ts'
import { familyOf } from './people.ts'
import { ADDRESS_KEY, type Pseudonym } from './pseudonym.ts'
import { rejectedPage, rejectedRaw } from './rejected.ts'
import { KEY_CHECK } from './seal.ts'
import { MESSAGE, shown } from './shown.ts'
import { columnsOf, marks, type RawRow, rowOf, type Steps, sql } from './sql.ts'
import type { Queries, StoredChannel } from './store.ts'
import { timeline } from './timeline.ts'
import { TOLD_QUERIES } from './told.ts'
import { conversationView, createdView } from './view.ts'
import { VISIT_QUERIES } from './visits.ts'

/** Every named read, for both engines. Pages are newest first and resume below an id, which sorts by time. */
export const QUERIES: {
  [Q in keyof Queries]: (params: Queries[Q]['params'], pseudonym: Pseudonym) => Steps<Queries[Q]['result']>
} = {
  ...ACCESS_QUERIES,
  ...TOLD_QUERIES,
  ...VISIT_QUERIES,
  ...CONTACT_QUERIES,
  ...IDENTITY_QUERIES,
  ...IMPORT_QUERIES,

  keyCheck: () => readMeta(KEY_CHECK),

  addressKey: () => readMeta(ADDRESS_KEY),

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

  timeline,

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
