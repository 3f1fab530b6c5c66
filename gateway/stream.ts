import { readLog } from '../bus/follow.ts'
import type { LogEvent } from '../model/event.ts'
import type { Auth, Caller } from './auth.ts'
import type { Rooms } from './rooms.ts'

/**
 * One open stream of events, whatever carries it (`sse.ts`, `event-socket.ts`). The law of resuming: it listens before
 * it reads what is stored, so a reader misses nothing, or gets what it missed in order, or is told to start again and
 * why.
 *
 * | state    | holds                                | leaves it                                                   |
 * |----------|--------------------------------------|-------------------------------------------------------------|
 * | reading  | nothing; waits for events            | a batch → writing; client gone, daemon stops, token counts  |
 * |          |                                      | no more → closed                                            |
 * | writing  | one batch, in the socket's buffer    | the socket takes it → reading; not within `DRAIN_MS` →      |
 * |          |                                      | told `dropped`, closed                                      |
 * | closed   | —                                    | the client comes again with the last number it has          |
 */
export type Wire = {
  name: string
  /** Where bytes wait that the client has not taken. */
  waits: Drainable
  /** Fires when the client is gone. */
  gone: AbortSignal
  send(events: readonly LogEvent[]): void
  /** What is so at this moment, and no event: it moves nobody's place in the log. */
  aside(type: string, data: string): void
  /** Shows that we are here, and finds out whether the client is. */
  beat(): void
  /** The last words: what was not read must be asked for again, and why. */
  drop(why: string): void
  close(why: Ending): void
}

export type Ending = 'dropped' | 'revoked' | 'stopping' | 'failed'

/** A socket or an answer under way. */
type Drainable = {
  readonly writableNeedDrain: boolean
  once(event: 'drain', listener: () => void): unknown
  off(event: 'drain', listener: () => void): unknown
}

/** How many event streams one node keeps open. */
export const STREAMS_MAX = 1_000
/** Events that may wait for one reader before it is dropped to resume from the log. */
const EVENTS_WAITING_MAX = 5_000
/** How long a socket may refuse bytes. */
const DRAIN_MS = 30_000
const HEARTBEAT_MS = 15_000
/** How long a reader may take over the last words. */
export const LINGER_MS = 5_000

/** Writes events after `after` until the client goes, its token counts no more, or the daemon stops. Never throws. */
export async function streamEvents(
  rooms: Rooms,
  auth: Auth,
  { hash, workspace }: Caller,
  after: number,
  wire: Wire,
): Promise<void> {
  const { store, bus, log, streams, metrics, stopping } = rooms
  const revoked = new AbortController()
  const ended = new AbortController()
  const signal = AbortSignal.any([wire.gone, revoked.signal, ended.signal, stopping])
  const unwatch = auth.watch(hash, () => revoked.abort())
  const heartbeat = setInterval(() => {
    if (!wire.waits.writableNeedDrain) wire.beat()
  }, HEARTBEAT_MS)
  streams.open += 1
  let ending: Ending = 'stopping'
  try {
    const { name } = wire
    for await (const batch of readLog({
      ...{ store, bus, workspace, after, name, signal },
      eventsMax: EVENTS_WAITING_MAX,
    })) {
      if ('events' in batch) wire.send(batch.events)
      const why = 'events' in batch ? await drained(wire.waits, signal) : batch.dropped
      if (why === undefined) continue
      metrics.sseDropped.add([])
      wire.drop(why)
      ending = 'dropped'
      break
    }
  } catch (error) {
    ending = 'failed'
    if (!signal.aborted) log.warn({ err: error }, 'an event stream ended')
  }
  if (revoked.signal.aborted) {
    wire.drop('the token counts no more')
    ending = 'revoked'
  }
  streams.open -= 1
  clearInterval(heartbeat)
  unwatch()
  ended.abort()
  wire.close(ending)
}

/** Waits until what was written is taken; answers why the reader must be dropped. */
async function drained(waits: Drainable, signal: AbortSignal): Promise<string | undefined> {
  if (!waits.writableNeedDrain || signal.aborted) return undefined
  return new Promise(resolve => {
    const done = (why: string | undefined): void => {
      clearTimeout(timer)
      waits.off('drain', taken)
      signal.removeEventListener('abort', taken)
      resolve(why)
    }
    const taken = (): void => done(undefined)
    const timer = setTimeout(done, DRAIN_MS, 'the reader took nothing for 30 s')
    waits.once('drain', taken)
    signal.addEventListener('abort', taken, { once: true })
  })
}
