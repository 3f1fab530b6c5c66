import type { FastifyInstance } from 'fastify'
import { isTimelineKey, type Moment } from '../../store/found/timeline.ts'
import { pageOf, problems } from '../answers.ts'
import { readPageBy } from '../paging.ts'
import { ContactAnswer, CountAnswer, MomentAnswer } from '../people/answers.ts'
import { ContactCount, ContactSearch, ContactsQuery } from '../people/filter-body.ts'
import { countOf, findPage, parsedFilter, testOf } from '../people/finding.ts'
import { notFound } from '../problem.ts'
import type { Rooms } from '../rooms.ts'
import { IdParams, PageQuery, WorkspaceQuery } from '../schemas.ts'
import { contactOf } from './contacts.ts'

const tags = ['contacts']
const COMMON = ['invalidInput', 'unauthorized', 'forbidden', 'notFound', 'busy', 'unavailable'] as const

/** Contacts, many at once: listed, searched, counted; and all that happened to one. */
export function contactListRoutes(app: FastifyInstance, rooms: Rooms): void {
  app.get<{ Querystring: ContactsQuery }>(
    '/v1/contacts',
    {
      config: { may: 'read' },
      schema: {
        operationId: 'listContacts',
        summary: 'Contacts, newest first; those that a search or a filter finds',
        tags,
        querystring: ContactsQuery,
        response: { 200: pageOf(ContactAnswer), ...problems(...COMMON) },
      },
    },
    async request => {
      const { workspace } = request.caller
      const { q, filter } = request.query
      const test = await testOf(rooms, workspace, { q, filter: parsedFilter(filter) })
      return findPage(rooms, workspace, test, request.query)
    },
  )
  searchRoutes(app, rooms)
  timelineRoute(app, rooms)
}

function searchRoutes(app: FastifyInstance, rooms: Rooms): void {
  app.post<{ Body: ContactSearch }>(
    '/v1/contacts/search',
    {
      config: { may: 'read' },
      schema: {
        operationId: 'searchContacts',
        summary: 'Contacts that a filter or a search finds, newest first',
        description: 'The same as GET /v1/contacts, for filters that are too long for a URL.',
        tags,
        querystring: WorkspaceQuery,
        body: ContactSearch,
        response: { 200: pageOf(ContactAnswer), ...problems(...COMMON) },
      },
    },
    async request => {
      const { workspace } = request.caller
      return findPage(rooms, workspace, await testOf(rooms, workspace, request.body), request.body)
    },
  )
  app.post<{ Body: ContactCount }>(
    '/v1/contacts/count',
    {
      config: { may: 'read' },
      schema: {
        operationId: 'countContacts',
        summary: 'How many contacts a filter or a search finds',
        tags,
        querystring: WorkspaceQuery,
        body: ContactCount,
        response: { 200: CountAnswer, ...problems(...COMMON) },
      },
    },
    async request => {
      const { workspace } = request.caller
      return { count: await countOf(rooms, workspace, await testOf(rooms, workspace, request.body)) }
    },
  )
}

function timelineRoute(app: FastifyInstance, rooms: Rooms): void {
  app.get<{ Params: { id: string }; Querystring: PageQuery }>(
    '/v1/contacts/:id/timeline',
    {
      config: { may: 'read' },
      schema: {
        operationId: 'getContactTimeline',
        summary: 'Everything that happened to a contact, newest first',
        description:
          'What was told of it, its conversations and messages; of those that were merged into it, too. ' +
          'It goes further back than the log, as far as its conversations and messages are kept.',
        tags,
        params: IdParams,
        querystring: PageQuery,
        response: { 200: pageOf(MomentAnswer), ...problems(...COMMON) },
      },
    },
    async request => {
      const { id, workspace } = await contactOf(rooms, request.caller.workspace, request.params.id)
      const by = { isKey: isTimelineKey, keyOf: ({ key }: Moment) => key }
      const { data, next } = await readPageBy(by, request.query, async page => {
        const moments = await rooms.store.query('contactTimeline', { ...page, workspace, id })
        if (moments === null) throw notFound('contact')
        return moments
      })
      return { data: data.map(({ at, type, data }) => ({ at, type, data })), next }
    },
  )
}
