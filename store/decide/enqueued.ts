import type { Address } from '../../model/address.ts'
import type { Enqueued, Outcome } from '../../model/change.ts'
import { consentFor } from '../../model/consent.ts'
import type { ChannelId, MessageId, WorkspaceId } from '../../model/ids.ts'
import { CATEGORIES, type Category, type MessageRef } from '../../model/message.ts'
import type { Rows } from '../rows.ts'
import { consentOf, isClosed } from './consent.ts'
import { findOrOpenConversation, wantOpen } from './conversations.ts'
import type { Draft } from './draft.ts'
import { wantAlike } from './likeness.ts'
import { newMessage, openedBy, recordMessage } from './messages.ts'
import { findOrMakeContact, holderOf, isSame, wantContact, wantPerson } from './people.ts'
import { type Rule, refused } from './rule.ts'

/** A message to be sent: written as pending with its queue row, so that it is sent whatever happens to us. */
export const enqueued: Rule<Enqueued> = {
  want: (draft, workspace, change) => {
    const contact = wantRecipient(draft, workspace, change)
    if (change.channel !== undefined) draft.want('channels', workspace, change.channel)
    for (const message of [change.replyTo, change.reactionTo]) {
      if (message !== undefined) draft.want('messages', workspace, message)
    }
    if (change.channel !== undefined) wantTemplate(draft, workspace, change.channel, change)
    if (contact === undefined) {
      if (change.channel !== undefined) wantAllowed(draft, workspace, change, change.channel)
      if (change.to !== undefined) wantNewcomer(draft, workspace, change.to)
      return
    }
    wantOpen(draft, contact, threadOf(draft, workspace, change))
    const channel = change.channel ?? channelOf(draft, workspace, change, contact)
    if (channel === undefined) return
    draft.want('channels', workspace, channel)
    wantTemplate(draft, workspace, channel, change)
    wantAllowed(draft, workspace, change, channel, contact)
  },

  decide: (draft, workspace, change) => {
    const route = routeOf(draft, workspace, change)
    if ('ok' in route) return route
    const { channel, address } = route
    const category = categoryOf(draft, workspace, channel.id, change)
    const asked = consentFor(category)
    if (isClosed(draft, { workspace, address, channel: channel.id }, asked)) {
      const who = `${address.kind}:${address.value}`
      return refused(
        'optedOut',
        `optedOut: ${who} withdrew consent for ${asked} on the channel ${channel.id}`,
      )
    }
    const replyTo = targetOf(draft, workspace, change.replyTo)
    const reactionTo = targetOf(draft, workspace, change.reactionTo)
    if (replyTo === undefined || reactionTo === undefined)
      return refused('notFound', 'no such message to answer')
    const contact = route.contact ?? findOrMakeContact(draft, workspace, { address, also: [] }, 'api')
    const conversation =
      change.source.kind === 'broadcast'
        ? null
        : findOrOpenConversation(draft, contact, {
            address,
            thread: threadOf(draft, workspace, change),
            channel: channel.id,
            source: openedBy(change.source.kind),
          }).conversation
    const row: Rows['messages'] = {
      ...newMessage(draft, channel, {
        contact: holderOf(draft, contact, address),
        conversation,
        direction: 'outbound',
        source: change.source,
        address,
        replyTo,
        reactionTo,
      }),
      category,
      expiresAt: change.expiresAt,
      retryOf: change.retryOf ?? null,
      broadcast: change.broadcast ?? null,
      status: 'pending',
    }
    putOnQueue(draft, channel, row, { ...change, heardAt: heardOn(contact, channel.id, address) })
    return { ok: true, id: row.id }
  },
}

function wantNewcomer(draft: Draft, workspace: WorkspaceId, address: Address): void {
  wantAlike(draft, workspace, [address])
  consentOf(draft, workspace, [address])
}

/** The message with its queue row: from here on it is sent, or fails. */
export function putOnQueue(
  draft: Draft,
  channel: Rows['channels'],
  row: Rows['messages'],
  sending: Pick<Enqueued, 'content' | 'lane' | 'expiresAt'> & Pick<Rows['queue'], 'heardAt'>,
): void {
  const position = recordMessage(draft, row, sending.content)
  draft.insert('queue', readyToSend(row, channel.senderGroup, sending, position))
  draft.work.add(channel.senderGroup)
}

/** What is asked about consent (RULES F1), and whose the address is. */
function wantAllowed(
  draft: Draft,
  workspace: WorkspaceId,
  change: Enqueued,
  channel: ChannelId,
  contact?: Rows['contacts'],
): void {
  const address = change.to ?? (contact && addressOn(contact, channel))
  if (address === undefined) return
  isClosed(draft, { workspace, address, channel }, consentFor(change.category))
  if (contact !== undefined) holderOf(draft, contact, address)
}

function wantTemplate(
  draft: Draft,
  workspace: WorkspaceId,
  channel: ChannelId,
  { content }: Enqueued,
): Rows['templates'] | undefined {
  if (content.type !== 'template') return undefined
  return draft.want('templates', workspace, channel, content.name, content.language.replaceAll('-', '_'))
}

/** A template is of its own category, whatever was said of the message, where the provider told it (RULES C11). */
function categoryOf(draft: Draft, workspace: WorkspaceId, channel: ChannelId, change: Enqueued): Category {
  const own = wantTemplate(draft, workspace, channel, change)?.category?.toLowerCase()
  return CATEGORIES.find(category => category === own) ?? change.category
}

function readyToSend(
  row: Rows['messages'],
  senderGroup: string,
  { lane, expiresAt, heardAt }: Pick<Rows['queue'], 'lane' | 'expiresAt' | 'heardAt'>,
  position: number,
): Rows['queue'] {
  return {
    workspace: row.workspace,
    message: row.id,
    state: 'ready',
    senderGroup,
    channel: row.channel,
    lane,
    position,
    readyAt: row.createdAt,
    expiresAt,
    fence: 0,
    part: 0,
    lastPart: null,
    parts: null,
    attempts: 0,
    partAttempts: 0,
    queued: false,
    attemptedAt: null,
    resolveAt: null,
    resends: 0,
    heardAt,
  }
}

function heardOn(contact: Rows['contacts'], channel: ChannelId, address: Address): number | null {
  const heard = contact.reach.find(one => one.channel === channel && isSame(one.address, address))
  return heard?.seenAt ?? null
}

/** The contact it goes to, if there is one already. */
function wantRecipient(draft: Draft, workspace: WorkspaceId, change: Enqueued): Rows['contacts'] | undefined {
  if (change.conversation !== undefined) {
    const conversation = draft.want('conversations', workspace, change.conversation)
    return conversation === undefined ? undefined : wantContact(draft, workspace, conversation.contact)
  }
  if (change.contact !== undefined) return wantContact(draft, workspace, change.contact)
  return change.to === undefined ? undefined : wantPerson(draft, workspace, change.to)
}

function threadOf(draft: Draft, workspace: WorkspaceId, change: Enqueued): string {
  if (change.conversation === undefined) return ''
  return draft.want('conversations', workspace, change.conversation)?.thread ?? ''
}

/** RULES B4: an answer without `channel` uses that of the last inbound message. */
function channelOf(
  draft: Draft,
  workspace: WorkspaceId,
  change: Enqueued,
  contact: Rows['contacts'],
): ChannelId | undefined {
  const open = wantOpen(draft, contact, threadOf(draft, workspace, change))
  const named = change.conversation && draft.want('conversations', workspace, change.conversation)
  return open?.lastChannel ?? contact.lastChannel ?? (named ? named.channel : undefined)
}

type Route = { channel: Rows['channels']; address: Address; contact: Rows['contacts'] | undefined }

function routeOf(draft: Draft, workspace: WorkspaceId, change: Enqueued): Route | Outcome {
  const contact = wantRecipient(draft, workspace, change)
  if (contact === undefined && change.to === undefined) {
    return refused('notFound', change.conversation === undefined ? 'no such contact' : 'no such conversation')
  }
  const id = change.channel ?? (contact && channelOf(draft, workspace, change, contact))
  if (id === undefined) return refused('noRecipient', 'name a channel: this contact never wrote on one')
  const channel = draft.get('channels', workspace, id)
  if (channel === undefined || channel.deletedAt !== null) return refused('notFound', `no channel ${id}`)
  const address = change.to ?? (contact && addressOn(contact, id))
  if (address === undefined) return refused('noRecipient', 'this contact has no address on this channel')
  return { channel, address, contact }
}

/** Where the contact was last heard on this channel, else its phone, which several kinds of channel can reach. */
function addressOn(contact: Rows['contacts'], channel: ChannelId): Address | undefined {
  const heard = contact.reach.find(one => one.channel === channel)?.address
  return heard ?? contact.addresses.find(address => address.kind === 'phone')
}

/** undefined: there is no such message. */
function targetOf(
  draft: Draft,
  workspace: WorkspaceId,
  id: MessageId | undefined,
): MessageRef | null | undefined {
  if (id === undefined) return null
  const message = draft.get('messages', workspace, id)
  return message === undefined ? undefined : { id, providerId: message.providerIds[0] ?? null }
}
