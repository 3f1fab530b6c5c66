import type { IncomingMessage } from 'node:http'
import { all, compile } from '@fastify/proxy-addr'

/** The client's address of a request that is no Fastify request: an upgrade. As `request.ip` tells it (RULES G4). */
export function createClientAddress(trustedProxies: readonly string[]): (request: IncomingMessage) => string {
  if (trustedProxies.length === 0) return request => request.socket.remoteAddress ?? ''
  const trust = compile([...trustedProxies])
  return request => all(request, trust).at(-1) ?? ''
}
