import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { rfc3339 } from '../../model/clock.ts'
import type { Filter } from '../../model/filter.ts'
import { isId, type WorkspaceId } from '../../model/ids.ts'
import type { Definitions } from '../../store/found/fields.ts'
import { type FilterFault, readFilter } from '../../store/found/read-filter.ts'
import type { Test } from '../../store/found/test.ts'
import type { Rows } from '../../store/rows.ts'
import { pageOf, problems } from '../answers.ts'
import { readPage } from '../paging.ts'
import { ContactAnswer, CountAnswer, SegmentAnswer } from '../people/answers.ts'
import { SegmentInput, SegmentPatch } from '../people/filter-body.ts'
import { countOf, definitionsOf, findPage } from '../people/finding.ts'
import { commitOne, invalidInput, notFound, Problem } from '../problem.ts'
import type { Rooms } from '../rooms.ts'
import { IdParams, PageQuery, WorkspaceQuery } from '../schemas.ts'

const about = { tags: ['contacts'], querystring: WorkspaceQuery }
const COMMON = ['unauthorized', 'forbidden', 'notFound', 'busy', 'unavailable'] as const
const CHANGING = ['invalidInput', 'exists', ...COMMON] as const

type Id = { Params: { id: string } }

/** `/v1/segments`: saved filters, always current. */
export function segmentRoutes(app: FastifyInstance, rooms: Rooms): void {
  listRoute(app, rooms)
  createRoute(app, rooms)
  oneRoutes(app, rooms)
  deleteRoute(app, rooms)
  peopleRoutes(app, rooms)
}

function listRoute(app: FastifyInstance, rooms: Rooms): void {
  app.get<{ Querystring: PageQuery }>(
    '/v1/segments',
    {
      config: { may: 'read' },
      schema: {
        operationId: 'listSegments',
        summary: 'Segments, newest first',
        tags: about.tags,
        querystring: PageQuery,
        response: { 200: pageOf(SegmentAnswer), ...problems('invalidInput', ...COMMON) },
      },
    },
    async request => {
      const { workspace } = request.caller
      const definitions = await definitionsOf(rooms, workspace)
      const { data, next } = await readPage('seg', request.query, page =>
        rooms.store.query('segments', { ...page, workspace }),
      )
      return { data: data.map(segment => shown(segment, definitions)), next }
    },
  )
}

function createRoute(app: FastifyInstance, rooms: Rooms): void {
  app.post<{ Body: SegmentInput }>(
    '/v1/segments',
    {
      config: { may: 'people' },
      schema: {
        operationId: 'createSegment',
        summary: 'Save a filter under a name',
        description:
          'The name is unique, whatever its case and accents. Tags may be renamed: they are kept by ids.',
        ...about,
        body: SegmentInput,
        response: { 201: SegmentAnswer, ...problems(...CHANGING) },
      },
    },
    async (request, reply) => {
      const { workspace } = request.caller
      const definitions = await definitionsOf(rooms, workspace)
      const { name, filter } = request.body
      const id = rooms.ids('seg', rooms.clock.now())
      const change = {
        kind: 'segmentCreated',
        id,
        name: name.trim(),
        filter: kept(filter, definitions),
      } as const
      await commitOne(rooms, workspace, change)
      return reply.code(201).send(shown(await segmentOf(rooms, workspace, id), definitions))
    },
  )
}

function oneRoutes(app: FastifyInstance, rooms: Rooms): void {
  app.get<Id>(
    '/v1/segments/:id',
    {
      config: { may: 'read' },
      schema: {
        operationId: 'getSegment',
        summary: 'One segment',
        ...about,
        params: IdParams,
        response: { 200: SegmentAnswer, ...problems(...COMMON) },
      },
    },
    async request => {
      const { workspace } = request.caller
      const segment = await segmentOf(rooms, workspace, request.params.id)
      return shown(segment, await definitionsOf(rooms, workspace))
    },
  )
  app.patch<Id & { Body: SegmentPatch }>(
    '/v1/segments/:id',
    {
      config: { may: 'people' },
      schema: {
        operationId: 'updateSegment',
        summary: 'Rename a segment, or give it another filter',
        ...about,
        params: IdParams,
        body: SegmentPatch,
        response: { 200: SegmentAnswer, ...problems(...CHANGING) },
      },
    },
    async request => {
      const { workspace } = request.caller
      const { id: segment } = await segmentOf(rooms, workspace, request.params.id)
      const definitions = await definitionsOf(rooms, workspace)
      const { name, filter } = request.body
      const set = {
        ...(name === undefined ? {} : { name: name.trim() }),
        ...(filter === undefined ? {} : { filter: kept(filter, definitions) }),
      }
      await commitOne(rooms, workspace, { kind: 'segmentUpdated', segment, set })
      return shown(await segmentOf(rooms, workspace, segment), definitions)
    },
  )
}

function deleteRoute(app: FastifyInstance, rooms: Rooms): void {
  app.delete<Id>(
    '/v1/segments/:id',
    {
      config: { may: 'people' },
      schema: {
        operationId: 'deleteSegment',
        summary: 'Delete a segment; its contacts stay',
        ...about,
        params: IdParams,
        response: { 204: Type.Null(), ...problems(...COMMON) },
      },
    },
    async (request, reply) => {
      const { workspace } = request.caller
      const { id: segment } = await segmentOf(rooms, workspace, request.params.id)
      await commitOne(rooms, workspace, { kind: 'segmentDeleted', segment })
      return reply.code(204).send()
    },
  )
}

function peopleRoutes(app: FastifyInstance, rooms: Rooms): void {
  app.get<Id & { Querystring: PageQuery }>(
    '/v1/segments/:id/contacts',
    {
      config: { may: 'read' },
      schema: {
        operationId: 'listSegmentContacts',
        summary: 'Contacts of a segment as it is now, newest first',
        tags: about.tags,
        params: IdParams,
        querystring: PageQuery,
        response: { 200: pageOf(ContactAnswer), ...problems('invalidInput', 'state', ...COMMON) },
      },
    },
    async request => {
      const { workspace } = request.caller
      return findPage(rooms, workspace, await wholeTest(rooms, workspace, request.params.id), request.query)
    },
  )
  app.get<Id>(
    '/v1/segments/:id/count',
    {
      config: { may: 'read' },
      schema: {
        operationId: 'countSegment',
        summary: 'How many contacts a segment has now',
        ...about,
        params: IdParams,
        response: { 200: CountAnswer, ...problems('state', ...COMMON) },
      },
    },
    async request => {
      const { workspace } = request.caller
      return { count: await countOf(rooms, workspace, await wholeTest(rooms, workspace, request.params.id)) }
    },
  )
}

/** @throws Problem state where the filter names what is not there: whom it would mean then, nobody meant. */
async function wholeTest(rooms: Rooms, workspace: WorkspaceId, id: string): Promise<Test> {
  const segment = await segmentOf(rooms, workspace, id)
  const read = readFilter(segment.filter, await definitionsOf(rooms, workspace))
  if (read.ok) return read.test
  const why = read.faults.map(({ field, message }) => `${field} ${message}`).join('; ')
  throw new Problem('state', `The segment is broken: ${why}.`, { errors: read.faults })
}

async function segmentOf({ store }: Rooms, workspace: WorkspaceId, id: string): Promise<Rows['segments']> {
  const segment = isId('seg', id) ? await store.query('segment', { workspace, id }) : null
  if (segment === null) throw notFound('segment')
  return segment
}

/** @throws Problem invalidInput */
function kept(filter: unknown, definitions: Definitions): Filter {
  const read = readFilter(filter, definitions)
  if (!read.ok) throw invalidInput(read.faults)
  return read.filter
}

function shown(
  { id, workspace, name, filter, createdAt, updatedAt }: Rows['segments'],
  definitions: Definitions,
) {
  const read = readFilter(filter, definitions)
  const broken: FilterFault[] = read.ok ? [] : read.faults
  const times = { createdAt: rfc3339(createdAt), updatedAt: rfc3339(updatedAt) }
  return { id, workspace, name, filter: named(filter, definitions), broken, ...times }
}

/** With tags by the names that they have now. */
function named(filter: Filter, definitions: Definitions): Filter {
  if ('all' in filter) return { all: filter.all.map(one => named(one, definitions)) }
  if ('any' in filter) return { any: filter.any.map(one => named(one, definitions)) }
  if ('not' in filter) return { not: named(filter.not, definitions) }
  if (filter.field !== 'tags') return filter
  const nameOf = (value: unknown): unknown => definitions.tags.find(({ id }) => id === value)?.name ?? value
  return { ...filter, value: Array.isArray(filter.value) ? filter.value.map(nameOf) : nameOf(filter.value) }
}
