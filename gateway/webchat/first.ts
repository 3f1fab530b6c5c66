import type { Directory } from '../../connectors/directory.ts'
import { webchat } from '../../connectors/webchat/webchat.ts'
import type { ChannelCreated } from '../../model/change.ts'
import type { ChannelId, WorkspaceId } from '../../model/ids.ts'
import { senderGroupOf } from '../channels.ts'

/** The channel of a first start: a chat that no website but our own demo page may show. */
export function firstSite(id: ChannelId): ChannelCreated {
  const config = { origins: [] }
  return {
    kind: 'channelCreated',
    id,
    connector: webchat.connector,
    name: 'Website',
    config,
    providerKey: webchat.keyOf(config as never, id),
    senderGroup: senderGroupOf(webchat, config, id),
  }
}

/** The demo page of the workspace's oldest chat. */
export function demoUrlOf(
  { directory, workspace }: { directory: Directory; workspace: WorkspaceId },
  url: string,
): string | null {
  const ids = directory.ofConnector(webchat.connector).filter(channel => channel.workspace === workspace)
  const [oldest] = ids.map(({ id }) => id).sort()
  return oldest === undefined ? null : `${url}/webchat/${oldest}/demo`
}
