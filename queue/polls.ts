import { isDeepStrictEqual } from 'node:util'
import type { OpenChannel } from '../connectors/directory.ts'
import type { ChannelId } from '../model/ids.ts'
import type { QueueNeeds } from './group.ts'
import { createLoop, type Loop } from './poll-loop.ts'
import { createTenure, type Tenure } from './tenure.ts'

/**
 * Polling: one loop for each channel whose connector asks its provider for news, on the node that holds the lease of
 * the channel's sender group (RULES C3). A group with such channels is
 *
 * - `waiting`: another node has the lease; it is asked for again when that ends.
 * - `held`: the lease is renewed for as long as anything of it is to be polled, and a loop runs for each such channel.
 *   What is paused, deleted or configured anew is aborted, and begun again with its new config.
 *
 * A lost lease aborts its loops. One that does not listen can do no harm: its position does not move (the `polled`
 * change names the lease), and what it found is known when it is told again (B1).
 */
export type Polling = {
  /** Channels of these groups may have changed; all groups if none is named. */
  look(groups?: readonly string[]): void
  /** Aborts every loop, and waits for them. */
  stop(): Promise<void>
  /** Gives the leases back, once nothing else is done under them. */
  release(): Promise<void>
}

/** How long a loop that was told to end is waited for. */
const STOP_MS = 3000
/** How soon a lease is asked for again that could not be asked for, or whose end is not known. */
const RETRY_MS = 2000
const WAIT_MIN_MS = 100

type Watch = {
  group: string
  tenure: Tenure
  loops: Map<ChannelId, Loop>
  timer: NodeJS.Timeout | undefined
  claiming: boolean
}

/** @param taken a group's lease is new here: what its former holder left is to be claimed */
export function createPolling(needs: QueueNeeds, taken: (group: string) => void): Polling {
  const { store, directory, clock, log, holder, leaseMs } = needs
  const watches = new Map<string, Watch>()
  /** Loops that were told to end, and have not yet. */
  const ended = new Set<Promise<void>>()
  let stopped = false

  const wanted = (group: string): OpenChannel[] =>
    directory.ofGroup(group).filter(channel => channel.status === 'active' && isPolled(channel))

  const end = ({ loops }: Watch, channel: ChannelId, loop: Loop): void => {
    loops.delete(channel)
    loop.abort()
    ended.add(loop.done)
    void loop.done.then(() => ended.delete(loop.done))
  }
  const adjust = (watch: Watch, channels: readonly OpenChannel[]): void => {
    for (const [id, loop] of watch.loops) {
      const now = channels.find(channel => channel.id === id)
      if (now === undefined || !isDeepStrictEqual(now.config, loop.channel.config)) end(watch, id, loop)
    }
    const fence = watch.tenure.fence()
    if (fence === undefined) return
    for (const channel of channels) {
      if (watch.loops.has(channel.id)) continue
      const lease = () => ({ group: watch.group, fence: watch.tenure.fence() ?? -1 })
      watch.loops.set(channel.id, createLoop(channel, needs, lease))
    }
  }
  const turn = async (watch: Watch): Promise<void> => {
    if (watch.claiming || stopped) return
    const channels = wanted(watch.group)
    if (channels.length === 0) {
      adjust(watch, [])
      clearTimeout(watch.timer)
      watches.delete(watch.group)
      return
    }
    watch.claiming = true
    const waitMs = await renew(watch)
    watch.claiming = false
    if (stopped) return
    adjust(watch, watch.tenure.fence() === undefined ? [] : wanted(watch.group))
    clearTimeout(watch.timer)
    watch.timer = setTimeout(() => void turn(watch), Math.max(WAIT_MIN_MS, waitMs))
    watch.timer.unref()
  }
  /** When to ask again, in milliseconds. */
  const renew = async ({ group, tenure }: Watch): Promise<number> => {
    try {
      const limits = { reply: 0, normal: 0, bulk: 0 }
      const { claim, taken: isNew } = await tenure.claim({ limits, horizonMs: 0, skip: [], leaseOnly: true })
      if (!claim.held) return claim.until - clock.now()
      if (isNew) taken(group)
      return tenure.renewAt() - clock.monotonic()
    } catch (error) {
      log.warn({ err: error, group }, 'a lease for polling was not renewed; asking again')
      if (tenure.fence() !== undefined && clock.monotonic() > tenure.endsAt()) tenure.forget()
      return RETRY_MS * ((leaseMs ?? RETRY_MS * 10) / (RETRY_MS * 10))
    }
  }
  const look = (groups: readonly string[]): void => {
    for (const group of stopped ? [] : groups) {
      const known = watches.get(group)
      if (known === undefined && wanted(group).length === 0) continue
      const watch = known ?? {
        group,
        tenure: createTenure(store, clock, group, holder, leaseMs),
        loops: new Map(),
        timer: undefined,
        claiming: false,
      }
      watches.set(group, watch)
      void turn(watch)
    }
  }
  const all = (): string[] => [...new Set([...directory.all()].map(({ senderGroup }) => senderGroup))]
  return {
    look: groups => look(groups ?? all()),
    stop: async () => {
      stopped = true
      for (const watch of watches.values()) {
        clearTimeout(watch.timer)
        for (const [channel, loop] of watch.loops) end(watch, channel, loop)
      }
      const late = new Promise(resolve => setTimeout(resolve, STOP_MS).unref())
      await Promise.race([Promise.all(ended), late])
    },
    release: async () => {
      const given = [...watches.values()].map(({ tenure }) => tenure.release())
      for (const one of await Promise.allSettled(given)) {
        if (one.status === 'rejected') log.warn({ err: one.reason }, 'a lease for polling was not given back')
      }
    },
  }
}

function isPolled({ connector, config }: OpenChannel): boolean {
  return connector.poll?.enabled(config) === true
}
