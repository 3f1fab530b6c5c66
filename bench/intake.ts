import { type Daemon, type StoreName, startDaemon } from './daemon.ts'
import type { Load, LoadQuestions } from './load.ts'
import { type Part, startPart } from './parts.ts'
import type { ReaderQuestions } from './reader.ts'
import { type Check, equal, onStore } from './report.ts'
import type { Template } from './requests.ts'
import type { Webhook } from './webhooks.ts'

/** Requests made before a round, at most; about 700 bytes each. */
const REQUESTS_MAX = 300_000
const CATCH_UP_MS = 30_000

/** One daemon that takes webhooks in, with its reader. */
export type Side = {
  daemon: Daemon
  reader: Part<ReaderQuestions>
  channels: Channel[]
  /** How many webhooks were made for the daemon so far: each has a number of its own. */
  made: number
}

/** Where the webhooks of one connector come in. */
export type Channel = {
  connector: string
  path: string
  template: Template
  sent: number
  /** Answered 200. */
  accepted: number
  /** The most that it took so far: what it is likely to take. */
  perSecond: number
}

/** What one channel did while the others had nothing to do. */
export type Taken = { ours: Load; lagP99Ms: number; loopLagP99Ms: number; memoryMb: number }

/** A daemon with a channel for each of `webhooks`. */
export async function startSide(store: StoreName, webhooks: readonly Webhook[]): Promise<Side> {
  const daemon = await startDaemon(store)
  const channels: Channel[] = []
  for (const { connector, config, template } of webhooks) {
    const body = { connector, name: `bench ${connector}`, config }
    const made = await daemon.api<{ webhookUrl: string }>('POST', '/v1/channels', body)
    const path = new URL(made.webhookUrl).pathname
    const nothing = { sent: 0, accepted: 0, perSecond: 0 }
    channels.push({ connector, path, template: template(made.webhookUrl), ...nothing })
  }
  const reader = startPart<ReaderQuestions>(new URL('./reader.ts', import.meta.url))
  await reader.ask('follow', { port: daemon.port, token: daemon.token })
  return { daemon, reader, channels, made: 0 }
}

export async function stopSide({ daemon, reader }: Side): Promise<void> {
  await reader.stop()
  await daemon.stop()
}

type Drive = { connections: number; ms: number }

/** A round of one channel, from nothing to do to nothing to do. */
export async function takeIn(
  load: Part<LoadQuestions>,
  side: Side,
  channel: Channel,
  { connections, ms }: Drive,
): Promise<Taken> {
  const { daemon, reader } = side
  const count = Math.min(REQUESTS_MAX, Math.ceil((channel.perSecond * 1.5 * ms) / 1000))
  await reader.ask('forgetLags', undefined)
  // The figure counts from one reading to the next.
  await daemon.metric('omnibus_event_loop_lag_seconds')
  const ours = await drive(load, side, channel, { connections, ms, count })
  const loopLag = await daemon.metric('omnibus_event_loop_lag_seconds', 'quantile="0.99"')
  const memoryMb = daemon.memory() / 1e6
  const lagP99Ms = await caughtUp(side)
  return { ours, lagP99Ms, loopLagP99Ms: loopLag * 1000, memoryMb }
}

/** What takes a moment the first time, and how much the channel is likely to take. */
export async function warmUp(
  load: Part<LoadQuestions>,
  side: Side,
  channel: Channel,
  run: Drive & { count: number },
): Promise<void> {
  await drive(load, side, channel, run)
  await caughtUp(side)
}

/** What comes next must not share the machine with what this one left over. Returns the lag that its reader saw. */
async function caughtUp(side: Side): Promise<number> {
  await side.reader.ask('until', { created: acceptedBy(side), withinMs: CATCH_UP_MS })
  return (await side.reader.ask('seen', undefined)).lagP99Ms
}

function acceptedBy({ channels }: Side): number {
  return channels.reduce((sum, { accepted }) => sum + accepted, 0)
}

async function drive(
  load: Part<LoadQuestions>,
  side: Side,
  channel: Channel,
  { connections, ms, count }: Drive & { count: number },
): Promise<Load> {
  const { port } = side.daemon
  const { path, template } = channel
  await load.ask('prepare', { host: `127.0.0.1:${port}`, path, template, first: side.made, count })
  side.made += count
  const answer = await load.ask('run', { port, connections, ms, again: false })
  channel.sent += answer.sent
  channel.accepted += answer.answers[200] ?? 0
  channel.perSecond = Math.max(channel.perSecond, answer.perSecond)
  return answer
}

/** Nothing lost, nothing doubled. */
export async function checksOf(side: Side): Promise<Check[]> {
  const { daemon, reader } = side
  const { store } = daemon
  const accepted = acceptedBy(side)
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
