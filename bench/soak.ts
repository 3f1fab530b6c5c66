import type { Client } from 'pg'
import { type Daemon, type StoreName, startDaemon } from './daemon.ts'
import type { Load, LoadQuestions } from './load.ts'
import { type Part, startPart } from './parts.ts'
import type { ProviderQuestions } from './provider.ts'
import type { ReaderQuestions } from './reader.ts'
import { type Check, equal, median, type Report, type Row, row } from './report.ts'
import { messageOf, type RequestPlan } from './requests.ts'
import { connectTo, HOT, sizesOf, type TableSize } from './tables.ts'
import { WHATSAPP, whatsapp } from './webhooks.ts'

export type SoakOptions = { store: StoreName; minutes: number; connections: number }

/** Each full rate is taken for so long; a quarter of either is half of what the machine takes. */
const FULL_MS = 5000
const SHARE = 0.25
/** From one sample to the next. */
const SLICE_MS = 10_000
const REQUESTS_MAX = 100_000
const CATCH_UP_MS = 120_000

type Bench = {
  daemon: Daemon
  tables: Client
  provider: Part<ProviderQuestions>
  reader: Part<ReaderQuestions>
  webhooks: Source
  posts: Source
}

/** One kind of request. */
type Source = {
  load: Part<LoadQuestions>
  plan: RequestPlan
  connections: number
  /** What counts as taken. */
  status: number
  accepted: number
}

type Sample = {
  atMs: number
  webhooksPerSecond: number
  postsPerSecond: number
  sentPerSecond: number
  p99Ms: number
  memoryMb: number
  tables: Record<string, TableSize>
}

/**
 * Messages in and out, with their receipts, at half of what the machine takes, for minutes: whether the tables that
 * empty as fast as they fill keep their size.
 */
export async function soak({ store, minutes, connections }: SoakOptions): Promise<Report> {
  const bench = await prepare(store, connections)
  const { daemon, reader, provider, webhooks, posts } = bench
  const full = await fullRates(bench)
  const samples: Sample[] = []
  const startedAt = performance.now()
  const rates = { webhooks: full.webhooks * SHARE, posts: full.sends * SHARE }
  while (performance.now() - startedAt < minutes * 60_000) {
    const sample = await oneSlice(bench, rates)
    samples.push({ atMs: performance.now() - startedAt, ...sample })
  }
  const told = { created: webhooks.accepted, sent: posts.accepted, withinMs: CATCH_UP_MS }
  const caughtUp =
    (await reader.ask('until', told)) && (await provider.ask('drained', { withinMs: CATCH_UP_MS }))
  const seen = await reader.ask('seen', undefined)
  const stats = await provider.ask('stats', undefined)
  await bench.tables.end()
  await Promise.all([webhooks.load.stop(), posts.load.stop(), reader.stop()])
  await daemon.stop()
  await provider.stop()
  return {
    bench: `soak on ${store}`,
    rows: [...rateRows(samples, full), ...HOT.flatMap(name => tableRows(samples, name))],
    checks: [
      equal('accepted messages that the reader saw', webhooks.accepted, seen.distinct),
      equal('messages told as sent', posts.accepted, seen.sent),
      equal('messages that the provider accepted', posts.accepted, stats.accepted),
      equal('messages that it got twice', 0, stats.referencesTwice + stats.partsTwice),
      equal('numbers that the reader missed or saw twice', 0, seen.gaps + seen.repeats + (caughtUp ? 0 : 1)),
      ...HOT.map(name => growthOf(samples, name)),
    ],
    rounds: samples,
  }
}

async function prepare(store: StoreName, connections: number): Promise<Bench> {
  const daemon = await startDaemon(store)
  if (daemon.database === null) throw new Error('soak looks into the tables of PostgreSQL: --store postgres')
  const provider = startPart<ProviderQuestions>(new URL('./provider.ts', import.meta.url))
  const { url } = await provider.ask('listen', WHATSAPP)
  const config = { ...WHATSAPP, apiBase: url, limits: { perSecond: 100_000 } }
  const body = { connector: 'whatsapp', name: 'bench', config }
  const made = await daemon.api<{ id: string; webhookUrl: string }>('POST', '/v1/channels', body)
  await provider.ask('subscribe', { webhookUrl: made.webhookUrl })
  const reader = startPart<ReaderQuestions>(new URL('./reader.ts', import.meta.url))
  await reader.ask('follow', { port: daemon.port, token: daemon.token })
  const common = { host: `127.0.0.1:${daemon.port}`, first: 0, count: 0 }
  const webhook = { path: `/in/whatsapp/${made.id}`, template: whatsapp.template() }
  const template = messageOf({ channel: made.id, token: daemon.token })
  const source = (plan: RequestPlan, status: number): Source => ({
    load: startPart<LoadQuestions>(new URL('./load.ts', import.meta.url)),
    ...{ plan, status, accepted: 0 },
    connections: Math.max(1, Math.floor(connections / 2)),
  })
  return {
    ...{ daemon, provider, reader },
    tables: await connectTo(daemon.database),
    webhooks: source({ ...webhook, ...common }, 200),
    posts: source({ path: '/v1/messages', template, ...common }, 202),
  }
}

/** Webhooks as fast as they are answered; then messages from the first POST to the last receipt. */
async function fullRates(bench: Bench): Promise<{ webhooks: number; sends: number }> {
  const { daemon, reader, provider, webhooks, posts } = bench
  const { perSecond } = await drive(daemon, webhooks, FULL_MS)
  await reader.ask('until', { created: webhooks.accepted, withinMs: CATCH_UP_MS })
  const startedAt = performance.now()
  await drive(daemon, posts, FULL_MS)
  await reader.ask('until', { sent: posts.accepted, withinMs: CATCH_UP_MS })
  await provider.ask('drained', { withinMs: CATCH_UP_MS })
  return { webhooks: perSecond, sends: (posts.accepted / (performance.now() - startedAt)) * 1000 }
}

async function oneSlice(
  bench: Bench,
  rates: { webhooks: number; posts: number },
): Promise<Omit<Sample, 'atMs'>> {
  const { daemon, reader, webhooks, posts } = bench
  const [before, startedAt] = [(await reader.ask('seen', undefined)).sent, performance.now()]
  const [inward, outward] = await Promise.all([
    drive(daemon, webhooks, SLICE_MS, rates.webhooks),
    drive(daemon, posts, SLICE_MS, rates.posts),
  ])
  const { sent } = await reader.ask('seen', undefined)
  return {
    webhooksPerSecond: inward.perSecond,
    postsPerSecond: outward.perSecond,
    sentPerSecond: ((sent - before) / (performance.now() - startedAt)) * 1000,
    p99Ms: Math.max(inward.p99Ms, outward.p99Ms),
    memoryMb: daemon.memory() / 1e6,
    tables: await sizesOf(bench.tables),
  }
}

/** @param perSecond absent: as fast as they are answered */
async function drive({ port }: Daemon, source: Source, ms: number, perSecond?: number): Promise<Load> {
  const { load, connections, plan } = source
  const count = perSecond === undefined ? REQUESTS_MAX : Math.ceil((perSecond * ms) / 1000)
  await load.ask('prepare', { ...plan, count })
  plan.first += count
  const pace = perSecond === undefined ? {} : { perSecond }
  const answer = await load.ask('run', { port, connections, ms, again: false, ...pace })
  source.accepted += answer.answers[source.status] ?? 0
  return answer
}

function rateRows(samples: readonly Sample[], full: { webhooks: number; sends: number }): Row[] {
  const most = (of: (sample: Sample) => number): number => Math.max(...samples.map(of))
  const least = (of: (sample: Sample) => number): number => Math.min(...samples.map(of))
  const rows = (name: string, ceiling: number, of: (sample: Sample) => number): Row[] => [
    row(name, '/s', median(samples.map(of)), { ceiling, ratio: median(samples.map(of)) / ceiling }),
    row(`${name}, slowest 10 s`, '/s', least(of)),
  ]
  const p99Ms = most(sample => sample.p99Ms)
  return [
    ...rows('webhooks of the full rate', full.webhooks, sample => sample.webhooksPerSecond),
    ...rows('sends of the full rate', full.sends, sample => sample.sentPerSecond),
    row('slowest p99 of 10 s', 'ms', p99Ms, { p99Ms }),
    row(
      'memory of the daemon, most',
      'MB',
      most(sample => sample.memoryMb),
    ),
    row('memory of the daemon, last', 'MB', samples.at(-1)?.memoryMb ?? Number.NaN),
  ]
}

/** MB is the table's, with its indexes. */
function tableRows(samples: readonly Sample[], name: string): Row[] {
  const sizes = samples.map(({ tables }) => tables[name] ?? NOTHING)
  const last = sizes.at(-1) ?? NOTHING
  return [
    row(`${name}: dead rows, most`, '', Math.max(...sizes.map(({ dead }) => dead)), {
      memoryMb: Math.max(...sizes.map(({ bytes }) => bytes)) / 1e6,
    }),
    row(`${name}: dead rows, last`, '', last.dead, { memoryMb: last.bytes / 1e6 }),
  ]
}

const NOTHING: TableSize = { live: 0, dead: 0, bytes: 0 }

/** What a vacuum clears by and by goes up and down; what only goes up is not cleared. */
function growthOf(samples: readonly Sample[], name: string): Check {
  const dead = samples.map(({ tables }) => tables[name]?.dead ?? 0)
  const third = Math.ceil(dead.length / 3)
  const second = Math.max(0, ...dead.slice(third, -third))
  const last = Math.max(0, ...dead.slice(-third))
  const bound = Math.ceil(1.5 * second) + 10_000
  const check = { name: `${name}: most dead rows in the last third, at most`, expected: bound, found: last }
  return { ...check, pass: last <= bound }
}
