import { changeOf } from '../connectors/changes.ts'
import type { Connector, Deliver, Inbound, Io } from '../connectors/connector.ts'
import type { OpenChannel } from '../connectors/directory.ts'
import type { Change, Lease } from '../model/change.ts'
import type { Health } from '../model/channel.ts'
import { FAILURES, type Failure, SendFailure, tellsFailing } from '../model/failure.ts'
import { retryDelayMs } from './backoff.ts'
import type { QueueNeeds } from './group.ts'
import { createMemo } from './memo.ts'

/**
 * The polling of one channel: `connector.poll.run`, from where it came last, again and again until it is aborted. A run
 * that fails is begun again after a pause that grows, and told as the channel's health: at once where only its owner
 * can mend it, after `FAILURES_TOLD` in a row otherwise.
 */
export type Loop = {
  channel: OpenChannel
  abort(): void
  /** It has ended. */
  done: Promise<void>
}

const FAILURES_TOLD = 3
/** A run that ended by itself, or by a defect, is not begun again at once. */
const AGAIN_MS = 1000

/** @param lease as it is at the moment: what is delivered stands on it */
export function createLoop(channel: OpenChannel, needs: QueueNeeds, lease: () => Lease): Loop {
  const controller = new AbortController()
  const { signal } = controller
  const { store, log } = needs
  // The registry holds connectors whose config type only they know; the directory checked this config by its schema.
  const { poll } = channel.connector as Connector<never>
  const memo = createMemo(needs.clock).of(channel.id)
  const io = ioOf(needs, memo, signal)
  let failures = 0
  const tell = (health: Health): Promise<void> => tellHealth(channel, needs, health)
  const deliver: Deliver = async (items, next) => {
    signal.throwIfAborted()
    await keep(channel, needs, items, { next, lease: lease() })
    answerAll(channel, items, ioOf(needs, memo, AbortSignal.timeout(ANSWER_MS)))
    failures = 0
    await tell({ state: 'ok' })
  }
  const once = async (): Promise<number> => {
    try {
      const from = await store.query('pollPosition', { workspace: channel.workspace, channel: channel.id })
      await poll?.run(channel.config, from ?? undefined, deliver, io)
      return AGAIN_MS
    } catch (error) {
      if (signal.aborted) return 0
      failures += 1
      if (!(error instanceof SendFailure)) {
        log.error({ err: error, channel: channel.id }, 'polling ended by a defect; it begins again')
        return AGAIN_MS * failures
      }
      const { failure } = error
      log.warn({ err: error, channel: channel.id }, 'polling failed; it begins again')
      if (tellsFailing(failure) || failures >= FAILURES_TOLD) await tell(failing(failure))
      return Math.max(AGAIN_MS, retryDelayMs(failure, failures, needs.random))
    }
  }
  const loop = async (): Promise<void> => {
    while (!signal.aborted) {
      const waitMs = await once().catch(() => AGAIN_MS)
      await pause(waitMs, signal)
    }
  }
  return { channel, abort: () => controller.abort(), done: loop() }
}

/** Everything that was found and the position behind it, in one commit. @throws what the store throws */
async function keep(
  channel: OpenChannel,
  { store, listener }: QueueNeeds,
  items: readonly Inbound[],
  { next, lease }: { next: string; lease: Lease },
): Promise<void> {
  const { id, workspace, connector } = channel
  const ours = items.filter(item => item.to === channel.providerKey)
  const changes = ours.flatMap((item): Change[] => {
    if (item.kind === 'ignored') return []
    if (item.kind !== 'rejected') return [changeOf(item, id)]
    const raw = Buffer.from(item.raw ?? '')
    return [{ kind: 'rejected', channel: id, why: item.why, raw, contentType: 'application/json' }]
  })
  const { outcomes } = await store.commit({
    workspace,
    changes: [...changes, { kind: 'polled', channel: id, position: next, lease }],
  })
  for (const item of items) listener?.polled(connector.connector, item)
  const moved = outcomes.at(-1)
  if (moved?.ok === false) throw new Error(`the position of the poll did not move: ${moved.detail}`)
}

/** What waits to hear that it arrived, hears it. */
function answerAll({ connector, config }: OpenChannel, items: readonly Inbound[], io: Io): void {
  for (const item of items) {
    if (!('answer' in item) || item.answer === undefined) continue
    const action = { kind: 'answer', address: item.address, payload: item.answer } as const
    connector.act?.(action, config, { ...io, live: () => {} }).catch(() => {})
  }
}

const ANSWER_MS = 5000

function ioOf({ http, clock, random }: QueueNeeds, memo: Io['memo'], signal: AbortSignal): Io {
  return {
    ...{ signal, random, memo, now: clock.now },
    http: request => http(request.signal === undefined ? { ...request, signal } : request),
  }
}

function failing(failure: Failure): Health {
  return { state: 'failing', why: FAILURES[failure.code].says }
}

async function tellHealth(
  { id, workspace }: OpenChannel,
  { store, directory, clock, log }: QueueNeeds,
  health: Health,
): Promise<void> {
  const known = directory.get(id)?.health
  if (known?.state === health.state && known.why === health.why) return
  const change: Change = { kind: 'channelHealth', channel: id, health: { ...health, at: clock.now() } }
  await store
    .commit({ workspace, changes: [change] })
    .catch((error: unknown) => log.warn({ err: error, channel: id }, 'health was not kept'))
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted || ms <= 0) return
  await new Promise<void>(resolve => {
    const timer = setTimeout(resolve, ms)
    timer.unref()
    signal.addEventListener(
      'abort',
      () => {
        clearTimeout(timer)
        resolve()
      },
      { once: true },
    )
  })
}
