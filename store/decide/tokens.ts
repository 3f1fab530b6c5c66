import type { Change, TokenCreated } from '../../model/change.ts'
import type { WorkspaceId } from '../../model/ids.ts'
import type { Rows } from '../rows.ts'
import type { Draft } from './draft.ts'
import { countDown, countUp, type Rule, refused } from './rule.ts'

type Of<K extends Change['kind']> = Extract<Change, { kind: K }>

/** Of a workspace, made by the API and not revoked. */
const TOKENS_MAX = 1_000
const COUNTER = 'tokens'

/** Tokens are set-up, not work: none of this is told by the log, which every reader of a workspace may follow. */
export const tokenCreated: Rule<TokenCreated> = {
  want: (draft, workspace, { hash }) => {
    draft.want('tokens', hash)
    draft.want('counters', workspace, COUNTER)
  },
  decide: (draft, workspace, { id, hash, role, name, expiresAt = null, createdBy = null }) => {
    if (draft.get('tokens', hash) !== undefined) return refused('exists', 'this token exists already')
    if (createdBy !== null && !countUp(draft, workspace, COUNTER, TOKENS_MAX)) {
      return refused('state', `${TOKENS_MAX} tokens are not revoked yet: revoke some first`)
    }
    const ends = { expiresAt, lastUsedAt: null, revokedAt: null, createdBy }
    draft.put('tokens', { hash, id, workspace, role, name, createdAt: draft.now, ...ends })
    return { ok: true, id }
  },
}

export const tokenRevoked: Rule<Of<'tokenRevoked'>> = {
  want: (draft, workspace, { token }) => {
    draft.want('tokens', token)
    draft.want('counters', workspace, COUNTER)
  },
  decide: (draft, workspace, { token }) => {
    const known = own(draft, workspace, token)
    if (known === undefined) return refused('notFound', 'no such token')
    if (known.revokedAt !== null) return { ok: true, id: known.id, duplicate: true }
    draft.put('tokens', { ...known, revokedAt: draft.now })
    if (known.createdBy !== null) countDown(draft, workspace, COUNTER)
    return { ok: true, id: known.id }
  },
}

/** Several nodes tell of the same token, in any order. */
export const tokenUsed: Rule<Of<'tokenUsed'>> = {
  want: (draft, _workspace, { token }) => {
    draft.want('tokens', token)
  },
  decide: (draft, workspace, { token, at }) => {
    const known = own(draft, workspace, token)
    if (known === undefined) return refused('notFound', 'no such token')
    if (known.lastUsedAt !== null && known.lastUsedAt >= at)
      return { ok: true, id: known.id, duplicate: true }
    draft.put('tokens', { ...known, lastUsedAt: at })
    return { ok: true, id: known.id }
  },
}

function own(draft: Draft, workspace: WorkspaceId, token: string): Rows['tokens'] | undefined {
  const known = draft.get('tokens', token)
  return known?.workspace === workspace ? known : undefined
}
