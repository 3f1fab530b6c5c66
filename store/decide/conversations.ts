import type { Address } from '../../model/address.ts'
import { SEEN_STEP_MS } from '../../model/contact.ts'
import type { ClosingNote, ConversationSource } from '../../model/conversation.ts'
import type { ChannelId, ContactId, WorkspaceId } from '../../model/ids.ts'
import type { Rows } from '../rows.ts'
import { dayOf } from '../terms.ts'
import type { Draft } from './draft.ts'

import { holderOf, isSame, putContact } from './people.ts'

type Contact = Rows['contacts']

/** The open conversation of a contact, or of one that was merged into it: rows stay with whom they were made for. */
export function wantOpen(
  draft: Draft,
  { workspace, id, family }: Contact,
  thread: string,
): Rows['openConversations'] | undefined {
  const rows = [id, ...family].map(each => draft.want('openConversations', workspace, each, thread))
  return rows.find(row => row !== undefined)
}

/**
 * The open conversation of a contact (and thread), opened if there is none (RULES B3–B5), for whom of its family
 * `address` is.
 */
export function findOrOpenConversation(
  draft: Draft,
  contact: Contact,
  opening: {
    address: Address
    thread: string
    channel: ChannelId
    source: ConversationSource
    context?: Record<string, string> | undefined
  },
): Rows['openConversations'] {
  const { workspace } = contact
  const known = wantOpen(draft, contact, opening.thread)
  if (known !== undefined) return known
  const holder = holderOf(draft, contact, opening.address)
  const conversation: Rows['conversations'] = {
    workspace,
    id: draft.newId('cnv'),
    contact: holder,
    thread: opening.thread,
    channel: opening.channel,
    status: 'open',
    source: opening.source,
    contactType: contact.conversations === 0 ? 'new' : 'returning',
    context: opening.context ?? null,
    openedAt: draft.now,
    closedAt: null,
    closedBy: null,
    note: null,
    version: 1,
  }
  draft.insert('conversations', conversation)
  const open: Rows['openConversations'] = {
    workspace,
    contact: holder,
    thread: opening.thread,
    conversation: conversation.id,
    lastChannel: null,
  }
  draft.put('openConversations', open)
  countConversation(draft, workspace, holder)
  const { id, channel, source, contactType } = conversation
  const data = { id, contact: holder, channel, source, contactType }
  draft.event({ workspace, type: 'conversation.opened', subject: id, data, kept: data })
  return open
}

/** For its holder and everybody who stands for them, so that a split can take it back. */
function countConversation(draft: Draft, workspace: WorkspaceId, holder: ContactId): void {
  for (let id: ContactId | null = holder; id !== null; ) {
    const row: Contact | undefined = draft.want('contacts', workspace, id)
    if (row === undefined) return
    draft.put('contacts', { ...row, conversations: row.conversations + 1 })
    id = row.mergedInto
  }
}

/**
 * Remembers where the contact was heard last, so that an answer without `channel` finds its way (RULES B4), and when.
 * `at` is the provider's time: what comes late was not said now.
 */
export function noteReach(
  draft: Draft,
  { workspace, id, family }: Contact,
  open: Rows['openConversations'],
  { channel, address, at }: { channel: ChannelId; address: Address; at: number },
): void {
  const person = draft.get('contacts', workspace, id)
  const latest = person?.reach.find(one => one.channel === channel)
  const known = person?.reach.find(
    one => one.channel === channel && (family.length === 0 || isSame(one.address, address)),
  )
  const minute = Math.min(at, draft.now)
  const seenAt = Math.max(known?.seenAt ?? 0, minute - (minute % SEEN_STEP_MS))
  const isAsKnown =
    latest !== undefined &&
    isSame(latest.address, address) &&
    latest.seenAt === seenAt &&
    person?.lastChannel === channel
  if (person !== undefined && !isAsKnown) {
    // Of a merged contact where each was heard stays known, the newest first, so that they can be parted again.
    const others = person.reach.filter(
      one => one.channel !== channel || (family.length > 0 && !isSame(one.address, address)),
    )
    const reach = [{ channel, address, seenAt }, ...others]
    const heard = { ...person, lastChannel: channel, reach, seenAt: Math.max(person.seenAt ?? 0, seenAt) }
    // Of when it was heard only the day is a term: what is found by nothing else than before costs no index.
    if (dayOf(heard.seenAt) === dayOf(person.seenAt ?? 0)) draft.put('contacts', heard)
    else putContact(draft, heard)
  }
  if (open.lastChannel !== channel) draft.put('openConversations', { ...open, lastChannel: channel })
}

/** Closes it, and frees its key for the next one. */
export function closeConversation(
  draft: Draft,
  known: Rows['conversations'],
  by: ConversationSource,
  note?: ClosingNote,
): void {
  const { workspace, id, contact, thread } = known
  if (draft.want('openConversations', workspace, contact, thread)?.conversation === id) {
    draft.remove('openConversations', workspace, contact, thread)
  }
  draft.put('conversations', {
    ...known,
    status: 'closed',
    closedAt: draft.now,
    closedBy: by,
    note: note ?? null,
    version: known.version + 1,
  })
  const data = { id, contact, channel: known.channel, by, category: note?.category ?? null }
  draft.event({ workspace, type: 'conversation.closed', subject: id, data, kept: data })
}

/** RULES F2: a merge had closed it, and was taken back. */
export function reopenConversation(
  draft: Draft,
  known: Rows['conversations'],
  lastChannel: ChannelId | null,
): void {
  const { workspace, id, contact, thread, channel } = known
  draft.put('conversations', {
    ...known,
    ...{ status: 'open', closedAt: null, closedBy: null, note: null, version: known.version + 1 },
  })
  draft.put('openConversations', { workspace, contact, thread, conversation: id, lastChannel })
  const data = { id, contact, channel, by: 'split' satisfies ConversationSource }
  draft.event({ workspace, type: 'conversation.reopened', subject: id, data, kept: data })
}
