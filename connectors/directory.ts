import type { ChannelStatus, Health, Live } from '../model/channel.ts'
import type { ChannelId, WorkspaceId } from '../model/ids.ts'
import type { AnyConnector } from './connector.ts'

/** A channel ready for use: its connector found, its config checked and its secrets open. Never leaves the process. */
export type OpenChannel = {
  id: ChannelId
  workspace: WorkspaceId
  connector: AnyConnector
  name: string
  status: ChannelStatus
  /** Has the shape of `connector.config`; `never` because only the connector may look inside. */
  config: never
  providerKey: string
  senderGroup: string
  health: Health
  /** What the provider last told; `connector.limits` reads it. */
  live: Live
}

/**
 * The open channels of this node, in memory: what a webhook and a send look up without a read. The gateway fills it
 * from the store and keeps it current by following `channel.*` events.
 */
export type Directory = {
  get(id: ChannelId): OpenChannel | undefined
  all(): Iterable<OpenChannel>
  ofConnector(connector: string): readonly OpenChannel[]
  ofGroup(group: string): readonly OpenChannel[]
  set(channel: OpenChannel): void
  remove(id: ChannelId): void
  /** Grows with every change, so that what is derived from the directory knows when it is old. */
  version(): number
}

export function createDirectory(): Directory {
  const channels = new Map<ChannelId, OpenChannel>()
  let version = 0
  let byConnector: Map<string, OpenChannel[]> | undefined
  let byGroup: Map<string, OpenChannel[]> | undefined
  const changed = (): void => {
    version += 1
    byConnector = undefined
    byGroup = undefined
  }
  return {
    get: id => channels.get(id),
    all: () => channels.values(),
    ofConnector: connector => {
      byConnector ??= Map.groupBy(channels.values(), channel => channel.connector.connector)
      return byConnector.get(connector) ?? []
    },
    ofGroup: group => {
      byGroup ??= Map.groupBy(channels.values(), channel => channel.senderGroup)
      return byGroup.get(group) ?? []
    },
    set: channel => {
      channels.set(channel.id, channel)
      changed()
    },
    remove: id => {
      if (channels.delete(id)) changed()
    },
    version: () => version,
  }
}
