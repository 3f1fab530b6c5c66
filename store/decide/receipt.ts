import type { Outcome, Receipt } from '../../model/change.ts'
import type { WorkspaceId } from '../../model/ids.ts'
import { readReference } from '../../model/message.ts'
import { raisedByWatermark } from '../../model/status.ts'
import { wantOptOut } from './consent.ts'
import { type Draft, RAISED_MAX } from './draft.ts'
import { park, wantParked } from './parked.ts'
import { advance, receiptEntry, type Target, tell } from './progress.ts'
import { type Rule, refused } from './rule.ts'
import { accept, wantAccept } from './taken.ts'

/** What a provider tells about a message of ours, in any order and any number of times (RULES D). */
export const receipt: Rule<Receipt> = {
  want: (draft, workspace, change) => {
    draft.want('channels', workspace, change.channel)
    if ('upTo' in change.of) {
      const address = change.of.address.value
      draft.want('watermarks', workspace, change.channel, address)
      draft.wantRaisable({ workspace, channel: change.channel, address, clock: change.of.upTo })
      return
    }
    const ids = namesOf(change)
    wantParked(draft, workspace, change.channel, ids)
    const target = wantTarget(draft, workspace, change)
    if (target === undefined) return
    const { message, part, segment } = target
    draft.want('history', workspace, message.id, receiptEntry(part, segment, change))
    wantOptOut(draft, message, change.failure)
    wantAccept(draft, message, providerIdsOf(change), provenBy(change) ?? target)
  },

  decide: (draft, workspace, change) => {
    if (draft.get('channels', workspace, change.channel) === undefined) {
      return refused('notFound', `no channel ${change.channel}`)
    }
    if ('upTo' in change.of) return raise(draft, workspace, change, change.of.upTo, change.of.address.value)
    const target = wantTarget(draft, workspace, change)
    if (target === undefined) {
      const [name = ''] = namesOf(change)
      if (park(draft, workspace, name, change)) return { ok: true }
      return refused('full', 'too many receipts of this channel are about unknown messages')
    }
    proveAccepted(draft, target, change)
    return { ok: true, id: target.message.id, duplicate: !tell(draft, target, change) }
  },
}

/** The names by which the message may be known, the provider's first. */
function namesOf({ of }: Receipt): string[] {
  if ('upTo' in of) return []
  if ('providerId' in of) return of.reference === undefined ? [of.providerId] : [of.providerId, of.reference]
  return [of.reference]
}

function wantTarget(draft: Draft, workspace: WorkspaceId, change: Receipt): Target | undefined {
  const { of, channel } = change
  if ('upTo' in of) return undefined
  if ('providerId' in of) {
    const found = draft.want('providerIds', workspace, channel, of.providerId)
    const message = found && draft.want('messages', workspace, found.message)
    if (found !== undefined) return message && { ...found, message }
  }
  const named = of.reference === undefined ? undefined : readReference(of.reference)
  const message = named && draft.want('messages', workspace, named.message)
  if (named === undefined || message === undefined || message.channel !== channel) return undefined
  return { message, part: named.part, segment: 0, attempt: named.attempt }
}

/**
 * A receipt that carries our reference proves that the provider took the attempt, even if its answer never came, and
 * even if it failed later: whoever waits for that answer, or for the policy on uncertain sends, is done (RULES C4).
 */
function proveAccepted(draft: Draft, { message }: Target, change: Receipt): void {
  const proven = provenBy(change)
  if (proven?.message !== message.id) return
  accept(draft, message, {
    part: proven.part,
    attempt: proven.attempt,
    providerIds: providerIdsOf(change),
    held: change.status === 'pending',
    at: change.at,
    raw: change.raw,
  })
}

function provenBy({ of }: Receipt): ReturnType<typeof readReference> {
  return 'upTo' in of || of.reference === undefined ? undefined : readReference(of.reference)
}

function providerIdsOf({ of }: Receipt): string[] {
  return 'providerId' in of ? [of.providerId] : []
}

/** RULES D5: everything to this address up to the clock was received, or read. */
function raise(
  draft: Draft,
  workspace: WorkspaceId,
  change: Receipt,
  clock: number,
  address: string,
): Outcome {
  const { status, channel } = change
  if (status !== 'received' && status !== 'read')
    return refused('state', 'a watermark tells received or read')
  const known = draft.get('watermarks', workspace, channel, address)
  const received = Math.max(known?.received ?? 0, clock)
  const read = status === 'read' ? Math.max(known?.read ?? 0, clock) : (known?.read ?? 0)
  draft.put('watermarks', { workspace, channel, address, received, read })
  const rows = draft.wantRaisable({ workspace, channel, address, clock })
  let raised = 0
  for (const row of rows) {
    const pieces = row.pieces.map(piece => raisedByWatermark(piece, { status, clock }))
    if (pieces.every((piece, index) => piece === row.pieces[index])) continue
    advance(draft, row, pieces, { at: clock, raw: change.raw })
    raised += 1
  }
  return { ok: true, more: raised === RAISED_MAX }
}
