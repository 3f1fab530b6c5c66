import type { FastifyInstance } from 'fastify'
import { rfc3339 } from '../../model/clock.ts'
import { isId, type WorkspaceId } from '../../model/ids.ts'
import type { StoredWorkspace } from '../../store/access.ts'
import { pageOf, problems, WorkspaceAnswer } from '../answers.ts'
import type { Caller } from '../auth.ts'
import { readPage } from '../paging.ts'
import { applied, notFound } from '../problem.ts'
import type { Rooms } from '../rooms.ts'
import { IdParams, WorkspaceInput, WorkspacesQuery } from '../schemas.ts'

const tags = ['access']
const COMMON = ['unauthorized', 'forbidden', 'busy', 'unavailable'] as const

/** `/v1/workspaces`: for operators; everybody else sees their own. */
export function workspaceRoutes(app: FastifyInstance, rooms: Rooms): void {
  readRoutes(app, rooms)
  app.post<{ Body: WorkspaceInput }>(
    '/v1/workspaces',
    {
      config: { may: 'operate' },
      schema: {
        operationId: 'createWorkspace',
        summary: 'Make a workspace',
        description: 'It begins empty. Its owner needs a token next: `POST /v1/tokens?workspace=wks_…`.',
        tags,
        body: WorkspaceInput,
        response: { 201: WorkspaceAnswer, ...problems('invalidInput', ...COMMON) },
      },
    },
    async (request, reply) => {
      const workspace = rooms.ids('wks', rooms.clock.now())
      const change = { kind: 'workspaceCreated', name: request.body.name } as const
      applied((await rooms.store.commit({ workspace, changes: [change] })).outcomes[0])
      return reply.code(201).send(await workspaceOf(rooms, workspace))
    },
  )
  app.patch<{ Params: { id: string }; Body: WorkspaceInput }>(
    '/v1/workspaces/:id',
    {
      config: { may: 'operate' },
      schema: {
        operationId: 'renameWorkspace',
        summary: 'Rename a workspace',
        tags,
        params: IdParams,
        body: WorkspaceInput,
        response: { 200: WorkspaceAnswer, ...problems('invalidInput', 'notFound', ...COMMON) },
      },
    },
    async request => {
      const { id } = await workspaceOf(rooms, request.params.id)
      const change = { kind: 'workspaceRenamed', name: request.body.name } as const
      applied((await rooms.store.commit({ workspace: id, changes: [change] })).outcomes[0])
      return workspaceOf(rooms, id)
    },
  )
}

function readRoutes(app: FastifyInstance, rooms: Rooms): void {
  app.get<{ Querystring: WorkspacesQuery }>(
    '/v1/workspaces',
    {
      config: { may: 'operate' },
      schema: {
        operationId: 'listWorkspaces',
        summary: 'Workspaces, newest first',
        tags,
        querystring: WorkspacesQuery,
        response: { 200: pageOf(WorkspaceAnswer), ...problems('invalidInput', ...COMMON) },
      },
    },
    async request => {
      const { data, next } = await readPage('wks', request.query, page =>
        rooms.store.query('workspacesPage', page),
      )
      return { data: data.map(show), next }
    },
  )
  app.get<{ Params: { id: string } }>(
    '/v1/workspaces/:id',
    {
      config: { may: 'read' },
      schema: {
        operationId: 'getWorkspace',
        summary: 'One workspace; for all but operators the own one',
        tags,
        params: IdParams,
        response: { 200: WorkspaceAnswer, ...problems('notFound', ...COMMON) },
      },
    },
    async request => {
      const { id } = request.params
      if (!isVisible(request.caller, id)) throw notFound('workspace')
      return workspaceOf(rooms, id)
    },
  )
}

function isVisible({ role, workspace }: Caller, id: string): boolean {
  return role === 'operator' || id === workspace
}

type Workspace = { id: WorkspaceId; name: string; createdAt: string }

async function workspaceOf({ store }: Rooms, id: string): Promise<Workspace> {
  const found = isId('wks', id) ? await store.query('workspace', { id }) : null
  if (found === null) throw notFound('workspace')
  return show(found)
}

function show({ id, name, createdAt }: StoredWorkspace): Workspace {
  return { id, name, createdAt: rfc3339(createdAt) }
}
