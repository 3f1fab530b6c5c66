import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { problems } from '../answers.ts'
import { bearerOf, sameText } from '../auth.ts'
import { isLoopback } from '../config.ts'
import { Problem } from '../problem.ts'
import type { Rooms } from '../rooms.ts'

const tags = ['operating']
/** The store is asked at most once in this time, however often the question comes. */
const CHECKED_FOR_MS = 1_000
const CHECK_MS = 2_000

/** `/livez`, `/readyz`, `/metrics`, `/openapi.json`: for whoever operates the daemon. */
export function operatingRoutes(app: FastifyInstance, rooms: Rooms): void {
  const check = readiness(rooms)
  app.get(
    '/livez',
    {
      schema: {
        operationId: 'live',
        summary: 'The process answers',
        tags,
        security: [],
        response: { 200: Type.Object({ status: Type.Literal('live') }) },
      },
    },
    async () => ({ status: 'live' }),
  )
  app.get(
    '/readyz',
    {
      schema: {
        operationId: 'ready',
        summary: 'It can take work now; if not, why',
        tags,
        security: [],
        response: { 200: Type.Object({ status: Type.Literal('ready') }), ...problems('unavailable') },
      },
    },
    async () => {
      const why = rooms.stopping.aborted ? 'the daemon is stopping' : await check()
      if (why !== undefined) throw new Problem('unavailable', `Not ready: ${why}.`, { retryAfterS: 5 })
      return { status: 'ready' }
    },
  )
  metricsRoute(app, rooms)
  app.get('/openapi.json', { schema: { hide: true } }, async (_request, reply) => {
    return reply.type('application/json').send(JSON.stringify(app.swagger()))
  })
}

/** RULES G4: without a token, `/metrics` is open only where nobody from outside can listen in. */
function metricsRoute(app: FastifyInstance, { config, metrics }: Rooms): void {
  const { metricsToken, listen } = config
  app.get(
    '/metrics',
    {
      schema: {
        operationId: 'metrics',
        summary: 'Figures for Prometheus',
        tags,
        security: [],
        response: {
          200: { description: 'Text format 0.0.4.', type: 'string' },
          ...problems('unauthorized', 'forbidden'),
        },
      },
    },
    async (request, reply) => {
      if (metricsToken !== null) {
        const token = bearerOf(request.headers.authorization)
        if (token === undefined || !sameText(token, metricsToken)) {
          throw new Problem('unauthorized', 'The metrics token is needed.', {
            headers: { 'www-authenticate': 'Bearer' },
          })
        }
      } else if (!isLoopback(listen.host)) {
        throw new Problem('forbidden', 'Set metricsToken to read metrics from outside.')
      }
      return reply.type(metrics.series.contentType).send(await metrics.series.text())
    },
  )
}

/** Why the store cannot write now; undefined if it can. Nothing has to be reset: the next question finds out anew. */
function readiness({ store, clock }: Rooms): () => Promise<string | undefined> {
  let asked: Promise<string | undefined> | undefined
  let at = 0
  return () => {
    if (asked !== undefined && clock.monotonic() - at < CHECKED_FOR_MS) return asked
    at = clock.monotonic()
    asked = within(store.check(), CHECK_MS).then(
      () => undefined,
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    )
    return asked
  }
}

async function within(promise: Promise<void>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`the store did not answer within ${ms} ms`)), ms)
  })
  try {
    await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
