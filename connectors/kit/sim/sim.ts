import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Clock } from '../../../model/clock.ts'
import { objectOf, parseJson } from '../json.ts'
import { reply } from './answer.ts'
import type { SendStats, SentMessage } from './audit.ts'
import type { Behaviour } from './behaviour.ts'
import { type ControlRoute, control } from './control.ts'
import type { WebhookStats } from './webhooks.ts'

/**
 * What all simulated providers have in common (PROVIDERS M): a server on loopback with control routes, faults around
 * the answers to sends (`answer.ts`), receipts in their time (`receipts.ts`), signed webhooks with redelivery
 * (`webhooks.ts`), a behaviour that is changed while it runs (`behaviour.ts`), and a log of what was sent with a check
 * that nothing was taken twice (`audit.ts`). A simulator adds what its provider checks, limits and says.
 */
export type Sim = {
  /** For `apiBase`. */
  url: string
  stop(): Promise<void>
  /** The newest sends, refused ones too, oldest first. */
  readonly sent: readonly SentMessage[]
  behaviour(): Behaviour
  behave(patch: Record<string, unknown>): Behaviour
  /** Webhooks go there from now on, after the provider's handshake if it has one. @throws Error if that fails */
  subscribe(url: string): Promise<void>
  /** Delivers any body, signed. */
  post(body: string): void
  stats(): SendStats & { webhooks: WebhookStats; planned: number }
  /** Waits until every receipt was sent and acknowledged; false: not within the time. */
  drained(withinMs?: number): Promise<boolean>
}

export type SimRequest = {
  method: string
  /** Whole, with the simulator's own origin. */
  url: URL
  path: string
  headers: IncomingMessage['headers']
  body: Buffer
}

export type SimServer = { url: string; close(): Promise<void> }

/** What every simulator may be started with. */
export type SimOptions = {
  /** 0 or absent: any free one. */
  port?: number
  /** Times and windows; delays are real time whatever it says. */
  clock?: Clock
  /** Repeats the same choices; absent: other ones each time. */
  seed?: number
}

export type SimServerOptions = Pick<SimOptions, 'port'> & {
  /** The largest request that the provider takes. */
  bodyBytesMax: number
  /** Made when the first request comes: they name the simulator, which is made after its server. */
  control: () => ReadonlyMap<string, ControlRoute>
  /** Everything that is not `/sim/…`. */
  handle(request: SimRequest, response: ServerResponse): void
}

/** Listens on loopback only. */
export async function createSimServer(options: SimServerOptions): Promise<SimServer> {
  let routes: ReadonlyMap<string, ControlRoute> | undefined
  let origin = ''
  const server = createServer((incoming, response) => {
    const { url: target = '/', method = 'GET', headers } = incoming
    const question = target.indexOf('?')
    const path = question === -1 ? target : target.slice(0, question)
    readBody(incoming, response, options.bodyBytesMax, body => {
      // Made on demand: parsing a URL costs more than answering a send.
      const request: SimRequest = {
        ...{ method, path, headers, body },
        get url() {
          return new URL(target, origin)
        },
      }
      if (!path.startsWith('/sim/')) return options.handle(request, response)
      routes ??= options.control()
      const json = objectOf(parseJson(body.toString()))
      void control(routes, method, request.url, json).then(answer => reply(response, answer))
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port ?? 0, '127.0.0.1', resolve)
  })
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url: origin,
    close: async () => {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
}

function readBody(
  request: IncomingMessage,
  response: ServerResponse,
  bytesMax: number,
  done: (body: Buffer) => void,
): void {
  const chunks: Buffer[] = []
  let size = 0
  request.on('data', (chunk: Buffer) => {
    size += chunk.length
    if (size > bytesMax) response.socket?.destroy()
    else chunks.push(chunk)
  })
  request.on('end', () => done(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)))
}

/** Waits until nothing is planned and nothing waits; false: not within the time. */
export async function whenDrained(clock: Clock, waiting: () => number, withinMs = 10_000): Promise<boolean> {
  const until = clock.monotonic() + withinMs
  while (waiting() > 0) {
    if (clock.monotonic() > until) return false
    await new Promise(resolve => setTimeout(resolve, 5))
  }
  return true
}
