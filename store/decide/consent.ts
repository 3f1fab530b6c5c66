import type { Address } from '../../model/address.ts'
import { rfc3339 } from '../../model/clock.ts'
import {
  CONSENT_CATEGORIES,
  type ConsentCategory,
  type Consented,
  categoriesOf,
  consentFor,
  type Said,
  type StopScope,
  standingState,
  sumsOf,
} from '../../model/consent.ts'
import type { Failure } from '../../model/failure.ts'
import type { ChannelId, WorkspaceId } from '../../model/ids.ts'
import { STOP_MEANINGS } from '../../model/stop-words.ts'
import type { Rows } from '../rows.ts'
import type { Draft } from './draft.ts'
import { wantHolders } from './likeness.ts'
import { putContact, wantContact } from './people.ts'
import { type Rule, refused } from './rule.ts'

type Told = Pick<Consented, 'state' | 'source' | 'raw' | 'at'>
/** Whose consent, and where; '' is every channel. */
type Place = { workspace: WorkspaceId; address: Address; channel: ChannelId | '' }

/** RULES F1: what a person, a provider or a program says that may be sent. */
export const consented: Rule<Consented> = {
  want: (draft, workspace, change) => {
    if (change.channel !== null) draft.want('channels', workspace, change.channel)
    wantSaid(
      draft,
      workspace,
      placesOf(draft, workspace, change).map(place => place.address),
    )
  },
  decide: (draft, workspace, change) => {
    const { channel } = change
    if (channel !== null && draft.get('channels', workspace, channel)?.deletedAt !== null)
      return refused('notFound', `no channel ${channel}`)
    if ('contact' in change && wantContact(draft, workspace, change.contact) === undefined)
      return refused('notFound', `no contact ${change.contact}`)
    const places = placesOf(draft, workspace, change)
    if (places.length === 0) return refused('invalid', 'this contact has no address to remember it for')
    const changed = places.map(place => keepConsent(draft, place, categoriesOf(change.category), change))
    const categories = CONSENT_CATEGORIES.filter(category => changed.some(list => list.includes(category)))
    const contact = contactOf(draft, workspace, change)
    const id = contact === undefined ? {} : { id: contact.id }
    if (categories.length === 0) return { ok: true, ...id, duplicate: true }
    const addresses = places.map(place => place.address)
    tellConsent(draft, { workspace, channel, contact, addresses, categories }, change)
    return { ok: true, ...id }
  },
}

function contactOf(draft: Draft, workspace: WorkspaceId, change: Consented): Rows['contacts'] | undefined {
  if ('contact' in change) return wantContact(draft, workspace, change.contact)
  const told = [change.address, ...(change.also ?? [])]
  return told.flatMap(address => wantHolders(draft, workspace, address))[0]
}

function placesOf(draft: Draft, workspace: WorkspaceId, change: Consented): Place[] {
  const contact = contactOf(draft, workspace, change)
  const addresses =
    'contact' in change ? (contact?.addresses ?? []) : [change.address, ...(change.also ?? [])]
  return addresses.map(address => ({ workspace, address, channel: change.channel ?? '' }))
}

/** All that was said of an address. */
function saidOf(draft: Draft, { workspace, address }: Pick<Place, 'workspace' | 'address'>): readonly Said[] {
  return draft.want('consents', workspace, draft.pseudonym(workspace, address))?.said ?? []
}

/** What is read when something is said of these addresses: everything about everybody who has one of them. */
export function wantSaid(draft: Draft, workspace: WorkspaceId, addresses: readonly Address[] = []): void {
  for (const address of addresses) {
    saidOf(draft, { workspace, address })
    for (const holder of wantHolders(draft, workspace, address)) {
      for (const other of holder.addresses) saidOf(draft, { workspace, address: other })
    }
  }
}

/** The sum that a contact of these addresses shows. What it reads is wanted by the same call. */
export function consentOf(
  draft: Draft,
  workspace: WorkspaceId,
  addresses: readonly Address[],
): Rows['contacts']['consent'] {
  if (isSilent(draft, workspace)) return {}
  return sumsOf(addresses.map(address => saidOf(draft, { workspace, address })))
}

/** Whether nobody in the workspace ever said anything: then nothing is read, for no message and no contact. */
function isSilent(draft: Draft, workspace: WorkspaceId): boolean {
  return (draft.want('workspaces', workspace)?.lastWithdrawal ?? 0) === 0
}

function pairOf(said: readonly Said[], channel: ChannelId | '', category: ConsentCategory) {
  const ofIt = said.filter(one => one.category === category)
  return {
    own: channel === '' ? undefined : ofIt.find(one => one.channel === channel),
    every: ofIt.find(one => one.channel === ''),
  }
}

/** Whether nothing of this category may be sent there. What it reads is wanted by the same call. */
export function isClosed(draft: Draft, place: Place, category: ConsentCategory): boolean {
  if (isSilent(draft, place.workspace)) return false
  const { own, every } = pairOf(saidOf(draft, place), place.channel, category)
  return standingState(own, every) === 'withdrawn'
}

/**
 * Remembers what was told, and answers which categories changed by it. What is older than what is known changes
 * nothing, and a file opens nothing that was closed.
 */
export function keepConsent(
  draft: Draft,
  place: Place,
  categories: readonly ConsentCategory[],
  told: Told,
): ConsentCategory[] {
  const { workspace, channel } = place
  const at = Math.min(told.at, draft.now)
  const { state, source, raw } = told
  let said = saidOf(draft, place)
  const changed = categories.filter(category => {
    const { own, every } = pairOf(said, channel, category)
    const known = channel === '' ? every : own
    if (known !== undefined && at < known.at) return false
    const isFile = state === 'granted' && source === 'import'
    if (isFile && (known !== undefined || standingState(own, every) === 'withdrawn')) return false
    const others = said.filter(one => one.channel !== channel || one.category !== category)
    if (known?.state !== state || known.at !== at) {
      said = [...others, { channel, category, state, source, raw, at }]
    }
    return known?.state !== state
  })
  draft.put('consents', {
    workspace,
    address: draft.pseudonym(workspace, place.address),
    said: said.toSorted(byPlace),
  })
  return changed
}

function byPlace(a: Said, b: Said): number {
  return a.channel === b.channel ? (a.category < b.category ? -1 : 1) : a.channel < b.channel ? -1 : 1
}

/** Tells the log and the contact. What waits to be sent and is older than a withdrawal is looked at once more. */
export function tellConsent(
  draft: Draft,
  about: {
    workspace: WorkspaceId
    channel: ChannelId | null
    contact: Rows['contacts'] | undefined
    addresses: readonly Address[]
    categories: readonly ConsentCategory[]
  },
  { state, source, raw, at }: Told,
): void {
  const { workspace, channel, contact, addresses, categories } = about
  const id = contact?.id ?? null
  const category = categories.length === CONSENT_CATEGORIES.length ? 'all' : categories[0]
  const data = { id, channel, category, state, source, raw, at: rfc3339(at) }
  const subject = id ?? channel ?? workspace
  const sequence = draft.event({ workspace, type: 'contact.consent', subject, data, kept: data })
  const row = draft.get('workspaces', workspace)
  if (row !== undefined && (state === 'withdrawn' || row.lastWithdrawal === 0)) {
    // Of what was only granted the first event stands for: somebody said something.
    draft.put('workspaces', { ...row, lastWithdrawal: state === 'withdrawn' ? sequence : 1 })
  }
  for (const { id } of addresses.flatMap(address => wantHolders(draft, workspace, address))) {
    const holder = draft.get('contacts', workspace, id)
    if (holder === undefined) continue
    putContact(draft, { ...holder, consent: consentOf(draft, workspace, holder.addresses) })
  }
}

type Sent = Pick<
  Rows['messages'],
  'workspace' | 'channel' | 'addressKind' | 'addressValue' | 'category' | 'sourceKind' | 'sourceId'
>

/** Whether this message may not leave any more (RULES F1). The answer to STOP leaves after it. */
export function isRefusedNow(draft: Draft, message: Sent): boolean {
  return !isStopAnswer(message) && isClosed(draft, placeOf(message), consentFor(message.category))
}

function placeOf({ workspace, channel, addressKind, addressValue }: Sent): Place {
  return { workspace, channel, address: { kind: addressKind, value: addressValue } }
}

/** What says that it is our answer to one of the words: nobody else may send as a workflow of that name. */
export function stopAnswerSource(means: (typeof STOP_MEANINGS)[number]) {
  return { kind: 'workflow', id: means } as const
}

function isStopAnswer({ sourceKind, sourceId }: Pick<Sent, 'sourceKind' | 'sourceId'>): boolean {
  return sourceKind === 'workflow' && STOP_MEANINGS.some(means => means === sourceId)
}

/** What STOP closes on a channel. */
export function scopeOf(channel: Pick<Rows['channels'], 'stops'> | undefined): StopScope {
  return channel?.stops ?? 'marketing'
}

/** Whether a failure is the provider's word that the person wants no such messages. */
function tellsOptOut(failure: Failure | undefined): boolean {
  return failure?.code === 'optedOut' && failure.provider !== undefined
}

export function wantOptOut(
  draft: Draft,
  message: Sent & Pick<Rows['messages'], 'contact'>,
  failure: Failure | undefined,
): void {
  if (!tellsOptOut(failure)) return
  draft.want('channels', message.workspace, message.channel)
  const contact = wantContact(draft, message.workspace, message.contact)
  const { workspace } = message
  wantSaid(draft, workspace, [placeOf(message).address, ...(contact?.addresses ?? [])])
}

/** PROVIDERS, rule 10: a refusal of the provider's that is a fact about the person. */
export function noteOptOut(
  draft: Draft,
  message: Sent & Pick<Rows['messages'], 'contact'>,
  failure: Failure | undefined,
  at: number,
): void {
  if (!tellsOptOut(failure)) return
  const { workspace, channel } = message
  const scope = scopeOf(draft.want('channels', workspace, channel))
  const told = { state: 'withdrawn', source: 'provider', raw: failure?.provider?.code ?? null, at } as const
  const categories = keepConsent(draft, placeOf(message), categoriesOf(scope), told)
  if (categories.length === 0) return
  const contact = wantContact(draft, workspace, message.contact)
  tellConsent(draft, { workspace, channel, contact, addresses: [placeOf(message).address], categories }, told)
}

/**
 * RULES A6: of somebody who is erased we remember only whom not to write to, so that the next file with the same
 * addresses does not begin anew. Whoever writes by themselves is somebody new, and START opens again.
 */
export function suppress(draft: Draft, contact: Rows['contacts']): void {
  const { workspace, addresses } = contact
  const told = { state: 'withdrawn', source: 'api', raw: 'erased', at: draft.now } as const
  const changed = addresses.map(address => {
    return keepConsent(draft, { workspace, address, channel: '' }, ['marketing'], told).length > 0
  })
  if (changed.includes(true))
    tellConsent(draft, { workspace, channel: null, contact, addresses, categories: ['marketing'] }, told)
}
