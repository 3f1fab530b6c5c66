import type { Rows } from '../tables.ts'
import { closeConversation } from './conversations.ts'
import type { Draft } from './draft.ts'
import { ADDRESSES_MAX, isSame, putContact } from './people.ts'

type Contact = Rows['contacts']

/** The rows that a merge of these two stands on. */
export function wantMerge(draft: Draft, contacts: readonly Contact[]): void {
  for (const { workspace, id } of contacts) {
    const open = draft.want('openConversations', workspace, id, '')
    if (open !== undefined) draft.want('conversations', workspace, open.conversation)
  }
}

/**
 * RULES F2: a redirect. Every row keeps the contact it was made for, address rows too, so that a split finds whose each
 * was; only what is looked up by the survivor moves: the list of its addresses, where it was last heard, and the open
 * conversation. Returns the survivor as it is now.
 */
export function mergeContacts(draft: Draft, from: Contact, into: Contact): Contact {
  const { workspace } = into
  draft.put('contacts', { ...from, mergedInto: into.id, updatedAt: draft.now })
  const others = from.addresses.filter(one => !into.addresses.some(known => isSame(one, known)))
  const reached = from.reach.filter(one => !into.reach.some(known => known.channel === one.channel))
  const survivor: Contact = {
    ...into,
    name: into.name ?? from.name,
    addresses: [...into.addresses, ...others].slice(0, ADDRESSES_MAX),
    conversations: into.conversations + from.conversations,
    lastChannel: into.lastChannel ?? from.lastChannel,
    reach: [...into.reach, ...reached],
    updatedAt: draft.now,
  }
  putContact(draft, survivor)
  keepOneOpen(draft, from, into)
  const data = { id: from.id, into: into.id }
  draft.event({ workspace, type: 'contact.merged', subject: from.id, data, kept: data })
  return survivor
}

/** RULES B4, F2: of two open conversations the one that was opened later goes on. */
function keepOneOpen(draft: Draft, from: Contact, into: Contact): void {
  const { workspace } = into
  const theirs = draft.get('openConversations', workspace, from.id, '')
  if (theirs === undefined) return
  draft.remove('openConversations', workspace, from.id, '')
  const own = draft.get('openConversations', workspace, into.id, '')
  const [late, early] = [theirs, own].map(
    open => open && draft.get('conversations', workspace, open.conversation),
  )
  if (late !== undefined && early !== undefined) {
    const isOwnLater = early.openedAt > late.openedAt
    closeConversation(draft, isOwnLater ? late : early, 'merge')
    if (isOwnLater) return
  }
  draft.put('openConversations', { ...theirs, contact: into.id })
}
