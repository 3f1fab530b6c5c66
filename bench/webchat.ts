import { createHistogram } from 'node:perf_hooks'
import { sharedNow } from './clock.ts'
import { type Daemon, startDaemon } from './daemon.ts'
import { type Part, startPart } from './parts.ts'
import { equal, type Report, type Row, row } from './report.ts'
import type { VisitorsQuestions } from './visitors.ts'

export type WebchatOptions = { seconds: number; sockets: number }

const WRITERS = 10
const ANSWERS_PER_SECOND = 20
const AUDIENCE = 1_000
const SETTLE_MS = 5_000
const BARS = { answerMs: 300, audienceMs: 200, idleMb: 150 }

/**
 * What a website's visitors get: how soon a reply by REST is in the page, how soon one event is in a thousand of them,
 * and what those cost that only listen. The pages are in a process of their own.
 */
export async function webchat({ seconds, sockets }: WebchatOptions): Promise<Report> {
  const daemon = await startDaemon('sqlite', { OMNIBUS_TRUSTED_PROXIES: '127.0.0.1' })
  const visitors = startPart<VisitorsQuestions>(new URL('./visitors.ts', import.meta.url))
  const { rows, answers, told } = await inPages(daemon, visitors, seconds)
  const idle = await idleRow(daemon, visitors, sockets)
  await visitors.stop()
  await daemon.stop()
  return {
    bench: 'webchat',
    rows: [...rows, idle],
    checks: [
      equal('answers that reached their page', answers.sent, answers.reached),
      equal('pages that the event reached', AUDIENCE, told),
    ],
    rounds: [],
  }
}

type Visitors = Part<VisitorsQuestions>

async function inPages(daemon: Daemon, visitors: Visitors, seconds: number) {
  const channel = await newChannel(daemon)
  const answers = await answerAll(daemon, visitors, channel, seconds * ANSWERS_PER_SECOND)
  const { ms, told } = await tellAll(daemon, visitors)
  const rows: Row[] = [
    row(`reply by REST until in the page, ${WRITERS} visitors`, 'replies', answers.sent, {
      p50Ms: answers.p50Ms,
      p99Ms: answers.p99Ms,
      bar: `p99 ≤ ${BARS.answerMs} ms`,
      pass: answers.p99Ms <= BARS.answerMs,
    }),
    row(`one event until in ${AUDIENCE} pages`, 'ms', ms, {
      bar: `< ${BARS.audienceMs} ms`,
      pass: ms < BARS.audienceMs,
    }),
  ]
  return { rows, answers, told }
}

async function newChannel({ api }: Daemon): Promise<string> {
  const body = { connector: 'webchat', name: 'Website', config: { origins: [] } }
  return (await api<{ id: string }>('POST', '/v1/channels', body)).id
}

/** From the first byte of the request to the frame in the page, at an even pace. */
async function answerAll({ api, port }: Daemon, visitors: Visitors, channel: string, sent: number) {
  const ids = await visitors.ask('open', { port, channel, count: WRITERS })
  const startedAt = new Map<string, number>()
  const posts: Promise<unknown>[] = []
  for (let index = 0; index < sent; index++) {
    const text = String(index)
    startedAt.set(text, sharedNow())
    const to = `webchat:${ids[index % ids.length]}`
    posts.push(api('POST', '/v1/messages', { channel, to, content: { type: 'text', text } }))
    await new Promise(resolve => setTimeout(resolve, 1000 / ANSWERS_PER_SECOND))
  }
  await Promise.all(posts)
  const heard = await visitors.ask('heard', { type: 'message', count: sent, withinMs: 10_000 })
  const delays = createHistogram({ lowest: 1, highest: 600_000_000, figures: 3 })
  for (const { said, at } of heard) {
    delays.record(Math.max(1, Math.round((at - (startedAt.get(said) ?? at)) * 1000)))
  }
  const [p50Ms, p99Ms] = [delays.percentile(50) / 1000, delays.percentile(99) / 1000]
  return { sent, reached: heard.length, p50Ms, p99Ms }
}

/** From the first byte of the operator's request to the last page that shows what was changed. */
async function tellAll(daemon: Daemon, visitors: Visitors): Promise<{ ms: number; told: number }> {
  const channel = await newChannel(daemon)
  await visitors.ask('open', { port: daemon.port, channel, count: AUDIENCE })
  const startedAt = sharedNow()
  await daemon.api('PATCH', `/v1/channels/${channel}`, { config: { theme: { title: 'Hola' } } })
  const heard = await visitors.ask('heard', { type: 'channel', count: AUDIENCE, withinMs: 10_000 })
  return { ms: Math.max(...heard.map(({ at }) => at)) - startedAt, told: heard.length }
}

async function idleRow(daemon: Daemon, visitors: Visitors, sockets: number): Promise<Row> {
  const channel = await newChannel(daemon)
  await settle()
  const before = daemon.memory()
  await visitors.ask('open', { port: daemon.port, channel, count: sockets })
  await settle()
  const addedMb = (daemon.memory() - before) / 1e6
  const bar = (BARS.idleMb * sockets) / 10_000
  return row(`${sockets.toLocaleString('en')} idle pages add`, 'MB', addedMb, {
    memoryMb: daemon.memory() / 1e6,
    bar: `< ${bar} MB`,
    pass: addedMb < bar,
  })
}

function settle(): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, SETTLE_MS))
}
