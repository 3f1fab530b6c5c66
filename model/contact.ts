import type { Address } from './address.ts'
import type { ConsentSums } from './consent.ts'
import type { FieldValue } from './field.ts'
import type { MergedContact } from './identity.ts'
import type { ChannelId, ContactId, TagId, WorkspaceId } from './ids.ts'

/** What first made a contact: a message of theirs, an agent, a file, a program, or a message of ours to them. */
export const CONTACT_SOURCES = ['message', 'agent', 'import', 'api', 'echo'] as const
export type ContactSource = (typeof CONTACT_SOURCES)[number]

/** A contact as the API shows it. Times are RFC 3339. */
export type Contact = {
  id: ContactId
  workspace: WorkspaceId
  kind: 'person' | 'group'
  name: string | null
  /** BCP 47: `es-MX`. */
  language: string | null
  /** ISO 3166-1 alpha-2: `MX`. */
  country: string | null
  /** IANA: `America/Mexico_City`. */
  timeZone: string | null
  /** The first of its addresses of this kind. */
  phone: string | null
  email: string | null
  addresses: Address[]
  /** By name. */
  tags: string[]
  /** By key; a field that is not set is absent. */
  fields: Record<string, FieldValue>
  /** The sum over its addresses and channels (RULES F1). */
  consent: ConsentSums
  /** Those that it stands for, in the order of merging. */
  merged: MergedContact[]
  /** Where and when it was last heard, by the minute. */
  seen: { channel: ChannelId; address: Address; at: string | null }[]
  lastSeenAt: string | null
  source: ContactSource
  createdAt: string
  updatedAt: string
}

/** What contacts are sorted by. Times are RFC 3339. */
export type Tag = { id: TagId; name: string; createdAt: string }

/** What may be set on a contact besides addresses, tags and fields. null takes it away. */
export type ContactSet = {
  name?: string | null
  language?: string | null
  country?: string | null
  timeZone?: string | null
}

export const NAME_MAX = 200
export const TAGS_MAX = 100
export const FIELDS_MAX = 200

/** When somebody was last heard is kept by the minute: busy talk would otherwise write a row a message for it. */
export const SEEN_STEP_MS = 60_000

/** A language tag in its canonical form, or undefined: `ES-mx` is `es-MX`. */
export function languageOf(text: string): string | undefined {
  try {
    return Intl.getCanonicalLocales(text.trim().replaceAll('_', '-'))[0]
  } catch {
    return undefined
  }
}

/** An IANA time zone that this machine knows, or undefined. */
export function timeZoneOf(text: string): string | undefined {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: text.trim() }).resolvedOptions().timeZone
  } catch {
    return undefined
  }
}

/** A country code, or undefined for what is none. */
export function countryOf(text: string): string | undefined {
  const code = text.trim().toUpperCase()
  regions ??= new Intl.DisplayNames('en', { type: 'region' })
  return /^[A-Z]{2}$/.test(code) && code !== 'ZZ' && regions.of(code) !== code ? code : undefined
}

/** Names of countries are megabytes, read when the first is asked for. */
let regions: Intl.DisplayNames | undefined
