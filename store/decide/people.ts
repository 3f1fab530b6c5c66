import type { Address } from '../../model/address.ts'
import type { ClosingNote, ConversationSource } from '../../model/conversation.ts'
import type { ChannelId, ContactId, WorkspaceId } from '../../model/ids.ts'
import type { Rows } from '../tables.ts'
import type { Draft } from './draft.ts'

type Contact = Rows['contacts']

/** How many addresses a contact may gather by itself; more is a sign of a shared or abused identity. */
export const ADDRESSES_MAX = 50

export function wantPerson(draft: Draft, workspace: WorkspaceId, address: Address): Contact | undefined {
  const known = draft.want('addresses', workspace, address.kind, address.value)
  return known === undefined ? undefined : wantContact(draft, workspace, known.contact)
}

/** The contact that stands for this id now: merges are redirects (RULES F2). */
export function wantContact(draft: Draft, workspace: WorkspaceId, id: ContactId): Contact | undefined {
  let contact = draft.want('contacts', workspace, id)
  while (contact?.mergedInto != null) contact = draft.want('contacts', workspace, contact.mergedInto)
  return contact
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
  return amend(draft, contact, news, named)
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
function isRecycled(contact: Contact, told: readonly Address[]): boolean {
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
  draft.put('contacts', left)
  draft.remove('addresses', workspace, former.kind, former.value)
  tellAddresses(draft, owner)
  return left
}

function tellAddresses(draft: Draft, { workspace, id }: Contact): void {
  const data = { id, changed: ['addresses'] }
  draft.event({ workspace, type: 'contact.updated', subject: id, data, kept: data })
}

function makeContact(
  draft: Draft,
  workspace: WorkspaceId,
  source: Contact['source'],
  kind: Contact['kind'],
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
    menu: null,
    createdAt: draft.now,
    updatedAt: draft.now,
  }
  draft.insert('contacts', contact)
  const data = { id: contact.id, kind: contact.kind, source }
  draft.event({ workspace, type: 'contact.created', subject: contact.id, data, kept: data })
  return contact
}

/** The contact with further addresses and, if it had none, a name. */
export function amend(
  draft: Draft,
  contact: Contact,
  news: readonly Address[],
  name: string | null,
): Contact {
  const { workspace } = contact
  const room = news.slice(0, Math.max(0, ADDRESSES_MAX - contact.addresses.length))
  const isNew = contact.addresses.length === 0
  for (const address of room) takeFromFormerOwner(draft, workspace, address)
  const amended = { ...contact, name, addresses: [...contact.addresses, ...room], updatedAt: draft.now }
  draft.put('contacts', amended)
  for (const { kind, value } of room) {
    draft.put('addresses', { workspace, kind, value, contact: contact.id, createdAt: draft.now })
  }
  if (!isNew) {
    const data = {
      id: contact.id,
      changed: [...(room.length > 0 ? ['addresses'] : []), ...(name === contact.name ? [] : ['name'])],
    }
    draft.event({ workspace, type: 'contact.updated', subject: contact.id, data, kept: data })
  }
  return amended
}

function takeFromFormerOwner(draft: Draft, workspace: WorkspaceId, address: Address): void {
  const former = wantPerson(draft, workspace, address)
  if (former === undefined) return
  const addresses = former.addresses.filter(known => !isSame(known, address))
  draft.put('contacts', { ...former, addresses, updatedAt: draft.now })
  tellAddresses(draft, former)
}

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

/** Remembers where the contact was heard last, so that an answer without `channel` finds its way (RULES B4). */
export function noteReach(
  draft: Draft,
  open: Rows['openConversations'],
  channel: ChannelId,
  address: Address,
): void {
  const { workspace, contact } = open
  const person = draft.get('contacts', workspace, contact)
  const known = person?.reach.find(one => one.channel === channel)?.address
  if (
    person !== undefined &&
    (known === undefined || !isSame(known, address) || person.lastChannel !== channel)
  ) {
    const others = person.reach.filter(one => one.channel !== channel)
    draft.put('contacts', { ...person, lastChannel: channel, reach: [...others, { channel, address }] })
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
