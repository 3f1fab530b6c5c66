import type { Attempted } from '../../model/change.ts'
import type { Content, ForeignMedia, HandedMedia, Reply } from '../../model/content.ts'
import type { ChannelId, WorkspaceId } from '../../model/ids.ts'
import { choiceOf, MENU_MS } from '../../model/menu.ts'
import type { MessageRef } from '../../model/message.ts'
import type { Rows } from '../rows.ts'
import type { Draft } from './draft.ts'
import { wantContact } from './people.ts'

/** Choices that went out as numbered text, and answers to them. They stand in the contact's row: it is read anyway. */

/** The contact whose row a part with choices is noted in. */
export function wantMenu(
  draft: Draft,
  workspace: WorkspaceId,
  { menu, message }: Attempted,
): Rows['contacts'] | undefined {
  const row = menu && draft.want('messages', workspace, message)
  return row && wantContact(draft, workspace, row.contact)
}

/** Before the first byte is written, because the answer may be faster than the provider's. */
export function noteMenu(draft: Draft, workspace: WorkspaceId, change: Attempted, channel: ChannelId): void {
  const { menu, message } = change
  const contact = wantMenu(draft, workspace, change)
  // In a group nobody knows who would answer.
  if (menu === undefined || contact === undefined || contact.kind === 'group') return
  draft.put('contacts', { ...contact, menu: { ...menu, channel, message, at: draft.now } })
}

/** The choice that a text means, if it is one of those that the contact was sent last; they count no more then. */
export function takeChoice(
  draft: Draft,
  contact: Rows['contacts'],
  channel: ChannelId,
  content: Content<ForeignMedia | HandedMedia>,
): { reply: Reply; replyTo: MessageRef } | undefined {
  const { menu } = contact
  if (menu === null || content.type !== 'text' || menu.channel !== channel) return undefined
  if (draft.now - menu.at > MENU_MS) return undefined
  const reply = choiceOf(menu, content.text)
  if (reply === undefined) return undefined
  draft.put('contacts', { ...contact, menu: null })
  return { reply, replyTo: { id: menu.message, providerId: null } }
}
