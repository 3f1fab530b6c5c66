import { type Daemon, startDaemon } from './daemon.ts'
import type { LoadQuestions } from './load.ts'
import type { LoopQuestions } from './loop.ts'
import { type Part, startPart } from './parts.ts'
import type { ProviderQuestions } from './provider.ts'
import type { ReaderQuestions } from './reader.ts'
import { equal, median, type Report, row } from './report.ts'

export type SendOptions = { rounds: number; seconds: number; connections: number }

const ACCOUNT = {
  phoneNumberId: '106540352242922',
  accessToken: 'bench-access-token',
  appSecret: 'bench-app-secret',
  verifyToken: 'bench',
}
/** Messages that wait before a round, for each second that the ceiling runs. */
const MESSAGES_PER_SECOND = 4000
const ENQUEUE_MS = 120_000
const SEND_MS = 120_000

type Bench = {
  daemon: Daemon
  channel: string
  provider: Part<ProviderQuestions>
  url: string
  load: Part<LoadQuestions>
  loop: Part<LoopQuestions>
  reader: Part<ReaderQuestions>
  /** Messages enqueued so far; `bare`: sent by the ceiling. */
  enqueued: number
  bare: number
}

type Round = { barePerSecond: number; perSecond: number; enqueuedPerSecond: number; memoryMb: number }

/**
 * Queued message → limits → HTTP send → status durable, against a bare undici loop to the same provider. The messages
 * are enqueued while the channel is paused; the time runs from its resumption until a reader of the log was told of
 * every one that it is sent.
 */
export async function send({ rounds, seconds, connections }: SendOptions): Promise<Report> {
  const bench = await prepare()
  await oneRound(bench, connections, 1)
  const done: Round[] = []
  for (let index = 0; index < rounds; index++) done.push(await oneRound(bench, connections, seconds))
  const { daemon, provider, reader } = bench
  const { sent } = await reader.ask('seen', undefined)
  const stats = await provider.ask('stats', undefined)
  const pending = await daemon.api<{ data: unknown[] }>('GET', '/v1/messages?status=pending&limit=1')
  await Promise.all([bench.load.stop(), bench.loop.stop(), reader.stop(), daemon.stop()])
  await provider.stop()
  const ratio = median(done.map(({ perSecond, barePerSecond }) => perSecond / barePerSecond))
  return {
    bench: 'send',
    rows: [
      row(`send, ${connections} connections`, '/s', median(done.map(({ perSecond }) => perSecond)), {
        ceiling: median(done.map(({ barePerSecond }) => barePerSecond)),
        ratio,
        memoryMb: Math.max(...done.map(({ memoryMb }) => memoryMb)),
        bar: 'ratio ≥ 0.4',
        pass: ratio >= 0.4,
      }),
      row('POST /v1/messages', '/s', median(done.map(({ enqueuedPerSecond }) => enqueuedPerSecond))),
    ],
    checks: [
      equal('messages that the provider accepted', bench.enqueued + bench.bare, stats.accepted),
      equal('messages that it got twice', 0, stats.referencesTwice + stats.partsTwice),
      equal('messages that it refused', 0, stats.requests - stats.accepted),
      equal('messages told as sent', bench.enqueued, sent),
      equal('messages still pending', 0, pending.data.length),
    ],
    rounds: done,
  }
}

async function prepare(): Promise<Bench> {
  const provider = startPart<ProviderQuestions>(new URL('./provider.ts', import.meta.url))
  const { url } = await provider.ask('listen', ACCOUNT)
  const daemon = await startDaemon()
  const config = { ...ACCOUNT, apiBase: url, limits: { perSecond: 100_000 } }
  const body = { connector: 'whatsapp', name: 'bench', config }
  const { id: channel } = await daemon.api<{ id: string }>('POST', '/v1/channels', body)
  const load = startPart<LoadQuestions>(new URL('./load.ts', import.meta.url))
  const loop = startPart<LoopQuestions>(new URL('./loop.ts', import.meta.url))
  const reader = startPart<ReaderQuestions>(new URL('./reader.ts', import.meta.url))
  await reader.ask('follow', { port: daemon.port, token: daemon.token })
  return { daemon, channel, provider, url, load, loop, reader, enqueued: 0, bare: 0 }
}

async function oneRound(bench: Bench, connections: number, seconds: number): Promise<Round> {
  const { daemon, channel, loop, reader, url } = bench
  const { phoneNumberId, accessToken } = ACCOUNT
  const first = bench.bare
  const ms = seconds * 1000
  const bare = await loop.ask('run', { url, phoneNumberId, accessToken, connections, ms, first })
  bench.bare += bare.accepted
  await daemon.api('PATCH', `/v1/channels/${channel}`, { status: 'paused' })
  const enqueuedPerSecond = await enqueue(bench, connections, seconds * MESSAGES_PER_SECOND)
  const before = (await reader.ask('seen', undefined)).sent
  const startedAt = performance.now()
  await daemon.api('PATCH', `/v1/channels/${channel}`, { status: 'active' })
  const isDone = await reader.ask('until', { sent: bench.enqueued, withinMs: SEND_MS })
  const took = performance.now() - startedAt
  const { sent } = await reader.ask('seen', undefined)
  if (!isDone) throw new Error(`${sent} of ${bench.enqueued} messages were sent within ${SEND_MS} ms`)
  const perSecond = ((sent - before) / took) * 1000
  return { barePerSecond: bare.perSecond, perSecond, enqueuedPerSecond, memoryMb: daemon.memory() / 1e6 }
}

async function enqueue(bench: Bench, connections: number, count: number): Promise<number> {
  const { daemon, channel, load } = bench
  const { port, token } = daemon
  const plan = {
    host: `127.0.0.1:${port}`,
    path: '/v1/messages',
    first: bench.enqueued,
    count,
    channel,
    token,
  }
  await load.ask('prepare', { kind: 'message', ...plan })
  const { answers, perSecond } = await load.ask('run', { port, connections, ms: ENQUEUE_MS, again: false })
  if (answers[202] !== count) throw new Error(`of ${count} messages ${JSON.stringify(answers)} were answered`)
  bench.enqueued += count
  return perSecond
}
