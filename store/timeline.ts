import type { MessageId, WorkspaceId } from '../model/ids.ts'
import type { Status } from '../model/status.ts'
import type { Rows } from './rows.ts'
import { MESSAGE } from './shown.ts'
import { columnsOf, rowOf, type Steps, sql } from './sql.ts'

/** One line of a message's timeline: what happened, in the provider's word where it is one of theirs. */
export type TimelineEntry = {
  at: number
  kind:
    | 'created'
    | 'attempted'
    | 'accepted'
    | 'receipt'
    | 'retry'
    | 'failed'
    | 'uncertain'
    | 'resend'
    | 'cancelled'
  part: number
  attempt: number | null
  status: Status | null
  raw: string | null
  detail: Record<string, unknown> | null
}

/** Everything known to have happened to a message, oldest first. */
export function* timeline({
  workspace,
  id,
}: {
  workspace: WorkspaceId
  id: MessageId
}): Steps<TimelineEntry[]> {
  const [row] = yield sql(`${MESSAGE} WHERE m.workspace = ? AND m.id = ?`, [workspace, id])
  if (row === undefined) return []
  const lines = yield sql(
    `SELECT ${columnsOf('history')} FROM history WHERE workspace = ? AND message = ? ORDER BY at, entry`,
    [workspace, id],
  )
  const [queue] = yield sql(`SELECT ${columnsOf('queue')} FROM queue WHERE workspace = ? AND message = ?`, [
    workspace,
    id,
  ])
  const attempt = queue === undefined ? [] : underWay(rowOf('queue', queue))
  return [
    first(rowOf('messages', row, 'm')),
    ...lines.map(line => entryOf(rowOf('history', line))),
    ...attempt,
  ]
}

function first(message: Rows['messages']): TimelineEntry {
  const status = message.status === null ? null : 'pending'
  return { at: message.createdAt, kind: 'created', part: 0, attempt: null, status, raw: null, detail: null }
}

function entryOf({ at, kind, part, attempt, status, raw, detail }: Rows['history']): TimelineEntry {
  return { at, kind, part, attempt, status, raw, detail }
}

/** An attempt that is not settled has no line of its own yet: its queue row is the record. */
function underWay(queue: Rows['queue']): TimelineEntry[] {
  if (queue.state !== 'attempted' || queue.attemptedAt === null) return []
  const { attemptedAt: at, part, attempts: attempt } = queue
  return [{ at, kind: 'attempted', part, attempt, status: null, raw: null, detail: null }]
}
