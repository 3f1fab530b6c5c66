import { createServer as createHttpServer, type RequestListener } from 'node:http'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { afterEach } from 'vitest'
import type { HttpRequest } from '../../connectors/connector.ts'
import { createHttp, type HttpOptions } from '../../connectors/kit/http.ts'
import { kindOf, SendFailure } from '../../model/failure.ts'

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  await Promise.all(closing.splice(0).map(close => close()))
})

export function httpWith(options: Partial<HttpOptions> = {}) {
  const { http, close } = createHttp({ egressAllow: ['loopback'], ...options })
  closing.push(close)
  return http
}

export async function listening(server: Server): Promise<string> {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  closing.push(() => new Promise(resolve => server.close(resolve)))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** A server of bare sockets, so that a connection can be broken at any byte. */
export function sockets(each: (socket: Socket) => void): Promise<string> {
  const open = new Set<Socket>()
  const server = createServer(socket => {
    open.add(socket)
    socket.on('error', () => {})
    each(socket)
  })
  closing.push(async () => {
    for (const socket of open) socket.destroy()
  })
  return listening(server)
}

export async function answering(listener: RequestListener): Promise<string> {
  const server = createHttpServer(listener)
  const url = await listening(server)
  closing.push(async () => server.closeAllConnections())
  return url
}

/** The code of the failure, and whether it is certain. */
export async function failureOf(promise: Promise<unknown>): Promise<[string, boolean]> {
  try {
    await promise
  } catch (error) {
    if (error instanceof SendFailure) return [error.failure.code, kindOf(error.failure).certain]
    throw error
  }
  throw new Error('it did not fail')
}

export function post(url: string, more: Partial<HttpRequest> = {}): HttpRequest {
  return { method: 'POST', url, body: '{"a":1}', headers: { 'content-type': 'application/json' }, ...more }
}
