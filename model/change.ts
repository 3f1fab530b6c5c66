import type { Address } from './address.ts'
import type { ChannelStatus, Health, Live } from './channel.ts'
import type { Consented, StopScope } from './consent.ts'
import type { Content, ForeignMedia, HandedMedia, StoredMedia } from './content.ts'
import type { ClosingNote, ConversationSource } from './conversation.ts'
import type { Failure } from './failure.ts'
import type { IdentityChange } from './identity.ts'
import type {
  ChannelId,
  ContactId,
  ConversationId,
  FileId,
  MessageId,
  RejectedId,
  TokenId,
  WorkspaceId,
} from './ids.ts'
import type { ImportChange } from './import.ts'
import type { Choices } from './menu.ts'
import type { Besides, Category, Source } from './message.ts'
import type { PeopleChange } from './people.ts'
import type { Observation } from './status.ts'
import type { StopAnswers } from './stop-words.ts'
import type { ToldTemplate } from './template.ts'
import type { Role } from './token.ts'

/**
 * Everything that happens is a change, committed through one door. A transaction is a value: a list of changes of
 * one workspace, with what must still hold for it to be applied. The caller waits for one answer and holds nothing
 * open meanwhile.
 */
export type Transaction = {
  workspace: WorkspaceId
  changes: Change[]
  /** The follower's cursor moves in the same commit; if it is not at `from`, the whole list is refused (RULES A4). */
  cursor?: { follower: string; from: number; to: number }
  /** Further conditions on the whole list: what the caller decided on must still be so (RULES A4). */
  when?: { conversation: ConversationId; version: number }[]
  /** The same `scope` and `key` again gives the first outcomes, unless `hash` differs (RULES C12). */
  once?: { scope: string; key: string; hash: string }
}

/**
 * What became of a transaction. `replayed`: nothing was done now, these are the outcomes of the first time.
 * `stale`: a condition no longer held and nothing was done; look again and decide anew.
 */
export type Committed = { outcomes: Outcome[]; head: number; replayed: boolean; stale: boolean }

/**
 * What became of one change. `duplicate`: it was known already and did nothing. `more`: it reached a bound of one
 * commit; the store goes on with it by itself. `ended`: the message failed instead, and nothing is to be sent. A
 * refused one did nothing; the others of its list stand (RULES A2).
 */
export type Outcome =
  | { ok: true; id?: string; duplicate?: boolean; more?: boolean; ended?: boolean }
  | { ok: false; code: Refusal; detail: string }

export type Refusal =
  /** There is no such thing in this workspace. */
  | 'notFound'
  /** It exists already. */
  | 'exists'
  /** The state it is in does not allow this. */
  | 'state'
  /** The cursor, the version or the lease that this was decided on is no longer so; decide again. */
  | 'stale'
  /** The idempotency key was used for another body. */
  | 'keyReused'
  /** There is no address, channel or conversation to send with. */
  | 'noRecipient'
  /** The recipient withdrew consent for such messages on this channel (RULES F1). */
  | 'optedOut'
  /** What it says is of no use: the detail names what. */
  | 'invalid'
  /** A file that a message names was not handed over by its sender, or is another message's already. */
  | 'noUpload'
  /** A bound on how much may be kept was reached. */
  | 'full'

export type Change =
  /** `first`: only if no other was made as the first, whichever of several nodes that start at once asks. */
  | { kind: 'workspaceCreated'; name: string; first?: true }
  | { kind: 'workspaceRenamed'; name: string }
  | TokenCreated
  /** `token` is the hash, which is its key. */
  | { kind: 'tokenRevoked'; token: string }
  /** It was used last at `at`: a remark on its row, and no event. */
  | { kind: 'tokenUsed'; token: string; at: number }
  | ChannelCreated
  | ChannelUpdated
  | { kind: 'channelDeleted'; channel: ChannelId }
  | { kind: 'channelHealth'; channel: ChannelId; health: Health }
  /** What the provider tells about how much may be sent; what it does not tell stays. `raw` is its own word. */
  | { kind: 'channelLimits'; channel: ChannelId; live: Live; at: number; raw: string }
  /** Of two that tell of one template the later one stands, whichever comes first. */
  | { kind: 'templateTold'; channel: ChannelId; template: ToldTemplate; at: number }
  /** How far a channel was polled, in the provider's own words: moves with what was found there. */
  | { kind: 'polled'; channel: ChannelId; position: string; lease: Lease }
  | ChannelResealed
  /** The text that proves the secret key, and the key that hides addresses, sealed with another one (RULES G1). */
  | { kind: 'keyReplaced'; keyCheck: string; addressKey: string }
  | Received
  | Edited
  | Deleted
  | Receipt
  | { kind: 'rejected'; channel: ChannelId; why: string; raw: Uint8Array; contentType: string }
  /** It could be read after all: what it told is in the same transaction (RULES B7). */
  | { kind: 'rejectedRemoved'; id: RejectedId }
  | Enqueued
  | { kind: 'cancelled'; message: MessageId }
  | Attempted
  | Settled
  | { kind: 'closed'; conversation: ConversationId; by: ConversationSource; note?: ClosingNote }
  | FileCreated
  | MediaFetched
  | Identified
  /** The visitor's tokens of this epoch count no more. */
  | { kind: 'visitorReset'; channel: ChannelId; visitor: string; epoch: number }
  | PeopleChange
  | Consented
  | IdentityChange
  | ImportChange

export type TokenCreated = {
  kind: 'tokenCreated'
  id: TokenId
  /** SHA-256: the token itself is never here. */
  hash: string
  role: Role
  name: string
  expiresAt?: number
  /** The token that asked for it; absent if the start of the daemon made it. */
  createdBy?: TokenId
}

/** `config` arrives sealed: its secret values are unreadable without the key. */
export type ChannelCreated = {
  kind: 'channelCreated'
  id: ChannelId
  connector: string
  name: string
  config: Record<string, unknown>
  /** What the provider's payloads call this channel; unique per workspace and connector (RULES B2). */
  providerKey: string
  /** Channels that share a provider account or portfolio share one lease and its limits (RULES C3). */
  senderGroup: string
  /** What the word STOP closes on it (RULES F1); marketing if absent. */
  stops?: StopScope
}

export type ChannelUpdated = {
  kind: 'channelUpdated'
  channel: ChannelId
  set: {
    name?: string
    status?: ChannelStatus
    config?: Record<string, unknown>
    providerKey?: string
    senderGroup?: string
    stops?: StopScope
    answers?: StopAnswers
  }
}

/** The same config sealed with another key; `stale` if it is not `from` any more. No event: it means the same. */
export type ChannelResealed = {
  kind: 'channelResealed'
  channel: ChannelId
  from: Record<string, unknown>
  config: Record<string, unknown>
}

/** An inbound message, or an echo of one that the business wrote in the provider's own app. */
export type Received = {
  kind: 'received'
  channel: ChannelId
  /** Unique in the channel: the same key again is the same message (RULES B1). */
  key: string
  providerId: string | null
  /** The provider's time. */
  at: number
  echo: boolean
  /** Where the answer goes. On an echo, to whom it went. */
  address: Address
  /** Further addresses the provider says are the same person. */
  also: Address[]
  /** An address that was the person's until now, and is no more: they changed it for `address` or `also`. */
  former?: Address
  name?: string
  /** Root of the e-mail thread; absent on chat channels. */
  thread?: string
  content: Content<ForeignMedia | HandedMedia>
  /** Provider ids of the message this one answers or reacts to. */
  replyTo?: string
  reactionTo?: string
  /** Goes to the conversation if this opens one. */
  context?: Record<string, string>
  besides?: Besides
}

/** The writer changed what a message says. `of` is the provider's id of that message. */
export type Edited = {
  kind: 'edited'
  channel: ChannelId
  /** Unique in the channel: the same key again is the same edit (RULES B1). */
  key: string
  of: string
  /** The provider's time. Of two edits the later one stands, whichever comes first. */
  at: number
  content: Content<ForeignMedia>
}

/** The writer took a message back: what it said is erased. */
export type Deleted = Omit<Edited, 'kind' | 'content'> & { kind: 'deleted' }

/** What a receipt is about: RULES D5. `providerId` and `reference` may both be told; the first known one counts. */
export type ReceiptOf =
  | { providerId: string; reference?: string }
  | { reference: string }
  | { upTo: number; address: Address }

export type Receipt = {
  kind: 'receipt'
  channel: ChannelId
  of: ReceiptOf
  status: Observation['status'] | 'pending'
  at: number
  /** The provider's word, unchanged. */
  raw: string
  failure?: Failure
  /** Of a message to a group: the member whose phone tells this. Absent: it is so for the whole group. */
  member?: string
  /** What else the provider told; kept in the timeline and nowhere else. */
  detail?: Record<string, unknown>
}

/** A message to be sent. One of `to`, `contact` or `conversation` says to whom. */
export type Enqueued = {
  kind: 'enqueued'
  channel?: ChannelId
  to?: Address
  contact?: ContactId
  conversation?: ConversationId
  content: Content<StoredMedia>
  source: Source
  category: Category
  lane: Lane
  expiresAt: number
  replyTo?: MessageId
  reactionTo?: MessageId
  retryOf?: MessageId
  broadcast?: string
}

/** Lanes in order of priority (RULES C9): a person's answer, then rules and programs, then campaigns. */
export const LANES = ['reply', 'normal', 'bulk'] as const
export type Lane = (typeof LANES)[number]

/** The lease under which the queue acts. A `fence` that is not the newest is refused (RULES C4). */
export type Lease = { group: string; fence: number }

/**
 * The step before the first byte is written (RULES C2). From here on a crash leaves the attempt uncertain.
 * `parts` freezes how many parts the content was split into, at the first attempt.
 */
export type Attempted = {
  kind: 'attempted'
  message: MessageId
  lease: Lease
  part: number
  attempt: number
  parts: number
  /** The platform held it back for a rate or a tier. */
  queued: boolean
  /** Choices that this part shows as numbered text: an answer by number is understood (`model/menu.ts`). */
  menu?: Choices
}

export type Settled = {
  kind: 'settled'
  message: MessageId
  lease: Lease
  part: number
  /** The number of the attempt; 0 when it failed before any. */
  attempt: number
  /**
   * `accepted`: the provider took it, a fact whoever brings it. `held`: taken, but kept back by the provider (D4).
   */
  result:
    | { is: 'accepted'; providerIds: string[]; held: boolean; at: number; raw: string }
    /**
     * Certainly not taken; again at `at`. `kept`: the holder keeps it claimed until then, so that later messages to the
     * same address wait for it; without it they pass (RULES C9).
     */
    | { is: 'retry'; failure: Failure; at: number; kept?: boolean }
    /** Certainly not taken, and never will be. */
    | { is: 'failed'; failure: Failure }
    /** Not known; decided by a receipt, or by policy at `resolveAt` (RULES C6). */
    | { is: 'uncertain'; failure: Failure; resolveAt: number }
    /** An uncertain attempt is given up by policy and the part is sent again. Allowed once per uncertain attempt. */
    | { is: 'resend'; at: number }
}

export type FileCreated = {
  kind: 'fileCreated'
  id: FileId
  sha256: string
  size: number
  mimeType: string
  name: string | null
  /** It is handed over for a message to this channel, by whoever `ref` names (`HandedMedia.from`). */
  upload?: { channel: ChannelId; ref: string }
}

/**
 * A website proves who its visitor is (PROVIDERS H2): the visitor joins the contact of that identity. What the website
 * only says, without a proof, is no part of it. `epoch` is that of the visitor's token; if it moved on, this is stale.
 */
export type Identified = {
  kind: 'identified'
  channel: ChannelId
  visitor: string
  epoch: number
  externalId: string
  /** Proven addresses of the same person: they join too, unless they are somebody else's. */
  addresses: Address[]
  name: string | null
}

/** How fetching an inbound message's media goes on. */
export type MediaFetched = {
  kind: 'mediaFetched'
  file: FileId
  result:
    | { is: 'due'; at: number; deadline: number }
    | { is: 'stored'; sha256: string; size: number; mimeType: string }
    | { is: 'retry'; at: number; why: string }
    | { is: 'failed'; why: string }
}
