import type { Address } from './address.ts'
import type { Content, Media } from './content.ts'
import type { Failure } from './failure.ts'
import type { ChannelId, ContactId, ConversationId, MessageId, WorkspaceId } from './ids.ts'
import type { Status } from './status.ts'

export type Direction = 'inbound' | 'outbound'

/** Who caused a message. `echo` was written by the business in the provider's own app. */
export type Source = { kind: SourceKind; id: string | null }
export type SourceKind = 'contact' | 'agent' | 'workflow' | 'broadcast' | 'api' | 'echo'

/** Why a message is sent: providers and consent treat these apart (RULES C11). */
export const CATEGORIES = ['service', 'utility', 'marketing', 'authentication'] as const
export type Category = (typeof CATEGORIES)[number]

/** A message that this one answers, or reacts to: ours where we know it, the provider's id where we do not. */
export type MessageRef = { id: MessageId | null; providerId: string | null }

/** Who of a group wrote. */
export type Author = { address: Address; name: string | null }

/** The advertisement or post that led here, in the provider's words. */
export type Referral = { [K in ReferralField]?: string }
export const REFERRAL_FIELDS = [
  'sourceType',
  'sourceId',
  'sourceUrl',
  'headline',
  'body',
  'mediaType',
  'mediaUrl',
  'thumbnailUrl',
  'ctwaClid',
  'welcomeText',
] as const
type ReferralField = (typeof REFERRAL_FIELDS)[number]

/** What a provider tells with a message besides what it says; written once, like the message. */
export type Besides = {
  author?: Author
  /** It was passed on; `often`: by so many that the provider says so. */
  forwarded?: true | 'often'
  referral?: Referral
  /** The product of a catalog that it asks about. */
  product?: { catalogId: string | null; productId: string }
}

/** A message as the API shows it. Times are RFC 3339. */
export type Message = {
  id: MessageId
  workspace: WorkspaceId
  channel: ChannelId
  connector: string
  contact: ContactId
  conversation: ConversationId | null
  direction: Direction
  source: Source
  address: Address
  /** null unless it was written in a group by one of its members. */
  author: Author | null
  /** What it says now: of an edited message the newest. */
  content: MessageContent
  replyTo: MessageRef | null
  forwarded: true | 'often' | null
  referral: Referral | null
  product: Besides['product'] | null
  category: Category
  expiresAt: string | null
  attempts: number
  queued: boolean
  retryOf: MessageId | null
  broadcast: string | null
  /** One per part, in order; several where a part has segments. */
  providerIds: string[]
  providerTime: string | null
  /** null on inbound messages. */
  status: Status | null
  statusTimes: { [S in Status]?: string } | null
  /** Of a message to a group: how many of its members received it, and read it, as far as was told. */
  members: { received: number; read: number } | null
  failure: MessageFailure | null
  /** The last attempt got no answer; whether the provider took it is not known yet. */
  uncertain: boolean
  /** The provider's time of the newest edit. */
  editedAt: string | null
  /** The provider's time at which its writer took it back; its content is erased. */
  deletedAt: string | null
  createdAt: string
}

/** Content as the API shows it: media with their state, reactions with their target. */
export type MessageContent =
  | Exclude<Content<Media>, { type: 'reaction' }>
  | { type: 'reaction'; emoji: string | null; to: MessageRef | null }

export type MessageFailure = { code: Failure['code']; detail: string; provider: Failure['provider'] | null }

/** How long an outbound message may wait before it is `failed: expired`, by source, in milliseconds (RULES C11). */
export const EXPIRES_AFTER_MS = {
  agent: 3_600_000,
  workflow: 3_600_000,
  api: 86_400_000,
  broadcast: 86_400_000,
} as const satisfies Partial<Record<SourceKind, number>>

/**
 * Our name for one attempt to send one part. Providers echo it on receipts, so that an attempt whose answer was
 * lost is still recognised (RULES C2). At most 40 characters of `[a-z0-9_.]`.
 */
export function referenceOf(message: MessageId, part: number, attempt: number): string {
  return `${message}.${part}.${attempt}`
}

/**
 * Our name for one part until an attempt at it certainly fails: what comes after that is meant to be taken. `failed` is
 * how many did. At most 40 characters of `[a-z0-9_.]`.
 */
export function partKeyOf(message: MessageId, part: number, failed: number): string {
  return `${message}.${part}.${failed}`
}

/** The inverse of `referenceOf`; undefined for a text that is none of ours. */
export function readReference(
  reference: string,
): { message: MessageId; part: number; attempt: number } | undefined {
  const match = /^(msg_[0-9a-z]{26})\.(\d{1,4})\.(\d{1,4})$/.exec(reference)
  if (match === null) return undefined
  return { message: match[1] as MessageId, part: Number(match[2]), attempt: Number(match[3]) }
}
