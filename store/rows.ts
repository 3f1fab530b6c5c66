import type { Address } from '../model/address.ts'
import type { Deleted, Edited, Lane, Outcome, Receipt } from '../model/change.ts'
import type { Said } from '../model/consent.ts'
import type { ContactSource } from '../model/contact.ts'
import type { Content } from '../model/content.ts'
import type { ClosingNote, ConversationSource } from '../model/conversation.ts'
import type { EventType } from '../model/event.ts'
import type { FieldType, FieldValue } from '../model/field.ts'
import type { Filter } from '../model/filter.ts'
import type { LikenessReason, MergedBy, MergeRecord } from '../model/identity.ts'

import type {
  CandidateId,
  ChannelId,
  ContactId,
  ConversationId,
  EventId,
  FileId,
  ImportId,
  MessageId,
  RejectedId,
  SegmentId,
  TagId,
  TemplateId,
  TokenId,
  WorkspaceId,
} from '../model/ids.ts'
import type { ImportCounts, ImportPlan, ImportState, Reject } from '../model/import.ts'
import type { Menu } from '../model/menu.ts'
import type { Besides, Category, Direction, MessageRef, SourceKind } from '../model/message.ts'
import type { Piece, Status } from '../model/status.ts'
import type { TemplateStatus } from '../model/template.ts'
import type { StoredToken } from './access.ts'
import type { StoredChannel, StoredFile } from './store.ts'
import type { TimelineEntry } from './timeline.ts'

/**
 * The data structures, before any code: every table, its key and its columns, once for both engines. `decide` reads
 * rows by their whole key and writes whole rows; an engine turns that into its own SQL. What must be unique is the key
 * of a table (`openConversations`, `channelKeys`), so that no rule hides in an index.
 */
export type Rows = {
  /**
   * `head` is the number of the newest event, and the row is the lock of RULES A1. Events up to `trimmed` are not kept
   * any more (RULES A6); it is moved by what deletes them, never by `decide`.
   */
  workspaces: {
    id: WorkspaceId
    name: string
    head: number
    createdAt: number
    trimmed: number
    /**
     * The number of the newest event by which somebody withdrew consent; 0 if nobody ever said anything about it. A
     * message that waits since a later one needs no second look before it is sent.
     */
    lastWithdrawal: number
  }
  tokens: StoredToken
  /** `earlyUntil`: until then, what came before its message may be parked for it (RULES D6). */
  channels: StoredChannel & { deletedAt: number | null; earlyUntil: number | null }
  channelKeys: { workspace: WorkspaceId; connector: string; providerKey: string; channel: ChannelId }
  contacts: {
    workspace: WorkspaceId
    id: ContactId
    kind: 'person' | 'group'
    name: string | null
    addresses: Address[]
    source: ContactSource
    mergedInto: ContactId | null
    /** How many it ever had: the first one is by a new contact. */
    conversations: number
    /** Channel of the last inbound message. */
    lastChannel: ChannelId | null
    /** Where it was last heard on each channel, and when, by the minute: an answer goes there. */
    reach: Reach[]
    createdAt: number
    updatedAt: number
    language: string | null
    country: string | null
    timeZone: string | null
    tags: TagId[]
    fields: Record<string, FieldValue>
    /** The newest of `reach`. */
    seenAt: number | null
    /** Of a deleted one the row stays, because messages name it; there is nothing personal in it. */
    deletedAt: number | null
    /** The sum of what it consented to, for filters; nothing of what nobody knows (RULES F1). */
    consent: { [C in 'marketing' | 'service']?: 'granted' | 'withdrawn' | 'mixed' }
    /** What it is found by: made of the rest of the row, whenever that is written. */
    terms: string
    /** All that were merged into it, and into those, in the order of merging (RULES F2). */
    family: ContactId[]
    /** The choices that it was sent last as numbered text, and chose none of yet. */
    menu: Menu | null
  }
  addresses: { workspace: WorkspaceId; kind: string; value: string; contact: ContactId; createdAt: number }
  tags: { workspace: WorkspaceId; id: TagId; name: string; createdAt: number }
  /** A tag's name is unique, whatever its case and accents. */
  tagNames: { workspace: WorkspaceId; key: string; tag: TagId }
  fields: {
    workspace: WorkspaceId
    key: string
    title: string
    type: FieldType
    options: string[] | null
    createdAt: number
  }
  /** Contacts out of files. `position`: records of the file that were passed; `bytes`: how much of it that is. */
  imports: {
    workspace: WorkspaceId
    id: ImportId
    state: ImportState
    file: FileId
    name: string | null
    size: number
    plan: ImportPlan
    hash: string
    position: number
    bytes: number
    counts: ImportCounts
    errors: Omit<Reject, 'raw'>[]
    why: string | null
    createdBy: TokenId | null
    createdAt: number
    startedAt: number | null
    /** When the log was told last how far it is. */
    toldAt: number
    endedAt: number | null
  }
  /** The newest import of a file, read in one way. */
  importKeys: { workspace: WorkspaceId; hash: string; import: ImportId }
  /** Rows that were left out; kept for 30 days. */
  importRejects: { workspace: WorkspaceId; import: ImportId; at: number } & Reject
  /** `filter`: as `readFilter` made it, tags by their ids; a tag or field may be gone since. */
  segments: {
    workspace: WorkspaceId
    id: SegmentId
    name: string
    filter: Filter
    createdAt: number
    updatedAt: number
  }
  segmentNames: { workspace: WorkspaceId; key: string; segment: SegmentId }
  /** Events of a contact, by contact: its timeline outlives the log. That it was made, its own row tells. */
  contactEvents: {
    workspace: WorkspaceId
    contact: ContactId
    sequence: number
    id: EventId
    type: EventType
    at: number
    data: Record<string, unknown>
  }
  /** Contacts whose talk is still to be erased (RULES A6): the sweep goes through it. */
  erasures: { workspace: WorkspaceId; contact: ContactId; addresses: Address[]; at: number }
  /** What a merge added to the survivor, so that a split is its inverse; there while the merge lasts (RULES F2). */
  merges: {
    workspace: WorkspaceId
    contact: ContactId
    survivor: ContactId
    by: MergedBy
    at: number
    record: MergeRecord
  }
  /** Under `key`, a keyed hash, this contact is like others: an address or a field that is written in several ways. */
  likenesses: { workspace: WorkspaceId; kind: string; key: string; contact: ContactId }
  /** Two contacts that may be one person; `one` is the smaller id. A pair is proposed once. */
  candidates: {
    workspace: WorkspaceId
    one: ContactId
    other: ContactId
    id: CandidateId
    reason: LikenessReason
    at: number
    dismissedAt: number | null
  }
  /**
   * RULES F1: what the owner of an address consented to. `address` is a keyed hash (`pseudonym.ts`), so that nothing
   * here has to be erased with a person (RULES A6).
   */
  consents: { workspace: WorkspaceId; address: string; said: Said[] }
  /** At most one open conversation per contact and thread: its key says so (RULES B4). */
  openConversations: {
    workspace: WorkspaceId
    contact: ContactId
    thread: string
    conversation: ConversationId
    /** Channel of its last inbound message. Here, so that most messages write no conversation row. */
    lastChannel: ChannelId | null
  }
  conversations: {
    workspace: WorkspaceId
    id: ConversationId
    contact: ContactId
    thread: string
    channel: ChannelId
    status: 'open' | 'closed'
    source: ConversationSource
    contactType: 'new' | 'returning'
    context: Record<string, string> | null
    openedAt: number
    closedAt: number | null
    closedBy: ConversationSource | null
    note: ClosingNote | null
    version: number
  }
  messages: {
    workspace: WorkspaceId
    id: MessageId
    channel: ChannelId
    connector: string
    contact: ContactId
    conversation: ConversationId | null
    direction: Direction
    sourceKind: SourceKind
    sourceId: string | null
    addressKind: Address['kind']
    addressValue: string
    replyTo: MessageRef | null
    reactionTo: MessageRef | null
    category: Category
    expiresAt: number | null
    retryOf: MessageId | null
    broadcast: string | null
    providerTime: number | null
    createdAt: number
    status: Status | null
    pieces: Piece[]
    providerIds: string[]
    attempts: number
    queued: boolean
    uncertain: boolean
    besides: Besides | null
    /** How many `revisions` there are: the last one is what the message says now. */
    edits: number
    editedAt: number | null
    deletedAt: number | null
  }
  /** Written once; erasing replaces it, the numbers stay (RULES A5). */
  contents: { workspace: WorkspaceId; message: MessageId; content: Content }
  /** What a message says since it was edited, from 1 on. What it said first stays in `contents`: the log tells it. */
  revisions: { workspace: WorkspaceId; message: MessageId; number: number; content: Content; at: number }
  /** What receipts and quotes name (RULES D3). */
  providerIds: {
    workspace: WorkspaceId
    channel: ChannelId
    providerId: string
    message: MessageId
    part: number
    segment: number
    attempt: number
  }
  history: { workspace: WorkspaceId; message: MessageId; entry: string } & TimelineEntry
  /** Outbound messages that are not settled. Its states are apart from status (RULES C1). */
  queue: {
    workspace: WorkspaceId
    message: MessageId
    state: QueueState
    senderGroup: string
    channel: ChannelId
    lane: Lane
    position: number
    readyAt: number
    expiresAt: number
    /** The lease under which it was claimed. */
    fence: number
    part: number
    /** The last part to send: all of them, or one that is sent again alone (RULES C8). */
    lastPart: number | null
    parts: number | null
    attempts: number
    partAttempts: number
    queued: boolean
    attemptedAt: number | null
    resolveAt: number | null
    resends: number
    /** When the address was last heard on the channel, as known when it was enqueued. */
    heardAt: number | null
  }
  leases: { senderGroup: string; holder: string; fence: number; endsAt: number }
  /** How far a channel was polled: in the provider's words, written with what was found there. */
  polls: { workspace: WorkspaceId; channel: ChannelId; position: string; at: number }
  templates: {
    workspace: WorkspaceId
    channel: ChannelId
    name: string
    language: string
    id: TemplateId
    providerId: string | null
    status: TemplateStatus
    category: string | null
    quality: string | null
    reason: string | null
    components: readonly unknown[] | null
    /** Provider time of the newest that was told. */
    toldAt: number
    updatedAt: number
  }
  /**
   * RULES B1: kept 30 days, apart from messages. Only for deliveries whose key is not a provider id: those are known
   * by `providerIds`, and writing every id into two trees was a fifth of the cost of an inbound message.
   */
  seen: { workspace: WorkspaceId; channel: ChannelId; key: string; message: MessageId; at: number }
  /** What came before what it is about; `of` is a provider id or a reference (RULES D6). */
  parked: { workspace: WorkspaceId; channel: ChannelId; of: string; receipts: Parked[]; at: number }
  /** RULES D5: up to when everything to an address was received or read. */
  watermarks: { workspace: WorkspaceId; channel: ChannelId; address: string; received: number; read: number }
  /** Small counts that bound other tables: parked receipts and rejected deliveries of a channel. */
  counters: { workspace: WorkspaceId; name: string; count: number }
  cursors: { follower: string; workspace: WorkspaceId; sequence: number }
  idempotency: {
    workspace: WorkspaceId
    scope: string
    key: string
    hash: string
    outcomes: Outcome[]
    at: number
  }
  files: StoredFile
  rejected: {
    workspace: WorkspaceId
    id: RejectedId
    channel: ChannelId
    why: string
    raw: Uint8Array
    contentType: string
    at: number
  }
  /**
   * Visitors of a website who were identified or reset; of all others nothing is kept but the token in their browser.
   * Tokens of another `epoch` count no more; without a row it is 0.
   */
  visitors: {
    workspace: WorkspaceId
    channel: ChannelId
    visitor: string
    epoch: number
    /** The website's name for the person, proven; null after a reset. */
    externalId: string | null
    /** What else the website proved. */
    name: string | null
    addresses: Address[]
    at: number
  }
  /** The log. `data` is null where it is read off the message's own rows (RULES A5). */
  events: {
    workspace: WorkspaceId
    sequence: number
    id: EventId
    type: EventType
    subject: string
    time: number
    data: Record<string, unknown> | null
  }
  /** Facts about the store itself: the schema's version is elsewhere, the check value of the secret key is here. */
  meta: { name: string; value: string }
}

/** `seenAt` is null for an address that never wrote there, as of a visitor whom the website named. */
export type Reach = { channel: ChannelId; address: Address; seenAt?: number | null }

export type Parked = Receipt | Edited | Deleted

/**
 * RULES C1. `ready`: may be claimed from `readyAt` on. `claimed`: reserved under `fence`, nothing left the process.
 * `attempted`: the first byte may have left; only an answer, a receipt or the end of the lease leads out of it.
 * `uncertain`: nobody knows; a receipt, or a policy at `resolveAt`, leads out of it. Settled messages have no row.
 */
export type QueueState = 'ready' | 'claimed' | 'attempted' | 'uncertain'
