import type { Received } from '../../model/change.ts'
import type { Rows } from '../tables.ts'
import { adoptMedia, newMessage, openedBy, recordMessage, refOf, wantProviderId } from './messages.ts'
import { applyParked, wantParked } from './parked.ts'
import {
  findOrMakeContact,
  findOrOpenConversation,
  noteReach,
  wantOpenConversation,
  wantPerson,
} from './people.ts'
import { type Rule, refused } from './rule.ts'

/** An inbound message, or an echo: found or made with its contact and conversation, in one commit (RULES B3). */
export const received: Rule<Received> = {
  want: (draft, workspace, change) => {
    const { channel } = change
    draft.want('channels', workspace, channel)
    if (draft.want('seen', workspace, channel, change.key) !== undefined) return
    wantProviderId(draft, workspace, channel, change.replyTo)
    wantProviderId(draft, workspace, channel, change.reactionTo)
    for (const address of [change.address, ...change.also]) {
      const contact = wantPerson(draft, workspace, address)
      if (contact === undefined) continue
      wantOpenConversation(draft, workspace, contact.id, change.thread ?? '')
      draft.want('reach', workspace, contact.id, channel)
    }
    if (change.providerId !== null) {
      draft.want('providerIds', workspace, channel, change.providerId)
      if (change.echo) wantParked(draft, workspace, channel, [change.providerId])
    }
  },

  decide: (draft, workspace, change) => {
    const channel = draft.get('channels', workspace, change.channel)
    if (channel === undefined || channel.deletedAt !== null)
      return refused('notFound', `no channel ${change.channel}`)
    const seen = draft.get('seen', workspace, change.channel, change.key)
    if (seen !== undefined) return { ok: true, id: seen.message, duplicate: true }
    const source = change.echo ? 'echo' : 'contact'
    const contact = findOrMakeContact(draft, workspace, change, change.echo ? 'echo' : 'message')
    const conversation = findOrOpenConversation(draft, contact, {
      thread: change.thread ?? '',
      channel: channel.id,
      source: openedBy(source),
      context: change.context,
    })
    if (!change.echo) noteReach(draft, conversation, contact.id, channel.id, change.address)
    const base = newMessage(draft, channel, {
      contact: contact.id,
      conversation: conversation.id,
      direction: change.echo ? 'outbound' : 'inbound',
      source: { kind: source, id: source === 'contact' ? contact.id : null },
      address: change.address,
      replyTo: refOf(draft, workspace, channel.id, change.replyTo),
      reactionTo: refOf(draft, workspace, channel.id, change.reactionTo),
    })
    const row: Rows['messages'] = {
      ...base,
      providerTime: change.at,
      providerIds: change.providerId === null ? [] : [change.providerId],
      ...(change.echo
        ? { status: 'sent', pieces: [{ part: 0, segment: 0, status: 'sent', times: { sent: change.at } }] }
        : {}),
    }
    recordMessage(draft, row, adoptMedia(draft, row, change.content))
    draft.put('seen', { workspace, channel: channel.id, key: change.key, message: row.id, at: draft.now })
    if (change.providerId !== null) noteProviderId(draft, row, change.providerId)
    if (change.echo && change.providerId !== null)
      applyParked(draft, workspace, channel.id, change.providerId)
    return { ok: true, id: row.id }
  },
}

function noteProviderId(
  draft: Parameters<typeof recordMessage>[0],
  row: Rows['messages'],
  providerId: string,
): void {
  const { workspace, channel, id: message } = row
  if (draft.get('providerIds', workspace, channel, providerId) !== undefined) return
  draft.put('providerIds', { workspace, channel, providerId, message, part: 0, segment: 0, attempt: 0 })
}
