import type { FastifyInstance } from 'fastify'
import type { TokenCreated } from '../../model/change.ts'
import { rfc3339 } from '../../model/clock.ts'
import { isId } from '../../model/ids.ts'
import type { Token } from '../../model/token.ts'
import type { StoredToken } from '../../store/access.ts'
import { SessionAnswer, TokenAnswer, TokenMadeAnswer } from '../access-answers.ts'
import { pageOf, problems } from '../answers.ts'
import { type Auth, type Caller, hashToken } from '../auth.ts'
import { readPage } from '../paging.ts'
import { applied, invalidInput, notFound, Problem } from '../problem.ts'
import { grantsOf, rolesUpTo } from '../roles.ts'
import type { Rooms } from '../rooms.ts'
import { IdParams, PageQuery, TokenInput, WorkspaceQuery } from '../schemas.ts'
import { newToken } from '../setup.ts'

const tags = ['access']
const COMMON = ['unauthorized', 'forbidden', 'notFound', 'busy', 'unavailable'] as const

/** `/v1/tokens` and `/v1/session`: who may come in, and who has. */
export function tokenRoutes(app: FastifyInstance, rooms: Rooms, auth: Auth): void {
  makeRoute(app, rooms)
  readRoutes(app, rooms)
  revokeRoute(app, rooms, auth)
  sessionRoute(app, rooms)
}

function makeRoute(app: FastifyInstance, rooms: Rooms): void {
  app.post<{ Body: TokenInput }>(
    '/v1/tokens',
    {
      config: { may: 'access' },
      schema: {
        operationId: 'createToken',
        summary: 'Make a token',
        description:
          'The answer is the only one that ever shows `token`: what is kept of it is a hash. ' +
          'Nobody makes a token of a role above the own one: operator, owner, manager, agent, backend.',
        tags,
        querystring: WorkspaceQuery,
        body: TokenInput,
        response: { 201: TokenMadeAnswer, ...problems('invalidInput', 'state', ...COMMON) },
      },
    },
    async (request, reply) => {
      const { caller, body } = request
      const token = newToken(rooms.random)
      const change = createdOf(rooms, caller, body, hashToken(token))
      const { workspace } = caller
      const { outcomes } = await rooms.store.commit({ workspace, changes: [change] })
      applied(outcomes[0])
      const made = await rooms.store.query('token', { hash: change.hash })
      if (made === null) throw new Error('a token that was made is not there')
      return reply.code(201).send({ ...show(made), token })
    },
  )
}

function readRoutes(app: FastifyInstance, rooms: Rooms): void {
  app.get<{ Querystring: PageQuery }>(
    '/v1/tokens',
    {
      config: { may: 'access' },
      schema: {
        operationId: 'listTokens',
        summary: 'Tokens, newest first; revoked and ended ones too',
        description: "An operator's tokens are shown to operators only.",
        tags,
        querystring: PageQuery,
        response: { 200: pageOf(TokenAnswer), ...problems('invalidInput', ...COMMON) },
      },
    },
    async request => {
      const { workspace, role } = request.caller
      const roles = rolesUpTo(role)
      const { data, next } = await readPage('tok', request.query, page =>
        rooms.store.query('tokens', { ...page, workspace, roles }),
      )
      return { data: data.map(show), next }
    },
  )
  app.get<{ Params: { id: string } }>(
    '/v1/tokens/:id',
    {
      config: { may: 'access' },
      schema: {
        operationId: 'getToken',
        summary: 'One token, without its secret',
        tags,
        params: IdParams,
        querystring: WorkspaceQuery,
        response: { 200: TokenAnswer, ...problems(...COMMON) },
      },
    },
    async request => show(await tokenOf(rooms, request.caller, request.params.id)),
  )
}

function revokeRoute(app: FastifyInstance, rooms: Rooms, auth: Auth): void {
  app.delete<{ Params: { id: string } }>(
    '/v1/tokens/:id',
    {
      config: { may: 'access' },
      schema: {
        operationId: 'revokeToken',
        summary: 'Revoke a token',
        description:
          'It counts no more: on this node from now on, streams of events included, on others within 5 s. ' +
          'It stays in the list. The configured admin token is not revoked here (409): replace it in the ' +
          'configuration.',
        tags,
        params: IdParams,
        querystring: WorkspaceQuery,
        response: { 204: { description: 'Done.', type: 'null' }, ...problems('state', ...COMMON) },
      },
    },
    async (request, reply) => {
      const { caller } = request
      const { hash, workspace } = await tokenOf(rooms, caller, request.params.id)
      if (hash === rooms.adminTokenHash) {
        throw new Problem('state', 'This is the configured admin token: replace it in the configuration.')
      }
      const { outcomes } = await rooms.store.commit({
        workspace,
        changes: [{ kind: 'tokenRevoked', token: hash }],
      })
      applied(outcomes[0])
      auth.forget(hash)
      return reply.code(204).send()
    },
  )
}

function sessionRoute(app: FastifyInstance, rooms: Rooms): void {
  app.get(
    '/v1/session',
    {
      config: { may: 'read' },
      schema: {
        operationId: 'getSession',
        summary: 'Who asks, and what they may do',
        description: '`may` names what the role is allowed: read, work, config, connect, access, operate.',
        tags,
        querystring: WorkspaceQuery,
        response: { 200: SessionAnswer, ...problems(...COMMON) },
      },
    },
    async request => {
      const { token, hash, role, workspace } = request.caller
      const stored = await rooms.store.query('token', { hash })
      const { name = '', expiresAt = null } = stored ?? {}
      return { token, name, role, workspace, may: grantsOf(role), expiresAt: shownTime(expiresAt) }
    },
  )
}

/** @throws Problem forbidden for a role above the caller's, invalidInput for an end that is past. */
function createdOf(rooms: Rooms, caller: Caller, input: TokenInput, hash: string): TokenCreated {
  const { name, role, expiresAt } = input
  const now = rooms.clock.now()
  if (!rolesUpTo(caller.role).includes(role)) {
    throw new Problem('forbidden', `The role of this token (${caller.role}) may not make one of ${role}.`)
  }
  const change: TokenCreated = {
    kind: 'tokenCreated',
    id: rooms.ids('tok', now),
    createdBy: caller.token,
    ...{ hash, role, name },
  }
  if (expiresAt === undefined) return change
  const end = Date.parse(expiresAt)
  if (end <= now) throw invalidInput([{ field: 'expiresAt', message: 'must be in the future' }])
  return { ...change, expiresAt: end }
}

/** @throws Problem notFound, also for a token of a role above the caller's. */
async function tokenOf({ store }: Rooms, { workspace, role }: Caller, id: string): Promise<StoredToken> {
  const token = isId('tok', id) ? await store.query('tokenById', { workspace, id }) : null
  if (token === null || !rolesUpTo(role).includes(token.role)) throw notFound('token')
  return token
}

function show(token: StoredToken): Token {
  const { id, workspace, name, role, createdAt, expiresAt, lastUsedAt, revokedAt, createdBy } = token
  return {
    ...{ id, workspace, name, role },
    createdAt: rfc3339(createdAt),
    expiresAt: shownTime(expiresAt),
    lastUsedAt: shownTime(lastUsedAt),
    revokedAt: shownTime(revokedAt),
    createdBy,
  }
}

function shownTime(at: number | null): string | null {
  return at === null ? null : rfc3339(at)
}
