import type { Address } from '../model/address.ts'
import type { ChannelId, ContactId, ConversationId, MessageId, WorkspaceId } from '../model/ids.ts'
import type { Message } from '../model/message.ts'
import { familyOf, standing } from './people.ts'
import type { Rows } from './rows.ts'
import { MESSAGE, shown } from './shown.ts'
import { columnsOf, marks, type RawRow, rowOf, type Steps, sql } from './sql.ts'

type Thread = { workspace: WorkspaceId; channel: ChannelId; contacts: readonly ContactId[] }

/** The named reads behind a website's chat. */
export type VisitQueries = {
  /** The messages of these ids that there are. */
  messagesById: { params: { workspace: WorkspaceId; ids: readonly MessageId[] }; result: Message[] }
  /**
   * What a visitor is shown: what these contacts wrote on the channel, and what was sent to them; newest first.
   * `head`: the number of the newest event that is in it.
   */
  thread: {
    params: Thread & { before?: MessageId; limit: number }
    result: { head: number; messages: Message[] }
  }
  /**
   * What changed in that thread since event `after`, in order: messages that are new in it, and others of which
   * something changed. null: that is more than `eventsMax` events ago, or not kept any more, or was never told.
   */
  threadNews: {
    params: Thread & { after: number; eventsMax: number }
    result: { head: number; fresh: Message[]; changed: Message[] } | null
  }
  /** A visitor who was identified or reset. */
  visitor: {
    params: { workspace: WorkspaceId; channel: ChannelId; visitor: string }
    result: Rows['visitors'] | null
  }
  /** The contact at an address, then those that were merged into it (RULES F2); empty if there is none. */
  family: { params: { workspace: WorkspaceId; address: Address }; result: ContactId[] }
  /** Where the contact of a conversation was heard last, and the provider's id of their newest message in it there. */
  lastHeard: {
    params: { workspace: WorkspaceId; conversation: ConversationId }
    result: { channel: ChannelId; address: Address; providerId: string | null } | null
  }
}

export const VISIT_QUERIES: {
  [Q in keyof VisitQueries]: (params: VisitQueries[Q]['params']) => Steps<VisitQueries[Q]['result']>
} = {
  *messagesById({ workspace, ids }) {
    return yield* shown(
      yield sql(`${MESSAGE} WHERE m.workspace = ? AND m.id IN (${marks(ids)})`, [workspace, ...ids]),
    )
  },

  *thread({ workspace, channel, contacts, before, limit }) {
    const [first] = yield sql('SELECT head FROM workspaces WHERE id = ?', [workspace])
    // Head and page in one statement, so that they are of one moment: what is numbered above is not in the page.
    const rows = yield sql(
      `${MESSAGE.replace('SELECT', 'SELECT (SELECT head FROM workspaces WHERE id = ?) AS head,')}
       WHERE m.workspace = ? AND m.channel = ? AND m.contact IN (${marks(contacts)}) AND ${IS_SHOWN}
         ${before === undefined ? '' : 'AND m.id < ?'} ORDER BY m.id DESC LIMIT ?`,
      [workspace, workspace, channel, ...contacts, ...(before === undefined ? [] : [before]), limit],
    )
    return { head: headOf(rows[0] ?? first), messages: yield* shown(rows) }
  },

  *threadNews({ workspace, channel, contacts, after, eventsMax }) {
    const rows = yield sql(
      `SELECT w.head AS head, w.trimmed AS trimmed, e.type AS type, e.subject AS subject, e.data AS data
       FROM workspaces w LEFT JOIN events e
         ON e.workspace = w.id AND e.sequence > ? AND w.head - ? <= ? AND w.head >= ?
           AND e.type IN ('message.created', 'message.status')
           AND EXISTS (SELECT 1 FROM messages m WHERE m.workspace = e.workspace AND m.id = e.subject
             AND m.channel = ? AND m.contact IN (${marks(contacts)}) AND m.address_kind = 'webchat'
             AND (m.direction = 'inbound' OR e.type = 'message.status'))
       WHERE w.id = ? ORDER BY e.sequence`,
      [after, after, eventsMax, after, channel, ...contacts, workspace],
    )
    const [first] = rows
    const head = headOf(first)
    if (head - after > eventsMax || after > head || after < Number(first?.['trimmed'] ?? 0)) return null
    const { fresh, changed } = sorted(rows)
    const ids = [...new Set([...fresh, ...changed])]
    const found = yield sql(`${MESSAGE} WHERE m.workspace = ? AND m.id IN (${marks(ids)}) AND ${IS_SHOWN}`, [
      workspace,
      ...ids,
    ])
    const byId = new Map((yield* shown(found)).map(message => [message.id, message]))
    const those = (some: Set<MessageId>): Message[] => [...some].flatMap(id => byId.get(id) ?? [])
    return { head, fresh: those(fresh), changed: those(changed) }
  },

  *visitor({ workspace, channel, visitor }) {
    const [row] = yield sql(
      `SELECT ${columnsOf('visitors')} FROM visitors WHERE workspace = ? AND channel = ? AND visitor = ?`,
      [workspace, channel, visitor],
    )
    return row === undefined ? null : rowOf('visitors', row)
  },

  *family({ workspace, address }) {
    const [known] = yield sql(
      'SELECT contact FROM addresses WHERE workspace = ? AND kind = ? AND value = ?',
      [workspace, address.kind, address.value],
    )
    return known === undefined ? [] : yield* familyOf(workspace, known['contact'] as string)
  },

  *lastHeard({ workspace, conversation }) {
    const [row] = yield sql(
      `SELECT ${columnsOf('conversations')} FROM conversations WHERE workspace = ? AND id = ?`,
      [workspace, conversation],
    )
    const contact = row && (yield* standing(workspace, row['contact'] as string))
    const channel = contact?.lastChannel ?? null
    const address = contact?.reach.find(one => one.channel === channel)?.address
    if (channel === null || address === undefined) return null
    const [newest] = yield sql(
      `SELECT provider_ids AS ids FROM messages
       WHERE workspace = ? AND conversation = ? AND channel = ? AND direction = 'inbound'
       ORDER BY id DESC LIMIT 1`,
      [workspace, conversation, channel],
    )
    const [providerId = null] = newest === undefined ? [] : (JSON.parse(newest['ids'] as string) as string[])
    return { channel, address, providerId }
  },
}

/** What was not sent yet, or never will be, is not there for the visitor. The partial index wants its first line. */
const IS_SHOWN = `m.address_kind = 'webchat'
  AND (m.direction = 'inbound' OR m.status IN ('sent', 'received', 'read'))`

function headOf(row: RawRow | undefined): number {
  return Number(row?.['head'] ?? 0)
}

/** A message of the visitor's is new with its making, one to the visitor when it was sent. */
function sorted(rows: readonly RawRow[]): { fresh: Set<MessageId>; changed: Set<MessageId> } {
  const fresh = new Set<MessageId>()
  const changed = new Set<MessageId>()
  for (const { type, subject, data } of rows) {
    if (subject === null) continue
    const id = subject as MessageId
    if (type === 'message.created') fresh.add(id)
    else if ((JSON.parse(data as string) as { status?: string }).status === 'sent') fresh.add(id)
    else if (!fresh.has(id)) changed.add(id)
  }
  return { fresh, changed }
}
