import { FIELDS_MAX, TAGS_MAX } from '../../model/contact.ts'
import {
  type ContactMerged,
  GIVEN_NAMES,
  type Given,
  type MergedBy,
  type MergeRecord,
} from '../../model/identity.ts'
import type { ContactId, WorkspaceId } from '../../model/ids.ts'
import type { Rows } from '../rows.ts'
import { consentOf } from './consent.ts'
import { closeConversation, wantOpen } from './conversations.ts'
import type { Draft } from './draft.ts'
import { ADDRESSES_MAX, isSame, putContact } from './people.ts'
import { type Rule, refused } from './rule.ts'

type Contact = Rows['contacts']

/** How many may be merged into one contact: each costs the messages of all of them a look. */
const FAMILY_MAX = 100

export const contactMerged: Rule<ContactMerged> = {
  want: (draft, workspace, { from, into }) => {
    const contacts = [from, into].flatMap(id => draft.want('contacts', workspace, id) ?? [])
    wantMerge(draft, contacts)
  },
  decide: (draft, workspace, { from, into, by }) => {
    const wrong = whyNot(draft, workspace, from, into)
    if (wrong !== undefined) return wrong
    const [gone, stays] = [draft.get('contacts', workspace, from), draft.get('contacts', workspace, into)]
    if (gone === undefined || stays === undefined) return refused('notFound', 'no such contact')
    mergeContacts(draft, gone, stays, by)
    return { ok: true, id: into }
  },
}

function whyNot(
  draft: Draft,
  workspace: WorkspaceId,
  from: ContactId,
  into: ContactId,
): ReturnType<typeof refused> | undefined {
  if (from === into) return refused('invalid', 'a contact cannot be merged into itself')
  const rows = [from, into].map(id => draft.get('contacts', workspace, id))
  for (const [at, row] of rows.entries()) {
    if (row === undefined || row.deletedAt !== null)
      return refused('notFound', `no contact ${[from, into][at]}`)
    if (row.mergedInto !== null)
      return refused('state', `${row.id} was merged into ${row.mergedInto} already`)
  }
  const [gone, stays] = rows
  if (gone?.kind !== stays?.kind) return refused('invalid', 'a person and a group cannot be one contact')
  const size = (gone?.family.length ?? 0) + (stays?.family.length ?? 0) + 1
  return size > FAMILY_MAX ? refused('full', `${FAMILY_MAX} contacts at most are merged into one`) : undefined
}

/** The rows that a merge of these two stands on. */
export function wantMerge(draft: Draft, contacts: readonly Contact[]): void {
  for (const contact of contacts) {
    const open = wantOpen(draft, contact, '')
    if (open !== undefined) draft.want('conversations', contact.workspace, open.conversation)
    consentOf(draft, contact.workspace, contact.addresses)
    draft.want('merges', contact.workspace, contact.id)
    const [first] = contact.family
    if (first !== undefined) draft.want('merges', contact.workspace, first)
  }
}

/**
 * RULES F2: a redirect. Every row keeps the contact it was made for, and what comes later is made for whom of the two
 * its address is, so that a split has nothing to move. Only what is looked up by the survivor is put together, and
 * written down, so that it can be taken apart: see `split.ts`. Returns the survivor as it is now.
 */
export function mergeContacts(draft: Draft, from: Contact, into: Contact, by: MergedBy): Contact {
  const { workspace } = into
  const [first] = into.family
  const own = (first && draft.get('merges', workspace, first)?.record.own) ?? {
    lastChannel: into.lastChannel,
    seenAt: into.seenAt,
  }
  const given = giftOf(from, into)
  const record: MergeRecord = { given, own, closed: keepOneOpen(draft, from, into) }
  putContact(draft, { ...from, mergedInto: into.id, updatedAt: draft.now })
  const others = from.addresses.filter(one => !into.addresses.some(known => isSame(one, known)))
  const survivor: Contact = {
    ...taking(into, given),
    addresses: [...into.addresses, ...others].slice(0, ADDRESSES_MAX),
    conversations: into.conversations + from.conversations,
    lastChannel: into.lastChannel ?? from.lastChannel,
    reach: [...into.reach, ...from.reach],
    seenAt: newest(into.seenAt, from.seenAt),
    family: [...into.family, from.id, ...from.family],
    updatedAt: draft.now,
  }
  putContact(draft, survivor)
  draft.put('merges', { workspace, contact: from.id, survivor: into.id, by, at: draft.now, record })
  const data = { id: from.id, into: into.id, by }
  draft.event({ workspace, type: 'contact.merged', subject: from.id, data, kept: data })
  return survivor
}

/** What a contact has where the survivor has nothing: the survivor's own always stays. */
export function giftOf(from: Contact, into: Contact): Given {
  const set: Given['set'] = {}
  for (const name of GIVEN_NAMES) {
    const value = from[name]
    if (into[name] === null && value !== null) set[name] = value
  }
  const missing = Object.entries(from.fields).filter(([key]) => !Object.hasOwn(into.fields, key))
  const room = Math.max(0, FIELDS_MAX - Object.keys(into.fields).length)
  const tags = from.tags.filter(tag => !into.tags.includes(tag))
  return {
    set,
    fields: Object.fromEntries(missing.slice(0, room)),
    tags: tags.slice(0, Math.max(0, TAGS_MAX - into.tags.length)),
  }
}

export function taking(into: Contact, { set, fields, tags }: Given): Contact {
  return { ...into, ...set, fields: { ...into.fields, ...fields }, tags: [...into.tags, ...tags] }
}

export function newest(...times: readonly (number | null | undefined)[]): number | null {
  const known = times.filter(time => time !== null && time !== undefined)
  return known.length === 0 ? null : Math.max(...known)
}

/**
 * RULES B4, F2: of two open conversations the less recent is closed: by when it was opened, or its person was heard
 * last, to the minute that is kept of that.
 */
function keepOneOpen(draft: Draft, from: Contact, into: Contact): MergeRecord['closed'] {
  const sides = [into, from].map(contact => {
    const open = wantOpen(draft, contact, '')
    const conversation = open && draft.get('conversations', contact.workspace, open.conversation)
    if (open === undefined || conversation === undefined) return undefined
    return { open, conversation, at: newest(conversation.openedAt, contact.seenAt) ?? 0 }
  })
  const [own, theirs] = sides
  if (own === undefined || theirs === undefined) return []
  const isOwnNewer =
    own.at === theirs.at ? own.conversation.openedAt > theirs.conversation.openedAt : own.at > theirs.at
  const { open, conversation } = isOwnNewer ? theirs : own
  closeConversation(draft, conversation, 'merge')
  return [{ conversation: conversation.id, version: conversation.version + 1, lastChannel: open.lastChannel }]
}
