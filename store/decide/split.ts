import type { Address } from '../../model/address.ts'
import { type ClosedByMerge, type ContactSplit, GIVEN_NAMES, type Given } from '../../model/identity.ts'
import type { ContactId, WorkspaceId } from '../../model/ids.ts'
import type { Reach, Rows } from '../rows.ts'
import { consentOf } from './consent.ts'
import { reopenConversation, wantOpen } from './conversations.ts'
import type { Draft } from './draft.ts'
import { giftOf, newest, taking } from './merge.ts'
import { isSame, putContact } from './people.ts'
import { type Rule, refused } from './rule.ts'

type Contact = Rows['contacts']
type Merge = Rows['merges']

/**
 * RULES F2: the inverse of a merge. The contact stands for itself again, with its addresses and what came by them
 * since; the survivor gives back what it had from it, unless somebody changed that, and is filled anew from those who
 * are still merged into it. A survivor may be merged itself, and so on: each gives back what it had from the one below.
 */
export const contactSplit: Rule<ContactSplit> = {
  want: (draft, workspace, { contact }) => {
    const known = draft.want('contacts', workspace, contact)
    if (known === undefined) return
    draft.want('merges', workspace, contact)
    for (const survivor of survivorsOf(draft, known)) wantLevel(draft, survivor)
    wantLevel(draft, known)
    const head = survivorsOf(draft, known).at(-1) ?? known
    for (const { closed } of closedIn(draft, head)) {
      const conversation = draft.want('conversations', workspace, closed.conversation)
      if (conversation !== undefined) draft.want('openConversations', workspace, conversation.contact, '')
    }
  },
  decide: (draft, workspace, { contact, by }) => {
    const known = draft.get('contacts', workspace, contact)
    const merge = known && draft.get('merges', workspace, contact)
    const survivors = known === undefined ? [] : survivorsOf(draft, known)
    const head = survivors.at(-1)
    if (known === undefined || (head ?? known).deletedAt !== null)
      return refused('notFound', `no contact ${contact}`)
    if (head === undefined) return refused('state', `${contact} is not merged into another`)
    if (merge === undefined) return refused('state', 'nobody wrote down what this merge changed')
    const closed = closedIn(draft, head)
    part(draft, known, survivors, merge)
    const data = { id: contact, from: head.id, by }
    draft.event({ workspace, type: 'contact.split', subject: contact, data, kept: data })
    for (const each of closed) reopen(draft, workspace, each)
    return { ok: true, id: contact }
  },
}

/** Those who stand for a contact, up to the one who stands for all of them. */
function survivorsOf(draft: Draft, contact: Contact): Contact[] {
  const survivors: Contact[] = []
  for (let id = contact.mergedInto; id !== null; ) {
    const survivor: Contact | undefined = draft.want('contacts', contact.workspace, id)
    if (survivor === undefined) break
    survivors.push(survivor)
    id = survivor.mergedInto
  }
  return survivors
}

function wantLevel(draft: Draft, contact: Contact): void {
  const { workspace, addresses, reach, family } = contact
  for (const { kind, value } of [...addresses, ...reach.map(one => one.address)]) {
    draft.want('addresses', workspace, kind, value)
  }
  for (const id of family) {
    draft.want('contacts', workspace, id)
    draft.want('merges', workspace, id)
  }
  consentOf(draft, workspace, addresses)
  wantOpen(draft, contact, '')
}

function part(draft: Draft, contact: Contact, survivors: readonly Contact[], merge: Merge): void {
  const head = survivors.at(-1) ?? contact
  const isTheirs = (address: Address): boolean => {
    const row = draft.get('addresses', contact.workspace, address.kind, address.value)
    if (row !== undefined) return row.contact === contact.id || contact.family.includes(row.contact)
    return contact.addresses.some(one => isSame(one, address))
  }
  const isThere = ({ kind, value }: Address): boolean =>
    draft.get('addresses', contact.workspace, kind, value) !== undefined
  const gone = new Set([contact.id, ...contact.family])
  let below: { row: Contact | undefined; merge: Merge } = { row: undefined, merge }
  for (const survivor of survivors) {
    const row = without(draft, survivor, { contact, gone, isTheirs, below })
    const own = row.mergedInto === null ? undefined : draft.get('merges', row.workspace, row.id)
    if (own === undefined) break
    below = { row, merge: own }
  }
  draft.remove('merges', contact.workspace, contact.id)
  const addresses = [...contact.addresses, ...head.addresses.filter(isNotIn(contact.addresses))].filter(
    address => isTheirs(address) && isThere(address),
  )
  putContact(draft, {
    ...contact,
    mergedInto: null,
    addresses,
    consent: consentOf(draft, contact.workspace, addresses),
    ...heardBy(contact, head, isTheirs),
    updatedAt: draft.now,
  })
}

function isNotIn(addresses: readonly Address[]): (address: Address) => boolean {
  return address => !addresses.some(known => isSame(known, address))
}

type Leaving = {
  contact: Contact
  gone: ReadonlySet<ContactId>
  isTheirs: (address: Address) => boolean
  /** Who gave it what it has to give back; without a row it is the contact itself, which takes all along. */
  below: { row: Contact | undefined; merge: Merge }
}

/** A survivor without the contact that leaves, filled anew by those who stay. */
function without(draft: Draft, survivor: Contact, { contact, gone, isTheirs, below }: Leaving): Contact {
  const { workspace } = survivor
  const { given, own } = below.merge.record
  const lost = lostOf(given, below.row)
  if (below.row !== undefined) keepGiven(draft, below.merge, lessOf(given, lost))
  const reach = survivor.reach.filter(({ address }) => !isTheirs(address))
  let row: Contact = {
    ...returning(survivor, lost),
    addresses: survivor.addresses.filter(address => !isTheirs(address)),
    conversations: survivor.conversations - contact.conversations,
    family: survivor.family.filter(id => !gone.has(id)),
    reach,
    updatedAt: draft.now,
  }
  const stay = row.family
    .map(id => draft.get('contacts', workspace, id))
    .filter(each => each?.mergedInto === survivor.id)
    .filter(each => each !== undefined)
  const lastly = survivor.reach.find(one => one.channel === survivor.lastChannel)
  if (lastly === undefined || isTheirs(lastly.address)) {
    const [next] = [own, ...stay].filter(each => each.lastChannel !== null)
    row = { ...row, lastChannel: next?.lastChannel ?? null }
  }
  const times = [...reach, ...stay].map(each => each.seenAt)
  row = { ...row, seenAt: newest(own.seenAt, ...times) }
  for (const each of stay) {
    const further = giftOf(each, row)
    const merge = draft.get('merges', workspace, each.id)
    if (merge === undefined) continue
    keepGiven(draft, merge, moreOf(merge.record.given, further))
    row = taking(row, further)
  }
  putContact(draft, row)
  return row
}

function keepGiven(draft: Draft, merge: Merge, given: Given): void {
  draft.put('merges', { ...merge, record: { ...merge.record, given } })
}

/** Of what was given, what its giver has no more. */
function lostOf(given: Given, giver: Contact | undefined): Given {
  if (giver === undefined) return given
  const set: Given['set'] = {}
  for (const name of GIVEN_NAMES) {
    const value = given.set[name]
    if (value !== undefined && giver[name] !== value) set[name] = value
  }
  return {
    set,
    fields: Object.fromEntries(
      Object.entries(given.fields).filter(([key, value]) => giver.fields[key] !== value),
    ),
    tags: given.tags.filter(tag => !giver.tags.includes(tag)),
  }
}

function lessOf(given: Given, lost: Given): Given {
  const rest = <T>(all: Record<string, T>, without: object): Record<string, T> =>
    Object.fromEntries(Object.entries(all).filter(([key]) => !Object.hasOwn(without, key)))
  return {
    set: rest(given.set, lost.set),
    fields: rest(given.fields, lost.fields),
    tags: given.tags.filter(tag => !lost.tags.includes(tag)),
  }
}

function moreOf(given: Given, further: Given): Given {
  return {
    set: { ...given.set, ...further.set },
    fields: { ...given.fields, ...further.fields },
    tags: [...new Set([...given.tags, ...further.tags])],
  }
}

/** The survivor without what it had been given. What somebody set to something else since stays as it is. */
function returning(survivor: Contact, { set, fields, tags }: Given): Contact {
  const cleared: Partial<Contact> = {}
  for (const name of GIVEN_NAMES) {
    if (set[name] !== undefined && survivor[name] === set[name]) cleared[name] = null
  }
  const isGiven = (key: string, value: unknown): boolean =>
    Object.hasOwn(fields, key) && fields[key] === value
  return {
    ...survivor,
    ...cleared,
    fields: Object.fromEntries(
      Object.entries(survivor.fields).filter(([key, value]) => !isGiven(key, value)),
    ),
    tags: survivor.tags.filter(tag => !tags.includes(tag)),
  }
}

/** Where the contact was heard last: what the survivor knows of its addresses is newer than what it knew itself. */
function heardBy(
  contact: Contact,
  head: Contact,
  isTheirs: (address: Address) => boolean,
): Pick<Contact, 'reach' | 'lastChannel' | 'seenAt'> {
  const told = head.reach.filter(({ address }) => isTheirs(address))
  const reach: Reach[] = []
  const spots = contact.family.length > 0 ? (one: Reach) => `${one.channel} ${one.address.value}` : undefined
  for (const one of [...told, ...contact.reach]) {
    const isKnown = reach.some(other => (spots?.(other) ?? other.channel) === (spots?.(one) ?? one.channel))
    if (!isKnown) reach.push(one)
  }
  const lastly = head.reach.find(one => one.channel === head.lastChannel)
  const lastChannel =
    lastly !== undefined && isTheirs(lastly.address) ? head.lastChannel : contact.lastChannel
  return { reach, lastChannel, seenAt: newest(contact.seenAt, ...reach.map(one => one.seenAt)) }
}

type Closed = { closed: ClosedByMerge; merge: Merge }

/** Every conversation that a merge of these people closed, the newest first: ids sort by time. */
function closedIn(draft: Draft, { workspace, family }: Contact): Closed[] {
  const merges = family.flatMap(id => draft.want('merges', workspace, id) ?? [])
  const all = merges.flatMap(merge => merge.record.closed.map(closed => ({ closed, merge })))
  return all.toSorted((a, b) => (a.closed.conversation < b.closed.conversation ? 1 : -1))
}

/**
 * What a merge closed goes on, if nothing happened to it since and its person has no other. If another stands in its
 * way that some merge brought there, it waits until that is taken back.
 */
function reopen(draft: Draft, workspace: WorkspaceId, { closed, merge }: Closed): void {
  const conversation = draft.get('conversations', workspace, closed.conversation)
  if (conversation === undefined || conversation.version !== closed.version) return
  let person = draft.want('contacts', workspace, conversation.contact)
  while (person?.mergedInto != null) person = draft.want('contacts', workspace, person.mergedInto)
  if (person === undefined) return
  const current = draft.get('merges', workspace, merge.contact)
  if (wantOpen(draft, person, '') === undefined) {
    reopenConversation(draft, conversation, closed.lastChannel)
    if (current !== undefined) keepClosed(draft, current, one => one.filter(isNot(closed)))
    return
  }
  const [other] = person.family
  const next = current ?? (other && draft.get('merges', workspace, other))
  if (next !== undefined) keepClosed(draft, next, all => [...all.filter(isNot(closed)), closed])
}

function isNot({ conversation }: ClosedByMerge): (one: ClosedByMerge) => boolean {
  return one => one.conversation !== conversation
}

function keepClosed(draft: Draft, merge: Merge, change: (closed: ClosedByMerge[]) => ClosedByMerge[]): void {
  draft.put('merges', { ...merge, record: { ...merge.record, closed: change(merge.record.closed) } })
}
