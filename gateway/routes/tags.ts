import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import type { Tag } from '../../model/contact.ts'
import { isId, type WorkspaceId } from '../../model/ids.ts'
import { pageOf, problems } from '../answers.ts'
import { TagAnswer } from '../people/answers.ts'
import { TagInput } from '../people/bodies.ts'
import { commitOne, notFound } from '../problem.ts'
import type { Rooms } from '../rooms.ts'
import { IdParams, WorkspaceQuery } from '../schemas.ts'

const about = { tags: ['contacts'], querystring: WorkspaceQuery }
const COMMON = ['unauthorized', 'forbidden', 'notFound', 'busy', 'unavailable'] as const
const CHANGING = ['invalidInput', 'exists', 'impossible', ...COMMON] as const

type Id = { Params: { id: string } }

/** `/v1/tags`. There are few, so a list is whole. */
export function tagRoutes(app: FastifyInstance, rooms: Rooms): void {
  app.get(
    '/v1/tags',
    {
      config: { may: 'read' },
      schema: {
        operationId: 'listTags',
        summary: 'Tags of contacts, by name, all of them',
        ...about,
        response: { 200: pageOf(TagAnswer), ...problems(...COMMON) },
      },
    },
    async request => {
      const { workspace } = request.caller
      return { data: await rooms.store.query('tags', { workspace }), next: null }
    },
  )
  app.post<{ Body: TagInput }>(
    '/v1/tags',
    {
      config: { may: 'people' },
      schema: {
        operationId: 'createTag',
        summary: 'Make a tag',
        description: 'One of that name, whatever its case and accents, is answered as it is.',
        ...about,
        body: TagInput,
        response: { 201: TagAnswer, ...problems(...CHANGING) },
      },
    },
    async (request, reply) => {
      const { workspace } = request.caller
      const id = rooms.ids('tag', rooms.clock.now())
      const made = await commitOne(rooms, workspace, {
        kind: 'tagCreated',
        id,
        name: request.body.name.trim(),
      })
      return reply.code(201).send(await tagOf(rooms, workspace, made.id ?? ''))
    },
  )
  oneRoutes(app, rooms)
}

function oneRoutes(app: FastifyInstance, rooms: Rooms): void {
  app.patch<Id & { Body: TagInput }>(
    '/v1/tags/:id',
    {
      config: { may: 'people' },
      schema: {
        operationId: 'renameTag',
        summary: 'Rename a tag',
        ...about,
        params: IdParams,
        body: TagInput,
        response: { 200: TagAnswer, ...problems(...CHANGING) },
      },
    },
    async request => {
      const { workspace } = request.caller
      const { id: tag } = await tagOf(rooms, workspace, request.params.id)
      await commitOne(rooms, workspace, { kind: 'tagRenamed', tag, name: request.body.name.trim() })
      return tagOf(rooms, workspace, tag)
    },
  )
  app.delete<Id>(
    '/v1/tags/:id',
    {
      config: { may: 'people' },
      schema: {
        operationId: 'deleteTag',
        summary: 'Delete a tag, from all contacts',
        ...about,
        params: IdParams,
        response: { 204: Type.Null(), ...problems(...CHANGING) },
      },
    },
    async (request, reply) => {
      const { workspace } = request.caller
      const { id: tag } = await tagOf(rooms, workspace, request.params.id)
      await commitOne(rooms, workspace, { kind: 'tagDeleted', tag })
      return reply.code(204).send()
    },
  )
}

async function tagOf({ store }: Rooms, workspace: WorkspaceId, id: string): Promise<Tag> {
  const tag = isId('tag', id)
    ? (await store.query('tags', { workspace })).find(known => known.id === id)
    : undefined
  if (tag === undefined) throw notFound('tag')
  return tag
}
