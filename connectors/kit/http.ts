import { createRequire } from 'node:module'
import { Readable } from 'node:stream'
import type { Dispatcher, Pool } from 'undici'
import { type Clock, systemClock } from '../../model/clock.ts'
import { type FailureCode, SendFailure } from '../../model/failure.ts'
import type { Http, HttpAnswer, HttpRequest } from '../connector.ts'
import { createEgress } from './egress.ts'
import { Exchange } from './exchange.ts'

export type HttpOptions = {
  /** RULES G3: CIDRs, addresses or host names that may be called although they are private; `loopback` is a word. */
  egressAllow: readonly string[]
  /** How long DNS, TCP and TLS may take together (RULES C7). */
  connectMs?: number
  /** How long an answer may take from the call to its last byte, unless the request says otherwise (RULES C7). */
  answerMs?: number
  /** The longest body that `text` and `json` read, in bytes. A stream has no bound but its reader. */
  bytesMax?: number
  /** Sockets to one origin; what is beyond waits, and its waiting counts as part of `answerMs`. */
  connectionsPerOrigin?: number
  /** Origins with open sockets at a time; the one unused for longest is closed. */
  originsMax?: number
  /** For metrics: once a request, when its status is known or it failed. */
  onAnswer?: (info: { origin: string; outcome: number | FailureCode; ms: number }) => void
  clock?: Pick<Clock, 'monotonic'>
  /** Stands in for DNS in tests. */
  resolve?: Parameters<typeof createEgress>[1]
}

type Target = { origin: string; path: string }

/** How many parsed URLs are remembered: a channel sends to the same few for ever. */
const TARGETS_MAX = 1000

/**
 * The one way out over HTTP (RULES C5, C7, G3). A request that surely never left fails as `unreachable`,
 * `blockedByEgress` or `badRequest`; one that may have been read fails as `noAnswer`. Any status is an answer.
 */
export function createHttp(options: HttpOptions): {
  http: Http
  /** Loads what the first request needs, so that it is not late by that. */
  warm: () => void
  close: () => Promise<void>
} {
  const { answerMs = 20_000, bytesMax = 4 * 1024 * 1024, clock = systemClock, onAnswer } = options
  const pools = createPools(options)
  const targets = new Map<string, Target>()
  const targetOf = (url: string): Target => {
    const known = targets.get(url)
    if (known !== undefined) return known
    const target = readTarget(url)
    if (targets.size >= TARGETS_MAX) targets.clear()
    targets.set(url, target)
    return target
  }
  const toldOf = (origin: string) => {
    if (onAnswer === undefined) return undefined
    const from = clock.monotonic()
    return (outcome: number | FailureCode) => onAnswer({ origin, outcome, ms: clock.monotonic() - from })
  }
  const once = (request: HttpRequest): Promise<Exchange> => {
    const { origin, path } = targetOf(request.url)
    const told = toldOf(origin)
    // A signal that has fired already never tells: nothing is begun.
    if (request.signal?.aborted) return failed('unreachable', 'aborted', told)
    const exchange = new Exchange({
      answerMs: request.answerMs ?? answerMs,
      bytesMax,
      signal: request.signal,
      mayWrite: request.mayWrite,
      told,
    })
    try {
      pools.of(origin).dispatch(dispatchOf(request, path), exchange)
    } catch (error) {
      exchange.refuse(error instanceof Error ? error : new Error(String(error)))
    }
    return exchange.answered
  }
  const http: Http = request => {
    try {
      return request.redirectsMax ? following(request, request.redirectsMax, once) : once(request)
    } catch (error) {
      return Promise.reject(error)
    }
  }
  return { http, warm: () => void undici(), close: pools.close }
}

function failed(code: FailureCode, title: string, told?: (outcome: FailureCode) => void): Promise<never> {
  told?.(code)
  return Promise.reject(new SendFailure({ code, provider: { code: 'ABORTED', title } }))
}

/** @throws SendFailure: a URL that is none, or whose protocol is not HTTP, is refused before anything else. */
function readTarget(text: string): Target {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined) throw new SendFailure({ code: 'badRequest', provider: { code: 'URL', title: text } })
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    throw new SendFailure({ code: 'blockedByEgress', provider: { code: 'PROTOCOL', title: url.protocol } })
  }
  return { origin: url.origin, path: `${url.pathname}${url.search}` }
}

function dispatchOf(request: HttpRequest, path: string): Dispatcher.DispatchOptions {
  const { method, headers, body } = request
  if (!(body instanceof FormData)) {
    return { method, path, ...(headers && { headers }), ...(body !== undefined && { body }) }
  }
  // undici takes only its own FormData; Node's is written out by Node.
  const written = new Response(body)
  const type = { 'content-type': written.headers.get('content-type') ?? 'multipart/form-data' }
  const stream = Readable.from(written.body ?? [])
  return { method, path, headers: { ...headers, ...type }, body: stream }
}

/** Loaded with the first request that goes out: 7 MB that a daemon without traffic does not need. */
const undici = (): typeof import('undici') => createRequire(import.meta.url)('undici')

/** The sockets, by origin. A bounded map in order of use, since a tenant may name any number of hosts. */
function createPools(options: HttpOptions): { of: (origin: string) => Pool; close: () => Promise<void> } {
  const { connectMs = 5000, connectionsPerOrigin = 64, originsMax = 256 } = options
  const egress = createEgress(options.egressAllow, options.resolve)
  const pools = new Map<string, Pool>()
  let newest = ''
  const open = (origin: string): Pool => {
    egress.vetHost(new URL(origin).hostname)
    return new (undici().Pool)(origin, {
      connections: connectionsPerOrigin,
      // One request a socket at a time, and HTTP/1.1: with pipelining or HTTP/2 undici repeats by itself what a
      // dying connection left unanswered, and the certain/uncertain line would be its guess instead of ours.
      pipelining: 1,
      allowH2: false,
      connect: { timeout: connectMs, lookup: egress.lookup },
      // The exchange has one timer for the whole answer.
      headersTimeout: 0,
      bodyTimeout: 0,
      // Short on purpose: a request on a socket that the other side closes meanwhile becomes uncertain.
      keepAliveTimeout: 4000,
    })
  }
  return {
    of: origin => {
      let pool = pools.get(origin)
      if (pool !== undefined && origin === newest) return pool
      pools.delete(origin)
      pool ??= open(origin)
      pools.set(origin, pool)
      newest = origin
      if (pools.size > originsMax) closeOldest(pools)
      return pool
    },
    close: async () => {
      await Promise.all([...pools.values()].map(pool => pool.destroy()))
      pools.clear()
    },
  }
}

function closeOldest(pools: Map<string, Pool>): void {
  const oldest = pools.entries().next().value
  if (oldest === undefined) return
  pools.delete(oldest[0])
  // Lets what is under way end; a failure to close has nobody to tell.
  oldest[1].close().catch(() => {})
}

const REDIRECTS = new Set([301, 302, 303, 307, 308])

/** Follows redirects, each vetted like a first call. Credentials stay with the origin they were meant for. */
async function following(
  request: HttpRequest,
  redirectsMax: number,
  once: (request: HttpRequest) => Promise<Exchange>,
): Promise<HttpAnswer> {
  let next = request
  for (let followed = 0; ; followed++) {
    const answer = await once(next)
    const location = answer.headers['location']
    if (!REDIRECTS.has(answer.status) || location === undefined || followed >= redirectsMax) return answer
    const after = redirected(next, answer.status, location)
    if (after === undefined) return answer
    answer.dump()
    next = after
  }
}

/** The request after a redirect (RFC 9110 §15.4); undefined where it cannot be repeated: a stream is used up. */
function redirected(request: HttpRequest, status: number, location: string): HttpRequest | undefined {
  if (!URL.canParse(location, request.url)) return undefined
  const from = new URL(request.url)
  const to = new URL(location, from)
  const headers = Object.entries(request.headers ?? {}).filter(
    ([name]) => to.origin === from.origin || !/^(authorization|cookie|proxy-authorization)$/i.test(name),
  )
  const { body, ...rest } = request
  const next = { ...rest, url: to.href, headers: Object.fromEntries(headers) }
  const repeats = status === 307 || status === 308
  if (!repeats && request.method !== 'GET') {
    next.method = 'GET'
    next.headers = Object.fromEntries(headers.filter(([name]) => !/^content-/i.test(name)))
    return next
  }
  if (body === undefined) return next
  return typeof body === 'string' || Buffer.isBuffer(body) ? { ...next, body } : undefined
}
