import type { FileId } from '../model/ids.ts'
import type { Message } from '../model/message.ts'
import { columnsOf, marks, type RawRow, rowOf, type Steps, sql } from './sql.ts'
import type { StoredFile } from './store.ts'
import type { Rows } from './tables.ts'
import { filesOf, messageView } from './view.ts'

/** Messages with what they say; `shown` reads the rows. */
export const MESSAGE = `SELECT ${columnsOf('messages', 'm')}, c.content AS content FROM messages m
  JOIN contents c ON c.workspace = m.workspace AND c.message = m.id`

/** Messages as they are now, with the state of their media. */
export function* shown(raws: RawRow[]): Steps<Message[]> {
  const rows = raws.map(raw => ({
    row: rowOf('messages', raw, 'm'),
    content: JSON.parse(raw['content'] as string) as Rows['contents']['content'],
  }))
  const ids = rows.flatMap(({ content }) => filesOf(content))
  const workspace = rows[0]?.row.workspace
  const files = new Map<FileId, StoredFile>()
  if (ids.length > 0 && workspace !== undefined) {
    const found = yield sql(
      `SELECT ${columnsOf('files')} FROM files WHERE workspace = ? AND id IN (${marks(ids)})`,
      [workspace, ...ids],
    )
    for (const file of found.map(raw => rowOf('files', raw))) files.set(file.id, file)
  }
  return rows.map(({ row, content }) => messageView(row, content, files))
}
