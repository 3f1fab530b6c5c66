import type { FastifyInstance } from 'fastify'
import type { Contact } from '../../model/contact.ts'
import { isId, type WorkspaceId } from '../../model/ids.ts'
import { ContactAnswer, pageOf, problems } from '../answers.ts'
import { readAddress } from '../enqueue.ts'
import { readPage } from '../paging.ts'
import { notFound } from '../problem.ts'
import type { Rooms } from '../rooms.ts'
import { IdParams, PageQuery, WorkspaceQuery } from '../schemas.ts'

const tags = ['contacts']
const COMMON = ['unauthorized', 'forbidden', 'notFound', 'busy', 'unavailable'] as const

/** `/v1/contacts`: people, by id or by address (`phone:+57…`, `email:…`). */
export function contactRoutes(app: FastifyInstance, rooms: Rooms): void {
  app.get<{ Querystring: PageQuery }>(
    '/v1/contacts',
    {
      config: { may: 'read' },
      schema: {
        operationId: 'listContacts',
        summary: 'Contacts, newest first',
        tags,
        querystring: PageQuery,
        response: { 200: pageOf(ContactAnswer), ...problems('invalidInput', ...COMMON) },
      },
    },
    async request => {
      const { workspace } = request.caller
      return readPage('ctc', request.query, page => rooms.store.query('contacts', { ...page, workspace }))
    },
  )
  app.get<{ Params: { id: string } }>(
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
    async request => {
      const contact = await contactOf(rooms, request.caller.workspace, request.params.id)
      if (contact === null) throw notFound('contact')
      return contact
    },
  )
}

async function contactOf({ store }: Rooms, workspace: WorkspaceId, id: string): Promise<Contact | null> {
  if (isId('ctc', id)) return store.query('contact', { workspace, id })
  if (!id.includes(':')) return null
  return store.query('contactByAddress', { workspace, address: readAddress(id, 'id') })
}
