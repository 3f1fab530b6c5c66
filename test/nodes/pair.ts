import { mkdirSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type Answer, type Life, startLife } from '../crash/life.ts'

/** Two nodes behind one address, asked by turns. */
export type Pair = AsyncDisposable & {
  nodes: readonly Node[]
  /**
   * Both of them, as clients and providers see them: what is not answered, or only with "come again", is asked of the
   * other one, until it is answered.
   */
  life: Life
  /** The longest time in which nothing was answered although somebody asked, in milliseconds. */
  silenceMs(): number
}

export type Node = {
  name: string
  dataDir: string
  /** Undefined while it is down. */
  life: Life | undefined
  start(): Promise<void>
}

const MEMBER = fileURLToPath(new URL('./member.ts', import.meta.url))
/** What a client waits for one answer; a frozen node gives none. */
const ANSWER_MS = 3000
/** What it waits before it asks again. */
const AGAIN_MS = 100
/** What nobody answered for so long is a fault. */
const GIVE_UP_MS = 90_000

/** @param stores where each of them finds the database */
export async function startPair(folder: string, stores: readonly string[]): Promise<Pair> {
  const nodes = stores.map((store, index) => nodeOf(`node-${index}`, folder, store))
  const silence = createSilence()
  let turn = 0
  const once = async (...asked: Parameters<Life['call']>): Promise<Answer> => {
    const node = nodes[turn++ % nodes.length]
    if (node?.life === undefined) throw new Error('connection refused')
    return await withinMs(ANSWER_MS, node.life.call(...asked))
  }
  const insist = async (...asked: Parameters<Life['call']>): Promise<Answer> => {
    const end = performance.now() + GIVE_UP_MS
    for (;;) {
      const last = await once(...asked).catch((error: unknown) => String(error))
      if (typeof last !== 'string' && !isComeAgain(last.status)) {
        silence.broken()
        return last
      }
      silence.heard()
      const why = typeof last === 'string' ? last : `it was answered ${last.status}`
      if (performance.now() > end) throw new Error(`${asked[0]} ${asked[1]}: ${why}`)
      await sleep(AGAIN_MS)
    }
  }
  await Promise.all(nodes.map(node => node.start()))
  const front = createServer((request, response) => {
    void passOn(request, once).then(({ status, body }) => {
      response.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body))
    })
  })
  await new Promise<void>(resolve => front.listen(0, '127.0.0.1', resolve))
  const address = front.address()
  if (address === null || typeof address === 'string') throw new Error('no free port')
  return {
    nodes,
    silenceMs: silence.longestMs,
    life: {
      url: `http://127.0.0.1:${address.port}`,
      pid: 0,
      ended: new Promise(() => {}),
      isOver: () => false,
      call: insist,
      tell: () => {},
      kill: () => {},
      stop: async () => {},
    },
    [Symbol.asyncDispose]: async () => {
      front.closeAllConnections()
      front.close()
      await Promise.all(nodes.map(({ life }) => stopped(life)))
    },
  }
}

function nodeOf(name: string, folder: string, store: string): Node {
  const dataDir = join(folder, name)
  mkdirSync(dataDir)
  const node: Node = {
    name,
    dataDir,
    life: undefined,
    start: async () => {
      const life = await startLife(dataDir, undefined, undefined, store, MEMBER)
      if (life === undefined) throw new Error(`${name} was killed before it listened`)
      node.life = life
      void life.ended.then(() => {
        if (node.life === life) node.life = undefined
      })
    },
  }
  return node
}

/** What a provider or a client is told to come again with: busy, away, or the first request is under way. */
function isComeAgain(status: number): boolean {
  return status === 409 || status === 429 || status >= 500
}

/** A provider's webhook: it comes again by itself. */
async function passOn(request: IncomingMessage, once: Life['call']): Promise<Answer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const body = chunks.length === 0 ? undefined : Buffer.concat(chunks).toString()
  const signature = request.headers['x-hub-signature-256']
  const headers = typeof signature === 'string' ? { 'x-hub-signature-256': signature } : {}
  try {
    return await once(request.method ?? 'GET', request.url ?? '/', body, headers)
  } catch {
    return { status: 502, headers: new Headers(), body: '' }
  }
}

async function withinMs<T>(ms: number, promise: Promise<T>): Promise<T> {
  const timer = new AbortController()
  const late = sleep(ms, undefined, { signal: timer.signal }).then(() => {
    throw new Error(`no answer within ${ms} ms`)
  })
  late.catch(() => {})
  promise.catch(() => {})
  try {
    return await Promise.race([promise, late])
  } finally {
    timer.abort()
  }
}

/** From the first ask that was not answered to the next answer of any. */
function createSilence() {
  let since: number | undefined
  let longestMs = 0
  return {
    heard: () => {
      since ??= performance.now()
    },
    broken: () => {
      if (since !== undefined) longestMs = Math.max(longestMs, performance.now() - since)
      since = undefined
    },
    longestMs: () => longestMs,
  }
}

/** One that is frozen, or hangs, is killed. */
async function stopped(life: Life | undefined): Promise<void> {
  if (life === undefined) return
  const timer = setTimeout(() => life.kill(), STOP_MS)
  await life.stop()
  clearTimeout(timer)
}
const STOP_MS = 15_000
