import { firstIdAt, type WorkspaceId } from '../model/ids.ts'
import {
  deleteKeys,
  dropDeleted,
  dropFiles,
  dropMessages,
  keysOf,
  NOTHING,
  SETTLED,
  type Swept,
} from './drop.ts'
import { eraseContacts } from './erase.ts'
import { PUT_GRACE_MS } from './files.ts'
import { type RawRow, type Sql, type SqlValue, type Steps, sql } from './sql.ts'
import type { Keep } from './store.ts'

/**
 * What is kept no longer goes in small transactions: one for what has a fixed time, then one for each workspace that
 * has something to go (RULES A6). Each deletes a bounded number of rows, so that whoever commits waits for one of them
 * at most.
 */
export type Sweeper = {
  /** Drives `dueWorkspaces`. */
  due(): Promise<WorkspaceId[]>
  /** Drives `sweep` in one transaction, durable when it answers. */
  sweep(workspace: WorkspaceId | null): Promise<Swept>
  /** Removes the bytes of a file, unless they were put a moment ago. */
  remove(sha256: string): Promise<void>
}

/** What has a fixed time, in milliseconds: RULES B1, D6, C12. */
const KEPT_MS = {
  parked: 86_400_000,
  seen: 30 * 86_400_000,
  idempotency: 2 * 86_400_000,
  import_rejects: 30 * 86_400_000,
} as const

/** After which the bytes of what was taken back go: when they are spared no longer for having been put a moment ago. */
const TAKEN_BACK_MS = PUT_GRACE_MS + 60_000

/** Rows that one transaction deletes. A rejected delivery may have megabytes. */
const FIXED_MAX = 5000
const LOG_MAX = 2000
const HISTORY_MAX = 2000
const REJECTED_MAX = 100
/** Workspaces that one call looks after, and rows after which it answers. */
const DUE_MAX = 100
const CALL_MAX = 5000

/**
 * Bytes go after the transaction that took away their last name is durable: the other way round, a crash in between
 * would leave a file that is promised and not there. So it leaves bytes that nobody names, which cost only their room.
 * @throws StoreFailing
 */
export async function sweepStore({
  due,
  sweep,
  remove,
}: Sweeper): Promise<{ deleted: number; more: boolean }> {
  const workspaces = await due()
  let [deleted, more] = [0, workspaces.length === DUE_MAX]
  for (const workspace of [null, ...workspaces]) {
    if (deleted >= CALL_MAX) return { deleted, more: true }
    const swept = await sweep(workspace)
    for (const sha256 of swept.unnamed) await remove(sha256)
    deleted += swept.deleted
    more ||= swept.more
  }
  return { deleted, more }
}

/** Workspaces with something to go, found by looking at the oldest rows of each. */
export function* dueWorkspaces(keep: Keep, now: number): Steps<WorkspaceId[]> {
  const { log, messages, history, rejected, files, deleted } = cutoffsOf(keep, now)
  const old = (from: string, before: SqlValue | null): { text: string; before: SqlValue }[] =>
    before === null ? [] : [{ text: `EXISTS (SELECT 1 FROM ${from})`, before }]
  const terms = [
    // The second look is for a clock that was ahead for a while: see `trimLog`.
    ...old(
      `events e WHERE e.workspace = w.id AND e.sequence IN (w.trimmed + 1, w.trimmed + ${LOG_MAX})
         AND e.time < ?`,
      log,
    ),
    ...old(`messages m WHERE m.workspace = w.id AND m.id < ? AND ${SETTLED}`, messages),
    ...old('history h WHERE h.workspace = w.id AND h.message < ?', history),
    ...old('rejected r WHERE r.workspace = w.id AND r.id < ?', rejected),
    ...old(`files f WHERE f.workspace = w.id AND f.state = 'stored' AND f.id < ?`, files),
    ...old(`files f WHERE f.workspace = w.id AND f.state = 'deleted' AND f.next_at < ?`, deleted),
    ...old('erasures x WHERE x.workspace = w.id AND x.at <= ?', now),
  ]
  const rows = yield sql(
    `SELECT w.id AS id FROM workspaces w WHERE ${terms.map(term => term.text).join(' OR ')}
     ORDER BY w.id LIMIT ${DUE_MAX}`,
    terms.map(term => term.before),
  )
  return rows.map(row => row['id'] as WorkspaceId)
}

/** One transaction: of a workspace, or of what has a fixed time in all of them. */
export function* sweep(workspace: WorkspaceId | null, keep: Keep, now: number): Steps<Swept> {
  if (workspace === null) return yield* sweepFixed(now)
  // RULES A1: nobody decides on these rows meanwhile.
  const [row] = yield* held('SELECT trimmed FROM workspaces WHERE id = ?', workspace)
  if (row === undefined) return NOTHING
  const cutoffs = cutoffsOf(keep, now)
  const log = cutoffs.log === null ? NOTHING : yield* trimLog(workspace, Number(row['trimmed']), cutoffs.log)
  const parts = [log, yield* eraseContacts(workspace)]
  if (cutoffs.history !== null) parts.push(yield* dropHistory(workspace, cutoffs.history))
  if (cutoffs.rejected !== null) parts.push(yield* dropRejected(workspace, cutoffs.rejected))
  if (cutoffs.files !== null) parts.push(yield* dropFiles(workspace, cutoffs.files))
  parts.push(yield* dropDeleted(workspace, cutoffs.deleted))
  // While the log goes further back than it should, it may still tell of these messages.
  if (cutoffs.messages !== null && !log.more) parts.push(yield* dropMessages(workspace, cutoffs.messages))
  return {
    deleted: parts.reduce((sum, part) => sum + part.deleted, 0),
    more: parts.some(part => part.more),
    unnamed: parts.flatMap(part => part.unnamed),
  }
}

type Cutoffs = {
  log: number | null
  messages: string | null
  history: string | null
  rejected: string | null
  files: string | null
  /** Not by configuration: what its writer took back is not kept. */
  deleted: number
}

/**
 * What is older than these goes; ids tell when their rows were made. `message.created` is read off the rows of its
 * message, so these never go before the log: the configuration refuses to ask for it.
 */
function cutoffsOf(keep: Keep, now: number): Cutoffs {
  const { log, messages, receipts, raw, files } = keep
  const since = (ms: number): number => Math.max(0, now - ms)
  return {
    log: log === null ? null : since(log),
    messages: messages === null || log === null ? null : firstIdAt('msg', since(Math.max(messages, log))),
    history: receipts === null ? null : firstIdAt('msg', since(receipts)),
    rejected: raw === null ? null : firstIdAt('rej', since(raw)),
    files: files === null ? null : firstIdAt('fil', since(files)),
    deleted: since(TAKEN_BACK_MS),
  }
}

function* held(text: string, arg: SqlValue): Steps<RawRow[]> {
  return yield { text, args: [arg], lock: 'workspaces' }
}

function* sweepFixed(now: number): Steps<Swept> {
  let [deleted, more] = [0, false]
  for (const table of ['parked', 'seen', 'idempotency', 'import_rejects'] as const) {
    const oldest = now - KEPT_MS[table]
    // A statement cannot delete "at most n rows" in both dialects: the time of the n-th row is the bound instead.
    const [nth] = yield sql(
      `SELECT at FROM ${table} WHERE at < ? ORDER BY at LIMIT 1 OFFSET ${FIXED_MAX - 1}`,
      [oldest],
    )
    const upTo = nth === undefined ? oldest - 1 : Number(nth['at'])
    const ofParked =
      'SELECT id FROM workspaces WHERE id IN (SELECT workspace FROM parked WHERE at <= ?) ORDER BY id'
    const workspaces = table === 'parked' ? yield* held(ofParked, upTo) : []
    const gone = yield sql(`DELETE FROM ${table} WHERE at <= ? RETURNING at`, [upTo])
    for (const { id } of workspaces) yield recountParked(id as WorkspaceId)
    deleted += gone.length
    more ||= nth !== undefined
  }
  return { deleted, more, unnamed: [] }
}

/** What is dropped no longer counts against the bound of its channel. */
function recountParked(workspace: WorkspaceId): Sql {
  return sql(
    `UPDATE counters SET count = (
       SELECT count(*) FROM parked
       WHERE parked.workspace = counters.workspace AND 'parked ' || parked.channel = counters.name
     ) WHERE workspace = ? AND name LIKE 'parked %'`,
    [workspace],
  )
}

/**
 * From the start and without a gap. An event that has one after it which is old enough is itself old enough, whatever
 * its time says: a clock that was ahead for a while must not stop the log from being trimmed until then.
 */
function* trimLog(workspace: WorkspaceId, trimmed: number, before: number): Steps<Swept> {
  const [row] = yield sql(
    `SELECT max(sequence) AS last FROM events
     WHERE workspace = ? AND sequence > ? AND sequence <= ? AND time < ?`,
    [workspace, trimmed, trimmed + LOG_MAX, before],
  )
  const last = Number(row?.['last'] ?? trimmed)
  if (last === trimmed) return NOTHING
  yield sql('DELETE FROM events WHERE workspace = ? AND sequence > ? AND sequence <= ?', [
    workspace,
    trimmed,
    last,
  ])
  yield sql('UPDATE workspaces SET trimmed = ? WHERE id = ?', [last, workspace])
  return { deleted: last - trimmed, more: last === trimmed + LOG_MAX, unnamed: [] }
}

function* dropHistory(workspace: WorkspaceId, before: string): Steps<Swept> {
  const [nth] = yield sql(
    `SELECT message FROM history WHERE workspace = ? AND message < ?
     ORDER BY message LIMIT 1 OFFSET ${HISTORY_MAX - 1}`,
    [workspace, before],
  )
  const gone =
    nth === undefined
      ? yield sql('DELETE FROM history WHERE workspace = ? AND message < ? RETURNING at', [workspace, before])
      : yield sql('DELETE FROM history WHERE workspace = ? AND message <= ? RETURNING at', [
          workspace,
          nth['message'] as string,
        ])
  return { deleted: gone.length, more: nth !== undefined, unnamed: [] }
}

function* dropRejected(workspace: WorkspaceId, before: string): Steps<Swept> {
  const rows = yield sql(
    `SELECT id, channel FROM rejected WHERE workspace = ? AND id < ? ORDER BY id LIMIT ${REJECTED_MAX}`,
    [workspace, before],
  )
  if (rows.length === 0) return NOTHING
  yield deleteKeys('rejected', 'id', keysOf(workspace, rows))
  // What is dropped makes room for new ones of its channel.
  for (const channel of new Set(rows.map(row => row['channel'] as string))) {
    yield sql(
      `UPDATE counters SET count = (SELECT count(*) FROM rejected WHERE workspace = ? AND channel = ?)
       WHERE workspace = ? AND name = ?`,
      [workspace, channel, workspace, `rejected ${channel}`],
    )
  }
  return { deleted: rows.length, more: rows.length === REJECTED_MAX, unnamed: [] }
}
