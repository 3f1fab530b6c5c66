import { tmpdir } from 'node:os'
import type { Behaviour } from '../../connectors/whatsapp/sim-behaviour.ts'
import { seededRandom } from '../../model/random.ts'
import { scratch } from '../scratch.ts'
import { type Found, judge, lost } from './judge.ts'
import { type Kill, startLife } from './life.ts'
import { createLoad, press, repeat } from './load.ts'
import { connect, provider } from './provider.ts'

export type CrashPlan = {
  /** How each life but the last one ends. */
  kills: readonly Kill[]
  seed: number
  /** `onUncertain.afterMs`: short, and policy resolves what a crash left open; long, and receipts do. */
  afterMs: number
}

export type CrashResult = Found & { deaths: number }

/** Receipts come soon, twice, out of order, early, and again until they are taken. */
const QUICK_AND_UNTIDY: Partial<Behaviour> = {
  answerMs: [0, 20],
  sentMs: [0, 20],
  receivedMs: [0, 40],
  readMs: [0, 40],
  readShare: 1,
  duplicates: 0.3,
  reorders: 0.3,
  early: 0.2,
  redeliverMs: 20,
}

/** A kill at a step that does not come in this time is a fault of the plan. */
const DEATH_MS = 5000

/** RULES C4: a store that others may use cannot know that the holder of a lease is dead before the lease ends. */
const LEASE_MS = 30_000

/**
 * Lives of one daemon over one data directory, each but the last ended by SIGKILL in the middle of traffic both ways.
 * The provider and the clients outlive it. Returns what of its promises was not kept; nothing, if all is well.
 *
 * @param store the URL of an empty one, where it is not the one in the data directory
 */
export async function crash({ kills, seed, afterMs }: CrashPlan, store?: string): Promise<CrashResult> {
  // On the disk: a commit that takes its time is one that a kill can hit.
  await using folder = await scratch(tmpdir())
  await using sim = await provider(QUICK_AND_UNTIDY, seed)
  const random = seededRandom(seed)
  const load = createLoad()
  const waitMs = store === undefined ? 0 : LEASE_MS
  let deaths = 0
  for (const [index, kill] of kills.entries()) {
    // A step of sending does not come in a life that may not send yet.
    if (index > 0) await new Promise(resolve => setTimeout(resolve, waitMs))
    const life = await startLife(folder.path, kill, undefined, store)
    if (life === undefined) {
      deaths += 1
      continue
    }
    try {
      const channel = await connect(life, sim, { afterMs })
      await press(load, life, channel, random)
    } catch (error) {
      // What breaks because it died is what we are here for.
      if (!(await within(life.ended, DEATH_MS))) throw error
    } finally {
      if (await within(life.ended, DEATH_MS)) deaths += 1
      else load.faults.push(`never came to ${JSON.stringify(kill)}`)
      life.kill()
      await life.ended
    }
  }
  const last = await startLife(folder.path, undefined, undefined, store)
  if (last === undefined) throw new Error('the last life did not start')
  try {
    const channel = await connect(last, sim, { afterMs })
    load.faults.push(...(await lost(load, last)))
    await repeat(load, last, channel)
    return { ...(await judge(load, last, sim, waitMs)), deaths }
  } finally {
    await last.stop()
  }
}

async function within(promise: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<false>(resolve => {
    timer = setTimeout(resolve, ms, false)
  })
  const isIn = await Promise.race([promise.then(() => true), late])
  clearTimeout(timer)
  return isIn
}
