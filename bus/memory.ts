import type { LogEvent } from '../model/event.ts'
import type { WorkspaceId } from '../model/ids.ts'
import type { Batch, Bus, SubscribeOptions, Subscription } from './bus.ts'

/** The bus within one process. */
export function createBus(): Bus {
  const everyone = new Set<Subscriber>()
  const byWorkspace = new Map<WorkspaceId, Set<Subscriber>>()
  let closed = false
  return {
    publish: events => {
      for (const subscriber of everyone) subscriber.offer(events)
      if (byWorkspace.size === 0) return
      for (const [workspace, theirs] of split(events)) {
        for (const subscriber of byWorkspace.get(workspace) ?? []) subscriber.offer(theirs)
      }
    },
    subscribe: options => {
      const { workspace } = options
      const room = workspace === '*' ? everyone : roomOf(byWorkspace, workspace)
      const subscriber = new Subscriber(options, () => {
        room.delete(subscriber)
        if (workspace !== '*' && room.size === 0) byWorkspace.delete(workspace)
      })
      room.add(subscriber)
      if (closed) subscriber.close()
      return subscriber
    },
    close: () => {
      closed = true
      for (const subscriber of [...everyone, ...[...byWorkspace.values()].flatMap(room => [...room])])
        subscriber.close()
    },
  }
}

function roomOf(rooms: Map<WorkspaceId, Set<Subscriber>>, workspace: WorkspaceId): Set<Subscriber> {
  const room = rooms.get(workspace) ?? new Set()
  rooms.set(workspace, room)
  return room
}

/** A group commit is usually one workspace's: then nothing is copied. */
function split(events: readonly LogEvent[]): Map<WorkspaceId, readonly LogEvent[]> {
  const first = events[0]
  if (first === undefined) return new Map()
  if (events.every(event => event.workspace === first.workspace)) return new Map([[first.workspace, events]])
  return Map.groupBy(events, event => event.workspace)
}

/**
 * Open: batches wait, up to `eventsMax` events. Dropped: it was too slow, what waited is gone and one last batch says
 * from where to resume. Closed: what waits is still handed over, then it ends.
 */
class Subscriber implements Subscription {
  readonly #options: SubscribeOptions
  readonly #leave: () => void
  readonly #handedOver = new Map<WorkspaceId, number>()
  #waiting: (readonly LogEvent[])[] = []
  #depth = 0
  #state: 'open' | 'dropped' | 'closed' = 'open'
  #wake: (() => void) | undefined

  constructor(options: SubscribeOptions, leave: () => void) {
    this.#options = options
    this.#leave = leave
  }

  offer(events: readonly LogEvent[]): void {
    if (this.#state !== 'open' || events.length === 0) return
    if (this.#depth + events.length > this.#options.eventsMax) {
      this.#state = 'dropped'
      this.#waiting = []
      this.#depth = 0
      this.#leave()
    } else {
      this.#waiting.push(events)
      this.#depth += events.length
    }
    this.#wake?.()
  }

  close(): void {
    if (this.#state === 'open') this.#leave()
    this.#state = 'closed'
    this.#wake?.()
  }

  depth(): number {
    return this.#depth
  }

  async *[Symbol.asyncIterator](): AsyncIterator<Batch> {
    try {
      for (;;) {
        if (this.#waiting.length > 0) yield this.#take()
        else if (this.#state === 'dropped') {
          yield {
            dropped: true,
            why: `more than ${this.#options.eventsMax} events waited`,
            after: this.#handedOver,
          }
          return
        } else if (this.#state === 'closed') return
        else await new Promise<void>(resolve => (this.#wake = resolve))
      }
    } finally {
      this.close()
    }
  }

  #take(): Batch {
    const events = this.#waiting.length === 1 ? (this.#waiting[0] ?? []) : this.#waiting.flat()
    this.#waiting = []
    this.#depth = 0
    const last = events.at(-1)
    if (this.#options.workspace === '*') {
      for (const event of events) this.#handedOver.set(event.workspace, event.sequence)
    } else if (last !== undefined) this.#handedOver.set(last.workspace, last.sequence)
    return { dropped: false, events }
  }
}
