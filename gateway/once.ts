import { createHash } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Change, Committed } from '../model/change.ts'
import { Problem } from './problem.ts'
import type { Rooms } from './rooms.ts'

/** Requests under way on this node, by workspace, token, route and key. */
export type InProgress = Set<string>

/**
 * Commits the changes of a request once for its `Idempotency-Key` (RULES C12): the same key and body again gives the
 * first outcomes, marked `Idempotency-Replayed: true`. Without a key it is a plain commit.
 * @throws Problem inProgress while the first is not committed yet, on this node.
 */
export async function commitOnce(
  { store }: Rooms,
  inProgress: InProgress,
  request: FastifyRequest,
  reply: FastifyReply,
  changes: Change[],
): Promise<Committed> {
  const { workspace, token } = request.caller
  const key = request.headers['idempotency-key']
  if (typeof key !== 'string') return store.commit({ workspace, changes })
  const scope = `${token} ${request.method} ${request.routeOptions.url ?? ''}`
  const name = `${workspace} ${scope} ${key}`
  if (inProgress.has(name)) {
    throw new Problem('inProgress', 'The first request with this Idempotency-Key is still under way.', {
      retryAfterS: 1,
    })
  }
  inProgress.add(name)
  try {
    const once = { scope, key, hash: hashOf(request.body) }
    const committed = await store.commit({ workspace, changes, once })
    if (committed.replayed) reply.header('idempotency-replayed', 'true')
    return committed
  } finally {
    inProgress.delete(name)
  }
}

/** The parsed body decides, not its bytes: order of keys and white space make no other request. */
function hashOf(body: unknown): string {
  return createHash('sha256').update(canonical(body)).digest('base64url')
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  )
}
