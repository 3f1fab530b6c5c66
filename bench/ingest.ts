import type { BareQuestions } from './bare.ts'
import type { StoreName } from './daemon.ts'
import {
  type Channel,
  checksOf,
  type Side,
  startSide,
  stopSide,
  type Taken,
  takeIn,
  warmUp,
} from './intake.ts'
import type { Load, LoadQuestions } from './load.ts'
import { type Part, startPart } from './parts.ts'
import { type Check, median, onStore, type Report, type Row, row, storesRow } from './report.ts'
import { WHATSAPP, whatsapp } from './webhooks.ts'

export type IngestOptions = {
  rounds: number
  seconds: number
  connections: number[]
  /** The first is compared with the ceiling, the second with the first. */
  stores: readonly StoreName[]
}

const WARM_UP_MS = 1000

type Bench = { barePort: number; load: Part<LoadQuestions>; sides: Side[] }

type Round = Taken & { store: StoreName; connections: number; bare: Load }

/**
 * Signed WhatsApp webhook → durable → 200, with router, bus and one SSE reader attached, against a bare Fastify route
 * that only checks the signature. All take turns, so that a slow minute of the machine hits each.
 */
export async function ingest({ rounds, seconds, connections, stores }: IngestOptions): Promise<Report> {
  const bare = startPart<BareQuestions>(new URL('./bare.ts', import.meta.url))
  const { port: barePort } = await bare.ask('listen', { appSecret: WHATSAPP.appSecret })
  const load = startPart<LoadQuestions>(new URL('./load.ts', import.meta.url))
  const sides: Side[] = []
  for (const store of stores) sides.push(await startSide(store, [whatsapp]))
  const bench = { barePort, load, sides }
  const done: Round[] = []
  for (const count of connections) {
    const warm = { connections: count, ms: WARM_UP_MS, count: 50_000 }
    for (const [side, channel] of channelsOf(sides)) await warmUp(load, side, channel, warm)
    await driveBare(bench, count, WARM_UP_MS)
    for (let index = 0; index < rounds; index++) {
      done.push(...(await oneRound(bench, count, seconds * 1000, index)))
    }
  }
  const checks: Check[] = []
  for (const side of sides) checks.push(...(await checksOf(side)))
  await Promise.all([load.stop(), bare.stop(), ...sides.map(stopSide)])
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

/** The ceiling, then each daemon while the others idle; who comes first changes from round to round. */
async function oneRound(bench: Bench, connections: number, ms: number, index: number): Promise<Round[]> {
  const bare = await driveBare(bench, connections, ms)
  const rounds: Round[] = []
  for (const [side, channel] of channelsOf(index % 2 === 0 ? bench.sides : bench.sides.toReversed())) {
    const taken = await takeIn(bench.load, side, channel, { connections, ms })
    rounds.push({ store: side.daemon.store, connections, bare, ...taken })
  }
  return rounds
}

function channelsOf(sides: readonly Side[]): [Side, Channel][] {
  return sides.flatMap(side => side.channels.map((channel): [Side, Channel] => [side, channel]))
}

/** The bare route remembers nothing: the same requests again and again are as good as new ones. */
async function driveBare({ load, barePort: port }: Bench, connections: number, ms: number): Promise<Load> {
  const path = '/in/whatsapp/chn_bare'
  const template = whatsapp.template()
  await load.ask('prepare', { host: `127.0.0.1:${port}`, path, template, first: 0, count: 50_000 })
  return load.ask('run', { port, connections, ms, again: true })
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
