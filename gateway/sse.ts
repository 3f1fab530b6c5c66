import type { ServerResponse } from 'node:http'
import { readLog } from '../bus/follow.ts'
import type { LogEvent } from '../model/event.ts'
import type { WorkspaceId } from '../model/ids.ts'
import type { Rooms } from './rooms.ts'

/**
 * One open event stream (https://html.spec.whatwg.org/multipage/server-sent-events.html).
 *
 * | state    | holds                                | leaves it                                                  |
 * |----------|--------------------------------------|------------------------------------------------------------|
 * | reading  | nothing; waits for events            | a batch → writing; client gone, daemon stops → closed      |
 * | writing  | one batch, in the socket's buffer    | the socket takes it → reading; not within `DRAIN_MS` →     |
 * |          |                                      | told `dropped`, closed                                     |
 * | closed   | —                                    | the client comes again with `Last-Event-ID`                |
 */

/** Events that may wait for one reader before it is dropped to resume from the log. */
const EVENTS_WAITING_MAX = 5_000
/** How long a socket may refuse bytes. */
const DRAIN_MS = 30_000
const HEARTBEAT_MS = 15_000
/** How long a reader may take over the last words. */
const LINGER_MS = 5_000
/** What a client waits before it comes again, told once. */
const RETRY_MS = 1_000

/** Writes events after `after` until the client goes or the daemon stops. Never throws. */
export async function streamEvents(
  rooms: Rooms,
  response: ServerResponse,
  workspace: WorkspaceId,
  after: number,
): Promise<void> {
  const { store, bus, log, streams, metrics, stopping } = rooms
  const gone = new AbortController()
  response.once('close', () => gone.abort())
  response.on('error', () => gone.abort())
  const signal = AbortSignal.any([gone.signal, stopping])
  response.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    // Where it begins: a reader who is cut off before the first event would not know.
    'last-event-id': String(after),
    connection: 'close',
    // nginx would hold the stream back.
    'x-accel-buffering': 'no',
  })
  response.write(`retry: ${RETRY_MS}\n\n`)
  const heartbeat = setInterval(() => {
    if (!response.writableNeedDrain) response.write(': still here\n\n')
  }, HEARTBEAT_MS)
  streams.open += 1
  try {
    const batches = readLog({
      store,
      bus,
      workspace,
      after,
      name: 'sse',
      signal,
      eventsMax: EVENTS_WAITING_MAX,
    })
    for await (const batch of batches) {
      const why = 'events' in batch ? await write(response, batch.events, signal) : batch.dropped
      if (why === undefined) continue
      metrics.sseDropped.add([])
      response.write(`event: dropped\ndata: ${JSON.stringify({ why })}\n\n`)
      break
    }
  } catch (error) {
    if (!signal.aborted) log.warn({ err: error }, 'an event stream ended')
  } finally {
    streams.open -= 1
    clearInterval(heartbeat)
    gone.abort()
    response.end()
    // Who takes nothing would keep its socket, and what waits in it, for ever.
    const hangUp = setTimeout(() => response.destroy(), LINGER_MS)
    response.once('close', () => clearTimeout(hangUp))
  }
}

/** Hands a batch to the socket as one chunk and waits until it is taken; answers why the reader must be dropped. */
async function write(
  response: ServerResponse,
  events: readonly LogEvent[],
  signal: AbortSignal,
): Promise<string | undefined> {
  let chunk = ''
  for (const event of events) chunk += `id: ${event.sequence}\nevent: ${event.type}\ndata: ${event.json}\n\n`
  if (response.write(chunk) || signal.aborted) return undefined
  return new Promise(resolve => {
    const done = (why: string | undefined): void => {
      clearTimeout(timer)
      response.off('drain', drained)
      signal.removeEventListener('abort', drained)
      resolve(why)
    }
    const drained = (): void => done(undefined)
    const timer = setTimeout(done, DRAIN_MS, 'the reader took nothing for 30 s')
    response.once('drain', drained)
    signal.addEventListener('abort', drained, { once: true })
  })
}
