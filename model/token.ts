import type { TokenId, WorkspaceId } from './ids.ts'

/** Who a token speaks for, the most powerful first. What each may do is in `gateway/roles.ts`. */
export const ROLES = ['operator', 'owner', 'manager', 'agent', 'backend'] as const
export type Role = (typeof ROLES)[number]

/** A token as the API shows it: the secret itself is told once, when it is made. Times are RFC 3339. */
export type Token = {
  id: TokenId
  workspace: WorkspaceId
  name: string
  role: Role
  createdAt: string
  expiresAt: string | null
  /** Coarse: to the minute. */
  lastUsedAt: string | null
  revokedAt: string | null
  /** null: made by the start of the daemon. */
  createdBy: TokenId | null
}
