import type { Deleted, Edited } from '../../model/change.ts'
import type { ChannelId, WorkspaceId } from '../../model/ids.ts'
import type { Parked } from '../rows.ts'
import { amend } from './amend.ts'
import type { Draft } from './draft.ts'
import { tell } from './progress.ts'
import { countDown, countUp } from './rule.ts'

/** Receipts, edits and deletions that came before what they are about (RULES D6). */

/** How many ids of a channel may have something parked. */
const PARKED_MAX = 10_000
/** How much of one id is kept: a message has four statuses, a group tells them by member, a provider repeats itself. */
const ITEMS_MAX = 64

const counter = (channel: ChannelId): string => `parked ${channel}`

export function wantParked(
  draft: Draft,
  workspace: WorkspaceId,
  channel: ChannelId,
  ids: readonly string[],
): void {
  draft.want('counters', workspace, counter(channel))
  for (const id of ids) {
    for (const item of draft.want('parked', workspace, channel, id)?.receipts ?? []) {
      if (isAmendment(item)) draft.want('seen', workspace, channel, item.key)
    }
  }
}

/** Keeps something about an id that is not known yet. False when the channel has too many. */
export function park(draft: Draft, workspace: WorkspaceId, id: string, item: Parked): boolean {
  const { channel } = item
  const known = draft.get('parked', workspace, channel, id)
  if (known === undefined && !countUp(draft, workspace, counter(channel), PARKED_MAX)) return false
  const items = known?.receipts ?? []
  if (items.some(one => isSame(one, item)) || items.length >= ITEMS_MAX) return true
  draft.put('parked', {
    workspace,
    channel,
    of: id,
    receipts: [...items, item],
    at: known?.at ?? draft.now,
  })
  return true
}

function isSame(a: Parked, b: Parked): boolean {
  if (isAmendment(a) || isAmendment(b)) return isAmendment(a) && isAmendment(b) && a.key === b.key
  return a.raw === b.raw && a.at === b.at && a.member === b.member
}

export function isAmendment(item: Parked): item is Edited | Deleted {
  return item.kind !== 'receipt'
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
  for (const item of parked.receipts) {
    const message = draft.get('messages', workspace, found.message)
    if (message === undefined) continue
    if (isAmendment(item)) amend(draft, message, item)
    else tell(draft, { ...found, message }, item)
  }
}
