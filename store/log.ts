import type { Content } from '../model/content.ts'
import type { LogEvent } from '../model/event.ts'
import type { WorkspaceId } from '../model/ids.ts'
import { logEvent } from './decide/draft.ts'
import type { Rows } from './rows.ts'
import { columnsOf, marks, type RawRow, rowOf, type Steps, sql } from './sql.ts'
import { LogTrimmed } from './store.ts'
import { createdView, editedView } from './view.ts'

/**
 * Events of a workspace above `after`, made anew from the rows that are the same forever (RULES A5).
 * @throws LogTrimmed
 */
export function* events(workspace: WorkspaceId, after: number, limit: number): Steps<LogEvent[]> {
  const rows = yield sql(
    `SELECT ${columnsOf('events', 'e')}, ${columnsOf('messages', 'm')}, c.content AS content
     FROM events e
     LEFT JOIN messages m ON e.data IS NULL AND m.workspace = e.workspace AND m.id = e.subject
     LEFT JOIN contents c ON e.data IS NULL AND c.workspace = e.workspace AND c.message = e.subject
     WHERE e.workspace = ? AND e.sequence > ? ORDER BY e.sequence LIMIT ?`,
    [workspace, after, limit],
  )
  const edits = yield* editsIn(rows)
  const read: LogEvent[] = []
  for (const row of rows) {
    const event = rowOf('events', row, 'e')
    // Numbers have no gaps: one at the start was trimmed.
    if (read.length === 0 && event.sequence !== after + 1) throw new LogTrimmed(event.sequence)
    if (event.data === null && row['content'] === null) {
      // A clock that jumped far made the message look older than its event: both count as not kept.
      if (read.length > 0) break
      throw new LogTrimmed(nextKept(rows))
    }
    read.push(
      logEvent(
        event,
        told(event, edits) ?? createdView(rowOf('messages', row, 'm'), JSON.parse(row['content'] as string)),
      ),
    )
  }
  if (rows.length === 0 && limit > 0) yield* proveKept(workspace, after)
  return read
}

/** What an event says that has data of its own; of an edit, with what its revision says. */
function told(event: Rows['events'], edits: ReadonlyMap<string, Content>): object | null {
  if (event.type !== 'message.edited' || event.data === null) return event.data
  // Retention goes by the age of the message, and an edit is younger: for a while it tells of nothing.
  return editedView(event.data, edits.get(nameOfEdit(event)) ?? { type: 'erased' })
}

function nameOfEdit({ subject, data }: Pick<Rows['events'], 'subject' | 'data'>): string {
  return `${subject} ${data?.['number']}`
}

function* editsIn(rows: RawRow[]): Steps<ReadonlyMap<string, Content>> {
  const events = rows.map(row => rowOf('events', row, 'e')).filter(({ type }) => type === 'message.edited')
  const [first] = events
  if (first === undefined) return new Map()
  const messages = [...new Set(events.map(({ subject }) => subject))]
  const found = yield sql(
    `SELECT message, number, content FROM revisions WHERE workspace = ? AND message IN (${marks(messages)})`,
    [first.workspace, ...messages],
  )
  return new Map(
    found.map(row => [`${row['message']} ${row['number']}`, JSON.parse(row['content'] as string) as Content]),
  )
}

function nextKept(rows: RawRow[]): number {
  const events = rows.map(row => ({ ...rowOf('events', row, 'e'), content: row['content'] }))
  const kept = events.find(event => event.data !== null || event.content !== null)
  return kept?.sequence ?? (events.at(-1)?.sequence ?? 0) + 1
}

/** Nothing follows `after`: because it is the newest number, or because all that followed is not kept any more. */
function* proveKept(workspace: WorkspaceId, after: number): Steps<void> {
  const [row] = yield sql('SELECT trimmed FROM workspaces WHERE id = ?', [workspace])
  const trimmed = Number(row?.['trimmed'] ?? 0)
  if (after < trimmed) throw new LogTrimmed(trimmed + 1)
}
