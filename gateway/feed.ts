import type { Bus, Subscription } from '../bus/bus.ts'
import type { AnyConnector } from '../connectors/connector.ts'
import type { Directory } from '../connectors/directory.ts'
import type { Clock } from '../model/clock.ts'
import type { ChannelId, WorkspaceId } from '../model/ids.ts'
import type { Log } from '../model/log.ts'
import type { Sealer } from '../store/seal.ts'
import type { Store, StoredChannel } from '../store/store.ts'
import { openChannel } from './channels.ts'

export type FeedOptions = {
  store: Store
  bus: Bus
  directory: Directory
  sealer: Sealer
  connectorOf: (name: string) => AnyConnector | undefined
  clock: Clock
  log: Log
  /** Sender groups whose channels changed: what was held may go now. */
  changed: (groups: string[]) => void
}

/** Keeps the directory of open channels equal to the store. */
export type Feed = {
  /** Reads a workspace's channels again, or those of all; done when the directory shows what is stored now. */
  refresh(workspace?: WorkspaceId): Promise<void>
  stop(): Promise<void>
}

const EVENTS_MAX = 10_000
/** Predecessors of replaced secrets end by themselves (RULES G2); so does whatever an event failed to tell. */
const REREAD_MS = 3_600_000

/** @throws WrongKey if a channel was sealed with a key that we do not have. */
export async function createFeed(options: FeedOptions): Promise<Feed> {
  const { store, bus, clock, log } = options
  const seen = new Map<ChannelId, string>()
  const read = async (workspace: WorkspaceId | undefined, strict: boolean): Promise<void> => {
    const stored = await store.query('channels', workspace === undefined ? {} : { workspace })
    apply(options, seen, stored, workspace, strict)
  }
  // One read at a time: a slower earlier one must not overwrite what a later one saw.
  let last: Promise<void> = Promise.resolve()
  const refresh = (workspace?: WorkspaceId): Promise<void> => {
    const next = last.then(() => read(workspace, false))
    last = next.catch((error: unknown) => log.warn({ err: error }, 'the channels could not be read'))
    return next
  }
  let stopped = false
  let subscription = subscribe(bus)
  await read(undefined, true)
  const timer = setInterval(() => void refresh().catch(() => {}), REREAD_MS)
  timer.unref()
  const follow = async (): Promise<void> => {
    while (!stopped) {
      await followOne(subscription, refresh)
      if (stopped) return
      subscription = subscribe(bus)
      await refresh().catch(() => {})
      // A bus that ends at once must not turn this into a busy loop.
      await new Promise(resolve => setTimeout(resolve, 100))
    }
  }
  log.debug({ channels: seen.size, at: clock.now() }, 'channels opened')
  const following = follow()
  return {
    refresh,
    stop: async () => {
      stopped = true
      clearInterval(timer)
      subscription.close()
      await following
      await last
    },
  }
}

function subscribe(bus: Bus): Subscription {
  return bus.subscribe({ name: 'channels', workspace: '*', eventsMax: EVENTS_MAX })
}

async function followOne(
  subscription: Subscription,
  refresh: (workspace: WorkspaceId) => Promise<void>,
): Promise<void> {
  for await (const batch of subscription) {
    if (batch.dropped) return
    const workspaces = new Set<WorkspaceId>()
    for (const event of batch.events) {
      if (event.type.startsWith('channel.')) workspaces.add(event.workspace)
    }
    for (const workspace of workspaces) await refresh(workspace).catch(() => {})
  }
}

function apply(
  { directory, sealer, connectorOf, clock, log, changed }: FeedOptions,
  seen: Map<ChannelId, string>,
  stored: readonly StoredChannel[],
  workspace: WorkspaceId | undefined,
  strict: boolean,
): void {
  const groups = new Set<string>()
  const present = new Set<ChannelId>()
  for (const channel of stored) {
    present.add(channel.id)
    const mark = JSON.stringify(channel)
    const hasPredecessors = Object.hasOwn(channel.config, '$previous')
    if (seen.get(channel.id) === mark && !hasPredecessors) continue
    const connector = connectorOf(channel.connector)
    if (connector === undefined) {
      if (!seen.has(channel.id)) log.error({ channel: channel.id }, `no connector ${channel.connector}`)
      seen.set(channel.id, mark)
      continue
    }
    try {
      directory.set(openChannel(connector, sealer, channel, clock.now()))
      seen.set(channel.id, mark)
      groups.add(channel.senderGroup)
    } catch (error) {
      if (strict) throw error
      log.error({ err: error, channel: channel.id }, 'the channel could not be opened')
    }
  }
  for (const channel of [...directory.all()]) {
    if (present.has(channel.id) || (workspace !== undefined && channel.workspace !== workspace)) continue
    directory.remove(channel.id)
    seen.delete(channel.id)
    groups.add(channel.senderGroup)
  }
  if (groups.size > 0) changed([...groups])
}
