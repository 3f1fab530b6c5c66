import type { Address } from '../../model/address.ts'
import { rfc3339 } from '../../model/clock.ts'
import {
  CONSENT_CATEGORIES,
  type ConsentCategory,
  type Consented,
  categoriesOf,
  consentFor,
  type StopScope,
  standingState,
} from '../../model/consent.ts'
import type { Failure } from '../../model/failure.ts'
import type { ChannelId, WorkspaceId } from '../../model/ids.ts'
import { STOP_MEANINGS } from '../../model/stop-words.ts'
import type { Rows } from '../tables.ts'
import { noteSums, wantSums } from './consent-sum.ts'
import type { Draft } from './draft.ts'
import { wantContact, wantPerson } from './people.ts'
import { type Rule, refused } from './rule.ts'

type Told = Pick<Consented, 'state' | 'source' | 'raw' | 'at'>
/** Whose consent, and where; '' is every channel. */
type Place = { workspace: WorkspaceId; address: Address; channel: ChannelId | '' }

/** RULES F1: what a person, a provider or a program says that may be sent. */
export const consented: Rule<Consented> = {
  want: (draft, workspace, change) => {
    if (change.channel !== null) draft.want('channels', workspace, change.channel)
    for (const place of placesOf(draft, workspace, change)) wantConsents(draft, place)
    wantSums(draft, workspace, contactOf(draft, workspace, change)?.id)
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
    if (contact !== undefined) noteSums(draft, workspace, contact.id)
    tellConsent(draft, { workspace, channel, contact: contact?.id ?? null, categories }, change)
    return { ok: true, ...id }
  },
}

function contactOf(draft: Draft, workspace: WorkspaceId, change: Consented): Rows['contacts'] | undefined {
  if ('contact' in change) return wantContact(draft, workspace, change.contact)
  return wantPerson(draft, workspace, change.address)
}

function placesOf(draft: Draft, workspace: WorkspaceId, change: Consented): Place[] {
  const contact = contactOf(draft, workspace, change)
  const addresses = 'contact' in change ? (contact?.addresses ?? []) : [change.address]
  return addresses.map(address => ({ workspace, address, channel: change.channel ?? '' }))
}

/** All rows about an address that count on a channel. */
export function wantConsents(draft: Draft, place: Place): void {
  for (const category of CONSENT_CATEGORIES) wantPair(draft, place, category)
  draft.want('consentChannels', place.workspace, draft.pseudonym(place.workspace, place.address))
}

function wantPair(draft: Draft, { workspace, address, channel }: Place, category: ConsentCategory) {
  const key = draft.pseudonym(workspace, address)
  const every = draft.want('consents', workspace, key, '', category)
  const own = channel === '' ? undefined : draft.want('consents', workspace, key, channel, category)
  return { own, every }
}

/** Whether nothing of this category may be sent there. What it reads is wanted by the same call. */
export function isClosed(draft: Draft, place: Place, category: ConsentCategory): boolean {
  // Where nobody ever withdrew anything, which costs nothing to know, nothing is read for a message.
  const newest = draft.want('workspaces', place.workspace)?.lastWithdrawal ?? 0
  if (newest === 0) return false
  const { own, every } = wantPair(draft, place, category)
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
  const address = draft.pseudonym(workspace, place.address)
  const at = Math.min(told.at, draft.now)
  return categories.filter(category => {
    const { own, every } = wantPair(draft, place, category)
    const known = channel === '' ? every : own
    if (known !== undefined && at < known.at) return false
    const wasClosed = standingState(own, every) === 'withdrawn'
    if (told.state === 'granted' && told.source === 'import' && (wasClosed || known !== undefined))
      return false
    const { state, source, raw } = told
    if (known === undefined || known.state !== state || known.at !== at) {
      draft.put('consents', { workspace, address, channel, category, state, source, raw, at })
      const { channels = [] } = draft.want('consentChannels', workspace, address) ?? {}
      if (!channels.includes(channel)) {
        draft.put('consentChannels', { workspace, address, channels: [...channels, channel] })
      }
    }
    return known?.state !== state
  })
}

/** Tells the log; what waits to be sent is looked at once more, because something was withdrawn after it. */
export function tellConsent(
  draft: Draft,
  about: {
    workspace: WorkspaceId
    channel: ChannelId | null
    contact: Rows['contacts']['id'] | null
    categories: readonly ConsentCategory[]
  },
  { state, source, raw, at }: Told,
): void {
  const { workspace, channel, contact, categories } = about
  const category = categories.length === CONSENT_CATEGORIES.length ? 'all' : categories[0]
  const data = { id: contact, channel, category, state, source, raw, at: rfc3339(at) }
  const subject = contact ?? channel ?? workspace
  const sequence = draft.event({ workspace, type: 'contact.consent', subject, data, kept: data })
  if (state === 'granted') return
  const row = draft.get('workspaces', workspace)
  if (row !== undefined) draft.put('workspaces', { ...row, lastWithdrawal: sequence })
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
  wantConsents(draft, placeOf(message))
  wantSums(draft, message.workspace, message.contact)
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
  const contact = wantContact(draft, workspace, message.contact)?.id ?? null
  if (contact !== null) noteSums(draft, workspace, contact)
  tellConsent(draft, { workspace, channel, contact, categories }, told)
}

export function wantSuppressed(draft: Draft, { workspace, addresses }: Rows['contacts']): void {
  for (const address of addresses) wantConsents(draft, { workspace, address, channel: '' })
}

/**
 * RULES A6: of somebody who is erased we remember only whom not to write to, so that the next file with the same
 * addresses does not begin anew. Whoever writes by themselves is somebody new, and START opens again.
 */
export function suppress(draft: Draft, { workspace, id: contact, addresses }: Rows['contacts']): void {
  const told = { state: 'withdrawn', source: 'api', raw: 'erased', at: draft.now } as const
  const changed = addresses.map(address => {
    return keepConsent(draft, { workspace, address, channel: '' }, ['marketing'], told).length > 0
  })
  if (changed.includes(true))
    tellConsent(draft, { workspace, channel: null, contact, categories: ['marketing'] }, told)
}
