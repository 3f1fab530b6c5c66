import type { Lane } from '../model/change.ts'
import { LANES } from '../model/change.ts'
import { createDeque, type Deque } from './deque.ts'
import { createHeap } from './heap.ts'

/**
 * The lanes of one channel, in memory (RULES C9).
 *
 * The messages of an address leave in order of `position`, one at a time. An address of a lane is
 *
 * - `idle`: just made, or gone.
 * - `ready`: its first message may go; it stands in the lane's line of addresses.
 * - `busy`: one of its messages is on the way; nothing of it goes until `done` or `again`.
 * - `waiting`: its first message has a time to wait for. Never longer than `HOLD_MS`: what waits longer goes back to
 *   the store and the later ones pass.
 *
 * Everything is O(1), except for what is held back: O(log n) of the addresses waiting.
 */
export type Lanes<T extends Laned> = {
  /** Adds what the store handed over. */
  push(item: T, now: number): void
  /** The next message to go, whose address is busy from here on; undefined when none may. */
  take(now: number): T | undefined
  /** It is settled, or steps aside: the next of its address may go. */
  done(item: T, now: number): void
  /** It stays and goes first again, not before `at`. */
  again(item: T, at: number, now: number): void
  /** Messages here that did not leave; without those on the way. */
  depth(lane: Lane): number
  /** The first time at which a waiting address may go; undefined when none waits. */
  nextAt(): number | undefined
  /** Everything that did not leave, taken out. */
  clear(): T[]
}

export type Laned = { message: string; lane: Lane; address: string; position: number; readyAt: number }

/** What waits longer than this steps aside (RULES C9). */
export const HOLD_MS = 10_000

/**
 * A lower lane is served at the latest after nine messages of higher ones: a tenth of the rate keeps a broadcast (and
 * its end) moving while an answer waits for at most one message more.
 */
const SHARE_ONE_IN = 10

type Queue<T> = {
  key: string
  lane: Lane
  items: T[]
  state: 'idle' | 'ready' | 'busy' | 'waiting'
  /** The message on the way. */
  current: T | undefined
  wakeAt: number
}

export function createLanes<T extends Laned>(): Lanes<T> {
  const lanes = { reply: laneOf<T>(), normal: laneOf<T>(), bulk: laneOf<T>() }
  const heap = createHeap<Queue<T>>()

  /** Decides what an address that is neither ready nor busy does next. */
  const next = (queue: Queue<T>, now: number): void => {
    const first = queue.items[0]
    if (first === undefined) {
      queue.state = 'idle'
      lanes[queue.lane].addresses.delete(queue.key)
      return
    }
    if (first.readyAt <= now) {
      queue.state = 'ready'
      lanes[queue.lane].ready.push(queue)
    } else {
      queue.state = 'waiting'
      queue.wakeAt = first.readyAt
      heap.add(queue, first.readyAt)
    }
  }
  /** The address of a message that is on the way; undefined when the lanes were cleared since. */
  const busyWith = (item: T): Queue<T> | undefined => {
    const queue = lanes[item.lane].addresses.get(item.address)
    if (queue?.current !== item) return undefined
    queue.current = undefined
    return queue
  }
  return {
    push: (item, now) => {
      const { addresses } = lanes[item.lane]
      const queue = addresses.get(item.address) ?? queueOf<T>(item)
      addresses.set(item.address, queue)
      place(queue.items, item)
      lanes[item.lane].depth += 1
      if (queue.state === 'idle' || (queue.state === 'waiting' && queue.items[0] === item)) next(queue, now)
    },
    take: now => {
      for (const queue of heap.due(now)) {
        // An entry is stale when its address went on in the meantime.
        if (queue.state === 'waiting' && queue.wakeAt <= now) next(queue, now)
      }
      for (let lane = choose(lanes); lane !== undefined; lane = choose(lanes)) {
        const queue = lanes[lane].ready.shift()
        const first = queue?.items[0]
        if (queue === undefined || first === undefined) continue
        if (first.readyAt > now) {
          next(queue, now)
          continue
        }
        queue.state = 'busy'
        queue.current = first
        queue.items.shift()
        lanes[lane].depth -= 1
        return first
      }
      return undefined
    },
    done: (item, now) => {
      const queue = busyWith(item)
      if (queue !== undefined) next(queue, now)
    },
    again: (item, at, now) => {
      const queue = busyWith(item)
      if (queue === undefined) return
      item.readyAt = at
      queue.items.unshift(item)
      lanes[item.lane].depth += 1
      next(queue, now)
    },
    depth: lane => lanes[lane].depth,
    nextAt: heap.nextAt,
    clear: () => {
      const left: T[] = []
      for (const lane of LANES) {
        for (const queue of lanes[lane].addresses.values()) left.push(...queue.items)
        lanes[lane] = laneOf<T>()
      }
      heap.clear()
      return left
    },
  }
}

function queueOf<T extends Laned>(item: T): Queue<T> {
  return {
    key: item.address,
    lane: item.lane,
    items: [],
    state: 'idle',
    current: undefined,
    wakeAt: 0,
  }
}

type LaneState<T> = {
  ready: Deque<Queue<T>>
  addresses: Map<string, Queue<T>>
  depth: number
  /** How often a higher lane went before this one while something was ready here. */
  passed: number
}

function laneOf<T>(): LaneState<T> {
  return { ready: createDeque(), addresses: new Map(), depth: 0, passed: 0 }
}

/** The highest lane with something ready, unless a lower one has been passed over its share. */
function choose<T>(lanes: Record<Lane, LaneState<T>>): Lane | undefined {
  let chosen: Lane | undefined
  for (const lane of LANES) {
    const { ready, passed } = lanes[lane]
    if (ready.length > 0 && (chosen === undefined || passed >= SHARE_ONE_IN - 1)) chosen = lane
  }
  for (const lane of LANES) {
    if (lane === chosen) lanes[lane].passed = 0
    else if (lanes[lane].ready.length > 0) lanes[lane].passed += 1
  }
  return chosen
}

/** In order of position. A page comes in order, so it is nearly always the end; a retried one is at the front. */
function place<T extends Laned>(items: T[], item: T): void {
  let at = items.length
  while (at > 0 && (items[at - 1]?.position ?? 0) > item.position) at -= 1
  items.splice(at, 0, item)
}
