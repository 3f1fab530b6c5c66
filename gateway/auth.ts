import { createHash, timingSafeEqual } from 'node:crypto'
import { isId, type TokenId, type WorkspaceId } from '../model/ids.ts'
import type { Role } from '../model/token.ts'
import type { StoredToken } from '../store/access.ts'
import { createFailureLimit } from './failure-limit.ts'
import { createLastUse } from './last-use.ts'
import { notFound, Problem } from './problem.ts'
import { createRateLimit } from './rate-limit.ts'
import { type Grant, may } from './roles.ts'
import type { Rooms } from './rooms.ts'
import { createWatch } from './watch.ts'

/** Who asks, and whose workspace the request is about. */
export type Caller = { token: TokenId; role: Role; workspace: WorkspaceId; hash: string }

/** A request at the door, as a route or an upgrade tells it. */
export type Knock = {
  token: string | undefined
  /** What the route asks for. */
  grant: Grant
  /** `?workspace=`, as it came. */
  workspace: unknown
  /** The client's address; asked only when the token is wrong. */
  address: () => string
  /** Takes the headers of the rate limit, whatever the answer becomes. */
  headers?: (headers: Record<string, string>) => void
}

export type Auth = {
  /**
   * In this order: 401 without a token that counts, 429 above its rate, 403 beyond its role, 404 for a workspace that
   * is not its own.
   * @throws Problem
   */
  admit(knock: Knock): Promise<Caller>
  /** Calls `gone` when the token counts no more, for what stays open longer than a request; answers how to stop. */
  watch(hash: string, gone: () => void): () => void
  /** A token was revoked here: on this node it counts no more from now on. */
  forget(hash: string): void
  stop(): Promise<void>
}

/** How long a token that was found good is believed without asking the store again. */
const BELIEVED_MS = 5_000
const TOKENS_MAX = 1_000

export function createAuth(rooms: Rooms): Auth {
  const { store, clock, log } = rooms
  const tokens = createTokens(rooms)
  const failures = createFailureLimit(clock)
  const rate = createRateLimit(rooms.config.limits.requests)
  const lastUse = createLastUse(store, clock, log)
  const watch = createWatch(async hash => (await tokens.find(hash)) !== undefined, BELIEVED_MS)
  const identify = async ({ token, address }: Knock): Promise<StoredToken> => {
    if (token === undefined) throw unauthorized()
    const hash = hashToken(token)
    // Who was here before is never shut out by what others of the same address do.
    const isStranger = !tokens.isKnown(hash)
    if (isStranger && failures.reached(address)) throw tooManyFailures()
    const found = await tokens.find(hash)
    if (found !== undefined) return found
    throw failures.count(address()) ? tooManyFailures() : unauthorized()
  }
  return {
    admit: async knock => {
      const { id, role, hash, ...found } = await identify(knock)
      if (rate !== undefined) {
        const { waitMs, headers } = rate.take(id, clock.monotonic())
        knock.headers?.(headers)
        if (waitMs > 0) throw tooManyRequests(waitMs, headers)
      }
      lastUse.note({ hash, workspace: found.workspace })
      if (!may(role, knock.grant)) {
        throw new Problem('forbidden', `The role of this token (${role}) does not allow it.`)
      }
      const workspace =
        knock.workspace === undefined
          ? found.workspace
          : await tokens.workspaceNamed(String(knock.workspace), role === 'operator' ? null : found.workspace)
      return { token: id, role, workspace, hash }
    },
    watch: watch.add,
    forget: hash => {
      tokens.forget(hash)
      watch.end(hash)
    },
    stop: async () => {
      watch.stop()
      await lastUse.stop()
    },
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

/**
 * Whether a stored token counts now. Of those that the start of a daemon made, operators' all, only the configured one
 * does, if one is configured: one that was replaced must not open the door any longer. Every other token counts until
 * it is revoked or ends.
 */
function counts(token: StoredToken, adminTokenHash: string | null, now: number): boolean {
  if (token.createdBy === null && adminTokenHash !== null && !sameText(token.hash, adminTokenHash))
    return false
  return token.revokedAt === null && (token.expiresAt === null || token.expiresAt > now)
}

type Tokens = {
  /** The token if it counts. */
  find(hash: string): Promise<StoredToken | undefined>
  /** Whether it was found good on this node, not long ago. */
  isKnown(hash: string): boolean
  forget(hash: string): void
  /** @throws Problem notFound if there is none, or it is not the `only` one. */
  workspaceNamed(named: string, only: WorkspaceId | null): Promise<WorkspaceId>
}

function createTokens({ store, clock, adminTokenHash }: Rooms): Tokens {
  const believed = new Map<string, { token: StoredToken; until: number }>()
  const workspaces = new Set<string>()
  let forgotten = 0
  return {
    find: async hash => {
      const known = believed.get(hash)
      if (known !== undefined && known.until > clock.monotonic()) {
        return counts(known.token, adminTokenHash, clock.now()) ? known.token : undefined
      }
      const asked = forgotten
      const token = await store.query('token', { hash })
      if (token === null || !counts(token, adminTokenHash, clock.now())) {
        believed.delete(hash)
        return undefined
      }
      // What was asked before a token was revoked is not believed after it.
      if (asked !== forgotten) return token
      if (believed.size >= TOKENS_MAX && !believed.has(hash)) believed.clear()
      believed.set(hash, { token, until: clock.monotonic() + BELIEVED_MS })
      return token
    },
    isKnown: hash => believed.has(hash),
    forget: hash => {
      forgotten += 1
      believed.delete(hash)
    },
    workspaceNamed: async (named, only) => {
      if (only !== null) {
        if (named !== only) throw notFound('workspace')
        return only
      }
      if (!workspaces.has(named)) {
        const found = isId('wks', named) ? await store.query('workspace', { id: named }) : null
        if (found === null) throw notFound('workspace')
        if (workspaces.size >= WORKSPACES_MAX) workspaces.clear()
        workspaces.add(named)
      }
      return named as WorkspaceId
    },
  }
}

/** Workspaces are never deleted: once seen, one is there. */
const WORKSPACES_MAX = 10_000

function unauthorized(): Problem {
  return new Problem('unauthorized', 'A valid token is needed: Authorization: Bearer <token>.', {
    headers: { 'www-authenticate': 'Bearer' },
  })
}

function tooManyFailures(): Problem {
  return new Problem('tooManyFailures', 'Too many wrong tokens came from this address.', { retryAfterS: 60 })
}

function tooManyRequests(waitMs: number, headers: Record<string, string>): Problem {
  const retryAfterS = Math.ceil(waitMs / 1000)
  return new Problem('tooManyRequests', 'This token makes more requests than it may.', {
    retryAfterS,
    headers,
  })
}
