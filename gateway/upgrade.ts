import { type IncomingMessage, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import type { Log } from '../model/log.ts'
import { notFound, Problem, problemOf } from './problem.ts'

/** A request to become a WebSocket (RFC 6455 §4.1), before anything was answered. */
export type UpgradeRequest = {
  request: IncomingMessage
  socket: Duplex
  head: Buffer
  url: URL
  params: Record<string, string>
}

/** Takes the socket over, or throws: then the answer is that problem, in HTTP. */
export type UpgradeHandler = (upgrade: UpgradeRequest) => Promise<void> | void

export type Upgrades = {
  /** `path` as Fastify writes it: `/webchat/:channel`. */
  on(path: string, handler: UpgradeHandler): void
}

/** How long a client may take to read why it was refused. */
const LINGER_MS = 2_000

/**
 * WebSocket upgrades beside Fastify's routes: one of its requests and replies kept for as long as a socket is open
 * would be half of what ten thousand idle sockets cost.
 */
export function serveUpgrades(app: FastifyInstance, log: Log): Upgrades {
  const routes: { parts: string[]; handler: UpgradeHandler }[] = []
  app.server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    // Whoever goes away while we decide must not end the process.
    socket.on('error', () => socket.destroy())
    const url = URL.parse(request.url ?? '', 'http://localhost')
    if (url === null) return refuseUpgrade(socket, new Problem('malformedRequest', 'The URL is malformed.'))
    const found = find(routes, url.pathname)
    if (found === undefined) return refuseUpgrade(socket, notFound('route'))
    const { handler, params } = found
    void Promise.try(handler, { request, socket, head, url, params }).catch((error: unknown) => {
      const problem = problemOf(error)
      if (problem === undefined) log.error({ err: error }, 'an upgrade failed')
      refuseUpgrade(socket, problem ?? new Problem('internal', 'A defect of Omnibus; the log says more.'))
    })
  })
  return {
    on: (path, handler) => {
      routes.push({ parts: path.split('/'), handler })
    },
  }
}

/** Answers in HTTP, as long as the upgrade was not accepted, and hangs up. */
function refuseUpgrade(socket: Duplex, problem: Problem): void {
  if (!socket.writable) return void socket.destroy()
  const body = problem.json()
  const headers = Object.entries({
    'content-type': 'application/problem+json; charset=utf-8',
    'content-length': String(Buffer.byteLength(body)),
    connection: 'close',
    ...problem.headers(),
  })
  const head = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  socket.end(`HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}\r\n${head}\r\n${body}`)
  setTimeout(() => socket.destroy(), LINGER_MS).unref()
}

function find(
  routes: readonly { parts: string[]; handler: UpgradeHandler }[],
  pathname: string,
): { handler: UpgradeHandler; params: Record<string, string> } | undefined {
  const told = pathname.split('/')
  for (const { parts, handler } of routes) {
    if (parts.length !== told.length) continue
    if (!parts.every((part, index) => part.startsWith(':') || part === told[index])) continue
    const named = parts.flatMap((part, index) =>
      part.startsWith(':') ? [[part.slice(1), told[index] ?? ''] as const] : [],
    )
    return { handler, params: Object.fromEntries(named) }
  }
  return undefined
}
