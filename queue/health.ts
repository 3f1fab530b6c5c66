import type { OpenChannel } from '../connectors/directory.ts'
import type { Group } from './group.ts'
import type { Line } from './line.ts'

/** What a send told about its channel, if that is news. */
export function tellHealth(
  group: Group,
  line: Line,
  channel: OpenChannel,
  health: { state: 'ok' } | { state: 'failing'; why: string },
): void {
  // A webhook, or a check, may have told something newer than the queue did.
  const last = (line.told?.at ?? -1) >= (channel.health.at ?? 0) ? line.told : channel.health
  if (last?.state === health.state) return
  const at = group.needs.clock.now()
  line.told = { state: health.state, at }
  group.ledger.write(channel.workspace, {
    kind: 'channelHealth',
    channel: channel.id,
    health: { ...health, at },
  })
}
