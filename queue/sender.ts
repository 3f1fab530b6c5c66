import type { Connector, Http, Io, Outbound, OutboundMedia, Sent } from '../connectors/connector.ts'
import type { OpenChannel } from '../connectors/directory.ts'
import type { Clock } from '../model/clock.ts'
import { type Content, mapMedia, mediaOf, type StoredMedia } from '../model/content.ts'
import { type Failure, kindOf, SendFailure } from '../model/failure.ts'
import type { FileId, WorkspaceId } from '../model/ids.ts'
import { partKeyOf, referenceOf } from '../model/message.ts'
import type { Random } from '../model/random.ts'
import { FileMissing, type Store } from '../store/store.ts'
import type { Flight } from './flight.ts'
import type { Memo } from './memo.ts'

/** What became of one attempt. `certain`: the provider surely did not take it (RULES C5). */
export type Answer = { is: 'accepted'; sent: Sent } | { is: 'refused'; failure: Failure; certain: boolean }

export type SenderNeeds = {
  store: Pick<Store, 'query' | 'readFile'>
  http: Http
  clock: Clock
  random: Random
  memo: Memo
  /** Where the provider calls for this channel. */
  webhookUrlOf: (channel: OpenChannel) => string
  /** A signed link to a file that works without a token for this long. */
  linkOf: (workspace: WorkspaceId, file: FileId, forMs: number) => string
  /** Whether the lease still lets us write, asked when a socket is there (RULES C4). */
  mayWrite: () => boolean
}

/**
 * Sends one part through its connector. Never throws and never retries; `abort` ends it, with an answer at once even
 * from a connector that does not listen.
 */
export function startSending(flight: Flight, needs: SenderNeeds): { answer: Promise<Answer>; abort(): void } {
  const controller = new AbortController()
  const { promise, resolve } = Promise.withResolvers<Answer>()
  // Whether anything may have left the process, which is what decides about certainty.
  const line = { used: false, isLate: false }
  const mayWrite = (): boolean => {
    line.isLate ||= !needs.mayWrite()
    return !line.isLate
  }
  const http: Http = request => {
    line.used = true
    return needs.http({ ...request, mayWrite, signal: request.signal ?? controller.signal })
  }
  const io: Io = {
    http,
    signal: controller.signal,
    now: needs.clock.now,
    random: needs.random,
    memo: needs.memo.of(flight.channel.id),
  }
  send(flight, needs, io).then(
    sent => resolve({ is: 'accepted', sent }),
    error => resolve(line.isLate ? LATE : refusalOf(error, line.used, controller.signal.aborted)),
  )
  return {
    answer: promise,
    abort: () => {
      controller.abort()
      // A connector that listens rejects before this runs, and may know better on which side of the line it was.
      setImmediate(() => resolve(refusalOf(undefined, line.used, true)))
    },
  }
}

/** The lease ended while it waited for a socket. What may have left before (an upload) is no message. */
const LATE: Answer = { is: 'refused', failure: { code: 'providerFault' }, certain: true }

async function send(flight: Flight, needs: SenderNeeds, io: Io): Promise<Sent> {
  const { item, channel, part, attempt } = flight
  const content = item.parts?.[part]
  if (content === undefined) throw new Error(`there is no part ${part}`)
  const outbound: Outbound = {
    address: item.of.address,
    content: await withMedia(content, item.of.workspace, needs),
    category: item.of.category,
    reference: referenceOf(item.message, part, attempt),
    key: partKeyOf(item.message, part, Math.max(0, item.partAttempts - 1 - item.resends)),
    webhookUrl: needs.webhookUrlOf(channel),
    replyTo: part === 0 ? item.of.replyTo : null,
    reactionTo: item.of.reactionTo,
    source: item.of.source.kind,
    heardAt: item.of.heardAt,
  }
  // The registry holds connectors whose config type only they know; the directory checked this config by its schema.
  return await (channel.connector as Connector<never>).send(outbound, channel.config, io)
}

/** The content with every file of ours looked up, to be opened when the connector needs its bytes. */
async function withMedia(
  content: Content,
  workspace: WorkspaceId,
  needs: SenderNeeds,
): Promise<Content<OutboundMedia>> {
  const files = new Map<FileId, OutboundMedia>()
  for (const media of mediaOf(content)) {
    if ('id' in media) files.set(media.id, await fileOf(media, workspace, needs))
  }
  return mapMedia(content, media => {
    if ('link' in media) return media
    const file = files.get(media.id)
    if (file === undefined) throw new SendFailure({ code: 'mediaFailed' })
    return file
  })
}

async function fileOf(
  media: Extract<StoredMedia, { id: FileId }>,
  workspace: WorkspaceId,
  { store, linkOf }: SenderNeeds,
): Promise<OutboundMedia> {
  const { id } = media
  const file = await orLater(() => store.query('file', { workspace, id }))
  if (file?.state !== 'stored' || file.sha256 === null || file.size === null) {
    throw new SendFailure({ code: 'mediaFailed' })
  }
  const { sha256, size, mimeType } = file
  const name = media.name ?? file.name
  const open = () => orLater(() => store.readFile(sha256))
  const publicUrl = () => linkOf(workspace, id, PUBLIC_MS)
  return { id, mimeType, size, sha256, ...(name === null ? {} : { name }), open, publicUrl }
}

/** Providers fetch at once, or after a few tries. */
const PUBLIC_MS = 3_600_000

/** A file that is gone fails the message; a store that fails now does not. */
async function orLater<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (cause) {
    throw new SendFailure({ code: cause instanceof FileMissing ? 'mediaFailed' : 'providerFault' }, { cause })
  }
}

function refusalOf(error: unknown, used: boolean, aborted: boolean): Answer {
  if (error instanceof SendFailure) {
    return { is: 'refused', failure: error.failure, certain: kindOf(error.failure).certain }
  }
  if (aborted) {
    // Too slow before it even asked for the network: nothing left, and it may well go better next time.
    const code = used ? 'noAnswer' : 'providerFault'
    return { is: 'refused', failure: { code }, certain: !used }
  }
  // The message says which defect; it is our own text or Node's, never the provider's answer.
  const detail = error instanceof Error ? `${error.name}: ${error.message}`.slice(0, DETAIL_MAX) : 'unknown'
  return {
    is: 'refused',
    failure: { code: 'internal', provider: { code: 'internal', detail } },
    certain: !used,
  }
}

/** Characters kept of a defect's text. */
const DETAIL_MAX = 200
