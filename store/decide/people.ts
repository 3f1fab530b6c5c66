import type { Address } from '../../model/address.ts'
import { countryOfPhone } from '../../model/country.ts'
import type { ContactId, WorkspaceId } from '../../model/ids.ts'
import type { Rows } from '../rows.ts'
import { termsOf } from '../terms.ts'
import { consentOf } from './consent.ts'
import type { Draft } from './draft.ts'
import { proposeAlike } from './likeness.ts'

type Contact = Rows['contacts']

/** How many addresses a contact may gather by itself; more is a sign of a shared or abused identity. */
export const ADDRESSES_MAX = 50

export function wantPerson(draft: Draft, workspace: WorkspaceId, address: Address): Contact | undefined {
  const known = draft.want('addresses', workspace, address.kind, address.value)
  return known === undefined ? undefined : wantContact(draft, workspace, known.contact)
}

/** The contact that stands for this id now: merges are redirects (RULES F2). None for one that was deleted. */
export function wantContact(draft: Draft, workspace: WorkspaceId, id: ContactId): Contact | undefined {
  let contact = draft.want('contacts', workspace, id)
  while (contact?.mergedInto != null) contact = draft.want('contacts', workspace, contact.mergedInto)
  return contact?.deletedAt == null ? contact : undefined
}

/** Whose an address is by itself, whoever stands for them now: what it is used for goes along when they are parted. */
export function holderOf(draft: Draft, contact: Contact, { kind, value }: Address): ContactId {
  if (contact.family.length === 0) return contact.id
  const holder = draft.want('addresses', contact.workspace, kind, value)?.contact
  return holder !== undefined && contact.family.includes(holder) ? holder : contact.id
}

/** Writes a contact, and what it is found by: whoever gets or loses an address has another sum of consent. */
export function putContact(draft: Draft, contact: Contact): void {
  const { workspace, id, addresses } = contact
  const before = draft.want('contacts', workspace, id)
  const isMoved =
    before?.addresses !== addresses && JSON.stringify(before?.addresses) !== JSON.stringify(addresses)
  const consent = isMoved ? consentOf(draft, workspace, addresses) : contact.consent
  const row = { ...contact, consent }
  draft.put('contacts', { ...row, terms: termsOf(row) })
}

/**
 * The contact behind an address, made if there is none (RULES B3). `also` are further addresses of the same person:
 * unknown ones join the contact.
 */
export function findOrMakeContact(
  draft: Draft,
  workspace: WorkspaceId,
  person: {
    address: Address
    also: readonly Address[]
    former?: Address | undefined
    name?: string | undefined
  },
  source: Contact['source'],
): Contact {
  const addresses = [person.address, ...person.also] as const
  const former = person.former && leave(draft, workspace, person.former, addresses)
  const owners = ownersOf(draft, workspace, addresses)
  const contact =
    [former, ...owners].find(owner => owner !== undefined && !isRecycled(owner, addresses)) ??
    makeContact(draft, workspace, source, person.address.kind === 'group' ? 'group' : 'person')
  const news = addresses.filter((_, index) => {
    const owner = owners[index]
    // With an address that was changed for it, the person takes it from whoever had it: nobody else is merged.
    const isForeign = former !== undefined && owner?.id !== contact.id
    return owner === undefined || isForeign || isRecycled(owner, addresses)
  })
  const named = contact.name === null && person.name !== undefined ? person.name : contact.name
  if (news.length === 0 && named === contact.name) return contact
  const known = addresses.find(address => !news.includes(address))
  return amend(draft, contact, news, named, known && holderOf(draft, contact, known))
}

/**
 * The contact of each address. One that the first contact lists itself is not looked up: it is nearly always so, and
 * saves a read a message.
 */
export function ownersOf(
  draft: Draft,
  workspace: WorkspaceId,
  [first, ...further]: readonly Address[],
): (Contact | undefined)[] {
  if (first === undefined) return []
  const owner = wantPerson(draft, workspace, first)
  const others = further.map(address =>
    owner?.addresses.some(known => isSame(known, address)) ? owner : wantPerson(draft, workspace, address),
  )
  return [owner, ...others]
}

export function isSame(a: Address, b: Address): boolean {
  return a.kind === b.kind && a.value === b.value
}

/**
 * RULES F3: the phone is on record with another provider user id, so the number has a new owner: it moves to the
 * newcomer. The worse mistake would be to show one person another's conversation.
 */
export function isRecycled(contact: Contact, told: readonly Address[]): boolean {
  const user = told.find(address => address.kind === 'whatsapp')
  if (user === undefined) return false
  const known = contact.addresses.filter(address => address.kind === 'whatsapp')
  return known.length > 0 && !known.some(address => address.value === user.value)
}

/**
 * The person changed one address for another: the old one is theirs no more, so that its next owner is somebody new.
 * Answers go to the new one. Undefined if nobody has the old one.
 */
function leave(
  draft: Draft,
  workspace: WorkspaceId,
  former: Address,
  told: readonly [Address, ...Address[]],
): Contact | undefined {
  const owner = wantPerson(draft, workspace, former)
  if (owner === undefined || told.some(address => isSame(address, former))) return owner
  const [now] = told
  const others = owner.addresses.filter(known => !isSame(known, former))
  const isOther = isRecycled({ ...owner, addresses: others }, told)
  const left = {
    ...owner,
    addresses: others,
    reach: owner.reach.flatMap(one => {
      if (!isSame(one.address, former)) return [one]
      return isOther ? [] : [{ ...one, address: now }]
    }),
    updatedAt: draft.now,
  }
  putContact(draft, left)
  draft.remove('addresses', workspace, former.kind, former.value)
  tellAddresses(draft, owner)
  return left
}

function tellAddresses(draft: Draft, { workspace, id }: Contact): void {
  const data = { id, changed: ['addresses'] }
  draft.event({ workspace, type: 'contact.updated', subject: id, data, kept: data })
}

/** `told`: what is known of it. Its addresses were wanted, and are nobody's. */
export function makeContact(
  draft: Draft,
  workspace: WorkspaceId,
  source: Contact['source'],
  kind: Contact['kind'],
  told: Partial<Contact> = {},
): Contact {
  const contact: Contact = {
    workspace,
    id: draft.newId('ctc'),
    kind,
    name: null,
    addresses: [],
    source,
    mergedInto: null,
    conversations: 0,
    lastChannel: null,
    reach: [],
    createdAt: draft.now,
    updatedAt: draft.now,
    language: null,
    country: null,
    timeZone: null,
    tags: [],
    fields: {},
    seenAt: null,
    deletedAt: null,
    consent: {},
    terms: '',
    family: [],
    menu: null,
    ...told,
  }
  const { addresses } = contact
  if (addresses.length > 0) contact.consent = consentOf(draft, workspace, addresses)
  draft.insert('contacts', { ...contact, terms: termsOf(contact) })
  for (const { kind, value } of addresses) {
    draft.put('addresses', { workspace, kind, value, contact: contact.id, createdAt: draft.now })
  }
  const data = { id: contact.id, kind: contact.kind, source }
  draft.event({ workspace, type: 'contact.created', subject: contact.id, data, kept: data })
  return contact
}

/** The contact with further addresses and, if it had none, a name. `holder`: whose they are by themselves. */
export function amend(
  draft: Draft,
  contact: Contact,
  news: readonly Address[],
  name: string | null,
  holder = contact.id,
): Contact {
  const { workspace } = contact
  const room = news.slice(0, Math.max(0, ADDRESSES_MAX - contact.addresses.length))
  const isNew = contact.addresses.length === 0
  for (const address of room) takeFromFormerOwner(draft, workspace, address)
  const addresses = [...contact.addresses, ...room]
  const country = contact.country ?? countryOf(room)
  const amended = { ...contact, name, addresses, country, updatedAt: draft.now }
  putContact(draft, amended)
  for (const { kind, value } of room) {
    draft.put('addresses', { workspace, kind, value, contact: holder, createdAt: draft.now })
  }
  proposeAlike(draft, amended, room)
  if (!isNew) {
    const data = {
      id: contact.id,
      changed: [...(room.length > 0 ? ['addresses'] : []), ...(name === contact.name ? [] : ['name'])],
    }
    draft.event({ workspace, type: 'contact.updated', subject: contact.id, data, kept: data })
  }
  return amended
}

/** Of the first phone: a hint for filters and time zones, which whoever knows better may replace. */
function countryOf(addresses: readonly Address[]): string | null {
  const phone = addresses.find(({ kind }) => kind === 'phone')
  return phone === undefined ? null : countryOfPhone(phone.value)
}

export function takeFromFormerOwner(draft: Draft, workspace: WorkspaceId, address: Address): void {
  const former = wantPerson(draft, workspace, address)
  if (former === undefined) return
  const addresses = former.addresses.filter(known => !isSame(known, address))
  putContact(draft, { ...former, addresses, updatedAt: draft.now })
  tellAddresses(draft, former)
}
