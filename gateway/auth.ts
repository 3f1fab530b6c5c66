import { createHash, timingSafeEqual } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { isId, type TokenId, type WorkspaceId } from '../model/ids.ts'
import { notFound, Problem } from './problem.ts'
import type { Rooms } from './rooms.ts'

/** Who asks, and whose workspace the request is about. */
export type Caller = { token: TokenId; workspace: WorkspaceId }

declare module 'fastify' {
  interface FastifyRequest {
    caller: Caller
  }
}

/** How long a token that was found good is believed without asking the store again. */
const BELIEVED_MS = 5_000
const TOKENS_MAX = 1_000

type Found = { id: TokenId; role: string; until: number }

/**
 * Tells the caller of a request by its Bearer token. An operator may name another workspace than the first with
 * `?workspace=`.
 * @throws Problem unauthorized, forbidden, or notFound for a workspace that does not exist.
 */
export function createAuth(rooms: Rooms): (request: FastifyRequest) => Promise<Caller> {
  const believed = new Map<string, Found>()
  const workspaces = new Set<string>([rooms.workspace])
  const workspaceOf = async (named: string): Promise<WorkspaceId> => {
    if (!workspaces.has(named) && isId('wks', named)) {
      for (const { id } of await rooms.store.query('workspaces', {})) workspaces.add(id)
    }
    if (!workspaces.has(named)) throw notFound('workspace')
    return named as WorkspaceId
  }
  return async request => {
    const token = await find(rooms, believed, bearerOf(request.headers.authorization))
    if (token === undefined) {
      throw new Problem('unauthorized', 'A valid token is needed: Authorization: Bearer <token>.', {
        headers: { 'www-authenticate': 'Bearer' },
      })
    }
    if (token.role !== 'operator') throw new Problem('forbidden', 'The role of this token does not allow it.')
    const { workspace } = request.query as { workspace?: unknown }
    if (workspace === undefined) return { token: token.id, workspace: rooms.workspace }
    return { token: token.id, workspace: await workspaceOf(String(workspace)) }
  }
}

/** What is stored of a token. A token has 256 random bits or is the operator's own long one: one hash is enough. */
export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}

/** The token of an Authorization header. */
export function bearerOf(header: string | undefined): string | undefined {
  return /^Bearer +(\S+)\s*$/i.exec(header ?? '')?.[1]
}

/** Compares without telling by its time how much was right. */
export function sameText(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(a), digest(b))
}

async function find(
  { store, clock, adminTokenHash }: Rooms,
  believed: Map<string, Found>,
  token: string | undefined,
): Promise<Found | undefined> {
  if (token === undefined) return undefined
  const hash = hashToken(token)
  // With a configured token no other counts: one that was replaced must not open the door any longer.
  if (adminTokenHash !== null && !sameText(hash, adminTokenHash)) return undefined
  const known = believed.get(hash)
  if (known !== undefined && known.until > clock.monotonic()) return known
  const row = await store.query('token', { hash })
  if (row === null) {
    believed.delete(hash)
    return undefined
  }
  if (believed.size >= TOKENS_MAX) believed.clear()
  const found = { id: row.id, role: row.role, until: clock.monotonic() + BELIEVED_MS }
  believed.set(hash, found)
  return found
}
