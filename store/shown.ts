import type { Content } from '../model/content.ts'
import type { FileId } from '../model/ids.ts'
import type { Message } from '../model/message.ts'
import { columnsOf, marks, type RawRow, rowOf, type Steps, sql } from './sql.ts'
import type { StoredFile } from './store.ts'
import { filesOf, messageView } from './view.ts'

/**
 * Messages with what they say: `content` is what they said first, `revised` what they say since they were edited.
 * `shown` reads the rows.
 */
export const MESSAGE = `SELECT ${columnsOf('messages', 'm')}, c.content AS content, r.content AS revised
  FROM messages m JOIN contents c ON c.workspace = m.workspace AND c.message = m.id
  LEFT JOIN revisions r ON r.workspace = m.workspace AND r.message = m.id AND r.number = m.edits`

/** Messages as they are now, with the state of their media. */
export function* shown(raws: RawRow[]): Steps<Message[]> {
  const rows = raws.map(raw => ({
    row: rowOf('messages', raw, 'm'),
    content: JSON.parse((raw['revised'] ?? raw['content']) as string) as Content,
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
