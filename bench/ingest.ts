import type { BareQuestions } from './bare.ts'
import { type Daemon, startDaemon } from './daemon.ts'
import type { Load, LoadQuestions } from './load.ts'
import { type Part, startPart } from './parts.ts'
import type { ReaderQuestions } from './reader.ts'
import { equal, median, type Report, type Row, row } from './report.ts'

export type IngestOptions = { rounds: number; seconds: number; connections: number[] }

const PHONE_NUMBER_ID = '106540352242922'
const APP_SECRET = 'bench-app-secret'
/** Requests made before a round, at most; about 700 bytes each. */
const REQUESTS_MAX = 300_000
const WARM_UP_MS = 1000
const CATCH_UP_MS = 30_000

type Bench = {
  daemon: Daemon
  channel: string
  barePort: number
  load: Part<LoadQuestions>
  reader: Part<ReaderQuestions>
  /** How many webhooks were made for the daemon so far: each has a number of its own. */
  made: number
  accepted: number
}

type Round = {
  connections: number
  bare: Load
  ours: Load
  lagP99Ms: number
  loopLagP99Ms: number
  memoryMb: number
}

/**
 * Signed WhatsApp webhook → durable → 200, with router, bus and one SSE reader attached, against a bare Fastify route
 * that only checks the signature. The two take turns, so that a slow minute of the machine hits both.
 */
export async function ingest({ rounds, seconds, connections }: IngestOptions): Promise<Report> {
  const bare = startPart<BareQuestions>(new URL('./bare.ts', import.meta.url))
  const { port: barePort } = await bare.ask('listen', { appSecret: APP_SECRET })
  const bench = await prepare(barePort)
  const done: Round[] = []
  for (const count of connections) {
    let expected = (await driveOurs(bench, count, WARM_UP_MS, 50_000)).perSecond
    await driveBare(bench, count, WARM_UP_MS)
    for (let index = 0; index < rounds; index++) {
      const round = await oneRound(bench, count, seconds * 1000, expected)
      expected = round.ours.perSecond
      done.push(round)
    }
  }
  const caughtUp = await bench.reader.ask('until', { created: bench.accepted, withinMs: CATCH_UP_MS })
  const seen = await bench.reader.ask('seen', undefined)
  const items = await bench.daemon.metric('omnibus_intake_items_total', 'kind="message"')
  await Promise.all([bench.load.stop(), bench.reader.stop(), bare.stop(), bench.daemon.stop()])
  return {
    bench: 'ingest',
    rows: [...connections.map(count => rateRow(done, count)), ...sideRows(done)],
    checks: [
      equal('accepted messages that the reader saw', bench.accepted, seen.created),
      equal('different ones among them', bench.accepted, seen.distinct),
      equal('accepted messages by /metrics', bench.accepted, items),
      equal('numbers that the reader missed', 0, seen.gaps + (caughtUp ? 0 : 1)),
      equal('numbers that the reader saw twice', 0, seen.repeats),
    ],
    rounds: done,
  }
}

async function prepare(barePort: number): Promise<Bench> {
  const daemon = await startDaemon()
  const config = {
    phoneNumberId: PHONE_NUMBER_ID,
    accessToken: 'bench',
    appSecret: APP_SECRET,
    verifyToken: 'bench',
  }
  const body = { connector: 'whatsapp', name: 'bench', config }
  const { id: channel } = await daemon.api<{ id: string }>('POST', '/v1/channels', body)
  const load = startPart<LoadQuestions>(new URL('./load.ts', import.meta.url))
  const reader = startPart<ReaderQuestions>(new URL('./reader.ts', import.meta.url))
  await reader.ask('follow', { port: daemon.port, token: daemon.token })
  return { daemon, channel, barePort, load, reader, made: 0, accepted: 0 }
}

async function oneRound(bench: Bench, connections: number, ms: number, expected: number): Promise<Round> {
  const { daemon, reader } = bench
  const bare = await driveBare(bench, connections, ms)
  const count = Math.min(REQUESTS_MAX, Math.ceil((expected * 1.5 * ms) / 1000))
  await reader.ask('forgetLags', undefined)
  // The figure counts from one reading to the next.
  await daemon.metric('omnibus_event_loop_lag_seconds')
  const ours = await driveOurs(bench, connections, ms, count)
  const loopLag = await daemon.metric('omnibus_event_loop_lag_seconds', 'quantile="0.99"')
  const memoryMb = daemon.memory() / 1e6
  // The next round of the ceiling must not share the machine with what this one left over.
  await reader.ask('until', { created: bench.accepted, withinMs: CATCH_UP_MS })
  const { lagP99Ms } = await reader.ask('seen', undefined)
  return { connections, bare, ours, lagP99Ms, loopLagP99Ms: loopLag * 1000, memoryMb }
}

async function driveOurs(bench: Bench, connections: number, ms: number, count: number): Promise<Load> {
  const { port } = bench.daemon
  await bench.load.ask('prepare', planOf(bench, port, count))
  bench.made += count
  const load = await bench.load.ask('run', { port, connections, ms, again: false })
  bench.accepted += load.answers[200] ?? 0
  return load
}

/** The bare route remembers nothing: the same requests again and again are as good as new ones. */
async function driveBare(bench: Bench, connections: number, ms: number): Promise<Load> {
  const port = bench.barePort
  await bench.load.ask('prepare', planOf(bench, port, 50_000))
  return bench.load.ask('run', { port, connections, ms, again: true })
}

function planOf({ channel, made }: Bench, port: number, count: number) {
  const path = `/in/whatsapp/${channel}`
  const secrets = { phoneNumberId: PHONE_NUMBER_ID, appSecret: APP_SECRET }
  return { kind: 'webhook', host: `127.0.0.1:${port}`, path, first: made, count, ...secrets } as const
}

function rateRow(rounds: readonly Round[], connections: number): Row {
  const mine = rounds.filter(round => round.connections === connections)
  const ratio = median(mine.map(({ bare, ours }) => ours.perSecond / bare.perSecond))
  const p99Ms = median(mine.map(({ ours }) => ours.p99Ms))
  const isWide = connections >= 256
  return row(`ingest, ${connections} connections`, '/s', median(mine.map(({ ours }) => ours.perSecond)), {
    ceiling: median(mine.map(({ bare }) => bare.perSecond)),
    ratio,
    p50Ms: median(mine.map(({ ours }) => ours.p50Ms)),
    p99Ms,
    memoryMb: Math.max(...mine.map(({ memoryMb }) => memoryMb)),
    bar: isWide ? 'ratio ≥ 0.5, p99 ≤ 50 ms' : 'ratio ≥ 0.5',
    pass: ratio >= 0.5 && (!isWide || p99Ms <= 50),
  })
}

function sideRows(rounds: readonly Round[]): Row[] {
  const lag = median(rounds.map(({ lagP99Ms }) => lagP99Ms))
  const loopLag = median(rounds.map(({ loopLagP99Ms }) => loopLagP99Ms))
  return [
    row('follower lag, p99', 'ms', lag, { p99Ms: lag, bar: 'p99 ≤ 250 ms', pass: lag <= 250 }),
    row('event-loop lag, p99', 'ms', loopLag, { p99Ms: loopLag }),
  ]
}
