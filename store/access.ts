import type { TokenId, WorkspaceId } from '../model/ids.ts'
import type { Role } from '../model/token.ts'
import { page } from './filter.ts'
import { columnsOf, marks, rowOf, type Steps, sql } from './sql.ts'
import type { Page } from './store.ts'

/** Workspaces and tokens: what is stored of them, and their named reads. */

/** Its log is kept from `trimmed + 1` to `head`. */
export type StoredWorkspace = {
  id: WorkspaceId
  name: string
  head: number
  createdAt: number
  trimmed: number
}

export type StoredToken = {
  hash: string
  id: TokenId
  workspace: WorkspaceId
  role: Role
  name: string
  createdAt: number
  expiresAt: number | null
  lastUsedAt: number | null
  revokedAt: number | null
  /** null: the start of the daemon made it. */
  createdBy: TokenId | null
}

export type AccessQueries = {
  workspaces: { params: Record<never, never>; result: { id: WorkspaceId; name: string; head: number }[] }
  workspace: { params: { id: WorkspaceId }; result: StoredWorkspace | null }
  workspacesPage: { params: Omit<Page<WorkspaceId>, 'workspace'>; result: StoredWorkspace[] }
  /** Revoked and expired ones too: whoever asks must look. */
  token: { params: { hash: string }; result: StoredToken | null }
  tokenById: { params: { workspace: WorkspaceId; id: TokenId }; result: StoredToken | null }
  /** `roles`: only these. */
  tokens: { params: Page<TokenId> & { roles: readonly Role[] }; result: StoredToken[] }
}

export const ACCESS_QUERIES: {
  [Q in keyof AccessQueries]: (params: AccessQueries[Q]['params']) => Steps<AccessQueries[Q]['result']>
} = {
  *workspaces() {
    const rows = yield sql(`SELECT ${columnsOf('workspaces')} FROM workspaces ORDER BY id`)
    return rows.map(row => rowOf('workspaces', row))
  },

  *workspace({ id }) {
    const [row] = yield sql(`SELECT ${columnsOf('workspaces')} FROM workspaces WHERE id = ?`, [id])
    return row === undefined ? null : rowOf('workspaces', row)
  },

  *workspacesPage({ after, limit }) {
    const rows = yield* page('workspaces', {}, after, limit)
    return rows.map(row => rowOf('workspaces', row))
  },

  *token({ hash }) {
    const [row] = yield sql(`SELECT ${columnsOf('tokens')} FROM tokens WHERE hash = ?`, [hash])
    return row === undefined ? null : rowOf('tokens', row)
  },

  *tokenById({ workspace, id }) {
    const [row] = yield sql(`SELECT ${columnsOf('tokens')} FROM tokens WHERE workspace = ? AND id = ?`, [
      workspace,
      id,
    ])
    return row === undefined ? null : rowOf('tokens', row)
  },

  *tokens({ workspace, after, limit, roles }) {
    const further = { text: `role IN (${marks(roles)})`, args: [...roles] }
    const rows = yield* page('tokens', { workspace }, after, limit, further)
    return rows.map(row => rowOf('tokens', row))
  },
}
