import type { Committed, Transaction } from '../model/change.ts'
import type { Clock } from '../model/clock.ts'
import type { LogEvent } from '../model/event.ts'
import { StoreBusy, StoreFailing, type StoreListener, type StoreStats } from './store.ts'

/**
 * Group commit: transactions that wait at the same time share one transaction of the database and one disk write.
 *
 * A transaction waits, goes out in a group, and is answered. While a group is being written the next one gathers, so
 * groups grow with the load by themselves and no timer is needed. A group that the database refuses is run again one
 * transaction at a time, so that one bad row poisons nobody else (RULES A2).
 */
export type Committer = {
  /** @throws StoreBusy, StoreFailing */
  commit(transaction: Transaction): Promise<Committed>
  stats(): StoreStats
  /** Waits for everything that was accepted. */
  close(): Promise<void>
}

/** Applies a group durably. @throws StoreFailing when nothing can be written; anything else blames the group. */
export type RunGroup = (
  group: readonly Transaction[],
) => Promise<{ committed: Committed[]; events: LogEvent[]; work: string[] }>

/** Changes that may wait. Above it the caller is told to come back (RULES A8). */
const COMMIT_QUEUE_MAX = 20_000
/** Changes in one group: enough to make the disk write cheap, few enough to keep its time under 50 ms. */
const GROUP_CHANGES_MAX = 1000
/** Groups under way: while one is written the next is already in the engine's hands. */
const GROUPS_UNDER_WAY_MAX = 2
/**
 * How long a caller waits at most (RULES C7). Then it is told that the store is failing; what it wanted may still
 * become durable, as with any answer that is lost. One clock for all, because a timer for each would cost as much as
 * the rest.
 */
const COMMIT_MS_MAX = 5_000
const LATE_CHECK_MS = 250
const GROUP_SIZES = [1, 4, 16, 64, 256, 1000] as const

type Waiting = {
  transaction: Transaction
  size: number
  since: number
  resolve: (committed: Committed) => void
  reject: (error: unknown) => void
}

export function createCommitter(options: {
  run: RunGroup
  listener: StoreListener
  clock: Clock
}): Committer {
  const { run, listener, clock } = options
  let waiting: Waiting[] = []
  let changesWaiting = 0
  let underWay = 0
  let closed = false
  let idle: (() => void) | undefined
  const sent = new Set<Waiting[]>()
  const stats = {
    commits: 0,
    groups: 0,
    changes: 0,
    sizes: GROUP_SIZES.map(() => 0),
    ms: { count: 0, sum: 0 },
  }

  const takeGroup = (): Waiting[] => {
    let size = 0
    let count = 0
    for (const one of waiting) {
      if (count > 0 && size + one.size > GROUP_CHANGES_MAX) break
      size += one.size
      count += 1
    }
    const group = count === waiting.length ? waiting : waiting.slice(0, count)
    waiting = count === waiting.length ? [] : waiting.slice(count)
    changesWaiting -= size
    stats.groups += 1
    stats.changes += size
    const found = GROUP_SIZES.findIndex(le => size <= le)
    const bucket = found === -1 ? GROUP_SIZES.length - 1 : found
    stats.sizes[bucket] = (stats.sizes[bucket] ?? 0) + 1
    return group
  }

  const answer = (group: Waiting[], result: Awaited<ReturnType<RunGroup>>): void => {
    stats.commits += group.length
    if (result.events.length > 0) listener.events(result.events)
    if (result.work.length > 0) listener.work(result.work)
    for (const [index, one] of group.entries()) {
      const committed = result.committed[index] as Committed
      one.resolve(committed)
      goOn(one.transaction, committed)
    }
  }

  /** What reached the bound of one commit goes on in the next, for nobody waits for it. */
  const goOn = ({ workspace, changes }: Transaction, { outcomes }: Committed): void => {
    const rest = changes.filter((_, index) => {
      const outcome = outcomes[index]
      return outcome?.ok === true && outcome.more === true
    })
    if (rest.length > 0)
      enqueue(
        { workspace, changes: rest },
        () => {},
        () => {},
      )
  }

  const runOne = async (one: Waiting): Promise<void> => {
    try {
      answer([one], await run([one.transaction]))
    } catch (error) {
      one.reject(error)
    }
  }

  const runGroup = async (group: Waiting[]): Promise<void> => {
    const begun = clock.monotonic()
    sent.add(group)
    try {
      answer(group, await run(group.map(one => one.transaction)))
    } catch (error) {
      if (error instanceof StoreFailing || group.length === 1) for (const one of group) one.reject(error)
      else for (const one of group) await runOne(one)
    }
    sent.delete(group)
    stats.ms.count += 1
    stats.ms.sum += clock.monotonic() - begun
  }

  const pump = (): void => {
    while (underWay < GROUPS_UNDER_WAY_MAX && waiting.length > 0) {
      underWay += 1
      void runGroup(takeGroup()).finally(() => {
        underWay -= 1
        pump()
      })
    }
    if (underWay === 0) idle?.()
  }

  let scheduled = false
  const enqueue = (
    transaction: Transaction,
    resolve: Waiting['resolve'],
    reject: Waiting['reject'],
  ): void => {
    const size = Math.max(1, transaction.changes.length)
    waiting.push({ transaction, size, since: clock.monotonic(), resolve, reject })
    changesWaiting += size
    if (scheduled || underWay >= GROUPS_UNDER_WAY_MAX) return
    scheduled = true
    // After this turn of the event loop, so that everything that arrived in it shares the group.
    setImmediate(() => {
      scheduled = false
      pump()
    })
  }

  const checkLate = setInterval(() => {
    const before = clock.monotonic() - COMMIT_MS_MAX
    const isLate = (one: Waiting): boolean => one.since < before
    const late = new StoreFailing(`the store did not answer within ${COMMIT_MS_MAX} ms`)
    for (const group of sent) for (const one of group) if (isLate(one)) one.reject(late)
    const first = waiting[0]
    if (first === undefined || !isLate(first)) return
    for (const one of waiting.filter(isLate)) {
      changesWaiting -= one.size
      one.reject(late)
    }
    waiting = waiting.filter(one => !isLate(one))
  }, LATE_CHECK_MS)
  checkLate.unref()

  return {
    commit: transaction =>
      new Promise((resolve, reject) => {
        if (closed) reject(new StoreFailing('the store is closed'))
        else if (changesWaiting + transaction.changes.length > COMMIT_QUEUE_MAX)
          reject(new StoreBusy('commit queue is full'))
        else {
          enqueue(transaction, resolve, reject)
        }
      }),
    stats: () => ({
      commits: stats.commits,
      groups: stats.groups,
      changes: stats.changes,
      changesWaiting,
      groupSizes: GROUP_SIZES.map((le, index) => ({ le, count: stats.sizes[index] ?? 0 })),
      commitMs: { ...stats.ms },
    }),
    close: async () => {
      closed = true
      clearInterval(checkLate)
      if (underWay === 0 && waiting.length === 0) return
      await new Promise<void>(resolve => {
        idle = resolve
        pump()
      })
    },
  }
}
