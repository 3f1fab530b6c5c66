import type { Failure } from './failure.ts'

/**
 * The status of an outbound message: a ladder and a join (RULES D).
 *
 * What a provider reports on is a *piece*: a part of the message, or one segment of a part. A piece has a rank
 * that only climbs; the message's status is read off its pieces. Because both are maxima and minima, receipts may
 * come in any order, any number of times, and give the same result.
 */
export type Status = 'pending' | 'sent' | 'failed' | 'received' | 'read'

/** `failed` stands between: it overrules `sent`, and a proof of delivery overrules it (RULES D1). */
export const RANK = { pending: 0, sent: 1, failed: 2, received: 3, read: 4 } as const satisfies Record<
  Status,
  number
>

export type StatusTimes = { [S in Status]?: number }

export type Piece = {
  part: number
  segment: number
  status: Status
  /** Per status the earliest provider time at which it certainly held; no `pending`. */
  times: StatusTimes
  /** Of the earliest failed receipt, whether or not it stands. */
  failure?: Failure
  /** Never handed over because an earlier part failed for good: no receipt can be about it. */
  notSent?: true
  /** Of a message to a group: the highest status of each member whose phone told one. */
  members?: Record<string, Status>
}

/** Members of a group whose statuses are kept; what further ones tell still counts for the group. */
const MEMBERS_MAX = 1024

/** One thing told about a piece. `at` is the provider's time, or ours where it tells none. */
export type Observation = { status: Exclude<Status, 'pending'>; at: number; failure?: Failure }

const LADDER = ['sent', 'received', 'read'] as const

/** The piece after an observation. Returns the same object when it tells nothing new. */
export function observe(piece: Piece, seen: Observation): Piece {
  if (piece.notSent) return piece
  const times = { ...piece.times }
  let failure = piece.failure
  if (seen.status === 'failed') {
    if (earlierFailure(seen, piece)) {
      times.failed = seen.at
      failure = seen.failure
    }
  } else {
    for (const step of LADDER) {
      if (RANK[step] <= RANK[seen.status]) times[step] = Math.min(times[step] ?? seen.at, seen.at)
    }
  }
  const status = RANK[seen.status] > RANK[piece.status] ? seen.status : piece.status
  if (status === piece.status && failure === piece.failure && sameTimes(times, piece.times)) return piece
  return { ...piece, status, times, ...(failure === undefined ? {} : { failure }) }
}

/**
 * The piece after one member of a group told something. The first phone that has it makes it `received`; that one
 * member read it does not make it `read`, and that it failed for one does not make it `failed`: only what is told of
 * the group as a whole does. A join like `observe`.
 */
export function observeMember(piece: Piece, member: string, seen: Observation): Piece {
  if (piece.notSent) return piece
  const { at, status } = seen
  const whole =
    status === 'failed' ? piece : observe(piece, { status: status === 'sent' ? 'sent' : 'received', at })
  const members = piece.members ?? {}
  const known = Object.hasOwn(members, member) ? members[member] : undefined
  if (known !== undefined && RANK[known] >= RANK[status]) return whole
  if (known === undefined && Object.keys(members).length >= MEMBERS_MAX) return whole
  return { ...whole, members: { ...members, [member]: status } }
}

/** How many members have every piece, and how many read every piece; null where none told anything. */
export function membersOf(pieces: readonly Piece[]): { received: number; read: number } | null {
  if (!pieces.some(piece => piece.members !== undefined)) return null
  const counts = { received: 0, read: 0 }
  for (const member of Object.keys(pieces[0]?.members ?? {})) {
    const ranks = pieces.map(({ members }) => RANK[members?.[member] ?? 'pending'])
    if (ranks.every(rank => rank >= RANK.received)) counts.received += 1
    if (ranks.every(rank => rank >= RANK.read)) counts.read += 1
  }
  return counts
}

/** Of two failures the earlier is kept, of two at one moment the lesser code: the choice may not depend on order. */
function earlierFailure(seen: Observation, piece: Piece): boolean {
  const known = piece.times.failed
  if (known === undefined || seen.at < known) return true
  return seen.at === known && failureKey(seen.failure) < failureKey(piece.failure)
}

function failureKey(failure: Failure | undefined): string {
  return failure === undefined
    ? ''
    : JSON.stringify([failure.code, failure.provider?.code ?? '', failure.provider?.detail ?? ''])
}

function sameTimes(a: StatusTimes, b: StatusTimes): boolean {
  return a.sent === b.sent && a.received === b.received && a.read === b.read && a.failed === b.failed
}

/** RULES D2: failed if any piece failed, otherwise the lowest piece; a message without pieces is pending. */
export function statusOf(pieces: readonly Piece[]): Status {
  let lowest: Status | undefined
  for (const { status } of pieces) {
    if (status === 'failed') return 'failed'
    if (lowest === undefined || RANK[status] < RANK[lowest]) lowest = status
  }
  return lowest ?? 'pending'
}

/**
 * When the message reached each status: when its last piece did. `failed` is shown only while it is failed, since a
 * failure that was disproved changes nothing (RULES D1, D2).
 */
export function statusTimesOf(pieces: readonly Piece[], createdAt: number): StatusTimes {
  const times: StatusTimes = { pending: createdAt }
  if (pieces.length === 0) return times
  for (const step of LADDER) {
    let latest = Number.NEGATIVE_INFINITY
    for (const piece of pieces) latest = Math.max(latest, piece.times[step] ?? Number.POSITIVE_INFINITY)
    if (Number.isFinite(latest)) times[step] = latest
  }
  const failed = pieces
    .filter(piece => piece.status === 'failed')
    .map(piece => piece.times.failed ?? createdAt)
  if (failed.length > 0) times.failed = Math.min(...failed)
  return times
}

/** The failure that explains a failed message: of the first part that failed on its own account. */
export function failureOf(pieces: readonly Piece[]): Failure | null {
  const failed = pieces.filter(piece => piece.status === 'failed')
  return (failed.find(piece => !piece.notSent) ?? failed[0])?.failure ?? null
}

/**
 * RULES D5: a watermark ("all up to here was read") raises only what was certainly handed over by then. Pending and
 * failed pieces stay: the clock says nothing about what never left.
 */
export function raisedByWatermark(piece: Piece, mark: { status: 'received' | 'read'; clock: number }): Piece {
  if (piece.status !== 'sent' && piece.status !== 'received') return piece
  if ((piece.times.sent ?? Number.POSITIVE_INFINITY) > mark.clock) return piece
  return observe(piece, { status: mark.status, at: mark.clock })
}
