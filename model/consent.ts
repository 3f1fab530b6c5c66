import type { Address } from './address.ts'
import type { ChannelId, ContactId } from './ids.ts'
import type { Category } from './message.ts'

/**
 * What a person lets us send (RULES F1): kept for each address, channel and category. Without a word about it, it is
 * neither granted nor withdrawn, and may be sent.
 */
export const CONSENT_CATEGORIES = ['marketing', 'service'] as const
export type ConsentCategory = (typeof CONSENT_CATEGORIES)[number]

export const CONSENT_STATES = ['granted', 'withdrawn'] as const
export type ConsentState = (typeof CONSENT_STATES)[number]

/**
 * Who said so: the person in a message, the provider (a code, a preference), a program, an agent, or a file. A file
 * never opens what was closed.
 */
export const CONSENT_SOURCES = ['contact', 'provider', 'api', 'agent', 'import'] as const
export type ConsentSource = (typeof CONSENT_SOURCES)[number]

/** What STOP closes on a channel: an SMS sender everything, the others what is marketing. */
export type StopScope = 'all' | 'marketing'

/** About one address, or all that a contact has. */
export type Consented = {
  kind: 'consented'
  /** null: every channel. */
  channel: ChannelId | null
  category: ConsentCategory | 'all'
  state: ConsentState
  source: ConsentSource
  /** The word that said so: the person's, or the provider's. */
  raw: string | null
  /** The provider's time, or ours. Of two about the same the later counts, whichever comes first. */
  at: number
} & ({ address: Address } | { contact: ContactId })

/** The sum over all that is known; `mixed`: not the same for every address and channel. */
export const CONSENT_SUMS = [...CONSENT_STATES, 'mixed', 'unknown'] as const
type ConsentSum = (typeof CONSENT_SUMS)[number]
type KnownSum = Exclude<ConsentSum, 'unknown'>

export type ConsentSums = { [C in ConsentCategory]: ConsentSum }

/** What is known of one address on one channel, as the API shows it. */
export type Consent = {
  address: Address
  /** null: every channel. */
  channel: ChannelId | null
  category: ConsentCategory
  state: ConsentState
  source: ConsentSource
  raw: string | null
  at: string
}

/** Under which consent a message falls: all that is not marketing is service. */
export function consentFor(category: Category): ConsentCategory {
  return category === 'marketing' ? 'marketing' : 'service'
}

/** The categories that are meant. */
export function categoriesOf(category: ConsentCategory | 'all'): readonly ConsentCategory[] {
  return category === 'all' ? CONSENT_CATEGORIES : [category]
}

/** One thing that was said of an address; `channel` is '' for every channel. */
export type Said = {
  channel: ChannelId | ''
  category: ConsentCategory
  state: ConsentState
  source: ConsentSource
  raw: string | null
  at: number
}

type Known = { channel: string; state: ConsentState; at: number }

/**
 * What counts on a channel: what was said of it, unless every channel was closed since. What opens every channel does
 * not open one that was closed by itself: whoever wrote STOP to a sender meant that sender.
 */
export function standingState(own: Known | undefined, every: Known | undefined): ConsentState | undefined {
  if (own === undefined || every === undefined) return (own ?? every)?.state
  return every.state === 'withdrawn' && every.at > own.at ? 'withdrawn' : own.state
}

/** What is said of several addresses, put together; nothing of what nobody said anything about. */
export function sumsOf(addresses: readonly (readonly Said[])[]): { [C in ConsentCategory]?: KnownSum } {
  const sums = CONSENT_CATEGORIES.flatMap(category => {
    const states = addresses.flatMap(said => statesOf(said.filter(one => one.category === category)))
    const [first] = states
    if (first === undefined) return []
    return [[category, states.every(state => state === first) ? first : 'mixed'] as const]
  })
  return Object.fromEntries(sums)
}

function statesOf(said: readonly Said[]): ConsentState[] {
  const every = said.find(one => one.channel === '')
  return said.flatMap(one => standingState(one === every ? undefined : one, every) ?? [])
}
