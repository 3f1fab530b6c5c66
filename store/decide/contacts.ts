import type { Address } from '../../model/address.ts'
import type { Outcome } from '../../model/change.ts'
import { type ContactSet, FIELDS_MAX, TAGS_MAX } from '../../model/contact.ts'
import type { FieldValue } from '../../model/field.ts'
import type { TagId, WorkspaceId } from '../../model/ids.ts'
import type { ContactCreated, ContactDeleted, ContactUpdated } from '../../model/people.ts'
import type { Rows } from '../rows.ts'
import { consentOf, suppress, wantSaid } from './consent.ts'
import { closeConversation, wantOpen } from './conversations.ts'
import type { Draft } from './draft.ts'
import { proposeAlike, wantAlike } from './likeness.ts'
import {
  ADDRESSES_MAX,
  amend,
  isSame,
  makeContact,
  putContact,
  takeFromFormerOwner,
  wantContact,
  wantPerson,
} from './people.ts'
import { type Rule, refused } from './rule.ts'

type Contact = Rows['contacts']
type Refused = ReturnType<typeof refused>

/** What somebody says about a person, as against what the person does: see `people.ts`. */
export const contactCreated: Rule<ContactCreated> = {
  want: (draft, workspace, { addresses, tags, fields }) => {
    for (const address of addresses) wantPerson(draft, workspace, address)
    wantSorting(draft, workspace, tags, fields)
    wantAlike(draft, workspace, addresses, fields)
    consentOf(draft, workspace, addresses)
  },
  decide: (draft, workspace, { source, addresses, set, tags, fields }) => {
    const wrong = wrongSorting(draft, workspace, tags, fields) ?? takenBy(draft, workspace, addresses)
    if (wrong !== undefined) return wrong
    const made = makeContact(draft, workspace, source, 'person')
    const { name = null, ...rest } = set
    const sorted = { ...made, ...rest, tags: unique(tags), fields }
    if (addresses.length > 0 || name !== null) amend(draft, sorted, addresses, name)
    else putContact(draft, sorted)
    proposeAlike(draft, sorted, [], fields)
    return { ok: true, id: made.id }
  },
}

export const contactUpdated: Rule<ContactUpdated> = {
  want: (draft, workspace, change) => {
    const known = wantContact(draft, workspace, change.contact)
    wantAlike(draft, workspace, change.addAddresses ?? [], change.fields, known)
    consentOf(draft, workspace, [...(known?.addresses ?? []), ...(change.addAddresses ?? [])])
    for (const address of change.addAddresses ?? []) wantPerson(draft, workspace, address)
    for (const { kind, value } of change.removeAddresses ?? []) {
      draft.want('addresses', workspace, kind, value)
    }
    wantSorting(draft, workspace, change.addTags ?? [], change.fields ?? {})
  },
  decide: (draft, workspace, change) => {
    const known = wantContact(draft, workspace, change.contact)
    if (known === undefined) return refused('notFound', `no contact ${change.contact}`)
    const { addAddresses = [], addTags = [], fields = {} } = change
    const wrong =
      wrongSorting(draft, workspace, addTags, fields) ?? takenBy(draft, workspace, addAddresses, known)
    if (wrong !== undefined) return wrong
    return updateContact(draft, known, change)
  },
}

/** The part of an update that needs no look at whose addresses they are, or what tags and fields there are. */
export function updateContact(
  draft: Draft,
  known: Contact,
  change: Omit<ContactUpdated, 'kind' | 'contact'>,
): Outcome {
  const { workspace } = known
  const next = updated(known, change)
  if (next.addresses.length > ADDRESSES_MAX)
    return refused('full', `a contact has ${ADDRESSES_MAX} addresses at most`)
  if (next.tags.length > TAGS_MAX) return refused('full', `a contact has ${TAGS_MAX} tags at most`)
  const changed = differing(known, next)
  if (changed.length === 0) return { ok: true, id: known.id, duplicate: true }
  moveAddresses(draft, known, next)
  putContact(draft, { ...next, updatedAt: draft.now })
  const joined = next.addresses.filter(one => !known.addresses.some(old => isSame(old, one)))
  proposeAlike(draft, known, joined, change.fields)
  const data = { id: known.id, changed }
  draft.event({ workspace, type: 'contact.updated', subject: known.id, data, kept: data })
  return { ok: true, id: known.id }
}

/**
 * A bare row stays, which messages name. What was said stays too, unless it is to be erased: that is more than one
 * commit may do, so it is written down here and done by the sweep (RULES A6).
 */
export const contactDeleted: Rule<ContactDeleted> = {
  want: (draft, workspace, { contact }) => {
    const known = wantContact(draft, workspace, contact)
    if (known === undefined) return
    for (const { kind, value } of known.addresses) draft.want('addresses', workspace, kind, value)
    draft.want('erasures', workspace, known.id)
    for (const { channel, address } of known.reach) {
      draft.want('watermarks', workspace, channel, address.value)
      draft.want('visitors', workspace, channel, address.value)
    }
    wantSaid(draft, workspace, known.addresses)
    for (const id of known.family) {
      draft.want('contacts', workspace, id)
      draft.want('merges', workspace, id)
    }
    const open = wantOpen(draft, known, '')
    if (open !== undefined) draft.want('conversations', workspace, open.conversation)
  },
  decide: (draft, workspace, { contact, erase }) => {
    const known = wantContact(draft, workspace, contact)
    if (known === undefined) return refused('notFound', `no contact ${contact}`)
    const open = wantOpen(draft, known, '')
    const conversation = open && draft.get('conversations', workspace, open.conversation)
    if (conversation !== undefined) closeConversation(draft, conversation, 'api')
    for (const { kind, value } of known.addresses) draft.remove('addresses', workspace, kind, value)
    draft.put('contacts', bare(draft, known))
    for (const id of known.family) {
      const merged = draft.get('contacts', workspace, id)
      if (merged !== undefined) draft.put('contacts', bare(draft, merged))
      draft.remove('merges', workspace, id)
    }
    for (const { channel, address } of known.reach) {
      draft.remove('watermarks', workspace, channel, address.value)
      draft.remove('visitors', workspace, channel, address.value)
    }
    if (erase) {
      suppress(draft, known)
      const { id, addresses } = known
      draft.put('erasures', { workspace, contact: id, addresses, at: draft.now })
    }
    const data = { id: known.id, erased: erase }
    draft.event({ workspace, type: 'contact.deleted', subject: known.id, data, kept: data })
    return { ok: true, id: known.id }
  },
}

/** Nothing personal is left; that it is gone, and who stood for it, is. */
function bare(draft: Draft, contact: Contact): Contact {
  return {
    ...contact,
    ...{ name: null, addresses: [], reach: [], lastChannel: null },
    ...{ language: null, country: null, timeZone: null, tags: [], fields: {}, seenAt: null, terms: '' },
    menu: null,
    consent: {},
    updatedAt: draft.now,
    deletedAt: draft.now,
  }
}

function wantSorting(
  draft: Draft,
  workspace: WorkspaceId,
  tags: readonly TagId[],
  fields: Record<string, FieldValue | null>,
): void {
  for (const tag of tags) draft.want('tags', workspace, tag)
  for (const key of Object.keys(fields)) draft.want('fields', workspace, key)
}

/** Values were read by the definitions that their reader knew; one that was deleted meanwhile takes no more. */
function wrongSorting(
  draft: Draft,
  workspace: WorkspaceId,
  tags: readonly TagId[],
  fields: Record<string, FieldValue | null>,
): Refused | undefined {
  const tag = tags.find(id => draft.get('tags', workspace, id) === undefined)
  if (tag !== undefined) return refused('invalid', `no tag ${tag}`)
  const field = Object.keys(fields).find(key => draft.get('fields', workspace, key) === undefined)
  if (field !== undefined) return refused('invalid', `no field ${field}`)
  if (tags.length > TAGS_MAX) return refused('full', `a contact has ${TAGS_MAX} tags at most`)
  return Object.keys(fields).length > FIELDS_MAX
    ? refused('full', `a contact has ${FIELDS_MAX} fields at most`)
    : undefined
}

/** Whose an address is, if not this contact's: two people are one only if somebody merges them. */
export function takenBy(
  draft: Draft,
  workspace: WorkspaceId,
  addresses: readonly Address[],
  own?: Contact,
): Refused | undefined {
  for (const address of addresses) {
    const owner = wantPerson(draft, workspace, address)
    if (owner !== undefined && owner.id !== own?.id) {
      return refused('exists', `${address.kind}:${address.value} is the contact ${owner.id} already`)
    }
  }
  return undefined
}

function updated(known: Contact, change: Omit<ContactUpdated, 'kind' | 'contact'>): Contact {
  const { set = {}, addAddresses = [], removeAddresses = [], addTags = [], removeTags = [] } = change
  const fields = Object.entries({ ...known.fields, ...change.fields })
  const isGone = (address: Address): boolean => removeAddresses.some(other => isSame(other, address))
  return {
    ...known,
    ...(set satisfies ContactSet),
    addresses: replaced(known.addresses, isGone, addAddresses),
    reach: known.reach.filter(({ address }) => !isGone(address)),
    tags: unique([...known.tags, ...addTags]).filter(tag => !removeTags.includes(tag)),
    fields: Object.fromEntries(fields.filter((entry): entry is [string, FieldValue] => entry[1] !== null)),
  }
}

/** What goes is replaced in its place by the first new one of its kind: what was the first phone stays the first. */
function replaced(
  known: readonly Address[],
  isGone: (address: Address) => boolean,
  added: readonly Address[],
): Address[] {
  const news = added.filter(address => !known.some(other => isSame(other, address) && !isGone(other)))
  const kept = known.flatMap(address => {
    if (!isGone(address)) return [address]
    const at = news.findIndex(({ kind }) => kind === address.kind)
    return at === -1 ? [] : news.splice(at, 1)
  })
  return [...kept, ...news]
}

const COMPARED = ['name', 'language', 'country', 'timeZone', 'addresses', 'tags', 'fields'] as const

function differing(known: Contact, next: Contact): string[] {
  return COMPARED.filter(name => JSON.stringify(known[name]) !== JSON.stringify(next[name]))
}

function moveAddresses(draft: Draft, { workspace, addresses: before }: Contact, next: Contact): void {
  for (const { kind, value } of before.filter(old => !next.addresses.some(one => isSame(one, old)))) {
    draft.remove('addresses', workspace, kind, value)
  }
  for (const address of next.addresses.filter(one => !before.some(old => isSame(old, one)))) {
    takeFromFormerOwner(draft, workspace, address)
    draft.put('addresses', { workspace, ...address, contact: next.id, createdAt: draft.now })
  }
}

function unique<T>(list: readonly T[]): T[] {
  return [...new Set(list)]
}
