import type { ContactId, WorkspaceId } from '../model/ids.ts'
import { columnsOf, marks, rowOf, type Steps, sql } from './sql.ts'
import type { Rows } from './tables.ts'

/** The contact that stands for an id now: merges are redirects (RULES F2). */
export function* standing(workspace: WorkspaceId, id: string): Steps<Rows['contacts'] | undefined> {
  const [raw] = yield sql(`SELECT ${columnsOf('contacts')} FROM contacts WHERE workspace = ? AND id = ?`, [
    workspace,
    id,
  ])
  const row = raw && rowOf('contacts', raw)
  return row?.mergedInto == null ? row : yield* standing(workspace, row.mergedInto)
}

/** The contact that stands for an id, then all that were merged into it: rows keep the contact they were made for. */
export function* familyOf(workspace: WorkspaceId, id: string): Steps<ContactId[]> {
  const head = yield* standing(workspace, id)
  if (head === undefined) return []
  const family = [head.id]
  for (let latest = family; latest.length > 0; ) {
    const rows = yield sql(
      `SELECT id FROM contacts WHERE workspace = ? AND merged_into IN (${marks(latest)}) ORDER BY id`,
      [workspace, ...latest],
    )
    latest = rows.map(row => row['id'] as ContactId)
    family.push(...latest)
  }
  return family
}
