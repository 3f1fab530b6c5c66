import type { FileId, ImportId, WorkspaceId } from '../model/ids.ts'
import type { Import, ImportPlan, Reject } from '../model/import.ts'
import { page } from './filter.ts'
import { columnsOf, rowOf, type Steps, sql } from './sql.ts'
import type { Page } from './store.ts'
import { importView } from './view.ts'

/** What a node needs to go on with an import. */
export type OpenImport = {
  workspace: WorkspaceId
  id: ImportId
  file: FileId
  plan: ImportPlan
  position: number
}

export type ImportQueries = {
  import: { params: { workspace: WorkspaceId; id: ImportId }; result: Import | null }
  imports: { params: Page<ImportId>; result: Import[] }
  /** Imports that are not at their end, of all workspaces, oldest first. */
  importsOpen: { params: Record<never, never>; result: OpenImport[] }
  /** Rejected rows in the order of the file, after a line of it. */
  importRejects: {
    params: { workspace: WorkspaceId; import: ImportId; after: number; limit: number }
    result: Reject[]
  }
}

export const IMPORT_QUERIES: {
  [Q in keyof ImportQueries]: (params: ImportQueries[Q]['params']) => Steps<ImportQueries[Q]['result']>
} = {
  *import({ workspace, id }) {
    const [row] = yield sql(`SELECT ${columnsOf('imports')} FROM imports WHERE workspace = ? AND id = ?`, [
      workspace,
      id,
    ])
    return row === undefined ? null : importView(rowOf('imports', row))
  },

  *imports({ workspace, after, limit }) {
    const rows = yield* page('imports', { workspace }, after, limit)
    return rows.map(row => importView(rowOf('imports', row)))
  },

  *importsOpen() {
    const rows = yield sql(`SELECT ${columnsOf('imports')} FROM imports WHERE ended_at IS NULL ORDER BY id`)
    return rows.map(raw => {
      const { workspace, id, file, plan, position } = rowOf('imports', raw)
      return { workspace, id, file, plan, position }
    })
  },

  *importRejects({ workspace, import: id, after, limit }) {
    const rows = yield sql(
      `SELECT ${columnsOf('importRejects')} FROM import_rejects
       WHERE workspace = ? AND "import" = ? AND line > ? ORDER BY line LIMIT ?`,
      [workspace, id, after, limit],
    )
    return rows.map(raw => {
      const { line, code, column, detail, raw: text } = rowOf('importRejects', raw)
      return { line, code, column, detail, raw: text }
    })
  },
}
