import type { Deleted } from '../../model/change.ts'
import { rfc3339 } from '../../model/clock.ts'
import type { MessageId, WorkspaceId } from '../../model/ids.ts'
import type { Piece } from '../../model/status.ts'
import { raisedByWatermark } from '../../model/status.ts'
import type { Rows } from '../rows.ts'
import { amend, wantAmend } from './amend.ts'
import { wantOptOut } from './consent.ts'
import type { Draft } from './draft.ts'
import { applyParked, isAmendment, wantParked } from './parked.ts'
import { advance, note, observed, receiptEntry, withParts } from './progress.ts'

type Message = Rows['messages']

/** That the provider took an attempt at a part. A fact, whoever brings it (RULES C4). */
export type Acceptance = {
  part: number
  attempt: number
  providerIds: readonly string[]
  held: boolean
  at: number
  raw: string
}

export function wantAccept(
  draft: Draft,
  message: Message,
  providerIds: readonly string[],
  { part, attempt }: { part: number; attempt: number },
): void {
  const { workspace, id, channel } = message
  draft.want('queue', workspace, id)
  draft.want('history', workspace, id, acceptedEntry(part, attempt))
  draft.want('watermarks', workspace, channel, message.addressValue)
  draft.want('channels', workspace, channel)
  wantParked(draft, workspace, channel, providerIds)
  for (const [segment, providerId] of providerIds.entries()) {
    const known = draft.want('providerIds', workspace, channel, providerId)
    if (known !== undefined && known.message !== id) {
      wantAmend(draft, workspace, known.message, ours(channel, providerId, draft.now))
    }
    for (const item of draft.want('parked', workspace, channel, providerId)?.receipts ?? []) {
      if (isAmendment(item)) wantAmend(draft, workspace, id, item)
      else {
        draft.want('history', workspace, id, receiptEntry(part, segment, item))
        wantOptOut(draft, message, item.failure)
      }
    }
  }
}

/** Applies an acceptance: the part is sent, its provider ids are known, and nobody needs to send it any more. */
export function accept(draft: Draft, message: Message, told: Acceptance): void {
  const { workspace, id, channel } = message
  const { part, attempt } = told
  const queue = draft.get('queue', workspace, id)
  const echoes = withdrawEchoes(draft, message, told)
  const taken = { ...told, at: Math.min(told.at, ...echoes.map(echo => echo.providerTime ?? told.at)) }
  const news = taken.providerIds.filter(
    providerId => draft.get('providerIds', workspace, channel, providerId) === undefined,
  )
  const line = {
    entry: acceptedEntry(part, attempt),
    at: taken.at,
    kind: 'accepted',
    part,
    attempt,
    status: taken.held ? 'pending' : 'sent',
    raw: taken.raw,
    detail: queue?.attemptedAt == null ? null : { attemptedAt: rfc3339(queue.attemptedAt) },
  } as const
  // The queue still waits for this very attempt: nobody can have told of its acceptance before.
  const isFirst = queue !== undefined && queue.part === part && queue.attempts === attempt
  if (isFirst) draft.insert('history', { workspace, message: id, ...line })
  else if (!note(draft, message, line) && news.length === 0) return
  for (const providerId of news) {
    const segment = taken.providerIds.indexOf(providerId)
    draft.put('providerIds', { workspace, channel, providerId, message: id, part, segment, attempt })
  }
  const current = draft.get('messages', workspace, id) ?? message
  const pieces = raisedByClocks(
    draft,
    current,
    withAccepted(withParts(current.pieces, queue?.parts ?? 1), taken),
  )
  const settled = {
    ...current,
    providerIds: [...current.providerIds, ...news, ...echoes.flatMap(echo => echo.providerIds)],
    attempts: Math.max(current.attempts, attempt, queue?.attempts ?? 0),
    queued: current.queued || (queue?.queued ?? false),
    uncertain: false,
  }
  advance(draft, settled, pieces, taken)
  goOn(draft, workspace, id, part, attempt)
  for (const providerId of news) applyParked(draft, workspace, channel, providerId)
}

/**
 * Echoes that overtook the answer to our own send and did not say whose they were: taken for messages that somebody
 * wrote elsewhere, until now. They are erased, for they are this one. Their ids stay theirs: a row of `providerIds` is
 * written once, and watermarks, which go by time, find the message all the same.
 */
function withdrawEchoes(draft: Draft, message: Message, { providerIds }: Acceptance): Message[] {
  const { workspace, id, channel } = message
  return providerIds.flatMap(providerId => {
    const known = draft.get('providerIds', workspace, channel, providerId)
    const echo = known?.message === id ? undefined : known && draft.get('messages', workspace, known.message)
    if (echo?.sourceKind !== 'echo' || echo.deletedAt !== null) return []
    amend(draft, echo, ours(channel, providerId, draft.now))
    return [echo]
  })
}

function ours(channel: Message['channel'], providerId: string, at: number): Deleted {
  return { kind: 'deleted', channel, key: `${providerId} is ours`, of: providerId, at }
}

/** RULES D5: a part whose time of sending turns out to be earlier compares itself with the clock anew. */
export function compareWithClocks(draft: Draft, workspace: WorkspaceId, id: MessageId): void {
  const message = draft.get('messages', workspace, id)
  if (message === undefined) return
  const pieces = raisedByClocks(draft, message, message.pieces)
  if (pieces.some((piece, index) => piece !== message.pieces[index])) {
    const at = Math.max(...pieces.map(({ times }) => times.read ?? times.received ?? 0))
    advance(draft, message, pieces, { at, raw: null })
  }
}

function acceptedEntry(part: number, attempt: number): string {
  return `attempt ${attempt} accepted ${part}`
}

function withAccepted(pieces: Piece[], taken: Acceptance): Piece[] {
  const segments = Math.max(1, taken.providerIds.length)
  let accepted = pieces
  for (let segment = 0; segment < segments; segment++) {
    if (!taken.held) {
      accepted = observed(accepted, taken.part, segment, { status: 'sent', at: taken.at })
    } else if (!accepted.some(piece => piece.part === taken.part && piece.segment === segment)) {
      accepted = [...accepted, { part: taken.part, segment, status: 'pending', times: {} }]
    }
  }
  return accepted
}

/** RULES D5: a part that is accepted after the watermark came compares itself with the clock. */
function raisedByClocks(draft: Draft, message: Message, pieces: Piece[]): Piece[] {
  const clocks = draft.get('watermarks', message.workspace, message.channel, message.addressValue)
  if (clocks === undefined) return pieces
  const { received, read } = clocks
  return pieces.map(piece =>
    raisedByWatermark(raisedByWatermark(piece, { status: 'received', clock: received }), {
      status: 'read',
      clock: read,
    }),
  )
}

/** The queue's row after a part was taken: the next part, or none. An attempt that is newer still waits. */
function goOn(draft: Draft, workspace: WorkspaceId, id: MessageId, part: number, attempt: number): void {
  const queue = draft.get('queue', workspace, id)
  if (queue === undefined || queue.part !== part) return
  if (queue.state === 'attempted' && queue.attempts > attempt) return
  const last = queue.lastPart ?? (queue.parts ?? 1) - 1
  if (part >= last) {
    draft.remove('queue', workspace, id)
    return
  }
  const held = queue.state === 'attempted' || queue.state === 'claimed'
  draft.put('queue', {
    ...queue,
    state: held ? 'claimed' : 'ready',
    readyAt: draft.now,
    part: part + 1,
    partAttempts: 0,
    resends: 0,
    attemptedAt: null,
    resolveAt: null,
  })
  if (!held) draft.work.add(queue.senderGroup)
}
