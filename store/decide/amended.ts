import type { Deleted, Edited } from '../../model/change.ts'
import type { WorkspaceId } from '../../model/ids.ts'
import type { Rows } from '../rows.ts'
import { amend, wantAmend } from './amend.ts'
import type { Draft } from './draft.ts'
import { park, wantParked } from './parked.ts'
import { type Rule, refused } from './rule.ts'

/** A provider tells that a message was edited or taken back, before or after it told of the message itself. */
export const amended: Rule<Edited | Deleted> = {
  want: (draft, workspace, change) => {
    const { channel, of, key } = change
    for (const other of othersOf(change)) {
      draft.want('seen', workspace, channel, other.key)
      const found = draft.want('providerIds', workspace, channel, other.of)
      if (found !== undefined) wantAmend(draft, workspace, found.message, other)
    }
    draft.want('channels', workspace, channel)
    // The message may come in the same group.
    draft.want('seen', workspace, channel, key)
    const found = draft.want('providerIds', workspace, channel, of)
    if (found === undefined) wantParked(draft, workspace, channel, [of])
    else wantAmend(draft, workspace, found.message, change)
  },
  decide: (draft, workspace, change) => {
    const channel = draft.get('channels', workspace, change.channel)
    if (channel === undefined || channel.deletedAt !== null) {
      return refused('notFound', `no channel ${change.channel}`)
    }
    for (const other of othersOf(change)) {
      const found = draft.get('providerIds', workspace, change.channel, other.of)
      const message = found && draft.want('messages', workspace, found.message)
      if (message !== undefined) amend(draft, message, other)
    }
    const found = draft.get('providerIds', workspace, change.channel, change.of)
    const message = found && draft.want('messages', workspace, found.message)
    if (message !== undefined) return amend(draft, message, change)
    return parkEarly(draft, workspace, channel, change)
  },
}

/** The same about the other messages that were read out of the provider's one. */
function othersOf(change: Edited | Deleted): Deleted[] {
  if (change.kind === 'edited') return []
  const { also = [], ...deleted } = change
  return also.map(of => ({ ...deleted, of, key: `${change.key} ${of}` }))
}

/** Longer than anything stays parked, so that it need not be written anew for each. */
const EARLY_MS = 36 * 3_600_000
const PARKED_MS = 24 * 3_600_000

/**
 * An inbound message does not look for what was parked, because nearly never is there anything, and it would be one
 * more row to read for each. So the channel, which is read anyway, says that something is.
 */
function parkEarly(
  draft: Draft,
  workspace: WorkspaceId,
  channel: Rows['channels'],
  change: Edited | Deleted,
): ReturnType<typeof amend> {
  if (!park(draft, workspace, change.of, change)) {
    return refused('full', 'too much of this channel is about unknown messages')
  }
  if ((channel.earlyUntil ?? 0) < draft.now + PARKED_MS) {
    draft.put('channels', { ...channel, earlyUntil: draft.now + EARLY_MS })
  }
  return { ok: true }
}

/** Whether something may wait on this channel for a message that comes in now. */
export function hasEarly(channel: Rows['channels'] | undefined, now: number): boolean {
  return (channel?.earlyUntil ?? 0) > now
}
