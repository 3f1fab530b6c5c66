import { type Daemon, type StoreName, startDaemon } from './daemon.ts'
import type { LoadQuestions } from './load.ts'
import type { LoopQuestions } from './loop.ts'
import { type Part, startPart } from './parts.ts'
import type { ProviderQuestions } from './provider.ts'
import type { ReaderQuestions } from './reader.ts'
import { type Check, equal, median, onStore, type Report, type Row, row, storesRow } from './report.ts'
import { messageOf } from './requests.ts'
import { WHATSAPP } from './webhooks.ts'

export type SendOptions = {
  rounds: number
  seconds: number
  connections: number
  /** The first is compared with the ceiling, the second with the first. */
  stores: readonly StoreName[]
}

/** Messages that wait before a round, for each second that the ceiling runs. */
const MESSAGES_PER_SECOND = 4000
const ENQUEUE_MS = 120_000
const SEND_MS = 120_000

type Bench = {
  provider: Part<ProviderQuestions>
  url: string
  load: Part<LoadQuestions>
  loop: Part<LoopQuestions>
  sides: Side[]
  /** Messages sent by the ceiling so far. */
  bare: number
}

/** One daemon with its reader. */
type Side = {
  daemon: Daemon
  channel: string
  reader: Part<ReaderQuestions>
  /** Messages so far. */
  enqueued: number
}

type Round = {
  store: StoreName
  barePerSecond: number
  perSecond: number
  enqueuedPerSecond: number
  memoryMb: number
}

/**
 * Queued message → limits → HTTP send → status durable, against a bare undici loop to the same provider. The messages
 * are enqueued while the channel is paused; the time runs from its resumption until a reader of the log was told of
 * every one that it is sent.
 */
export async function send({ rounds, seconds, connections, stores }: SendOptions): Promise<Report> {
  const bench = await prepare(stores)
  const { provider, load, loop, sides } = bench
  await oneRound(bench, connections, 1, 0)
  const done: Round[] = []
  for (let index = 0; index < rounds; index++) {
    done.push(...(await oneRound(bench, connections, seconds, index)))
  }
  const stats = await provider.ask('stats', undefined)
  const enqueued = sides.reduce((sum, side) => sum + side.enqueued, 0)
  const checks: Check[] = [
    equal('messages that the provider accepted', enqueued + bench.bare, stats.accepted),
    equal('messages that it got twice', 0, stats.referencesTwice + stats.partsTwice),
    equal('messages that it refused', 0, stats.requests - stats.accepted),
  ]
  for (const side of sides) checks.push(...(await checksOf(side)))
  await Promise.all([load.stop(), loop.stop(), ...sides.map(({ reader }) => reader.stop())])
  await Promise.all(sides.map(({ daemon }) => daemon.stop()))
  await provider.stop()
  return {
    bench: 'send',
    rows: stores.flatMap((store, index) => rowsOf(done, connections, store, index === 0 ? null : stores[0])),
    checks,
    rounds: done,
  }
}

/** @param first the store to compare with; null for the one that is compared with the ceiling */
function rowsOf(
  rounds: readonly Round[],
  connections: number,
  store: StoreName,
  first: StoreName | null = null,
): Row[] {
  const mine = rounds.filter(round => round.store === store)
  const rates = mine.map(({ perSecond }) => perSecond)
  const ratio = median(mine.map(({ perSecond, barePerSecond }) => perSecond / barePerSecond))
  const name = `send, ${connections} connections`
  const theirs = rounds.filter(round => round.store === first).map(({ perSecond }) => perSecond)
  return [
    row(onStore(name, store), '/s', median(rates), {
      ceiling: median(mine.map(({ barePerSecond }) => barePerSecond)),
      ratio,
      memoryMb: Math.max(...mine.map(({ memoryMb }) => memoryMb)),
      ...(first === null && { bar: 'ratio ≥ 0.4', pass: ratio >= 0.4 }),
    }),
    ...(first === null ? [] : [storesRow(name, { store, first }, rates, theirs)]),
    row(
      onStore('POST /v1/messages', store),
      '/s',
      median(mine.map(({ enqueuedPerSecond }) => enqueuedPerSecond)),
    ),
  ]
}

async function checksOf({ daemon, reader, enqueued }: Side): Promise<Check[]> {
  const { sent } = await reader.ask('seen', undefined)
  const pending = await daemon.api<{ data: unknown[] }>('GET', '/v1/messages?status=pending&limit=1')
  return [
    equal(onStore('messages told as sent', daemon.store), enqueued, sent),
    equal(onStore('messages still pending', daemon.store), 0, pending.data.length),
  ]
}

async function prepare(stores: readonly StoreName[]): Promise<Bench> {
  const provider = startPart<ProviderQuestions>(new URL('./provider.ts', import.meta.url))
  const { url } = await provider.ask('listen', WHATSAPP)
  const load = startPart<LoadQuestions>(new URL('./load.ts', import.meta.url))
  const loop = startPart<LoopQuestions>(new URL('./loop.ts', import.meta.url))
  const sides: Side[] = []
  for (const store of stores) {
    const daemon = await startDaemon(store)
    const config = { ...WHATSAPP, apiBase: url, limits: { perSecond: 100_000 } }
    const body = { connector: 'whatsapp', name: 'bench', config }
    const { id: channel } = await daemon.api<{ id: string }>('POST', '/v1/channels', body)
    const reader = startPart<ReaderQuestions>(new URL('./reader.ts', import.meta.url))
    await reader.ask('follow', { port: daemon.port, token: daemon.token })
    sides.push({ daemon, channel, reader, enqueued: 0 })
  }
  return { provider, url, load, loop, sides, bare: 0 }
}

/** The ceiling, then each daemon while the others idle; who comes first changes from round to round. */
async function oneRound(bench: Bench, connections: number, seconds: number, index: number): Promise<Round[]> {
  const { loop, url } = bench
  const { phoneNumberId, accessToken } = WHATSAPP
  const ms = seconds * 1000
  const bare = await loop.ask('run', { url, phoneNumberId, accessToken, connections, ms, first: bench.bare })
  bench.bare += bare.accepted
  const rounds: Round[] = []
  for (const side of index % 2 === 0 ? bench.sides : bench.sides.toReversed()) {
    rounds.push({
      barePerSecond: bare.perSecond,
      ...(await sendAll(bench.load, side, connections, seconds)),
    })
  }
  return rounds
}

async function sendAll(
  load: Part<LoadQuestions>,
  side: Side,
  connections: number,
  seconds: number,
): Promise<Omit<Round, 'barePerSecond'>> {
  const { daemon, channel, reader } = side
  await daemon.api('PATCH', `/v1/channels/${channel}`, { status: 'paused' })
  const enqueuedPerSecond = await enqueue(load, side, connections, seconds * MESSAGES_PER_SECOND)
  const before = (await reader.ask('seen', undefined)).sent
  const startedAt = performance.now()
  await daemon.api('PATCH', `/v1/channels/${channel}`, { status: 'active' })
  const isDone = await reader.ask('until', { sent: side.enqueued, withinMs: SEND_MS })
  const took = performance.now() - startedAt
  const { sent } = await reader.ask('seen', undefined)
  if (!isDone) throw new Error(`${sent} of ${side.enqueued} messages were sent within ${SEND_MS} ms`)
  const perSecond = ((sent - before) / took) * 1000
  return { store: daemon.store, perSecond, enqueuedPerSecond, memoryMb: daemon.memory() / 1e6 }
}

async function enqueue(
  load: Part<LoadQuestions>,
  side: Side,
  connections: number,
  count: number,
): Promise<number> {
  const { port, token } = side.daemon
  const plan = { host: `127.0.0.1:${port}`, path: '/v1/messages', first: side.enqueued, count }
  await load.ask('prepare', { ...plan, template: messageOf({ channel: side.channel, token }) })
  const { answers, perSecond } = await load.ask('run', { port, connections, ms: ENQUEUE_MS, again: false })
  if (answers[202] !== count) throw new Error(`of ${count} messages ${JSON.stringify(answers)} were answered`)
  side.enqueued += count
  return perSecond
}
