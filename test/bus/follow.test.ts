import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createFollower, readLog } from '../../bus/follow.ts'
import { createBus } from '../../bus/memory.ts'
import type { LogEvent } from '../../model/event.ts'
import { idMaker } from '../../model/ids.ts'
import { silentLog } from '../../model/log.ts'
import { systemRandom } from '../../model/random.ts'
import { openSqlite } from '../../store/sqlite/sqlite.ts'
import { sameThread } from '../../store/sqlite/thread.ts'
import type { Store } from '../../store/store.ts'
import { FOR_EVER } from '../contracts/store/retention.ts'
import { channelOf } from '../contracts/store/trial.ts'
import { scratch } from '../scratch.ts'

const DAY_MS = 86_400_000
const newId = idMaker(systemRandom)
const bus = createBus()
const workspace = newId('wks', 1)
const signal = new AbortController().signal
let now: number
let store: Store
let folder: Awaited<ReturnType<typeof scratch>>

beforeEach(async () => {
  now = 1_700_000_000_000
  folder = await scratch()
  store = await openSqlite({
    dataDir: folder.path,
    open: sameThread,
    clock: { now: () => now, monotonic: () => performance.now() },
    listener: { events: bus.publish, work: () => {} },
  })
  await store.commit({ workspace, changes: [{ kind: 'workspaceCreated', name: 'Acme' }] })
})
afterEach(async () => {
  await store.close()
  await folder[Symbol.asyncDispose]()
})

/** Makes events of this time, and drops those of days before. */
async function happen(count: number): Promise<void> {
  for (let index = 0; index < count; index++) {
    const channel = newId('chn', now)
    await store.commit({ workspace, changes: [channelOf(channel, channel)] })
  }
  await store.sweep({ ...FOR_EVER, log: DAY_MS })
}

test('a follower who was away goes on at once, though nothing new happens', async () => {
  await happen(5)
  const seen: number[] = []
  const follower = createFollower({
    name: 'away',
    store,
    bus,
    log: silentLog,
    wants: () => true,
    handle: async (_workspace, events) => {
      seen.push(...events.map(event => event.sequence))
      return { changes: [] }
    },
  })
  await vi.waitFor(() => expect(seen).toEqual([1, 2, 3, 4, 5]))
  await follower.stop()
})

test('RULES A6: a follower who was away for too long goes on from the oldest, and says so', async () => {
  await happen(5)
  now += 2 * DAY_MS
  await happen(3)
  const seen: number[] = []
  const warn = vi.fn()
  const follower = createFollower({
    name: 'late',
    store,
    bus,
    log: { ...silentLog, warn },
    wants: () => true,
    handle: async (_workspace, events) => {
      seen.push(...events.map(event => event.sequence))
      return { changes: [] }
    },
  })
  await vi.waitFor(async () => expect(await store.cursor('late', workspace)).toBe(8))
  await happen(1)
  await vi.waitFor(() => expect(seen).toEqual([6, 7, 8, 9]))
  await follower.stop()
  expect(warn.mock.calls).toEqual([
    [expect.objectContaining({ follower: 'late', after: 0, oldest: 6 }), expect.stringContaining('missed')],
  ])
})

test('RULES A6: a reader whose place in the log is dropped meanwhile is told so and ended', async () => {
  const options = { store, bus, workspace, name: 'sse', signal, eventsMax: 100 }
  await happen(600)
  const batches = readLog({ ...options, after: 0 })
  const first = (await batches.next()).value as { events: LogEvent[] }
  expect(first.events.at(-1)?.sequence).toBe(500)
  now += 2 * DAY_MS
  await happen(1)
  expect((await batches.next()).value).toEqual({ dropped: 'the log is kept from 601 on' })
  expect((await batches.next()).done).toBe(true)
})
