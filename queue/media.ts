import { addAbortSignal } from 'node:stream'
import type { Bus } from '../bus/bus.ts'
import { createFollower, type Follower } from '../bus/follow.ts'
import type { Http, Io } from '../connectors/connector.ts'
import type { Directory, OpenChannel } from '../connectors/directory.ts'
import type { Change, MediaFetched } from '../model/change.ts'
import type { Clock } from '../model/clock.ts'
import { mediaOf } from '../model/content.ts'
import { type EventType, type LogEvent, parseEvent } from '../model/event.ts'
import { kindOf, SendFailure } from '../model/failure.ts'
import type { FileId } from '../model/ids.ts'
import type { Log } from '../model/log.ts'
import type { Message } from '../model/message.ts'
import type { Random } from '../model/random.ts'
import { FileTooLarge, type Store, type StoredFile } from '../store/store.ts'
import { createMemo, type Memo } from './memo.ts'

/**
 * Fetches the media of inbound messages, after their webhook was answered. A file is
 *
 * - `pending`: its message is in the log. The follower of the log makes it due, which survives a crash.
 * - `due`: to be fetched at its next time, with back-off, until its deadline.
 * - `stored` or `failed`: the log was told.
 *
 * The next time is in the store, so nothing is lost with the process; fetching twice gives the same file.
 */
export type MediaFetch = { lag(): number; stop(): Promise<void> }

export type MediaFetchNeeds = {
  store: Store
  bus: Bus
  directory: Directory
  http: Http
  clock: Clock
  random: Random
  log: Log
}

/** How long fetching is tried. Meta keeps webhook media for 7 days (PROVIDERS A8), others less. */
const DEADLINE_MS = 86_400_000
/** The largest media any provider hands over (PROVIDERS A8: documents). */
const MEDIA_BYTES_MAX = 104_857_600
/** Files fetched at the same time. */
const FETCHES_MAX = 8
/** How long one attempt may take, from asking for the link to the last byte. */
const FETCH_MS = 120_000
const RETRY_BASE_MS = 2000
const RETRY_CAP_MS = 3_600_000

/** Looking for work: soon after there was some, then ever less often. */
const LOOK_MIN_MS = 20
const LOOK_MAX_MS = 30_000
const STOP_MS = 5000

export function createMediaFetch(needs: MediaFetchNeeds): MediaFetch {
  const { store, clock, log } = needs
  const memo = createMemo(clock)
  const stopping = new AbortController()
  const running = new Map<FileId, Promise<void>>()
  let timer: NodeJS.Timeout | undefined
  let lookMs = LOOK_MIN_MS
  let looking: Promise<void> = Promise.resolve()

  const lookIn = (ms: number): void => {
    clearTimeout(timer)
    if (stopping.signal.aborted) return
    timer = setTimeout(() => {
      looking = look()
    }, ms)
    timer.unref()
  }
  const look = async (): Promise<void> => {
    lookMs = Math.min(LOOK_MAX_MS, lookMs * 2)
    try {
      const now = clock.now()
      // What becomes due until the next look is seen too, so that it is fetched in time.
      const due = await store.query('mediaDue', { by: now + LOOK_MAX_MS, limit: 2 * FETCHES_MAX })
      for (const file of due) {
        const waitMs = (file.nextAt ?? 0) - now
        if (waitMs > 0) lookMs = Math.min(lookMs, Math.max(LOOK_MIN_MS, waitMs))
        else if (!running.has(file.id) && running.size < FETCHES_MAX && !stopping.signal.aborted) start(file)
      }
    } catch (error) {
      log.warn({ err: error }, 'the media to be fetched could not be read; looking again')
    }
    lookIn(lookMs)
  }
  const start = (file: StoredFile): void => {
    const fetching = fetchOne(file, needs, memo, stopping.signal)
      .catch(error => log.warn({ err: error, file: file.id }, 'fetching media goes on later'))
      .finally(() => {
        running.delete(file.id)
        lookMs = LOOK_MIN_MS
        lookIn(lookMs)
      })
    running.set(file.id, fetching)
  }
  const follower = followMedia(needs, () => {
    lookMs = LOOK_MIN_MS
    lookIn(lookMs)
  })
  lookIn(0)
  return {
    lag: follower.lag,
    stop: async () => {
      stopping.abort()
      clearTimeout(timer)
      await follower.stop()
      await looking
      const late = new Promise(resolve => setTimeout(resolve, STOP_MS).unref())
      await Promise.race([Promise.all(running.values()), late])
    },
  }
}

function followMedia({ store, bus, log, clock }: MediaFetchNeeds, found: () => void): Follower {
  return createFollower({
    name: 'media',
    store,
    bus,
    log,
    wants: mayHaveMedia,
    handle: async (_workspace, events) => {
      const at = clock.now()
      const result: MediaFetched['result'] = { is: 'due', at, deadline: at + DEADLINE_MS }
      const files = events.flatMap(pendingFiles)
      if (files.length > 0) found()
      return { changes: files.map((file): Change => ({ kind: 'mediaFetched', file, result })) }
    },
  })
}

/**
 * Without parsing, since nearly all messages are text. The mark cannot come from a text, whose quotes are escaped; and
 * if it stands for something else, `handle` looks closely.
 */
function mayHaveMedia(event: LogEvent): boolean {
  return NAMES_MEDIA.has(event.type) && event.json.includes('"state":"pending"')
}

const NAMES_MEDIA: ReadonlySet<EventType> = new Set(['message.created', 'message.edited'])

/** An edit is always told by the provider, as is a message that we did not send. */
function pendingFiles(event: LogEvent): FileId[] {
  const message = parseEvent(event).data as Pick<Message, 'content' | 'direction' | 'source'>
  const isOurs = message.direction === 'outbound' && message.source.kind !== 'echo'
  const { content } = message
  if (content.type === 'reaction' || (event.type === 'message.created' && isOurs)) return []
  return mediaOf(content).flatMap(({ id, state }) => (id !== null && state === 'pending' ? [id] : []))
}

/** One attempt at one file. Throws only when its outcome could not be made durable: then it is still due. */
async function fetchOne(
  file: StoredFile,
  needs: MediaFetchNeeds,
  memo: Memo,
  stopping: AbortSignal,
): Promise<void> {
  const result = await attempt(file, needs, memo, stopping)
  if (result === undefined) return
  const { workspace, id } = file
  await needs.store.commit({ workspace, changes: [{ kind: 'mediaFetched', file: id, result }] })
}

/** undefined: we are stopping, and it is still due. */
async function attempt(
  file: StoredFile,
  needs: MediaFetchNeeds,
  memo: Memo,
  stopping: AbortSignal,
): Promise<MediaFetched['result'] | undefined> {
  const channel = file.channel === null ? undefined : needs.directory.get(file.channel)
  const timeout = AbortSignal.timeout(FETCH_MS)
  try {
    // A channel may be missing only because the directory is late; the deadline ends it otherwise.
    if (channel === undefined) return later(file, needs, 'there is no such channel')
    return await download(
      file,
      channel,
      ioFor(channel, needs, memo, AbortSignal.any([timeout, stopping])),
      needs,
    )
  } catch (error) {
    if (stopping.aborted) return undefined
    if (error instanceof FileTooLarge) return { is: 'failed', why: error.message }
    if (!(error instanceof SendFailure))
      return later(file, needs, error instanceof Error ? error.message : 'unknown')
    const { retry, certain } = kindOf(error.failure)
    // Fetching changes nothing at the provider, so an attempt whose answer was lost may simply be made again.
    if (retry === 'never' && certain) return { is: 'failed', why: error.message }
    return later(file, needs, error.message, error.failure.retryAfterMs)
  }
}

function ioFor(
  channel: OpenChannel,
  { http, clock, random }: MediaFetchNeeds,
  memo: Memo,
  signal: AbortSignal,
): Io {
  return {
    http: request => http(request.signal === undefined ? { ...request, signal } : request),
    signal,
    now: clock.now,
    random,
    memo: memo.of(channel.id),
  }
}

async function download(
  file: StoredFile,
  channel: OpenChannel,
  io: Io,
  needs: MediaFetchNeeds,
): Promise<MediaFetched['result']> {
  const { fetchMedia } = channel.connector
  if (file.foreign === null || fetchMedia === undefined) {
    return { is: 'failed', why: `${channel.connector.connector} cannot fetch media` }
  }
  const media = await fetchMedia(file.foreign, channel.config, io)
  // A provider that stalls in the middle must not keep the place of another file.
  addAbortSignal(io.signal, media.stream)
  const { sha256, size } = await needs.store.putFile(media.stream, MEDIA_BYTES_MAX)
  for (const told of [file.foreign.sha256, media.sha256]) {
    if (told !== undefined && !isSameHash(told, sha256))
      return later(file, needs, 'its SHA-256 is not what was told')
  }
  return { is: 'stored', sha256, size, mimeType: media.mimeType ?? file.mimeType }
}

/** Providers write a SHA-256 in hex or in base64; the same one does both. */
function isSameHash(told: string, hex: string): boolean {
  if (/^[0-9a-f]{64}$/i.test(told)) return told.toLowerCase() === hex
  return Buffer.from(told, 'base64').toString('hex') === hex
}

function later(
  file: StoredFile,
  { clock, random }: MediaFetchNeeds,
  why: string,
  retryAfterMs = 0,
): MediaFetched['result'] {
  const limit = Math.min(RETRY_CAP_MS, RETRY_BASE_MS * 2 ** file.attempts)
  const at = clock.now() + Math.max(retryAfterMs, Math.ceil(limit * random.fraction()))
  return at >= (file.deadline ?? 0) ? { is: 'failed', why } : { is: 'retry', at, why }
}
