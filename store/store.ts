import type { Readable } from 'node:stream'
import type { Address } from '../model/address.ts'
import type { Committed, Lane, Transaction } from '../model/change.ts'
import type { ChannelStatus, Health, Live } from '../model/channel.ts'
import type { Content, ForeignMedia, StoredMedia } from '../model/content.ts'
import type { Conversation } from '../model/conversation.ts'
import type { LogEvent } from '../model/event.ts'
import type {
  ChannelId,
  ContactId,
  ConversationId,
  FileId,
  MessageId,
  RejectedId,
  WorkspaceId,
} from '../model/ids.ts'
import type { Category, Direction, Message, Source } from '../model/message.ts'
import type { Status } from '../model/status.ts'
import type { StopSettings } from '../model/stop-words.ts'
import type { AccessQueries } from './access.ts'
import type { ContactQueries } from './found/contact-queries.ts'
import type { IdentityQueries } from './identity.ts'
import type { ImportQueries } from './imports.ts'
import type { MetaQueries } from './meta.ts'
import type { RejectedDelivery } from './rejected.ts'
import type { TimelineEntry } from './timeline.ts'
import type { ToldQueries } from './told.ts'
import type { VisitQueries } from './visits.ts'

/**
 * The store remembers: all state and the log. Two engines implement this port; `test/contracts/store.ts` states the
 * laws they hold. Nobody above it knows which one runs.
 */
export type Store = {
  /**
   * Applies a transaction and answers when it is durable. Concurrent calls share one disk write.
   * @throws StoreBusy when `commitQueueMax` changes wait already; StoreFailing when it cannot be made durable.
   */
  commit(transaction: Transaction): Promise<Committed>
  /**
   * Events of a workspace with a sequence above `after`, in order. What is read is the same forever (RULES A5).
   * @throws LogTrimmed when `after` is older than what is kept (RULES A6).
   */
  events(workspace: WorkspaceId, after: number, limit: number): Promise<LogEvent[]>
  /** Where a follower stands in a workspace; 0 before its first commit. */
  cursor(follower: string, workspace: WorkspaceId): Promise<number>
  /** Takes or renews the lease of a sender group and reserves what may be sent under it (RULES C2–C4). */
  claim(request: ClaimRequest): Promise<Claim>
  /** Gives the lease back; what was claimed and not attempted is ready again for the next holder. */
  release(lease: { group: string; holder: string; fence: number }): Promise<void>
  /** Keeps a file, named by its content. The bytes are durable when it answers. @throws FileTooLarge */
  putFile(content: Readable, bytesMax: number): Promise<{ sha256: string; size: number }>
  /** @throws FileMissing */
  readFile(sha256: string): Promise<Readable>
  query<Q extends keyof Queries>(name: Q, params: Queries[Q]['params']): Promise<Queries[Q]['result']>
  /** Proves that it can write now. @throws StoreFailing with the reason. */
  check(): Promise<void>
  /**
   * Drops some of what is kept no longer: what `keep` limits, and what has a fixed time (`seen` after 30 days, parked
   * receipts after 24 h, idempotency keys after 48 h). `more`: a bound was reached, and it may be called again soon.
   */
  sweep(keep: Keep): Promise<{ deleted: number; more: boolean }>
  /** Figures for `/metrics`. */
  stats(): StoreStats
  close(): Promise<void>
}

/** What the store tells by itself, in commit order. Called after the commit is durable; must not throw. */
export type StoreListener = {
  events(events: LogEvent[]): void
  /** Sender groups that may have something to send now. */
  work(groups: string[]): void
}

/**
 * How long each kind is kept, in milliseconds; null is for ever (RULES A6). Messages are kept no shorter than the log,
 * whose `message.created` is read off their rows.
 */
export type Keep = {
  log: number | null
  /** With content, provider ids, timeline and media. What is not settled stays. */
  messages: number | null
  /** Rejected deliveries. */
  raw: number | null
  /** The timeline of a message: receipts, attempts. */
  receipts: number | null
  /** Bytes of files; their rows stay and say so. */
  files: number | null
}

export type StoreStats = {
  /** Transactions made durable. */
  commits: number
  groups: number
  changes: number
  changesWaiting: number
  /** Upper bounds and counts of the sizes of groups, in changes. */
  groupSizes: { le: number; count: number }[]
  commitMs: { count: number; sum: number }
}

export type ClaimRequest = {
  group: string
  /** This process. Another holder's lease is respected until it ends. */
  holder: string
  leaseMs: number
  /** How many messages of each lane to take at most. */
  limits: Record<Lane, number>
  /** What becomes ready within this time is taken too, so that order is kept through short waits (RULES C9). */
  horizonMs: number
  /** Paused channels. */
  skip: ChannelId[]
  /** Nothing is reserved: only the lease is wanted, for polling under it. */
  leaseOnly?: true
  /** When a dead holder's attempt is given up if no receipt comes, after it was made; 60 s if absent (RULES C6). */
  orphanResolveMs?: number
}

/** `held: false`: another process has the lease until `until`. */
export type Claim =
  | { held: false; until: number }
  | {
      held: true
      fence: number
      until: number
      /** In order of position within each lane. */
      items: QueuedMessage[]
      /** Uncertain attempts whose time for a policy has come (RULES C6). */
      overdue: QueuedMessage[]
      /** Past their `expiresAt` and not attempted; paused channels too. */
      expired: QueuedMessage[]
      /** Whether a lane had more than its limit. */
      more: Record<Lane, boolean>
      /** When the next waiting message of the group becomes ready, resolves or expires; null if none waits. */
      nextAt: number | null
    }

/** All that the queue needs to send a message. */
export type QueuedMessage = {
  workspace: WorkspaceId
  message: MessageId
  channel: ChannelId
  lane: Lane
  /** Order of enqueueing within the workspace. */
  position: number
  address: Address
  content: Content<StoredMedia>
  source: Source
  category: Category
  createdAt: number
  readyAt: number
  expiresAt: number
  /** The part to be sent next; earlier ones were accepted. */
  part: number
  /** How many parts the content was split into; null before the first attempt. */
  parts: number | null
  /** Attempts made so far for the message; the next is one more. */
  attempts: number
  /** Attempts made so far for this part; of these, those that repeated an uncertain one. */
  partAttempts: number
  resends: number
  queued: boolean
  /** Provider ids, resolved from ours. */
  replyTo: string | null
  reactionTo: string | null
  /** Provider time of what came last from the address on the channel, when it was enqueued; null if unknown. */
  heardAt: number | null
}

export class StoreBusy extends Error {
  override name = 'StoreBusy'
  readonly retryAfterMs = 1000
}

export class StoreFailing extends Error {
  override name = 'StoreFailing'
}

/** The data was written by a newer Omnibus: an older one could damage what it does not understand. */
export class SchemaTooNew extends Error {
  override name = 'SchemaTooNew'
}

export class LogTrimmed extends Error {
  override name = 'LogTrimmed'
  readonly oldest: number
  constructor(oldest: number) {
    super(`the log is kept from ${oldest} on`)
    this.oldest = oldest
  }
}

export class FileTooLarge extends Error {
  override name = 'FileTooLarge'
}

export class FileMissing extends Error {
  override name = 'FileMissing'
}

/** Named reads, each with its parameters and its result. Pages are newest first and resume below an id. */
export type Queries = AccessQueries &
  ContactQueries &
  IdentityQueries &
  MetaQueries &
  ImportQueries &
  ToldQueries &
  VisitQueries & {
    /** Every channel that is not deleted, of every workspace, for the directory; `config` is sealed. */
    channels: { params: { workspace?: WorkspaceId }; result: StoredChannel[] }
    /** The message with its status now. */
    message: { params: { workspace: WorkspaceId; id: MessageId }; result: Message | null }
    /** The message as `message.created` told it. */
    messageCreated: { params: { workspace: WorkspaceId; id: MessageId }; result: Message | null }
    messages: {
      params: Page<MessageId> & {
        channel?: ChannelId
        contact?: ContactId
        conversation?: ConversationId
        direction?: Direction
        status?: Status
      }
      result: Message[]
    }
    /** Everything known to have happened to a message, oldest first. */
    timeline: { params: { workspace: WorkspaceId; id: MessageId }; result: TimelineEntry[] }
    conversation: { params: { workspace: WorkspaceId; id: ConversationId }; result: Conversation | null }
    conversations: {
      params: Page<ConversationId> & { contact?: ContactId; status?: 'open' | 'closed' }
      result: Conversation[]
    }
    file: { params: { workspace: WorkspaceId; id: FileId }; result: StoredFile | null }
    /** Inbound media whose fetch is due by `by`, of all workspaces. */
    mediaDue: { params: { by: number; limit: number }; result: StoredFile[] }
    /** Sender groups with anything not settled. */
    groups: { params: Record<never, never>; result: string[] }
    /** How many messages wait in each lane, and since when the oldest does. */
    depth: {
      params: Record<never, never>
      result: { lane: Lane; state: string; count: number; oldest: number }[]
    }
    /** Deliveries that could not be read (RULES B7), without their bytes, which may be megabytes each. */
    rejected: { params: Page<RejectedId> & { channel?: ChannelId }; result: RejectedDelivery[] }
    rejectedRaw: {
      params: { workspace: WorkspaceId; id: RejectedId }
      result: (RejectedDelivery & { raw: Uint8Array }) | null
    }
  }

export type Page<Id> = { workspace: WorkspaceId; after?: Id; limit: number }

export type StoredChannel = StopSettings & {
  id: ChannelId
  workspace: WorkspaceId
  connector: string
  name: string
  status: ChannelStatus
  config: Record<string, unknown>
  providerKey: string
  senderGroup: string
  health: Health
  createdAt: number
  updatedAt: number
  /** What was told last about how much may be sent, and when. */
  live: (Live & { at: number }) | null
}

export type StoredFile = {
  id: FileId
  workspace: WorkspaceId
  message: MessageId | null
  channel: ChannelId | null
  /** `deleted`: its message was taken back at `nextAt`; the bytes go with the next sweep, and then the row. */
  state: 'pending' | 'due' | 'stored' | 'failed' | 'deleted'
  /** For fetching it from the provider. */
  foreign: ForeignMedia | null
  mimeType: string
  name: string | null
  size: number | null
  sha256: string | null
  attempts: number
  nextAt: number | null
  deadline: number | null
  why: string | null
  createdAt: number
}
