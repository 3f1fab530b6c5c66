import type { BareQuestions } from './bare.ts'
import { type Daemon, type StoreName, startDaemon } from './daemon.ts'
import type { Load, LoadQuestions } from './load.ts'
import { type Part, startPart } from './parts.ts'
import type { ReaderQuestions } from './reader.ts'
import { type Check, equal, median, onStore, type Report, type Row, row, storesRow } from './report.ts'

export type IngestOptions = {
  rounds: number
  seconds: number
  connections: number[]
  /** The first is compared with the ceiling, the second with the first. */
  stores: readonly StoreName[]
}

const PHONE_NUMBER_ID = '106540352242922'
const APP_SECRET = 'bench-app-secret'
/** Requests made before a round, at most; about 700 bytes each. */
const REQUESTS_MAX = 300_000
const WARM_UP_MS = 1000
const CATCH_UP_MS = 30_000

type Bench = { barePort: number; load: Part<LoadQuestions>; sides: Side[] }

/** One daemon with its reader. */
type Side = {
  daemon: Daemon
  channel: string
  reader: Part<ReaderQuestions>
  /** How many webhooks were made for the daemon so far: each has a number of its own. */
  made: number
  accepted: number
  /** What it is likely to take. */
  perSecond: number
}

type Round = {
  store: StoreName
  connections: number
  bare: Load
  ours: Load
  lagP99Ms: number
  loopLagP99Ms: number
  memoryMb: number
}

/**
 * Signed WhatsApp webhook → durable → 200, with router, bus and one SSE reader attached, against a bare Fastify route
 * that only checks the signature. All take turns, so that a slow minute of the machine hits each.
 */
export async function ingest({ rounds, seconds, connections, stores }: IngestOptions): Promise<Report> {
  const bare = startPart<BareQuestions>(new URL('./bare.ts', import.meta.url))
  const { port: barePort } = await bare.ask('listen', { appSecret: APP_SECRET })
  const load = startPart<LoadQuestions>(new URL('./load.ts', import.meta.url))
  const sides: Side[] = []
  for (const store of stores) sides.push(await prepare(store))
  const bench = { barePort, load, sides }
  const done: Round[] = []
  for (const count of connections) {
    for (const side of sides) await warmUp(bench, side, count)
    await driveBare(bench, count, WARM_UP_MS)
    for (let index = 0; index < rounds; index++) {
      done.push(...(await oneRound(bench, count, seconds * 1000, index)))
    }
  }
  const checks: Check[] = []
  for (const side of sides) checks.push(...(await checksOf(side)))
  await Promise.all([load.stop(), bare.stop(), ...sides.map(({ reader }) => reader.stop())])
  await Promise.all(sides.map(({ daemon }) => daemon.stop()))
  return {
    bench: 'ingest',
    rows: stores.flatMap((store, index) => {
      const mine = done.filter(round => round.store === store)
      const rates = connections.map(count => rateRow(mine, count, store, index === 0))
      const first = stores[0] ?? store
      const others = index === 0 ? [] : connections.map(count => ratioRow(done, count, store, first))
      return [...rates, ...others, ...sideRows(mine, store)]
    }),
    checks,
    rounds: done,
  }
}

async function prepare(store: StoreName): Promise<Side> {
  const daemon = await startDaemon(store)
  const config = {
    phoneNumberId: PHONE_NUMBER_ID,
    accessToken: 'bench',
    appSecret: APP_SECRET,
    verifyToken: 'bench',
  }
  const body = { connector: 'whatsapp', name: 'bench', config }
  const { id: channel } = await daemon.api<{ id: string }>('POST', '/v1/channels', body)
  const reader = startPart<ReaderQuestions>(new URL('./reader.ts', import.meta.url))
  await reader.ask('follow', { port: daemon.port, token: daemon.token })
  return { daemon, channel, reader, made: 0, accepted: 0, perSecond: 0 }
}

/** Nothing lost, nothing doubled. */
async function checksOf({ daemon, reader, accepted }: Side): Promise<Check[]> {
  const { store } = daemon
  const caughtUp = await reader.ask('until', { created: accepted, withinMs: CATCH_UP_MS })
  const seen = await reader.ask('seen', undefined)
  const items = await daemon.metric('omnibus_intake_items_total', 'kind="message"')
  return [
    equal(onStore('accepted messages that the reader saw', store), accepted, seen.created),
    equal(onStore('different ones among them', store), accepted, seen.distinct),
    equal(onStore('accepted messages by /metrics', store), accepted, items),
    equal(onStore('numbers that the reader missed', store), 0, seen.gaps + (caughtUp ? 0 : 1)),
    equal(onStore('numbers that the reader saw twice', store), 0, seen.repeats),
  ]
}

async function warmUp(bench: Bench, side: Side, connections: number): Promise<void> {
  await driveOurs(bench.load, side, connections, WARM_UP_MS, 50_000)
  await caughtUp(side)
}

/** The ceiling, then each daemon while the others idle; who comes first changes from round to round. */
async function oneRound(bench: Bench, connections: number, ms: number, index: number): Promise<Round[]> {
  const bare = await driveBare(bench, connections, ms)
  const rounds: Round[] = []
  for (const side of index % 2 === 0 ? bench.sides : bench.sides.toReversed()) {
    const { daemon, reader } = side
    const count = Math.min(REQUESTS_MAX, Math.ceil((side.perSecond * 1.5 * ms) / 1000))
    await reader.ask('forgetLags', undefined)
    // The figure counts from one reading to the next.
    await daemon.metric('omnibus_event_loop_lag_seconds')
    const ours = await driveOurs(bench.load, side, connections, ms, count)
    const loopLag = await daemon.metric('omnibus_event_loop_lag_seconds', 'quantile="0.99"')
    const memoryMb = daemon.memory() / 1e6
    const lagP99Ms = await caughtUp(side)
    const { store } = daemon
    rounds.push({ store, connections, bare, ours, lagP99Ms, loopLagP99Ms: loopLag * 1000, memoryMb })
  }
  return rounds
}

/** What comes next must not share the machine with what this one left over. Returns the lag that its reader saw. */
async function caughtUp({ reader, accepted }: Side): Promise<number> {
  await reader.ask('until', { created: accepted, withinMs: CATCH_UP_MS })
  return (await reader.ask('seen', undefined)).lagP99Ms
}

async function driveOurs(
  load: Part<LoadQuestions>,
  side: Side,
  connections: number,
  ms: number,
  count: number,
): Promise<Load> {
  const { port } = side.daemon
  await load.ask('prepare', planOf(side.channel, port, side.made, count))
  side.made += count
  const answer = await load.ask('run', { port, connections, ms, again: false })
  side.accepted += answer.answers[200] ?? 0
  side.perSecond = answer.perSecond
  return answer
}

/** The bare route remembers nothing: the same requests again and again are as good as new ones. */
async function driveBare({ load, barePort: port }: Bench, connections: number, ms: number): Promise<Load> {
  await load.ask('prepare', planOf('chn_bare', port, 0, 50_000))
  return load.ask('run', { port, connections, ms, again: true })
}

function planOf(channel: string, port: number, first: number, count: number) {
  const path = `/in/whatsapp/${channel}`
  const secrets = { phoneNumberId: PHONE_NUMBER_ID, appSecret: APP_SECRET }
  return { kind: 'webhook', host: `127.0.0.1:${port}`, path, first, count, ...secrets } as const
}

/** @param isJudged whether the bars of DESIGN §9 are about this store */
function rateRow(rounds: readonly Round[], connections: number, store: StoreName, isJudged: boolean): Row {
  const mine = rounds.filter(round => round.connections === connections)
  const ratio = median(mine.map(({ bare, ours }) => ours.perSecond / bare.perSecond))
  const p99Ms = median(mine.map(({ ours }) => ours.p99Ms))
  const isWide = connections >= 256
  const perSecond = median(mine.map(({ ours }) => ours.perSecond))
  return row(onStore(`ingest, ${connections} connections`, store), '/s', perSecond, {
    ceiling: median(mine.map(({ bare }) => bare.perSecond)),
    ratio,
    p50Ms: median(mine.map(({ ours }) => ours.p50Ms)),
    p99Ms,
    memoryMb: Math.max(...mine.map(({ memoryMb }) => memoryMb)),
    ...(isJudged && {
      bar: isWide ? 'ratio ≥ 0.5, p99 ≤ 50 ms' : 'ratio ≥ 0.5',
      pass: ratio >= 0.5 && (!isWide || p99Ms <= 50),
    }),
  })
}

function ratioRow(rounds: readonly Round[], connections: number, store: StoreName, first: StoreName): Row {
  const ratesOn = (name: StoreName): number[] =>
    rounds
      .filter(round => round.store === name && round.connections === connections)
      .map(({ ours }) => ours.perSecond)
  return storesRow(`ingest, ${connections} connections`, { store, first }, ratesOn(store), ratesOn(first))
}

function sideRows(rounds: readonly Round[], store: StoreName): Row[] {
  const lag = median(rounds.map(({ lagP99Ms }) => lagP99Ms))
  const loopLag = median(rounds.map(({ loopLagP99Ms }) => loopLagP99Ms))
  return [
    row(onStore('follower lag, p99', store), 'ms', lag, {
      p99Ms: lag,
      bar: 'p99 ≤ 250 ms',
      pass: lag <= 250,
    }),
    row(onStore('event-loop lag, p99', store), 'ms', loopLag, { p99Ms: loopLag }),
  ]
}
