import type { WorkspaceId } from '../model/ids.ts'
import { keyHash } from './hash.ts'
import { marks, type RawRow, type RowKey, type Sql, type Steps, sql } from './sql.ts'
import { filesOf } from './view.ts'

/** Messages and files that are kept no longer, with everything that goes with them (RULES A6). */

/** `unnamed`: files that no row names any more. */
export type Swept = { deleted: number; more: boolean; unnamed: string[] }

export const NOTHING: Swept = { deleted: 0, more: false, unnamed: [] }

/** Why a file has no bytes any more. */
export const REMOVED = 'retention'

/** A message that is not settled is kept, however old it is. */
export const SETTLED =
  'NOT EXISTS (SELECT 1 FROM queue q WHERE q.workspace = m.workspace AND q.message = m.id)'

/** At most so many in one transaction; a message has several rows more. */
const MESSAGES_MAX = 500
const FILES_MAX = 500

/** The row stays and says why there is nothing to read; the media of its message shows as `failed`. */
export function* dropFiles(workspace: WorkspaceId, before: string): Steps<Swept> {
  // Inside, only what an index holds: the way to what is stored must not lead through all that was removed before.
  const rows = yield sql(
    `SELECT id, sha256 FROM files WHERE (workspace, id) IN (
       SELECT workspace, id FROM files WHERE workspace = ? AND state = 'stored' AND id < ?
       ORDER BY id LIMIT ${FILES_MAX}
     )`,
    [workspace, before],
  )
  if (rows.length === 0) return NOTHING
  yield {
    text: `UPDATE files SET state = 'failed', sha256 = NULL, why = ? WHERE (workspace, id) IN (KEYS)`,
    args: [REMOVED],
    keys: keysOf(workspace, rows),
  }
  const unnamed = yield* unnamedOf(rows.map(row => row['sha256'] as string))
  return { deleted: rows.length, more: rows.length === FILES_MAX, unnamed }
}

export function* dropMessages(workspace: WorkspaceId, before: string): Steps<Swept> {
  const rows = yield sql(
    `SELECT m.id AS id, m.channel AS channel, m.provider_ids AS names, m.edits AS edits, c.content AS content
     FROM messages m LEFT JOIN contents c ON c.workspace = m.workspace AND c.message = m.id
     WHERE m.workspace = ? AND m.id < ? AND ${SETTLED} ORDER BY m.id LIMIT ${MESSAGES_MAX}`,
    [workspace, before],
  )
  if (rows.length === 0) return NOTHING
  const edited = rows.filter(row => Number(row['edits']) > 0)
  const unnamed = yield* dropMedia(workspace, [...rows, ...(yield* revisionsOf(workspace, edited))])
  const keys = keysOf(workspace, rows)
  yield deleteKeys('messages', 'id', keys)
  yield deleteKeys('contents', 'message', keys)
  if (edited.length > 0) yield deleteKeys('revisions', 'message', keysOf(workspace, edited))
  yield deleteKeys('history', 'message', keys)
  const hashes = rows.flatMap(({ names, channel }) =>
    (JSON.parse(names as string) as string[]).map(name => keyHash([workspace, channel as string, name])),
  )
  for (const some of chunksOf(hashes, -1)) {
    // A hash may be shared: what goes is what names a message that is not there.
    yield sql(
      `DELETE FROM provider_ids WHERE key_hash IN (${marks(some)}) AND workspace = ? AND NOT EXISTS (
         SELECT 1 FROM messages m WHERE m.workspace = provider_ids.workspace AND m.id = provider_ids.message
       )`,
      [...some, workspace],
    )
  }
  return { deleted: rows.length, more: rows.length === MESSAGES_MAX, unnamed }
}

function* revisionsOf(workspace: WorkspaceId, edited: readonly RawRow[]): Steps<RawRow[]> {
  const revisions: RawRow[] = []
  for (const some of chunksOf(
    edited.map(row => row['id'] as string),
    '',
  )) {
    const found = yield sql(
      `SELECT message AS id, content FROM revisions WHERE workspace = ? AND message IN (${marks(some)})`,
      [workspace, ...some],
    )
    revisions.push(...found)
  }
  return revisions
}

/**
 * Files of messages that were taken back. They wait for as long as bytes are spared that were just put: a fetch may
 * have been under way, and named here what it brought.
 */
export function* dropDeleted(workspace: WorkspaceId, before: number): Steps<Swept> {
  const rows = yield sql(
    `SELECT id, sha256 FROM files WHERE workspace = ? AND state = 'deleted' AND next_at < ?
     ORDER BY next_at LIMIT ${FILES_MAX}`,
    [workspace, before],
  )
  if (rows.length === 0) return NOTHING
  yield deleteKeys('files', 'id', keysOf(workspace, rows))
  const named = rows.flatMap(row => (row['sha256'] === null ? [] : [row['sha256'] as string]))
  const unnamed = yield* unnamedOf(named)
  return { deleted: rows.length, more: rows.length === FILES_MAX, unnamed }
}

/** What a provider sent goes with its message; a file that was uploaded may be sent again, and has its own time. */
export function* dropMedia(workspace: WorkspaceId, messages: readonly RawRow[]): Steps<string[]> {
  const owners = new Map<string, unknown>()
  for (const { id, content } of messages) {
    for (const file of content === null ? [] : filesOf(JSON.parse(content as string))) owners.set(file, id)
  }
  const files: RawRow[] = []
  for (const some of chunksOf([...owners.keys()], '')) {
    const found = yield sql(
      `SELECT id, message, state, sha256 FROM files WHERE workspace = ? AND id IN (${marks(some)})`,
      [workspace, ...some],
    )
    files.push(...found.filter(file => file['message'] === owners.get(file['id'] as string)))
  }
  if (files.length === 0) return []
  yield deleteKeys('files', 'id', keysOf(workspace, files))
  const stored = files.filter(file => file['state'] === 'stored')
  return yield* unnamedOf(stored.map(file => file['sha256'] as string))
}

/**
 * Those that no stored file names any more, in any workspace. A file that is not stored yet may carry a SHA-256 too,
 * as its provider told it; who puts its bytes now is safe because `remove` spares what is fresh.
 */
function* unnamedOf(dropped: readonly string[]): Steps<string[]> {
  const unnamed = new Set(dropped)
  for (const some of chunksOf([...unnamed], '')) {
    const named = yield sql(
      `SELECT DISTINCT sha256 FROM files WHERE sha256 IN (${marks(some)}) AND state = 'stored'`,
      some,
    )
    for (const { sha256 } of named) unnamed.delete(sha256 as string)
  }
  return [...unnamed]
}

export function keysOf(workspace: WorkspaceId, rows: readonly RawRow[]): RowKey[] {
  return rows.map(row => [workspace, row['id'] as string])
}

export function deleteKeys(table: string, id: string, keys: readonly RowKey[]): Sql {
  return { text: `DELETE FROM ${table} WHERE (workspace, ${id}) IN (KEYS)`, args: [], keys }
}

/** Lists of one length, the last one filled up: a text for every length there is would be prepared and kept. */
function* chunksOf<T>(list: readonly T[], filler: T): Generator<T[]> {
  const length = 100
  for (let at = 0; at < list.length; at += length) {
    const some = list.slice(at, at + length)
    yield [...some, ...Array<T>(length - some.length).fill(filler)]
  }
}
