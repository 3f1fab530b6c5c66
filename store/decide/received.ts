import type { Received } from '../../model/change.ts'
import { mediaOf } from '../../model/content.ts'
import type { MessageId, WorkspaceId } from '../../model/ids.ts'
import type { Rows } from '../rows.ts'
import { hasEarly } from './amended.ts'
import { consentOf } from './consent.ts'
import { findOrOpenConversation, noteReach, wantOpen } from './conversations.ts'
import type { Draft } from './draft.ts'
import { hearWord, wantWord } from './hear-word.ts'
import { wantAlike } from './likeness.ts'
import { takeChoice } from './menu.ts'
import {
  adoptMedia,
  newMessage,
  openedBy,
  recordMessage,
  refOf,
  tellMissing,
  wantProviderId,
  wantUpload,
} from './messages.ts'
import { applyParked, wantParked } from './parked.ts'
import { findOrMakeContact, holderOf, isRecycled, ownersOf, wantPerson } from './people.ts'
import { type Rule, refused } from './rule.ts'

/** An inbound message, or an echo: found or made with its contact and conversation, in one commit (RULES B3). */
export const received: Rule<Received> = {
  want: (draft, workspace, change) => {
    const { channel } = change
    const known = draft.want('channels', workspace, channel)
    if (wantEarlier(draft, workspace, change) !== undefined) return
    wantProviderId(draft, workspace, channel, change.replyTo)
    wantProviderId(draft, workspace, channel, change.reactionTo)
    const owners = ownersOf(draft, workspace, [change.address, ...change.also])
    if (change.former !== undefined) owners.push(wantPerson(draft, workspace, change.former))
    for (const contact of owners) if (contact !== undefined) wantOpen(draft, contact, change.thread ?? '')
    wantNewcomers(draft, workspace, change, owners)
    if (change.providerId !== null && (change.echo || hasEarly(known, draft.now))) {
      wantParked(draft, workspace, channel, [change.providerId])
    }
    hasItsUploads(draft, workspace, change)
    if (known !== undefined) wantWord(draft, known, change, owners)
  },

  decide: (draft, workspace, change) => {
    const channel = draft.get('channels', workspace, change.channel)
    if (channel === undefined || channel.deletedAt !== null)
      return refused('notFound', `no channel ${change.channel}`)
    const earlier = wantEarlier(draft, workspace, change)
    if (earlier !== undefined) return { ok: true, id: earlier, duplicate: true }
    if (!hasItsUploads(draft, workspace, change)) return refused('noUpload', 'there is no such upload')
    const source = change.echo ? 'echo' : 'contact'
    const contact = findOrMakeContact(draft, workspace, change, change.echo ? 'echo' : 'message')
    const open = findOrOpenConversation(draft, contact, {
      address: change.address,
      thread: change.thread ?? '',
      channel: channel.id,
      source: openedBy(source),
      context: change.context,
    })
    if (!change.echo)
      noteReach(draft, contact, open, { channel: channel.id, address: change.address, at: change.at })
    const holder = holderOf(draft, contact, change.address)
    const chosen = change.echo
      ? undefined
      : takeChoice(draft, heard(draft, contact), channel.id, change.content)
    const base = newMessage(draft, channel, {
      contact: holder,
      conversation: open.conversation,
      direction: change.echo ? 'outbound' : 'inbound',
      source: { kind: source, id: source === 'contact' ? holder : null },
      address: change.address,
      replyTo: refOf(draft, workspace, channel.id, change.replyTo) ?? chosen?.replyTo ?? null,
      reactionTo: refOf(draft, workspace, channel.id, change.reactionTo),
    })
    const row: Rows['messages'] = {
      ...base,
      providerTime: change.at,
      providerIds: change.providerId === null ? [] : [change.providerId],
      besides: change.besides ?? null,
      ...(change.echo
        ? { status: 'sent', pieces: [{ part: 0, segment: 0, status: 'sent', times: { sent: change.at } }] }
        : {}),
    }
    const content = adoptMedia(draft, row, chosen?.reply ?? change.content)
    recordMessage(draft, row, content)
    tellMissing(draft, row, content)
    if (chosen === undefined) hearWord(draft, channel, contact, row, change)
    noteDelivery(draft, row, change)
    if (change.providerId !== null && (change.echo || hasEarly(channel, draft.now))) {
      applyParked(draft, workspace, channel.id, change.providerId)
    }
    return { ok: true, id: row.id }
  },
}

/** Whom somebody is like is asked only of addresses that are new, or change hands: nearly always none. */
function wantNewcomers(
  draft: Draft,
  workspace: WorkspaceId,
  { address, also, former }: Received,
  owners: readonly (Rows['contacts'] | undefined)[],
): void {
  const [first] = owners
  const told = [address, ...also]
  const isKnown = owners.every(owner => owner !== undefined && owner.id === first?.id)
  if (former === undefined && isKnown && first !== undefined && !isRecycled(first, told)) return
  wantAlike(draft, workspace, told, {}, first)
  consentOf(draft, workspace, [...told, ...owners.flatMap(owner => owner?.addresses ?? [])])
}

/** As it is by now: what the conversation and the reach changed is in it. */
function heard(draft: Draft, { workspace, id }: Rows['contacts']): Rows['contacts'] {
  const contact = draft.get('contacts', workspace, id)
  if (contact === undefined) throw new Error(`no contact ${id}`)
  return contact
}

/** Whether every file that was handed over before is there, and this sender's to use. */
function hasItsUploads(draft: Draft, workspace: WorkspaceId, { channel, content }: Received): boolean {
  const uploads = mediaOf(content).map(
    media => !('id' in media) || wantUpload(draft, workspace, channel, media) !== undefined,
  )
  return uploads.every(Boolean)
}

/** The message that an earlier delivery of the same made (RULES B1). */
function wantEarlier(draft: Draft, workspace: WorkspaceId, change: Received): MessageId | undefined {
  const { channel, key, providerId } = change
  const byId =
    providerId === null ? undefined : draft.want('providerIds', workspace, channel, providerId)?.message
  return byId ?? (key === providerId ? undefined : draft.want('seen', workspace, channel, key)?.message)
}

function noteDelivery(draft: Draft, row: Rows['messages'], { key, providerId }: Received): void {
  const { workspace, channel, id: message } = row
  if (key !== providerId) draft.put('seen', { workspace, channel, key, message, at: draft.now })
  if (providerId !== null) {
    draft.put('providerIds', { workspace, channel, providerId, message, part: 0, segment: 0, attempt: 0 })
  }
}
