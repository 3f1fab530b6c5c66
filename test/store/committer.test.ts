import { afterEach, describe, expect, test, vi } from 'vitest'
import type { Committed, Transaction } from '../../model/change.ts'
import type { LogEvent } from '../../model/event.ts'
import { idMaker } from '../../model/ids.ts'
import { seededRandom } from '../../model/random.ts'
import { type Committer, createCommitter, type RunGroup } from '../../store/committer.ts'
import { StoreBusy, StoreFailing } from '../../store/store.ts'
import { eventOf } from '../contracts/bus.ts'

const workspace = idMaker(seededRandom(5))('wks', 1)
const change = { kind: 'workspaceCreated', name: 'x' } as const
const one: Transaction = { workspace, changes: [change] }
const many = (count: number): Transaction => ({
  workspace,
  changes: Array.from({ length: count }, () => change),
})
const done: Committed = { outcomes: [{ ok: true }], head: 1, replayed: false, stale: false }
const all = (group: readonly Transaction[]): Awaited<ReturnType<RunGroup>> => ({
  committed: group.map(() => done),
  events: [],
  work: [],
})

function committer(run: RunGroup, heard: LogEvent[] = []): Committer {
  const listener = { events: (events: LogEvent[]) => heard.push(...events), work: () => {} }
  return createCommitter({ run, listener, clock: { now: () => 0, monotonic: () => performance.now() } })
}

afterEach(() => vi.useRealTimers())

describe('group commit', () => {
  test('what waits at the same time shares one write', async () => {
    const groups: number[] = []
    const { commit, stats } = committer(async group => {
      groups.push(group.length)
      return all(group)
    })
    await Promise.all(Array.from({ length: 100 }, () => commit(one)))
    expect(groups).toEqual([100])
    expect(stats()).toMatchObject({ commits: 100, groups: 1, changes: 100, changesWaiting: 0 })
  })

  test('RULES A8: the queue has a bound, and who is beyond it is told to come again', async () => {
    const { commit } = committer(() => new Promise(() => {}))
    for (let index = 0; index < 20; index++) commit(many(1000)).catch(() => {})
    await expect(commit(one)).rejects.toThrow(StoreBusy)
  })

  test('RULES A2: a refused group is run again one at a time; a failing store fails them all', async () => {
    const poisoned = committer(async group => {
      if (group.some(transaction => transaction.changes.length === 2)) throw new Error('constraint')
      return all(group)
    })
    const results = await Promise.allSettled([one, many(2), one].map(poisoned.commit))
    expect(results.map(result => result.status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    let runs = 0
    const failing = committer(async () => {
      runs += 1
      throw new StoreFailing('disk full')
    })
    for (const result of await Promise.allSettled([one, one].map(failing.commit))) {
      expect(result).toMatchObject({ status: 'rejected', reason: new StoreFailing('disk full') })
    }
    expect(runs).toBe(1)
  })

  test('the log is told in its order, before anybody is answered', async () => {
    const heard: LogEvent[] = []
    let number = 0
    const { commit } = committer(async group => {
      number += 1
      return { ...all(group), events: [eventOf(workspace, number)] }
    }, heard)
    const told: number[] = []
    for (let index = 0; index < 3; index++) await commit(one).then(() => told.push(heard.length))
    expect(told).toEqual([1, 2, 3])
    expect(heard.map(event => event.sequence)).toEqual([1, 2, 3])
  })

  test('RULES C7: who waits longer than 5 s is told that the store is failing', async () => {
    vi.useFakeTimers()
    const { commit } = committer(() => new Promise(() => {}))
    const results: string[] = []
    for (let index = 0; index < 4; index++) {
      commit(one).catch((error: Error) => results.push(error.name))
      await vi.advanceTimersByTimeAsync(1)
    }
    await vi.advanceTimersByTimeAsync(4_900)
    expect(results).toEqual([])
    await vi.advanceTimersByTimeAsync(500)
    expect(results).toEqual(['StoreFailing', 'StoreFailing', 'StoreFailing', 'StoreFailing'])
  })

  test('what reached the bound of one commit goes on by itself', async () => {
    const runs: number[] = []
    const { commit, close } = committer(async group => {
      runs.push(group.length)
      return { ...all(group), committed: [{ ...done, outcomes: [{ ok: true, more: runs.length < 3 }] }] }
    })
    await commit(one)
    await vi.waitFor(() => expect(runs).toEqual([1, 1, 1]))
    await close()
  })

  test('closing waits for what was accepted and takes nothing more', async () => {
    const { commit, close } = committer(async group => all(group))
    const last = commit(one)
    await close()
    expect(await last).toEqual(done)
    await expect(commit(one)).rejects.toThrow(StoreFailing)
  })
})
