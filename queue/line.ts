import type { Directory, OpenChannel } from '../connectors/directory.ts'
import { LANES, type Lane } from '../model/change.ts'
import type { Health } from '../model/channel.ts'
import type { Content } from '../model/content.ts'
import type { ChannelId, WorkspaceId } from '../model/ids.ts'
import { createDeque, type Deque } from './deque.ts'
import { channelScopes, type Flight, type Item } from './flight.ts'
import { createHeap, type Heap } from './heap.ts'
import { createLanes, HOLD_MS, type Lanes } from './lanes.ts'
import { createLimiter, type Limiter } from './limiter.ts'
import type { Pauses } from './pauses.ts'

/**
 * Everything of one channel that is in memory. A message goes through these places:
 *
 * 1. `lanes`: claimed, waiting for its turn.
 * 2. being made durable as attempted (counted in `ahead`).
 * 3. `primed`: attempted, waiting for the limiter's go. The limiter is asked here, at the moment of writing, because a
 *    slow commit between its answer and the write would let a burst through. `ahead` keeps this short.
 * 4. `held`: attempted, but a scope it belongs to has been paused since.
 * 5. sent.
 */
export type Line = {
  workspace: WorkspaceId
  channel: ChannelId
  lanes: Lanes<Item>
  limiter: Limiter
  /** What a part counts for. */
  costOf: (content: Content) => number
  primed: Record<Lane, Deque<Flight>>
  held: Heap<Flight>
  /** Attempted or being so, and not written: places 2 to 4. */
  ahead: number
  /** Monotonic; from when the limiter alone has kept something waiting. */
  waitingSince: number | undefined
  /** The directory does not know the channel: the store was asked whether it exists. */
  missing: 'no' | 'asked' | 'gone'
  /** The directory's version when the limits were read. */
  limitsAsOf: number
  /** What the queue last told about the channel's health; undefined before. */
  told: Pick<Health, 'state' | 'at'> | undefined
}

/** How long before its write a message may be made durable as attempted: a few commits' worth. */
const AHEAD_MS = 200

export function createLine(workspace: WorkspaceId, channel: ChannelId, headroom: number, now: number): Line {
  return {
    workspace,
    channel,
    lanes: createLanes(),
    limiter: createLimiter(null, headroom, now),
    costOf: one,
    primed: { reply: createDeque(), normal: createDeque(), bulk: createDeque() },
    held: createHeap(),
    ahead: 0,
    waitingSince: undefined,
    missing: 'no',
    limitsAsOf: -1,
    told: undefined,
  }
}

/** Reads the channel's rate again after the directory changed. */
export function retune(line: Line, channel: OpenChannel, directory: Directory, now: number): void {
  if (line.limitsAsOf === directory.version()) return
  line.limitsAsOf = directory.version()
  const { perSecond, costOf = one } = channel.connector.limits(channel.config, channel.live)
  line.limiter.retune(perSecond, now)
  line.costOf = costOf
}

const one = (): number => 1

/** How many more may be attempted now, by this line's own measure. */
export function room(line: Line, pauses: Pauses, now: number): number {
  const scopes = channelScopes(line.channel)
  if (pauses.waitMs(scopes, now) > 0) return 0
  // A pause that just ended is tried with one message; the others wait for what becomes of it.
  if (pauses.isDue(scopes)) return line.ahead > 0 ? 0 : 1
  const pace = line.limiter.pace()
  return pace === null
    ? Number.POSITIVE_INFINITY
    : Math.max(1, Math.ceil((pace * AHEAD_MS) / 1000)) - line.ahead
}

/** What may be written at this moment, or until when to wait (monotonic; undefined: nothing waits for time). */
export type Go =
  | { is: 'write'; flight: Flight }
  /** Its scope is paused for longer than is worth holding an attempt. */
  | { is: 'giveBack'; flight: Flight; forMs: number }
  | { is: 'wait'; until: number | undefined; limited: boolean }

/**
 * The next attempt to be written; what is held is looked at again when its time comes. A `write` is charged to the
 * limiter, so the caller writes at once.
 */
export function go(line: Line, pauses: Pauses, now: number): Go {
  for (const flight of line.held.due(now)) prime(line, flight)
  for (;;) {
    const lane = LANES.find(candidate => line.primed[candidate].length > 0)
    const flight = lane && line.primed[lane].peek()
    if (lane === undefined || flight === undefined)
      return { is: 'wait', until: line.held.nextAt(), limited: false }
    const pausedMs = pauses.waitMs(flight.item.scopes, now)
    if (pausedMs === 0) {
      const cost = costOf(line, flight)
      const limitedMs = line.limiter.waitMs(now, cost)
      if (limitedMs > 0) return { is: 'wait', until: now + limitedMs, limited: true }
      line.limiter.take(now, cost)
    }
    line.primed[lane].shift()
    if (pausedMs > 0 && (pausedMs <= HOLD_MS || pausedMs === Infinity)) {
      line.held.add(flight, now + pausedMs)
      continue
    }
    line.ahead -= 1
    return pausedMs === 0 ? { is: 'write', flight } : { is: 'giveBack', flight, forMs: pausedMs }
  }
}

function costOf(line: Line, { item, part }: Flight): number {
  const content = item.parts?.[part]
  return content === undefined ? 1 : line.costOf(content)
}

export function prime(line: Line, flight: Flight): void {
  line.primed[flight.item.lane].push(flight)
}

/** After a pause ended well: what was held for it may be looked at again. */
export function unhold(line: Line): void {
  for (const flight of line.held.due(Infinity)) prime(line, flight)
}

/** Takes out what was attempted and may not be written for now. */
export function takeHeld(line: Line): Flight[] {
  const held = line.held.due(Infinity)
  line.ahead -= held.length
  return held
}

/** Forgets everything that was not written. Returns how many of them were attempted already. */
export function abandon(line: Line, now: number): number {
  line.lanes.clear()
  let attempted = takeHeld(line).length
  for (const lane of LANES) {
    attempted += line.primed[lane].length
    line.primed[lane] = createDeque()
  }
  line.ahead = 0
  line.waitingSince = undefined
  line.limiter.drain(now)
  return attempted
}
