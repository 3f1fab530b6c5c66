import type { Address } from '../../model/address.ts'
import { SEEN_STEP_MS } from '../../model/contact.ts'
import type { ClosingNote, ConversationSource } from '../../model/conversation.ts'
import type { ChannelId } from '../../model/ids.ts'
import type { Rows } from '../tables.ts'
import { dayOf } from '../terms.ts'
import type { Draft } from './draft.ts'
import { isSame, putContact, wantContact } from './people.ts'

type Contact = Rows['contacts']

/** The open conversation of a contact (and thread), opened if there is none (RULES B3–B5). */
export function findOrOpenConversation(
  draft: Draft,
  contact: Contact,
  opening: {
    thread: string
    channel: ChannelId
    source: ConversationSource
    context?: Record<string, string> | undefined
  },
): Rows['openConversations'] {
  const { workspace } = contact
  const known = draft.want('openConversations', workspace, contact.id, opening.thread)
  if (known !== undefined) return known
  const conversation: Rows['conversations'] = {
    workspace,
    id: draft.newId('cnv'),
    contact: contact.id,
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
    contact: contact.id,
    thread: opening.thread,
    conversation: conversation.id,
    lastChannel: null,
  }
  draft.put('openConversations', open)
  const current = draft.get('contacts', workspace, contact.id) ?? contact
  draft.put('contacts', { ...current, conversations: current.conversations + 1 })
  const { id, channel, source, contactType } = conversation
  const data = { id, contact: contact.id, channel, source, contactType }
  draft.event({ workspace, type: 'conversation.opened', subject: id, data, kept: data })
  return open
}

/**
 * Remembers where the contact was heard last, so that an answer without `channel` finds its way (RULES B4), and when.
 * `at` is the provider's time: what comes late was not said now.
 */
export function noteReach(
  draft: Draft,
  open: Rows['openConversations'],
  channel: ChannelId,
  address: Address,
  at: number,
): void {
  const { workspace, contact } = open
  const person = draft.get('contacts', workspace, contact)
  const known = person?.reach.find(one => one.channel === channel)
  const minute = Math.min(at, draft.now)
  const seenAt = Math.max(known?.seenAt ?? 0, minute - (minute % SEEN_STEP_MS))
  const isAsKnown =
    known !== undefined &&
    isSame(known.address, address) &&
    known.seenAt === seenAt &&
    person?.lastChannel === channel
  if (person !== undefined && !isAsKnown) {
    const others = person.reach.filter(one => one.channel !== channel)
    const reach = [...others, { channel, address, seenAt }]
    const heard = { ...person, lastChannel: channel, reach, seenAt: Math.max(person.seenAt ?? 0, seenAt) }
    // Of when it was heard only the day is a term: what is found by nothing else than before costs no index.
    if (dayOf(heard.seenAt) === dayOf(person.seenAt ?? 0)) draft.put('contacts', heard)
    else putContact(draft, heard)
  }
  if (open.lastChannel !== channel) draft.put('openConversations', { ...open, lastChannel: channel })
}

/** Closes it, and frees its key for the next one: that of the contact it stands for now (RULES F2). */
export function closeConversation(
  draft: Draft,
  known: Rows['conversations'],
  by: ConversationSource,
  note?: ClosingNote,
): void {
  const { workspace, id, thread } = known
  const contact = wantContact(draft, workspace, known.contact)?.id ?? known.contact
  if (draft.get('openConversations', workspace, contact, thread)?.conversation === id) {
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
  const data = { id, contact: known.contact, channel: known.channel, by, category: note?.category ?? null }
  draft.event({ workspace, type: 'conversation.closed', subject: id, data, kept: data })
}
