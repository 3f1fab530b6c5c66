import type { Receipt } from '../../model/change.ts'
import type { ChannelId, WorkspaceId } from '../../model/ids.ts'
import type { Draft } from './draft.ts'
import { tell } from './progress.ts'
import { countDown, countUp } from './rule.ts'

/** Receipts that came before what they are about (RULES D6). */

/** How many ids of a channel may have receipts parked. */
const PARKED_MAX = 10_000
/** How many receipts of one id are kept: a message has four statuses, a provider repeats itself. */
const RECEIPTS_MAX = 16

const counter = (channel: ChannelId): string => `parked ${channel}`

export function wantParked(
  draft: Draft,
  workspace: WorkspaceId,
  channel: ChannelId,
  ids: readonly string[],
): void {
  draft.want('counters', workspace, counter(channel))
  for (const id of ids) draft.want('parked', workspace, channel, id)
}

/** Keeps a receipt for an id that is not known yet. False when the channel has too many. */
export function park(draft: Draft, workspace: WorkspaceId, id: string, receipt: Receipt): boolean {
  const { channel } = receipt
  const known = draft.get('parked', workspace, channel, id)
  if (known === undefined && !countUp(draft, workspace, counter(channel), PARKED_MAX)) return false
  const receipts = known?.receipts ?? []
  const repeated = receipts.some(one => one.raw === receipt.raw && one.at === receipt.at)
  if (repeated || receipts.length >= RECEIPTS_MAX) return true
  draft.put('parked', {
    workspace,
    channel,
    of: id,
    receipts: [...receipts, receipt],
    at: known?.at ?? draft.now,
  })
  return true
}

/** Applies what was parked for a provider id that is known now. */
export function applyParked(
  draft: Draft,
  workspace: WorkspaceId,
  channel: ChannelId,
  providerId: string,
): void {
  const parked = draft.get('parked', workspace, channel, providerId)
  const found = draft.get('providerIds', workspace, channel, providerId)
  if (parked === undefined || found === undefined) return
  draft.remove('parked', workspace, channel, providerId)
  countDown(draft, workspace, counter(channel))
  for (const receipt of parked.receipts) {
    const message = draft.get('messages', workspace, found.message)
    if (message !== undefined) tell(draft, { ...found, message }, receipt)
  }
}
