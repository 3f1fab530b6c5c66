import { LANES, type Lane } from '../model/change.ts'
import { columnsOf, marks, type RawRow, rowOf, type Sql, type Steps, sql } from './sql.ts'
import type { Claim, ClaimRequest, QueuedMessage } from './store.ts'

/** How many overdue and how many expired messages one claim brings. */
const ENDED_MAX = 500

/** When an attempt whose process died is given up, if no receipt comes before (RULES C6). */
const ORPHAN_RESOLVE_MS = 60_000

/**
 * Takes or renews the lease and reserves work under it, in one transaction (RULES C2–C4). No other claim on the group
 * runs meanwhile. `leaseNow` is the clock that leases are judged by: one for all who share the store. `sole`: every
 * other process is known to be gone (SQLite's file is locked by us), so a lease left behind need not be waited for.
 */
export function* claim(
  request: ClaimRequest,
  now: number,
  { leaseNow, sole }: { leaseNow: number; sole: boolean },
): Steps<Claim> {
  const { group, holder, leaseMs } = request
  const [lease] = yield sql('SELECT holder, fence, ends_at FROM leases WHERE sender_group = ?', [group])
  const mine = lease?.['holder'] === holder
  const endsAt = Number(lease?.['ends_at'] ?? 0)
  if (!mine && !sole && endsAt > leaseNow) return { held: false, until: endsAt - leaseNow + now }
  const fence = Number(lease?.['fence'] ?? 0) + (mine ? 0 : 1)
  if (!mine) yield lockInherited(group)
  yield sql(
    `INSERT INTO leases (sender_group, holder, fence, ends_at) VALUES (?, ?, ?, ?)
     ON CONFLICT (sender_group) DO UPDATE
     SET holder = excluded.holder, fence = excluded.fence, ends_at = excluded.ends_at`,
    [group, holder, fence, leaseNow + leaseMs],
  )
  if (!mine) yield* inherit(group, fence, now, request.orphanResolveMs ?? ORPHAN_RESOLVE_MS)
  const until = now + leaseMs
  if (request.leaseOnly === true) {
    const none = { items: [], overdue: [], expired: [], more: { reply: false, normal: false, bulk: false } }
    return { held: true, fence, until, ...none, nextAt: null }
  }
  const expired = yield* take(fence, selectExpired(request, now))
  const overdue = yield* take(fence, selectOverdue(group, now), 'uncertain')
  const items: QueuedMessage[] = []
  const more = {} as Record<Lane, boolean>
  for (const lane of LANES) {
    const limit = request.limits[lane]
    const found = limit === 0 ? [] : yield* take(fence, selectReady(request, lane, now))
    more[lane] = limit > 0 && found.length === limit
    items.push(...found)
  }
  return { held: true, fence, until, items, overdue, expired, more, nextAt: yield* nextAt(request) }
}

/** Gives up the lease; what was only claimed is ready for the next holder at once. */
export function* release(lease: { group: string; holder: string; fence: number }): Steps<void> {
  const { group, holder, fence } = lease
  yield sql('UPDATE leases SET ends_at = 0 WHERE sender_group = ? AND holder = ? AND fence = ?', [
    group,
    holder,
    fence,
  ])
  yield sql(`UPDATE queue SET state = 'ready' WHERE sender_group = ? AND state = 'claimed' AND fence = ?`, [
    group,
    fence,
  ])
}

/** RULES A1: what the former holder left changes with its messages, which are under their workspace's lock. */
function lockInherited(group: string): Sql {
  return {
    text: `SELECT id FROM workspaces WHERE id IN (
             SELECT workspace FROM queue WHERE sender_group = ? AND state IN ('claimed', 'attempted')
           ) ORDER BY id`,
    args: [group],
    lock: 'workspaces',
  }
}

/** RULES C2: the former holder is gone. What it claimed is ready again, what it attempted is uncertain. */
function* inherit(group: string, fence: number, now: number, resolveMs: number): Steps<void> {
  const orphans = `FROM queue WHERE sender_group = ? AND state = 'attempted'`
  yield sql(`UPDATE queue SET state = 'ready' WHERE sender_group = ? AND state = 'claimed'`, [group])
  yield sql(
    `UPDATE messages SET uncertain = 1 WHERE (workspace, id) IN (SELECT workspace, message ${orphans})`,
    [group],
  )
  yield sql(
    `INSERT INTO history (workspace, message, entry, at, kind, part, attempt)
     SELECT workspace, message, 'attempt ' || attempts || ' uncertain ' || part, ?, 'uncertain', part,
       attempts ${orphans} ON CONFLICT DO NOTHING`,
    [now, group],
  )
  yield sql(
    `UPDATE queue SET state = 'uncertain', resolve_at = attempted_at + ?, fence = ?
     WHERE sender_group = ? AND state = 'attempted'`,
    [resolveMs, fence, group],
  )
}

/** Marks what the query found as claimed under this fence, and reads it whole. */
function* take(fence: number, query: Sql, state = 'claimed'): Steps<QueuedMessage[]> {
  const items = (yield { ...query, lock: 'q' }).map(queuedMessage)
  if (items.length > 0) {
    yield {
      text: `UPDATE queue SET state = '${state}', fence = ? WHERE (workspace, message) IN (KEYS)`,
      args: [fence],
      keys: items.map(item => [item.workspace, item.message] as const),
    }
  }
  return items
}

const SELECT = `SELECT ${columnsOf('queue', 'q')}, ${columnsOf('messages', 'm')}, c.content AS content
  FROM queue q
  JOIN messages m ON m.workspace = q.workspace AND m.id = q.message
  JOIN contents c ON c.workspace = q.workspace AND c.message = q.message`

function selectReady({ group, skip, limits, horizonMs }: ClaimRequest, lane: Lane, now: number): Sql {
  return sql(
    `${SELECT} WHERE q.sender_group = ? AND q.state = 'ready' AND q.lane = ? AND q.ready_at <= ?
     ${skip.length > 0 ? `AND q.channel NOT IN (${marks(skip)})` : ''}
     ORDER BY q.ready_at, q.position LIMIT ?`,
    [group, lane, now + horizonMs, ...skip, limits[lane]],
  )
}

function selectExpired({ group }: ClaimRequest, now: number): Sql {
  return sql(
    `${SELECT} WHERE q.state = 'ready' AND q.expires_at <= ? AND q.sender_group = ?
     ORDER BY q.expires_at LIMIT ?`,
    [now, group, ENDED_MAX],
  )
}

function selectOverdue(group: string, now: number): Sql {
  return sql(
    `${SELECT} WHERE q.sender_group = ? AND q.state = 'uncertain' AND q.resolve_at <= ?
     ORDER BY q.resolve_at LIMIT ?`,
    [group, now, ENDED_MAX],
  )
}

/** Each is the first entry of an index: a claim with a million waiting costs no more than one with ten. */
function* nextAt({ group, skip, limits }: ClaimRequest): Steps<number | null> {
  const times: number[] = []
  const notSkipped = skip.length > 0 ? `AND channel NOT IN (${marks(skip)})` : ''
  // Where everything is skipped nothing is asked for, and looking past a paused backlog would read all of it.
  for (const lane of LANES.filter(name => skip.length === 0 || limits[name] > 0)) {
    const [ready] = yield sql(
      `SELECT ready_at AS at FROM queue WHERE sender_group = ? AND state = 'ready' AND lane = ? ${notSkipped}
       ORDER BY ready_at LIMIT 1`,
      [group, lane, ...skip],
    )
    if (ready !== undefined) times.push(Number(ready['at']))
  }
  const [expires] = yield sql(
    `SELECT expires_at AS at FROM queue WHERE sender_group = ? AND state = 'ready'
     ORDER BY expires_at LIMIT 1`,
    [group],
  )
  const [resolves] = yield sql(
    `SELECT resolve_at AS at FROM queue WHERE sender_group = ? AND state = 'uncertain'
     ORDER BY resolve_at LIMIT 1`,
    [group],
  )
  for (const row of [expires, resolves]) if (row !== undefined) times.push(Number(row['at']))
  return times.length === 0 ? null : Math.min(...times)
}

function queuedMessage(raw: RawRow): QueuedMessage {
  const queue = rowOf('queue', raw, 'q')
  const message = rowOf('messages', raw, 'm')
  return {
    workspace: queue.workspace,
    message: queue.message,
    channel: queue.channel,
    lane: queue.lane,
    position: queue.position,
    address: { kind: message.addressKind, value: message.addressValue },
    content: JSON.parse(raw['content'] as string),
    source: { kind: message.sourceKind, id: message.sourceId },
    category: message.category,
    createdAt: message.createdAt,
    readyAt: queue.readyAt,
    expiresAt: queue.expiresAt,
    part: queue.part,
    parts: queue.parts,
    attempts: queue.attempts,
    partAttempts: queue.partAttempts,
    resends: queue.resends,
    queued: queue.queued,
    replyTo: message.replyTo?.providerId ?? null,
    reactionTo: message.reactionTo?.providerId ?? null,
    heardAt: queue.heardAt,
  }
}
