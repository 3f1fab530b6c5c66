import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Type } from 'typebox'
import { vi } from 'vitest'
import {
  type Capabilities,
  type Connector,
  defineConnector,
  type Io,
  type Outbound,
  type Sent,
} from '../../connectors/connector.ts'
import { createDirectory, type Directory, type OpenChannel } from '../../connectors/directory.ts'
import type { Change, Enqueued } from '../../model/change.ts'
import { systemClock } from '../../model/clock.ts'
import { SendFailure } from '../../model/failure.ts'
import { type ChannelId, idMaker, type MessageId, type WorkspaceId } from '../../model/ids.ts'
import { silentLog } from '../../model/log.ts'
import type { Message } from '../../model/message.ts'
import { seededRandom, systemRandom } from '../../model/random.ts'
import { createQueue, type Queue, type QueueNeeds } from '../../queue/queue.ts'
import { openSqlite } from '../../store/sqlite/sqlite.ts'
import type { Store } from '../../store/store.ts'

/** The real store and queue with a connector that the test plays. */
export type Rig = AsyncDisposable & {
  store: Store
  queue: Queue
  directory: Directory
  workspace: WorkspaceId
  channel: ChannelId
  /** Every call of the connector, in order. */
  calls: { at: number; part: Outbound; channel: string }[]
  enqueue(text: string, more?: Partial<Enqueued>): Promise<MessageId>
  enqueueMany(texts: readonly string[], more?: Partial<Enqueued>): Promise<MessageId[]>
  message(id: MessageId): Promise<Message>
  /** Waits until it holds, in the time of the test's clock. */
  until(what: string, holds: () => boolean | Promise<boolean>, ms?: number): Promise<void>
  addChannel(name: string, options?: ChannelOptions): Promise<ChannelId>
  /** Another process over the same store. */
  another(holder: string, more?: Partial<QueueNeeds>): Queue
}

export type ChannelOptions = { perSecond?: number | null; config?: Record<string, unknown>; group?: string }
export type RigOptions = ChannelOptions & {
  poll?: NonNullable<Connector<never>['poll']>
  act?: Connector<never>['act']
  idempotent?: true
  send?: (part: Outbound, io: Io, channel: string) => Promise<Sent | undefined>
  can?: Partial<Capabilities>
  needs?: (needs: QueueNeeds) => Partial<QueueNeeds>
  /** How the test's clock goes on; by waiting, unless the timers are faked. */
  advance?: (ms: number) => Promise<unknown>
  seed?: number
}

const CAN: Capabilities = {
  text: { max: 100, unit: 'characters' },
  captionMax: 0,
  media: { image: { bytesMax: 1000, caption: false } },
  carries: ['text', 'image'],
  quotes: true,
  observes: ['sent', 'received', 'read'],
}

/** Calls of the store that are not answered yet: its threads live in real time, whatever the timers do. */
let unanswered = 0

function watched(store: Store): Store {
  const counted = async <T>(call: Promise<T>): Promise<T> => {
    unanswered += 1
    try {
      return await call
    } finally {
      unanswered -= 1
    }
  }
  return {
    ...store,
    commit: transaction => counted(store.commit(transaction)),
    claim: request => counted(store.claim(request)),
    release: lease => counted(store.release(lease)),
    query: (name, params) => counted(store.query(name, params)),
  }
}

/**
 * Virtual time: faked timers go off in their order as soon as everything that is under way has come to rest. Immediates
 * stay real, so that the store and the queue work as they do.
 */
export async function advance(ms: number): Promise<void> {
  let isOver = false
  setTimeout(() => {
    isOver = true
  }, ms)
  while (!isOver) {
    for (let quiet = 0; quiet < 5; quiet = unanswered > 0 ? 0 : quiet + 1) {
      await new Promise(resolve => setImmediate(resolve))
    }
    await vi.advanceTimersToNextTimerAsync()
  }
}

export async function createRig(options: RigOptions = {}): Promise<Rig> {
  const dataDir = mkdtempSync(join(tmpdir(), 'omnibus-queue-'))
  const queues: Queue[] = []
  const store = watched(
    await openSqlite({
      dataDir,
      clock: systemClock,
      listener: { events: () => {}, work: groups => queues.forEach(queue => void queue.wake(groups)) },
    }),
  )
  const newId = idMaker(systemRandom)
  const now = systemClock.now
  const workspace = newId('wks', now())
  const directory = createDirectory()
  const calls: Rig['calls'] = []
  const commit = async (changes: Change[]) => (await store.commit({ workspace, changes })).outcomes
  await commit([{ kind: 'workspaceCreated', name: 'Test' }])
  const addChannel: Rig['addChannel'] = async (
    name,
    { perSecond = null, config = {}, group = name } = {},
  ) => {
    const id = newId('chn', now())
    const senderGroup = `test:${group}`
    await commit([
      { kind: 'channelCreated', id, connector: 'test', name, config, providerKey: name, senderGroup },
    ])
    const connector = defineConnector({
      connector: 'test',
      title: 'Test',
      config: Type.Object({}),
      can: () => ({ ...CAN, ...options.can }),
      limits: () => ({ account: group, perSecond }),
      keyOf: () => name,
      send: async (part, _config, io) => {
        calls.push({ at: systemClock.monotonic(), part, channel: name })
        const sent = await options.send?.(part, io, name)
        return sent ?? { providerIds: [`p.${part.reference}`], raw: 'accepted' }
      },
      ...(options.poll !== undefined && { poll: options.poll as never }),
      ...(options.idempotent && { idempotent: true }),
      ...(options.act !== undefined && { act: options.act as never }),
      check: async () => ({ state: 'ok' }),
    })
    const open: OpenChannel = {
      id,
      workspace,
      connector,
      name,
      status: 'active',
      config: config as never,
      providerKey: name,
      senderGroup,
      health: { state: 'unknown' },
      live: {},
    }
    directory.set(open)
    return id
  }
  const channel = await addChannel('one', options)
  const needsOf = (holder: string): QueueNeeds => {
    const needs: QueueNeeds = {
      store,
      directory,
      http: async () => {
        throw new SendFailure({ code: 'noAnswer' })
      },
      clock: systemClock,
      random: options.seed === undefined ? systemRandom : seededRandom(options.seed),
      log: silentLog,
      holder,
      headroom: 0.9,
      webhookUrlOf: ({ id }) => `https://gw.example/in/test/${id}`,
      linkOf: (_workspace, file, forMs) => `https://files.example/${file}?for=${forMs}`,
    }
    return { ...needs, ...options.needs?.(needs) }
  }
  const another: Rig['another'] = (holder, more) => {
    const made = createQueue({ ...needsOf(holder), ...more })
    queues.push(made)
    return made
  }
  const queue = another('here')
  const enqueueMany: Rig['enqueueMany'] = async (texts, more = {}) => {
    const outcomes = await commit(
      texts.map((text, index) => ({
        kind: 'enqueued',
        channel,
        to: { kind: 'phone', value: `+52155${String(10_000_000 + index)}` },
        content: { type: 'text', text },
        source: { kind: 'api', id: null },
        category: 'service',
        lane: 'normal',
        expiresAt: now() + 3_600_000,
        ...more,
      })),
    )
    return outcomes.map(outcome => {
      if (!outcome.ok) throw new Error(outcome.detail)
      return outcome.id as MessageId
    })
  }
  const advance = options.advance ?? (ms => new Promise(resolve => setTimeout(resolve, ms)))
  return {
    store,
    queue,
    directory,
    workspace,
    channel,
    calls,
    another,
    addChannel,
    enqueueMany,
    enqueue: async (text, more) => {
      const [id] = await enqueueMany([text], more)
      if (id === undefined) throw new Error('not enqueued')
      return id
    },
    message: async id => {
      const message = await store.query('message', { workspace, id })
      if (message === null) throw new Error(`no ${id}`)
      return message
    },
    until: async (what, holds, ms = 15_000) => {
      const step = ms > 60_000 ? 1000 : 5
      const end = systemClock.monotonic() + ms
      while (!(await holds())) {
        if (systemClock.monotonic() > end) throw new Error(`it did not come to: ${what}`)
        await advance(step)
      }
    },
    [Symbol.asyncDispose]: async () => {
      let isStopped = false
      const stopped = Promise.all(queues.map(one => one.stop())).finally(() => {
        isStopped = true
      })
      while (!isStopped) await advance(5)
      await stopped
      await store.close()
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}

/** What a provider answers that refuses: to be thrown by a test's `send`. */
export function refuse(code: SendFailure['failure']['code'], retryAfterMs?: number): SendFailure {
  return new SendFailure({ code, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) })
}
