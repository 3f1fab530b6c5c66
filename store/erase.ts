import type { Address } from '../model/address.ts'
import type { WorkspaceId } from '../model/ids.ts'
import { deleteKeys, dropMedia, keysOf, NOTHING, SETTLED, type Swept } from './drop.ts'
import { mergedInto, TALK } from './people.ts'
import { columnsOf, marks, type RawRow, rowOf, type Steps, sql } from './sql.ts'

/** Messages that one transaction erases: each has several rows. */
const MESSAGES_MAX = 250
/** A rejected delivery may have megabytes. */
const REJECTED_MAX = 20
const ERASED = '{"type":"erased"}'

/**
 * RULES A6: what was said with a contact that is to be erased. Numbers and times stay, and so do the messages with
 * their status: reports count them. What they said, their media, where they went and what the provider told go.
 */
export function* eraseContacts(workspace: WorkspaceId): Steps<Swept> {
  const [next] = yield sql(
    `SELECT ${columnsOf('erasures')} FROM erasures WHERE workspace = ? ORDER BY contact LIMIT 1`,
    [workspace],
  )
  if (next === undefined) return NOTHING
  const { contact, addresses } = rowOf('erasures', next)
  const family = yield* mergedInto(workspace, contact)
  const rows = yield sql(
    `SELECT m.id AS id, m.edits AS edits, c.content AS content ${TALK}
     JOIN contents c ON c.workspace = m.workspace AND c.message = m.id
     WHERE v.workspace = ? AND v.contact IN (${marks(family)}) AND m.address_value <> '' AND ${SETTLED}
     LIMIT ${MESSAGES_MAX}`,
    [workspace, ...family],
  )
  const unnamed = yield* eraseMessages(workspace, rows)
  if (rows.length === MESSAGES_MAX) return { deleted: rows.length, more: true, unnamed }
  const [waiting] = yield sql(
    `SELECT q.message AS id ${TALK} JOIN queue q ON q.workspace = m.workspace AND q.message = m.id
     WHERE v.workspace = ? AND v.contact IN (${marks(family)}) LIMIT 1`,
    [workspace, ...family],
  )
  yield sql(
    `UPDATE conversations SET note = NULL, context = NULL
     WHERE workspace = ? AND contact IN (${marks(family)})`,
    [workspace, ...family],
  )
  // What is under way is erased when it has arrived: its contact stays on the list until then.
  if (waiting === undefined) {
    yield* eraseRejected(workspace, addresses)
    yield* eraseImportRejects(workspace, addresses)
    yield sql('DELETE FROM erasures WHERE workspace = ? AND contact = ?', [workspace, contact])
  }
  return { deleted: rows.length, more: waiting === undefined, unnamed }
}

/** Deliveries that could not be read, and name one of the addresses: nobody knows whom else they are about. */
function* eraseRejected(workspace: WorkspaceId, addresses: readonly Address[]): Steps<void> {
  const needles = addresses.map(({ value }) => value.replace(/^\+/, ''))
  for (let after = ''; ; ) {
    const rows = yield sql(
      `SELECT id, raw FROM rejected WHERE workspace = ? AND id > ? ORDER BY id LIMIT ${REJECTED_MAX}`,
      [workspace, after],
    )
    const about = rows.filter(row => {
      const raw = Buffer.from(row['raw'] as Uint8Array)
      return needles.some(needle => raw.includes(needle))
    })
    if (about.length > 0) yield deleteKeys('rejected', 'id', keysOf(workspace, about))
    if (rows.length < REJECTED_MAX) return
    after = rows.at(-1)?.['id'] as string
  }
}

/** Rows of files that were left out, and name one of the addresses. */
function* eraseImportRejects(workspace: WorkspaceId, addresses: readonly Address[]): Steps<void> {
  for (const { value } of addresses) {
    const needle = value.replace(/^\+/, '').replace(/[\\%_]/g, '\\$&')
    yield sql(`DELETE FROM import_rejects WHERE workspace = ? AND raw LIKE ? ESCAPE '\\'`, [
      workspace,
      `%${needle}%`,
    ])
  }
}

function* eraseMessages(workspace: WorkspaceId, rows: readonly RawRow[]): Steps<string[]> {
  if (rows.length === 0) return []
  const keys = keysOf(workspace, rows)
  const edited = rows.filter(row => Number(row['edits']) > 0).map(row => row['id'] as string)
  const revisions =
    edited.length === 0
      ? []
      : yield sql(
          `SELECT message AS id, content FROM revisions
           WHERE workspace = ? AND message IN (${marks(edited)})`,
          [workspace, ...edited],
        )
  const unnamed = yield* dropMedia(workspace, [...rows, ...revisions])
  yield {
    text: 'UPDATE contents SET content = ? WHERE (workspace, message) IN (KEYS)',
    args: [ERASED],
    keys,
  }
  if (edited.length > 0) {
    yield {
      text: 'UPDATE revisions SET content = ? WHERE (workspace, message) IN (KEYS)',
      args: [ERASED],
      keys: edited.map(id => [workspace, id] as const),
    }
  }
  yield {
    text: 'UPDATE history SET raw = NULL, detail = NULL WHERE (workspace, message) IN (KEYS)',
    args: [],
    keys,
  }
  yield {
    text: `UPDATE messages SET address_value = '', besides = NULL WHERE (workspace, id) IN (KEYS)`,
    args: [],
    keys,
  }
  return unnamed
}
