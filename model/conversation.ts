import type { ChannelId, ContactId, ConversationId, WorkspaceId } from './ids.ts'

/**
 * Who opened or closed a conversation. `merge` only closes: two of one contact were open; `split` only opens one of
 * these again (RULES F2).
 */
export type ConversationSource = 'contact' | 'agent' | 'workflow' | 'api' | 'broadcast' | 'merge' | 'split'

export type ClosingNote = { category?: string; summary?: string }

/** A conversation as the API shows it. Times are RFC 3339. */
export type Conversation = {
  id: ConversationId
  workspace: WorkspaceId
  contact: ContactId
  /** The channel it was opened on; it keeps it when the talk moves to another. */
  channel: ChannelId
  /** The root of an e-mail thread; null on chat channels (RULES B4). */
  thread: string | null
  status: 'open' | 'closed'
  source: ConversationSource
  contactType: 'new' | 'returning'
  /** What the channel told about how it began: the advertisement (`referral.sourceId` …), the page, a form. */
  context: Record<string, string> | null
  openedAt: string
  closedAt: string | null
  closedBy: ConversationSource | null
  note: ClosingNote | null
  version: number
}
