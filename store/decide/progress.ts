import type { Receipt } from '../../model/change.ts'
import { rfc3339 } from '../../model/clock.ts'
import { ATTEMPTS_MAX, type Failure, kindOf } from '../../model/failure.ts'
import { type Observation, observe, observeMember, type Piece, statusOf } from '../../model/status.ts'
import type { Rows } from '../rows.ts'
import { failureView } from '../view.ts'
import { noteOptOut } from './consent.ts'
import type { Draft } from './draft.ts'
import { laneOf } from './messages.ts'

type Message = Rows['messages']

/** A piece of a message, and the attempt that a receipt speaks of. */
export type Target = { message: Message; part: number; segment: number; attempt: number }

/** One line of the message's timeline. The same entry twice is one line; false if it was there. */
export function note(
  draft: Draft,
  message: Message,
  line: Omit<Rows['history'], 'workspace' | 'message'>,
): boolean {
  const { workspace, id } = message
  if (draft.want('history', workspace, id, line.entry) !== undefined) return false
  draft.put('history', { workspace, message: id, ...line })
  return true
}

/** Writes the message with other pieces, and tells the log if its status changed by it (RULES D7). */
export function advance(
  draft: Draft,
  message: Message,
  pieces: Piece[],
  told: { at: number; raw: string | null; failure?: Failure | undefined },
): Message {
  const status = statusOf(pieces)
  const previous = message.status
  const advanced = { ...message, pieces, status }
  draft.put('messages', advanced)
  if (status === previous) return advanced
  const failure = status === 'failed' ? failureView(pieces.find(isFailed)?.failure ?? null) : null
  const data = {
    id: message.id,
    channel: message.channel,
    contact: message.contact,
    conversation: message.conversation,
    broadcast: message.broadcast,
    status,
    previous,
    at: rfc3339(told.at),
    raw: told.raw,
    failure,
  }
  const { workspace, id: subject } = message
  draft.event({ workspace, type: 'message.status', subject, data, kept: data })
  if (status === 'failed') draft.event({ workspace, type: 'message.failed', subject, data, kept: data })
  return advanced
}

function isFailed(piece: Piece): boolean {
  return piece.status === 'failed' && !piece.notSent
}

/** The pieces after one observation; a piece nobody knew of is made. The same array if nothing changed. */
export function observed(pieces: Piece[], part: number, segment: number, seen: Observation): Piece[] {
  return changed(pieces, part, segment, piece => observe(piece, seen))
}

function changed(pieces: Piece[], part: number, segment: number, after: (piece: Piece) => Piece): Piece[] {
  const index = pieces.findIndex(piece => piece.part === part && piece.segment === segment)
  const known = pieces[index] ?? { part, segment, status: 'pending', times: {} }
  const next = after(known)
  if (next === known) return pieces
  return index === -1 ? sorted([...pieces, next]) : pieces.with(index, next)
}

/** Pieces for all parts, so that the lowest of them counts even before they are sent (RULES D2). */
export function withParts(pieces: Piece[], parts: number): Piece[] {
  const missing: Piece[] = []
  for (let part = 0; part < parts; part++) {
    if (!pieces.some(piece => piece.part === part))
      missing.push({ part, segment: 0, status: 'pending', times: {} })
  }
  return missing.length === 0 ? pieces : sorted([...pieces, ...missing])
}

function sorted(pieces: Piece[]): Piece[] {
  return pieces.sort((a, b) => a.part - b.part || a.segment - b.segment)
}

/** RULES D1: a part failed for good; what would have come after it was never handed over. */
export function failedFrom(pieces: Piece[], part: number, failure: Failure, at: number): Piece[] {
  return notSentFrom(observed(pieces, part, 0, { status: 'failed', at, failure }), part + 1, at)
}

function notSentFrom(pieces: Piece[], part: number, at: number): Piece[] {
  return pieces.map(piece =>
    piece.part >= part && piece.status === 'pending'
      ? { ...piece, status: 'failed', times: { failed: at }, failure: { code: 'notSent' }, notSent: true }
      : piece,
  )
}

/** A part that was taken failed after all: later parts that did not leave yet are not sent. */
function stopAfter(draft: Draft, message: Message, pieces: Piece[], part: number, at: number): Piece[] {
  const queue = draft.want('queue', message.workspace, message.id)
  if (queue === undefined || queue.part <= part || (queue.state !== 'ready' && queue.state !== 'claimed'))
    return pieces
  draft.remove('queue', message.workspace, message.id)
  return notSentFrom(withParts(pieces, queue.parts ?? 1), queue.part, at)
}

export function receiptEntry(part: number, segment: number, receipt: Receipt): string {
  const { raw, at, member } = receipt
  return `receipt ${part}.${segment} ${raw} ${at}${member === undefined ? '' : ` ${member}`}`
}

/** Applies what a receipt tells to the piece it is about. False if it told nothing new (RULES D6). */
export function tell(draft: Draft, target: Target, receipt: Receipt): boolean {
  const { part, segment, attempt } = target
  const message = draft.get('messages', target.message.workspace, target.message.id) ?? target.message
  const isNew = note(draft, message, {
    entry: receiptEntry(part, segment, receipt),
    at: receipt.at,
    kind: 'receipt',
    part,
    attempt,
    status: receipt.status === 'pending' ? null : receipt.status,
    raw: receipt.raw,
    detail: detailOf(receipt),
  })
  if (!isNew || receipt.status === 'pending') return false
  if (receipt.member !== undefined) return tellMember(draft, message, target, receipt)
  const piece = message.pieces.find(known => known.part === part && known.segment === segment)
  if (
    receipt.failure !== undefined &&
    piece?.status !== 'failed' &&
    sendsAgain(draft, target, receipt.failure)
  )
    return true
  let pieces = observed(message.pieces, part, segment, {
    status: receipt.status,
    at: receipt.at,
    ...(receipt.failure === undefined ? {} : { failure: receipt.failure }),
  })
  if (receipt.status === 'failed' && pieces !== message.pieces) {
    pieces = stopAfter(draft, message, pieces, part, receipt.at)
  }
  if (pieces !== message.pieces) advance(draft, message, pieces, { at: receipt.at, raw: receipt.raw })
  noteOptOut(draft, message, receipt.failure, receipt.at)
  return true
}

/** What one member of a group tells: never a reason to send to the whole group again. */
function tellMember(draft: Draft, message: Message, { part, segment }: Target, receipt: Receipt): boolean {
  const { member = '', status, at, raw } = receipt
  if (status === 'pending') return false
  const pieces = changed(message.pieces, part, segment, piece => observeMember(piece, member, { status, at }))
  if (pieces !== message.pieces) advance(draft, message, pieces, { at, raw })
  return true
}

/** Where a failure and other facts use one name, the failure's counts. */
function detailOf({ detail, failure, member }: Receipt): Record<string, unknown> | null {
  if (detail === undefined && failure === undefined && member === undefined) return null
  return { ...detail, ...(member !== undefined && { member }), ...failure }
}

const SEND_AGAIN_MS = 30_000

/**
 * RULES C8: a failure that is worth another try ends the attempt, not the part. The part stays as it is and gets a
 * queue row of its own again; only the newest attempt's failure counts, and only while there is time.
 */
function sendsAgain(draft: Draft, { message, part, attempt }: Target, failure: Failure): boolean {
  if (kindOf(failure).retry === 'never' || message.sourceKind === 'echo') return false
  const current = draft.get('messages', message.workspace, message.id) ?? message
  const piece = current.pieces.find(known => known.part === part)
  if (piece !== undefined && (piece.status === 'received' || piece.status === 'read')) return false
  if (attempt < current.attempts || current.attempts >= (failure.attemptsMax ?? ATTEMPTS_MAX)) return false
  const delay = failure.retryAfterMs ?? SEND_AGAIN_MS * 2 ** (current.attempts - 1)
  const readyAt = draft.now + delay
  const expiresAt = current.expiresAt ?? 0
  if (readyAt >= expiresAt || draft.want('queue', current.workspace, current.id) !== undefined) return false
  const channel = draft.want('channels', current.workspace, current.channel)
  if (channel === undefined || channel.deletedAt !== null) return false
  draft.put('queue', queuedAgain(draft, current, channel.senderGroup, { part, readyAt, expiresAt }))
  draft.work.add(channel.senderGroup)
  return true
}

function queuedAgain(
  draft: Draft,
  message: Message,
  senderGroup: string,
  again: { part: number; readyAt: number; expiresAt: number },
): Rows['queue'] {
  return {
    workspace: message.workspace,
    message: message.id,
    state: 'ready',
    senderGroup,
    channel: message.channel,
    lane: laneOf(message.sourceKind),
    position: draft.get('workspaces', message.workspace)?.head ?? 0,
    readyAt: again.readyAt,
    expiresAt: again.expiresAt,
    fence: 0,
    part: again.part,
    lastPart: again.part,
    parts: Math.max(1, ...message.pieces.map(piece => piece.part + 1)),
    attempts: message.attempts,
    partAttempts: message.attempts,
    queued: message.queued,
    attemptedAt: null,
    resolveAt: null,
    resends: 0,
    heardAt: null,
  }
}
