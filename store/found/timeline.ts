import { rfc3339 } from '../../model/clock.ts'
import type { Conversation } from '../../model/conversation.ts'
import type { EventType } from '../../model/event.ts'
import { type ContactId, firstIdAt, type MessageId, timeOfId, type WorkspaceId } from '../../model/ids.ts'
import type { Message } from '../../model/message.ts'
import { familyOf } from '../people.ts'
import type { Rows } from '../rows.ts'
import { MESSAGE, shown } from '../shown.ts'
import { columnsOf, marks, rowOf, type Steps, sql } from '../sql.ts'
import { conversationView } from '../view.ts'

/** One thing that happened to a person. `data` is the event's own, or the conversation or message as it is now. */
export type Moment = {
  /** Names the entry, and resumes below it. */
  key: string
  at: string
  type: EventType
  data: Record<string, unknown> | Conversation | Message
}

export type TimelineQueries = {
  /** What happened to a contact and to those that were merged into it, newest first; null: there is no such contact. */
  contactTimeline: {
    params: { workspace: WorkspaceId; id: ContactId; after?: string; limit: number }
    result: Moment[] | null
  }
}

/**
 * Put together from four places, each by an index of the contact, none of them the log: what happened outlives it. From
 * each as many as a page has; the newest of all of them are the page. What is told of one millisecond is in the order
 * of its keys.
 */
export const TIMELINE_QUERIES: {
  [Q in keyof TimelineQueries]: (params: TimelineQueries[Q]['params']) => Steps<TimelineQueries[Q]['result']>
} = {
  *contactTimeline({ workspace, id, after, limit }) {
    const family = yield* familyOf(workspace, id)
    if (family.length === 0) return null
    const scope: Scope = {
      workspace,
      family,
      after,
      until: after === undefined ? LATEST : timeOf(after),
      limit,
    }
    const found = [
      ...(yield* told(scope)),
      ...(yield* made(scope)),
      ...(yield* opened(scope)),
      ...(yield* closed(scope)),
      ...(yield* said(scope)),
    ]
    const unique = new Map(found.map(moment => [moment.key, moment]))
    return [...unique.values()].sort((a, b) => (a.key < b.key ? 1 : -1)).slice(0, limit)
  },
}

type Scope = {
  workspace: WorkspaceId
  family: readonly ContactId[]
  after: string | undefined
  until: number
  limit: number
}

/** Beyond every time there is: 15 digits, so that keys sort as text. */
const LATEST = 999_999_999_999_999

function keyOf(at: number, what: string): string {
  return `${String(at).padStart(15, '0')} ${what}`
}

/** Of a key; a page begins within its millisecond, below the key itself. */
function timeOf(key: string): number {
  return Number(key.slice(0, 15))
}

export function isTimelineKey(text: string): text is string {
  return /^\d{15} [\w.]{1,80}$/.test(text)
}

function below({ after }: Scope, moments: Moment[]): Moment[] {
  return after === undefined ? moments : moments.filter(moment => moment.key < after)
}

/** What the log told of the contact. */
function* told(scope: Scope): Steps<Moment[]> {
  const { workspace, family, until, limit } = scope
  const moments: Moment[] = []
  for (const contact of family) {
    const rows = yield sql(
      `SELECT ${columnsOf('contactEvents')} FROM contact_events
       WHERE workspace = ? AND contact = ? AND at <= ? ORDER BY sequence DESC LIMIT ?`,
      [workspace, contact, until, limit + SAME_TIME],
    )
    for (const { at, id, type, data } of rows.map(row => rowOf('contactEvents', row))) {
      moments.push({ key: keyOf(at, id), at: rfc3339(at), type, data })
    }
  }
  return below(scope, moments)
}

/** More than happen in one millisecond: what is above the key of a page and not below its time. */
const SAME_TIME = 50

function* made(scope: Scope): Steps<Moment[]> {
  const { workspace, family } = scope
  const rows = yield sql(
    `SELECT id, kind, source, created_at AS at FROM contacts
     WHERE workspace = ? AND id IN (${marks(family)})`,
    [workspace, ...family],
  )
  const moments = rows.map(({ id, kind, source, at }): Moment => {
    const key = keyOf(Number(at), id as string)
    return { key, at: rfc3339(Number(at)), type: 'contact.created', data: { id, kind, source } }
  })
  return below(scope, moments)
}

function* opened(scope: Scope): Steps<Moment[]> {
  const rows = yield* conversations(scope, `AND id < ? ORDER BY id DESC LIMIT ?`, [
    firstIdAt('cnv', Math.min(scope.until + 1, ID_TIME_MAX)),
    scope.limit + SAME_TIME,
  ])
  const moments = rows.map((row): Moment => {
    const at = timeOfId(row.id)
    return {
      key: keyOf(at, row.id),
      at: rfc3339(row.openedAt),
      type: 'conversation.opened',
      data: shownAs(row),
    }
  })
  return below(scope, moments)
}
const ID_TIME_MAX = 2 ** 47

function* closed(scope: Scope): Steps<Moment[]> {
  const rows = yield* conversations(scope, 'AND closed_at <= ? ORDER BY closed_at DESC, id DESC LIMIT ?', [
    scope.until,
    scope.limit + SAME_TIME,
  ])
  const moments = rows.map((row): Moment => {
    const at = row.closedAt ?? 0
    return { key: keyOf(at, `z${row.id}`), at: rfc3339(at), type: 'conversation.closed', data: shownAs(row) }
  })
  return below(scope, moments)
}

/**
 * Messages, by conversation: nothing is written in one after it was closed. So the open ones are read, then the closed
 * ones, the latest first, until what is left was over before all that was found.
 */
function* said(scope: Scope): Steps<Moment[]> {
  const { workspace, until, limit } = scope
  const first = firstIdAt('msg', Math.min(until + 1, ID_TIME_MAX))
  const open = yield* conversations(scope, `AND status = 'open' ORDER BY id DESC LIMIT ?`, [OPEN_MAX])
  let ids: MessageId[] = []
  for (let skip = 0; ; skip += CLOSED_STEP) {
    const ended = yield* conversations(
      scope,
      `AND closed_at IS NOT NULL AND opened_at <= ? ORDER BY closed_at DESC, id DESC LIMIT ? OFFSET ?`,
      [until, CLOSED_STEP, skip],
    )
    for (const { id, closedAt } of [...(skip === 0 ? open : []), ...ended]) {
      const oldest = ids[limit + SAME_TIME - 1]
      if (oldest !== undefined && closedAt !== null && closedAt < timeOfId(oldest)) break
      const rows = yield sql(
        `SELECT id FROM messages WHERE workspace = ? AND conversation = ? AND id < ?
         ORDER BY id DESC LIMIT ?`,
        [workspace, id, first, limit + SAME_TIME],
      )
      ids.push(...rows.map(row => row['id'] as MessageId))
      ids = ids.sort((a, b) => (a < b ? 1 : -1)).slice(0, limit + SAME_TIME)
    }
    const oldest = ids[limit + SAME_TIME - 1]
    const last = ended.at(-1)?.closedAt ?? 0
    if (ended.length < CLOSED_STEP || (oldest !== undefined && last < timeOfId(oldest))) break
  }
  const kept =
    scope.after === undefined ? ids : ids.filter(id => keyOf(timeOfId(id), id) < (scope.after ?? ''))
  const page = kept.slice(0, limit)
  if (page.length === 0) return []
  const messages = yield* shown(
    yield sql(`${MESSAGE} WHERE m.workspace = ? AND m.id IN (${marks(page)})`, [workspace, ...page]),
  )
  return messages.map((message): Moment => {
    const key = keyOf(timeOfId(message.id), message.id)
    return { key, at: message.createdAt, type: 'message.created', data: message }
  })
}
/** Of a contact: one, and one for each e-mail thread. */
const OPEN_MAX = 200
const CLOSED_STEP = 50

function* conversations(
  { workspace, family }: Scope,
  more: string,
  args: (string | number)[],
): Steps<Rows['conversations'][]> {
  const rows = yield sql(
    `SELECT ${columnsOf('conversations')} FROM conversations
     WHERE workspace = ? AND contact IN (${marks(family)}) ${more}`,
    [workspace, ...family, ...args],
  )
  return rows.map(row => rowOf('conversations', row))
}

function shownAs(row: Rows['conversations']): Conversation {
  return conversationView(row)
}
