import type { ServerResponse } from 'node:http'
import { LINGER_MS, type Wire } from './stream.ts'

/** What a client waits before it comes again, told once. */
const RETRY_MS = 1_000

/** Events as server-sent ones (https://html.spec.whatwg.org/multipage/server-sent-events.html). */
export function sseWire(response: ServerResponse, after: number): Wire {
  const gone = new AbortController()
  response.once('close', () => gone.abort())
  response.on('error', () => gone.abort())
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
  return {
    name: 'sse',
    waits: response,
    gone: gone.signal,
    // One chunk for a batch.
    send: events => {
      let chunk = ''
      for (const event of events) {
        chunk += `id: ${event.sequence}\nevent: ${event.type}\ndata: ${event.json}\n\n`
      }
      response.write(chunk)
    },
    // Without an `id:`, so that it moves nobody's place in the log.
    aside: (type, data) => void response.write(`event: ${type}\ndata: ${data}\n\n`),
    beat: () => void response.write(': still here\n\n'),
    drop: why => void response.write(`event: dropped\ndata: ${JSON.stringify({ why })}\n\n`),
    close: () => {
      response.end()
      // Who takes nothing would keep its socket, and what waits in it, for ever.
      const hangUp = setTimeout(() => response.destroy(), LINGER_MS)
      response.once('close', () => clearTimeout(hangUp))
    },
  }
}
