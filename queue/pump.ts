import type { Lane } from '../model/change.ts'
import { LANES } from '../model/change.ts'
import { createClaims, heldBackMs } from './claims.ts'
import { channelScopes } from './flight.ts'
import { createGroup, type Group, type QueueNeeds } from './group.ts'
import { type Line, retune, takeHeld } from './line.ts'
import { failAll, giveBack, takeFrom, writeFrom } from './stages.ts'

/**
 * The pump of one sender group: it claims, sends and settles, and holds the group's lease while it has work in hand.
 *
 * - `working`: something is in the lanes or on the way. The lease is renewed; one timer says when to look again.
 * - `idle`: nothing is in hand. No timer but the store's own "next at"; the lease runs out by itself.
 * - `resting`: all there is belongs to channels that may not send for a while. Everything was let go of.
 * - `stopping`: nothing new is taken; what is on the way is settled, then the lease is given back.
 *
 * Everything happens in `turn`, which runs when something happened (`soon`) or when the timer says so.
 */
export type Pump = {
  wake(): void
  stats(): PumpStats
  /** Ends within `DRAIN_MS` and a second. */
  stop(): Promise<void>
}

export type PumpStats = {
  group: string
  depth: Record<Lane, number>
  inFlight: number
  /** When the oldest message in memory was made, milliseconds UTC; null if there is none. */
  oldest: number | null
  paused: { scope: string; forMs: number; code: string }[]
}

/** RULES C7: a whole send. */
const SEND_MS = 75_000
/** After this long what is still on the way is aborted, and becomes uncertain. */
const DRAIN_MS = 7000
const DRAIN_END_MS = 1000
/** How soon a paused or unknown channel is looked at again, should nobody say that it is back. */
const RECHECK_MS = 5000

export function createPump(name: string, needs: QueueNeeds): Pump {
  const { clock } = needs
  let scheduled = false
  let timer: NodeJS.Timeout | undefined
  let timerAt = Number.POSITIVE_INFINITY
  let drained: (() => void) | undefined
  let ended = false

  const soon = (): void => {
    if (scheduled) return
    scheduled = true
    setImmediate(turn)
  }
  const group = createGroup(name, needs, soon)
  const claims = createClaims(group)

  const turn = (): void => {
    scheduled = false
    if (ended) return
    const now = clock.monotonic()
    let next = abortOverdue(group, now)
    for (const line of group.lines.values()) next = Math.min(next, work(group, line))
    if (!group.stopping && !claims.busy() && mayRest(group)) claims.rest()
    next = Math.min(next, claims.turn())
    if (group.known.size + group.inFlight > 0) next = Math.min(next, now + RECHECK_MS)
    if (group.stopping && group.inFlight === 0 && group.ledger.depth() === 0 && !claims.busy()) drained?.()
    schedule(next)
  }
  const schedule = (at: number): void => {
    // A timer that comes too early runs a turn for nothing, which is cheaper than making one for every turn.
    const isKept = timer !== undefined && timerAt <= at && at !== Infinity
    if (isKept) return
    clearTimeout(timer)
    timer = undefined
    timerAt = at
    if (at === Infinity) return
    timer = setTimeout(
      () => {
        timer = undefined
        turn()
      },
      Math.min(TIMER_MAX_MS, Math.max(1, Math.ceil(at - clock.monotonic()))),
    )
  }
  soon()
  return {
    wake: () => {
      claims.wake()
      soon()
    },
    stats: () => statsOf(group),
    stop: async () => {
      group.stopping = true
      const idle = new Promise<void>(resolve => {
        drained = resolve
      })
      takeBack(group)
      soon()
      if (!(await within(idle, DRAIN_MS))) {
        for (const flight of group.flying) flight.abort?.()
        await within(idle, DRAIN_END_MS)
      }
      ended = true
      clearTimeout(timer)
      group.ledger.close()
      await group.tenure
        .release()
        .catch(error => needs.log.warn({ err: error, group: name }, 'a lease was not given back'))
    },
  }
}

/** What `setTimeout` can take. */
const TIMER_MAX_MS = 2 ** 31 - 1

/** One look at one channel. Returns when to look again, monotonic. */
function work(group: Group, line: Line): number {
  const { directory, clock } = group.needs
  const channel = directory.get(line.channel)
  const now = clock.monotonic()
  if (channel === undefined) {
    if (line.missing === 'gone' && !group.stopping && group.tenure.fence() !== undefined) {
      failAll(group, line, { code: 'channelGone' })
    } else if (line.missing === 'no' && hasWork(line)) void askWhetherGone(group, line)
  } else {
    line.missing = 'no'
    retune(line, channel, directory, now)
    const mayTake = !group.stopping && channel.status === 'active' && group.tenure.mayWrite(now)
    if (mayTake) takeFrom(group, line, channel)
  }
  const writeAt = writeFrom(group, line) ?? Infinity
  // What is ready already waits for something else, which has a time or a turn of its own.
  const readyMs = (line.lanes.nextAt() ?? Infinity) - clock.now()
  const pauseMs = hasWork(line) ? group.pauses.waitMs(channelScopes(line.channel), now) : Infinity
  return Math.min(writeAt, now + (readyMs > 0 ? readyMs : Infinity), now + (pauseMs > 0 ? pauseMs : Infinity))
}

function hasWork(line: Line): boolean {
  return line.ahead > 0 || LANES.some(lane => line.lanes.depth(lane) > 0)
}

/** The directory may only be late with a channel that was just made: the store knows. */
async function askWhetherGone(group: Group, line: Line): Promise<void> {
  line.missing = 'asked'
  try {
    const channels = await group.needs.store.query('channels', { workspace: line.workspace })
    line.missing = channels.some(({ id }) => id === line.channel) ? 'no' : 'gone'
    if (line.missing === 'gone') group.soon()
  } catch {
    line.missing = 'no'
  }
}

function abortOverdue(group: Group, now: number): number {
  const leaseEnd = group.tenure.endsAt()
  for (const flight of group.flying) {
    const until = Math.min(flight.startedAt + SEND_MS, leaseEnd)
    if (until > now) return until
    flight.abort?.()
  }
  return Infinity
}

/** Whether all there is to do is to hold what may not be sent for long. */
function mayRest(group: Group): boolean {
  if (group.known.size === 0 || group.inFlight > 0 || group.tenure.fence() === undefined) return false
  return [...group.lines.values()].every(line => !hasWork(line) || heldBackMs(group, line.channel) > 0)
}

/** On stop: what was attempted and is held back by a pause is surely not sent, and is the next holder's. */
function takeBack(group: Group): void {
  for (const line of group.lines.values()) {
    for (const flight of takeHeld(line)) giveBack(group, line, flight, 0)
  }
}

function statsOf(group: Group): PumpStats {
  const depth = { reply: 0, normal: 0, bulk: 0 }
  for (const line of group.lines.values()) {
    for (const lane of LANES) depth[lane] += line.lanes.depth(lane)
  }
  let oldest: number | null = null
  for (const { of } of group.known.values()) oldest = Math.min(oldest ?? of.createdAt, of.createdAt)
  const paused = group.pauses.list(group.needs.clock.monotonic())
  return { group: group.name, depth, inFlight: group.inFlight, oldest, paused }
}

async function within(done: Promise<void>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<boolean>(resolve => {
    timer = setTimeout(() => resolve(false), ms)
  })
  const result = await Promise.race([done.then(() => true), late])
  clearTimeout(timer)
  return result
}
