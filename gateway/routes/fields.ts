import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import type { Field } from '../../model/field.ts'
import type { WorkspaceId } from '../../model/ids.ts'
import { pageOf, problems } from '../answers.ts'
import { FieldAnswer } from '../people/answers.ts'
import { FieldInput, FieldPatch } from '../people/bodies.ts'
import { commitOne, invalidInput, notFound } from '../problem.ts'
import type { Rooms } from '../rooms.ts'
import { WorkspaceQuery } from '../schemas.ts'

const about = { tags: ['contacts'], querystring: WorkspaceQuery }
const COMMON = ['unauthorized', 'forbidden', 'notFound', 'busy', 'unavailable'] as const
const CHANGING = ['invalidInput', 'exists', 'impossible', ...COMMON] as const

const params = Type.Object({ key: Type.String() })
type Key = { Params: { key: string } }

/** `/v1/fields`: what a workspace adds to its contacts. There are few, so a list is whole. */
export function fieldRoutes(app: FastifyInstance, rooms: Rooms): void {
  app.get(
    '/v1/fields',
    {
      config: { may: 'read' },
      schema: {
        operationId: 'listFields',
        summary: 'Fields of contacts, by key, all of them',
        ...about,
        response: { 200: pageOf(FieldAnswer), ...problems(...COMMON) },
      },
    },
    async request => {
      const { workspace } = request.caller
      return { data: await rooms.store.query('fields', { workspace }), next: null }
    },
  )
  app.post<{ Body: FieldInput }>(
    '/v1/fields',
    {
      config: { may: 'people' },
      schema: {
        operationId: 'createField',
        summary: 'Add a field to contacts',
        description: 'Its key and type never change.',
        ...about,
        body: FieldInput,
        response: { 201: FieldAnswer, ...problems(...CHANGING) },
      },
    },
    async (request, reply) => {
      const { workspace } = request.caller
      const { key, title, type, options } = request.body
      if ((type === 'list') !== (options !== undefined)) {
        const message = type === 'list' ? 'is required for a list' : 'is for a list only'
        throw invalidInput([{ field: 'options', message }])
      }
      const field = { key, title, type, options: options ?? null }
      await commitOne(rooms, workspace, { kind: 'fieldCreated', field })
      return reply.code(201).send(await fieldOf(rooms, workspace, key))
    },
  )
  oneRoutes(app, rooms)
}

function oneRoutes(app: FastifyInstance, rooms: Rooms): void {
  app.patch<Key & { Body: FieldPatch }>(
    '/v1/fields/:key',
    {
      config: { may: 'people' },
      schema: {
        operationId: 'updateField',
        summary: 'Change the title of a field, or what may be chosen',
        description: 'What a contact has stays, even if it may be chosen no more.',
        ...about,
        params,
        body: FieldPatch,
        response: { 200: FieldAnswer, ...problems(...CHANGING) },
      },
    },
    async request => {
      const { workspace } = request.caller
      const { key: field } = await fieldOf(rooms, workspace, request.params.key)
      await commitOne(rooms, workspace, { kind: 'fieldUpdated', field, set: request.body })
      return fieldOf(rooms, workspace, field)
    },
  )
  app.delete<Key>(
    '/v1/fields/:key',
    {
      config: { may: 'people' },
      schema: {
        operationId: 'deleteField',
        summary: 'Delete a field, with its values',
        ...about,
        params,
        response: { 204: Type.Null(), ...problems(...CHANGING) },
      },
    },
    async (request, reply) => {
      const { workspace } = request.caller
      const { key: field } = await fieldOf(rooms, workspace, request.params.key)
      await commitOne(rooms, workspace, { kind: 'fieldDeleted', field })
      return reply.code(204).send()
    },
  )
}

async function fieldOf({ store }: Rooms, workspace: WorkspaceId, key: string): Promise<Field> {
  const field = (await store.query('fields', { workspace })).find(known => known.key === key)
  if (field === undefined) throw notFound('field')
  return field
}
