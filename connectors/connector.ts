import type { Readable } from 'node:stream'
import type { Static, TSchema } from 'typebox'
import type { Address } from '../model/address.ts'
import type { Deleted, Edited, ReceiptOf, Received } from '../model/change.ts'
import type { Health, Live } from '../model/channel.ts'
import type { StopScope, ToldConsent } from '../model/consent.ts'
import type { Content, ContentType, ForeignMedia, MediaType, REQUESTED } from '../model/content.ts'
import type { Failure } from '../model/failure.ts'
import type { ChannelId, FileId } from '../model/ids.ts'
import type { Category, SourceKind } from '../model/message.ts'
import type { Random } from '../model/random.ts'
import type { Observation, Status } from '../model/status.ts'
import type { ToldTemplate } from '../model/template.ts'
import type { Simulation } from './kit/sim/simulation.ts'

/**
 * The contract of a channel, and the place to start reading.
 *
 * A connector is a value that translates one provider. It holds no state, starts no timer and opens no socket of its
 * own: what it needs from outside comes in as `Io`. The gateway, the queue and the tests treat all connectors alike;
 * whatever differs between providers is said here, as data or as a function of data.
 */
export type Connector<Config> = {
  /** The name in URLs, in config and in the API: `whatsapp`. */
  connector: string
  title: string
  /** Checked by the API. `secret()` marks what is sealed at rest and never shown, at any depth. */
  config: TSchema
  /** What the channel can carry. `queue/fit.ts` splits and degrades by it before `send` is called. */
  can: (config: Config) => Capabilities
  /** How fast, and which account shares the allowance. `live` is what the provider last told about it. */
  limits: (config: Config, live: Live) => Limits
  /**
   * What the provider's payloads call this channel; `Inbound.to` is compared with it. A channel that no provider names
   * is called by its own `id`.
   */
  keyOf: (config: Config, id: ChannelId) => string
  /**
   * What else payloads call it where they are not about a message: the account, which several channels may share, or
   * the number itself. What is told of such a name goes to every channel that has it.
   */
  namesOf?: (config: Config) => readonly string[]
  /** For a connector that is called. One that polls has none. */
  receive?: {
    /** The gateway calls it for every request over the raw bytes, before anything is parsed. */
    verify: Verify<Config>
    /** The provider's handshake when a webhook is subscribed. undefined: this request is not one. */
    hello?: (request: WebhookRequest, config: Config) => Reply | undefined
    /**
     * Reads a verified request. Pure, synchronous and total: no clock, no I/O, no throw for what it does not know.
     * Every batch is read whole, each item named with its own channel. What is not the provider's shape at all is
     * one `rejected` item. `url.channel` is the `keyOf` of the channel that the URL names, or of the only one that
     * holds the secret: for providers whose payloads do not say to whom they go.
     */
    parse: (request: WebhookRequest, url: { channel?: string }) => Inbound[]
    /** What success looks like to this provider; 200 with no body if absent. */
    reply?: Reply
    /** How long it tries again when we answer 503 (RULES B9). */
    redelivers: 'hours' | 'seldom'
  }
  /** For a connector that asks instead of being called; one may have both and decide by config. */
  poll?: Poll<Config>
  /**
   * Sends one part. It is called once per durable attempt, and does not retry by itself.
   * @throws SendFailure; anything else is taken for a defect of ours.
   */
  send: (part: Outbound, config: Config, io: Io) => Promise<Sent>
  /**
   * The provider takes a part once, however often it is sent with the same `Outbound.key` (RULES C6): an attempt whose
   * answer was lost is made again at once.
   */
  idempotent?: true
  /** It never uses `io.http`: what calls need is not loaded for its sake. */
  offline?: true
  /** Something worth doing and not worth doing twice: best effort, never retried. May throw; nobody minds. */
  act?: (action: Action, config: Config, io: ActIo) => Promise<void>
  /** Opens media that an inbound message named. Called after the webhook was answered. */
  fetchMedia?: (media: ForeignMedia, config: Config, io: Io) => Promise<MediaStream>
  /** The templates that the account has, with their status. Asked by `POST /v1/channels/:id/check`. */
  templates?: (config: Config, io: Io) => Promise<ToldTemplate[]>
  /**
   * Proves the credentials without sending; a refusal is an answer. `live` is what the provider told about limits on
   * the way. Who can be told by API where to call is told `webhookUrl`.
   */
  check: (config: Config, io: Io, webhookUrl?: string) => Promise<Health & { live?: Live }>
  /** The provider, faked: what tests, `omnibus simulate` and the demo talk to. Loaded by those only. */
  simulation?: () => Promise<Simulation>
}

/** A connector whose config type only itself knows: what the registry holds. */
export type AnyConnector = Connector<never>

/** Makes a registry entry of a connector; from here on its config is opaque and was checked by its schema. */
export function defineConnector<S extends TSchema>(
  connector: Connector<Static<S>> & { config: S },
): AnyConnector {
  return connector as unknown as AnyConnector
}

/**
 * Asks a provider for news. `run` is one long loop: it goes on until `io.signal` aborts, or throws a SendFailure, after
 * which it is started again with back-off from where `deliver` came last. At most one runs for a channel among all
 * nodes, on the one that holds the lease of its sender group (RULES C3). `from` is the `next` that was delivered last,
 * undefined for a channel that never polled. `deliver` makes the items and `next` durable in one commit and then
 * returns: ask for what follows after that, and nothing is lost or told twice. It rejects when it cannot be made
 * durable: let it.
 */
export type Poll<Config> = {
  enabled: (config: Config) => boolean
  run: (config: Config, from: string | undefined, deliver: Deliver, io: Io) => Promise<void>
}
export type Deliver = (items: Inbound[], next: string) => Promise<void>

/** What the gateway hands on. Header names are in lower case; `at`: when it came, for what is told without a time. */
export type WebhookRequest = {
  method: string
  /** The public URL that the provider called, as it signed it (RULES G4). */
  url: string
  query: Record<string, string>
  headers: Record<string, string | undefined>
  body: Buffer
  /** When it came, in milliseconds: the time of what a provider tells without one. */
  at: number
}

export type Reply = { status: number; contentType?: string; body?: string }

/**
 * How a request proves who sent it. `secrets` names the keys a channel holds, so that a URL serving many channels
 * tries each distinct key once (RULES B2). `check` compares in constant time.
 */
export type Verify<Config> =
  | {
      secrets: (config: Config) => readonly string[]
      check: (request: WebhookRequest, secret: string) => boolean
    }
  | { unsigned: string }

/** For a provider that signs nothing. The reason is shown in the docs and in `check`. */
export function unsigned(why: string): { unsigned: string } {
  return { unsigned: why }
}

/**
 * One thing that a delivery told. `to` is the channel's `keyOf`, `orTo` another that counts where no channel has that
 * one; `at` the provider's time in milliseconds.
 */
export type Inbound = { to: string; orTo?: string } & (
  | InboundMessage
  | {
      kind: 'receipt'
      of: ReceiptOf
      status: Observation['status'] | 'pending'
      at: number
      raw: string
      failure?: Failure
      member?: string
      detail?: Record<string, unknown>
    }
  | Omit<Edited, 'channel'>
  | Omit<Deleted, 'channel'>
  /** About the channel's account itself, not about a message. */
  | { kind: 'channel'; health: Health }
  /** What the account may send now; what is absent in `live` stays as it was. */
  | { kind: 'limits'; at: number; live: Live; raw: string }
  | { kind: 'template'; key: string; at: number; template: ToldTemplate }
  /**
   * The person may be written to, or may not any more (RULES F1). It goes before the message that said so, if there is
   * one: what a provider answered by itself is not answered twice.
   */
  | ({ kind: 'consent'; key: string } & ToldConsent)
  /** Understood and of no use to anyone; counted by `why`. */
  | { kind: 'ignored'; why: string }
  /**
   * Not what this provider sends, or of a kind we never heard of: its raw bytes are kept (RULES B7). They are those of
   * the request; what was polled comes with its own `raw`.
   */
  | { kind: 'rejected'; why: string; raw?: string }
)

/** A message as `Received` keeps it, before anybody knows whose channel it is. */
export type InboundMessage = Omit<Received, 'kind' | 'channel' | 'echo' | 'also' | 'content'> & {
  kind: 'message' | 'echo'
  content: Content<ForeignMedia>
  also?: Address[]
  /** The provider waits to hear that it arrived (a tapped button): once it is durable, `act` gets this as `answer`. */
  answer?: string
}

/** What leaves in one request. `content` was fitted: it is within `can`. */
export type Outbound = {
  address: Address
  content: Content<OutboundMedia>
  category: Category
  /** Our name for this attempt; the provider echoes it on receipts where it can. */
  reference: string
  /** An idempotency key: the same for an attempt that repeats one of which nobody knows what became (RULES C6). */
  key: string
  /** The public URL of this channel's webhook, for providers that are told where the receipts of a message go. */
  webhookUrl: string
  /** The provider's id of the message that is answered, or reacted to. */
  replyTo: string | null
  reactionTo: string | null
  /** Who caused it: some windows are open for what an agent writes only. */
  source: SourceKind
  /** Provider time of what came last from that address on this channel, to the minute; null: never, or unknown. */
  heardAt: number | null
}

export type OutboundMedia =
  | { link: string; mimeType?: string; name?: string }
  | {
      id: FileId
      mimeType: string
      size: number
      sha256: string
      name?: string
      open: () => Promise<Readable>
      /** A signed link by which the provider can fetch it, for an hour. */
      publicUrl: () => string
    }

/**
 * `typing`: somebody is writing an answer to this address, or stopped to; `providerId` is the newest message from
 * there. `read`: everything up to that message was read. `answer`: what an inbound message asked for by its `answer`.
 */
export type Action =
  | { kind: 'typing'; on: boolean; address: Address; providerId: string | null }
  | { kind: 'read'; address: Address; providerId: string }
  | { kind: 'answer'; address: Address; payload: string }

export type ActIo = Io & {
  /** Shows `frame` to whoever is connected to this daemon under this address right now; nobody may be. */
  live: (address: Address, frame: object) => void
}

/** The provider took it. Several ids where it cut the part into segments. `held`: taken, but kept back (RULES D4). */
export type Sent = { providerIds: string[]; held?: boolean; raw: string }

export type MediaStream = { stream: Readable; mimeType?: string; size?: number; sha256?: string }

/** What a connector may touch. Everything here is counted, timed, bounded and redacted by its giver. */
export type Io = {
  http: Http
  /** Aborts when the call must end. */
  signal: AbortSignal
  now: () => number
  random: Random
  /** Remembers what `make` gave under `key` for this channel, in memory, for `forMs`. */
  memo: <T>(key: string, forMs: number, make: () => Promise<T>) => Promise<T>
}

/**
 * The one way out. Answers whatever the status; a connection that failed is thrown as SendFailure on the right side
 * of the certain/uncertain line (RULES C5). Redirects are not followed unless asked, and vetted again (RULES G3).
 */
export type Http = (request: HttpRequest) => Promise<HttpAnswer>

export type HttpRequest = {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  url: string
  headers?: Record<string, string>
  body?: string | Buffer | Readable | FormData
  signal?: AbortSignal
  /** Asked right before the first byte is written; if it says no, nothing is, which is certain (RULES C4). */
  mayWrite?: () => boolean
  /** How long the answer may take; 20 s if absent, 60 s for media (RULES C7). */
  answerMs?: number
  redirectsMax?: number
}

export type HttpAnswer = {
  status: number
  headers: Record<string, string | undefined>
  /** The body, read whole and bounded. */
  text: () => Promise<string>
  /** The body as JSON; undefined if it is none. */
  json: () => Promise<unknown>
  /** The body as it comes. Use one of the three. */
  stream: Readable
}

/**
 * What a channel can carry, as data. `queue/fit.ts` is its only reader: what is beyond it becomes something that is
 * not, numbered text at the end. `unit` counts titles and all other texts too.
 */
export type Capabilities = {
  /** Longest text of one part, counted in `unit`. */
  text: { max: number; unit: 'characters' | 'bytes' }
  /** Longest caption; 0 where media take none. */
  captionMax: number
  /** Media it takes, with the largest size in bytes. A missing one is degraded to a document, or to a link. */
  media: { [T in MediaType]?: { bytesMax: number; mimeTypes?: readonly string[]; caption: boolean } }
  /** Content that it carries as such; the rest is turned into text where that keeps its meaning. */
  carries: readonly ContentType[]
  buttons?: Choosable & {
    /** Buttons that open a link: beside others, alone, or (absent) none. */
    urls?: 'mixed' | 'alone'
    /** No two of the same title. */
    unique?: true
    around?: Around
  }
  /** Answers for the moment; too many buttons go as these too. `typed`: what comes back is the title, as a text. */
  quick?: Choosable & { typed?: true }
  list?: {
    rowsMax: number
    titleMax: number
    textMax: number
    sectionsMax?: number
    sectionTitleMax?: number
    descriptionMax?: number
    buttonMax?: number
    idBytesMax?: number
    around?: Around
  }
  /** What a person can be asked for by a button; the rest is asked in text. */
  requests?: readonly (typeof REQUESTED)[number][]
  /** What STOP closes (RULES F1): `all` on SMS and its like, where carriers give the word that meaning. */
  stop?: StopScope
  /** Whether an answer can quote the message it answers. */
  quotes: boolean
  /** The statuses it ever tells; the others are `n/a`, never assumed (RULES D7). */
  observes: readonly Status[]
}

/** How many choices, how long; `idBytesMax` where what comes back from one is bounded. */
export type Choosable = { max: number; titleMax: number; textMax: number; idBytesMax?: number }

/** Longest text above and below choices; if a file may stand above, and what room that leaves. Absent: all joins it. */
export type Around = { headerMax: number; footerMax: number; media?: true; captionMax?: number }

export type Limits = {
  /**
   * The account or portfolio whose allowance is shared; with the connector's name, the sender group (RULES C3). null:
   * there is none, and every channel goes alone.
   */
  account: string | null
  /** Messages a second of this channel; null where the provider names no number. */
  perSecond: number | null
  /** What one part counts for, where not every part counts as one message: an SMS by its segments. */
  costOf?: (content: Content) => number
}
