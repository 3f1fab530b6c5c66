import type { QueueNeeds } from './group.ts'
import { createPolling } from './polls.ts'
import { createPump, type Pump, type PumpStats } from './pump.ts'

export type { QueueListener, QueueNeeds } from './group.ts'
export type { PumpStats } from './pump.ts'

/**
 * The queue delivers: what the log holds as enqueued is sent at the speed its sender is allowed, in order, and settled.
 *
 * A sender group has a pump of its own, made when it first has work; groups never wait for each other. Where a message
 * goes within a pump is told in `line.ts`, each step in `stages.ts`, and the lease that permits it in `tenure.ts`.
 */
export type Queue = {
  /** These sender groups may have something to send; the store says so (`StoreListener.work`). */
  wake(groups: readonly string[]): void
  /** Channels of these groups were made or changed: what was held may go, and others are to be polled. */
  changed(groups: readonly string[]): void
  stats(): PumpStats[]
  /** Takes nothing new, settles what is on the way within 8 s, gives the leases back. */
  stop(): Promise<void>
}

/** Starts with what the store holds unsettled: a restart needs no wake. */
export function createQueue(needs: QueueNeeds): Queue {
  const pumps = new Map<string, Pump>()
  let stopped = false
  const wake = (groups: readonly string[]): void => {
    for (const group of stopped ? [] : groups) {
      const known = pumps.get(group)
      if (known !== undefined) known.wake()
      else {
        const callsOut = needs.directory.ofGroup(group).some(({ connector }) => connector.offline !== true)
        if (callsOut) needs.warm?.()
        pumps.set(group, createPump(group, needs))
      }
    }
  }
  const polling = createPolling(needs, group => wake([group]))
  polling.look()
  needs.store
    .query('groups', {})
    .then(wake)
    .catch(error =>
      needs.log.warn({ err: error }, 'what waits to be sent could not be read; new work is taken'),
    )
  return {
    wake,
    changed: groups => {
      polling.look(groups)
      wake(groups)
    },
    stats: () => [...pumps.values()].map(pump => pump.stats()),
    stop: async () => {
      stopped = true
      await polling.stop()
      await Promise.all([...pumps.values()].map(pump => pump.stop()))
      await polling.release()
    },
  }
}
