import type { FastifyInstance } from 'fastify'
import { type Static, Type } from 'typebox'
import type { Change } from '../../model/change.ts'
import type { Contact } from '../../model/contact.ts'
import { type ContactId, isId, type WorkspaceId } from '../../model/ids.ts'
import { problems } from '../answers.ts'
import { readAddress } from '../enqueue.ts'
import { commitOnce, type InProgress } from '../once.ts'
import { ContactAnswer } from '../people/answers.ts'
import { ContactInput, ContactPatch, ContactTagsInput } from '../people/bodies.ts'
import { eraseSoon } from '../people/erase.ts'
import { createdOf, taggedOf, untaggedOf, updatedOf } from '../people/people.ts'
import { applied, notFound } from '../problem.ts'
import { voiceOf } from '../roles.ts'
import type { Rooms } from '../rooms.ts'
import { IdempotencyHeaders, IdParams, WorkspaceQuery, workspace as workspaceQuery } from '../schemas.ts'
import { optional, strict } from '../shapes.ts'

const tags = ['contacts']
const COMMON = ['unauthorized', 'forbidden', 'notFound', 'busy', 'unavailable'] as const
const CHANGING = ['invalidInput', 'exists', 'impossible', ...COMMON] as const

type Id = { Params: { id: string } }

/** `/v1/contacts`: people, by id or by address (`phone:+57…`, `email:…`). */
export function contactRoutes(app: FastifyInstance, rooms: Rooms): void {
  readRoutes(app, rooms)
  createRoute(app, rooms)
  updateRoute(app, rooms)
  tagRoutes(app, rooms)
  deleteRoute(app, rooms)
}

function readRoutes(app: FastifyInstance, rooms: Rooms): void {
  app.get<Id>(
    '/v1/contacts/:id',
    {
      config: { may: 'read' },
      schema: {
        operationId: 'getContact',
        summary: 'One contact, by its id or as kind:value',
        tags,
        params: IdParams,
        querystring: WorkspaceQuery,
        response: { 200: ContactAnswer, ...problems('invalidInput', ...COMMON) },
      },
    },
    async request => contactOf(rooms, request.caller.workspace, request.params.id),
  )
}

function createRoute(app: FastifyInstance, rooms: Rooms): void {
  const inProgress: InProgress = new Set()
  app.post<{ Body: ContactInput }>(
    '/v1/contacts',
    {
      config: { may: 'work' },
      schema: {
        operationId: 'createContact',
        summary: 'Make a contact',
        description: 'It is 409 if one of the addresses is somebody already; the detail says who.',
        tags,
        headers: IdempotencyHeaders,
        querystring: WorkspaceQuery,
        body: ContactInput,
        response: { 201: ContactAnswer, ...problems('inProgress', 'keyReused', ...CHANGING) },
      },
    },
    async (request, reply) => {
      const { workspace, role } = request.caller
      const changes = await createdOf(rooms, workspace, request.body, voiceOf(role).kind)
      const { outcomes } = await commitOnce(rooms, inProgress, request, reply, changes)
      const { id } = lastApplied(outcomes)
      return reply.code(201).send(await contactOf(rooms, workspace, id ?? ''))
    },
  )
}

function updateRoute(app: FastifyInstance, rooms: Rooms): void {
  app.patch<Id & { Body: ContactPatch }>(
    '/v1/contacts/:id',
    {
      config: { may: 'work' },
      schema: {
        operationId: 'updateContact',
        summary: 'Change a contact',
        description:
          'What is not named stays; null takes away. `phone` and `email` are the first of their kind: ' +
          'a new one takes its place.',
        tags,
        params: IdParams,
        querystring: WorkspaceQuery,
        body: ContactPatch,
        response: { 200: ContactAnswer, ...problems(...CHANGING) },
      },
    },
    async request => {
      const contact = await contactOf(rooms, request.caller.workspace, request.params.id)
      return commitTo(rooms, contact, await updatedOf(rooms, contact, request.body))
    },
  )
}

function tagRoutes(app: FastifyInstance, rooms: Rooms): void {
  app.post<Id & { Body: ContactTagsInput }>(
    '/v1/contacts/:id/tags',
    {
      config: { may: 'work' },
      schema: {
        operationId: 'tagContact',
        summary: 'Put tags on a contact',
        description: 'A tag that there is not yet is made. What it has already stays.',
        tags,
        params: IdParams,
        querystring: WorkspaceQuery,
        body: ContactTagsInput,
        response: { 200: ContactAnswer, ...problems(...CHANGING) },
      },
    },
    async request => {
      const contact = await contactOf(rooms, request.caller.workspace, request.params.id)
      return commitTo(rooms, contact, await taggedOf(rooms, contact, request.body.tags))
    },
  )
  app.delete<{ Params: { id: string; tag: string } }>(
    '/v1/contacts/:id/tags/:tag',
    {
      config: { may: 'work' },
      schema: {
        operationId: 'untagContact',
        summary: 'Take a tag off a contact, by name or id',
        tags,
        params: Type.Object({ id: Type.String(), tag: Type.String() }),
        querystring: WorkspaceQuery,
        response: { 200: ContactAnswer, ...problems('invalidInput', ...COMMON) },
      },
    },
    async request => {
      const { id, tag } = request.params
      const contact = await contactOf(rooms, request.caller.workspace, id)
      return commitTo(rooms, contact, await untaggedOf(rooms, contact, [tag]))
    },
  )
}

const DeleteQuery = strict({
  workspace: workspaceQuery,
  erase: optional(
    Type.Boolean({
      default: false,
      description: 'What was said goes too: content, media, notes, where it went, raw payloads.',
    }),
  ),
})

function deleteRoute(app: FastifyInstance, rooms: Rooms): void {
  app.delete<Id & { Querystring: Static<typeof DeleteQuery> }>(
    '/v1/contacts/:id',
    {
      config: { may: 'people' },
      schema: {
        operationId: 'deleteContact',
        summary: 'Delete a contact, or erase it',
        description:
          'It is found no more, its messages that were not sent are cancelled, and whoever writes from one ' +
          'of its addresses is somebody new. Consent that was withdrawn stays withdrawn. With `erase` what ' +
          'was said goes, too: 204 when all of it is gone, 202 while some is left to the background.',
        tags,
        params: IdParams,
        querystring: DeleteQuery,
        response: { 202: Type.Null(), 204: Type.Null(), ...problems('invalidInput', ...COMMON) },
      },
    },
    async (request, reply) => {
      const { workspace } = request.caller
      const { erase = false } = request.query
      const { id: contact } = await contactOf(rooms, workspace, request.params.id)
      const { outcomes } = await rooms.store.commit({
        workspace,
        changes: [{ kind: 'contactDeleted', contact, erase }],
      })
      applied(outcomes[0])
      const isDone = await eraseSoon(rooms, workspace, contact, erase)
      return reply.code(isDone ? 204 : 202).send()
    },
  )
}

/** The contact that a path names. @throws Problem notFound, or invalidInput for what is no address */
export async function contactOf(rooms: Rooms, workspace: WorkspaceId, id: string): Promise<Contact> {
  const contact = await findContact(rooms, workspace, id)
  if (contact === null) throw notFound('contact')
  return contact
}

async function findContact({ store }: Rooms, workspace: WorkspaceId, id: string): Promise<Contact | null> {
  if (isId('ctc', id)) return store.query('contact', { workspace, id: id as ContactId })
  if (!id.includes(':')) return null
  return store.query('contactByAddress', { workspace, address: readAddress(id, 'id') })
}

async function commitTo(rooms: Rooms, { id, workspace }: Contact, changes: Change[]): Promise<Contact> {
  const { outcomes } = await rooms.store.commit({ workspace, changes })
  lastApplied(outcomes)
  return contactOf(rooms, workspace, id)
}

/** Of a list whose last change is what was asked for. @throws Problem for the first that was refused */
function lastApplied(outcomes: Parameters<typeof applied>[0][]): { id?: string } {
  return outcomes.map(outcome => applied(outcome, { inBody: true })).at(-1) ?? {}
}
