import type { FastifyInstance } from 'fastify'
import type { Contact } from '../../model/contact.ts'
import type { IdentityChange, MergedBy } from '../../model/identity.ts'
import { type ContactId, isId } from '../../model/ids.ts'
import { pageOf, problems } from '../answers.ts'
import type { Caller } from '../auth.ts'
import { readPage } from '../paging.ts'
import { CandidateAnswer, ContactAnswer } from '../people/answers.ts'
import { MergeInput } from '../people/bodies.ts'
import { applied, notFound } from '../problem.ts'
import { voiceOf } from '../roles.ts'
import type { Rooms } from '../rooms.ts'
import { IdParams, PageQuery, WorkspaceQuery } from '../schemas.ts'
import { contactOf } from './contacts.ts'

const tags = ['contacts']
const COMMON = ['unauthorized', 'forbidden', 'notFound', 'busy', 'unavailable'] as const

type Id = { Params: { id: string } }

/** Who is who: merging, splitting, and who may be one person (RULES F2, B6). */
export function identityRoutes(app: FastifyInstance, rooms: Rooms): void {
  mergeRoutes(app, rooms)
  candidateRoutes(app, rooms)
}

function mergeRoutes(app: FastifyInstance, rooms: Rooms): void {
  app.post<{ Body: MergeInput }>(
    '/v1/contacts/merge',
    {
      config: { may: 'work' },
      schema: {
        operationId: 'mergeContacts',
        summary: 'Merge a contact into another',
        description:
          'What `into` has stays, and what it lacks is taken from `from`; addresses and tags are put ' +
          'together. Of two open conversations the less recent is closed. `from` leads to `into` now.',
        tags,
        querystring: WorkspaceQuery,
        body: MergeInput,
        response: { 200: ContactAnswer, ...problems('invalidInput', 'state', 'impossible', ...COMMON) },
      },
    },
    async request => {
      const { from, into } = request.body
      const change = { kind: 'contactMerged', from: from as ContactId, into: into as ContactId } as const
      await commit(rooms, request.caller, { ...change, by: byOf(request.caller) }, true)
      return contactOf(rooms, request.caller.workspace, into)
    },
  )
  app.post<Id>(
    '/v1/contacts/:id/split',
    {
      config: { may: 'work' },
      schema: {
        operationId: 'splitContact',
        summary: 'Take a merge back, by the id of the contact that was merged',
        description:
          'The survivor shows such ids as `merged`. Messages and conversations since go with the address ' +
          'that they used; fields and tags that were changed since stay with the survivor.',
        tags,
        params: IdParams,
        querystring: WorkspaceQuery,
        response: { 200: ContactAnswer, ...problems('state', ...COMMON) },
      },
    },
    async request => {
      const { id } = request.params
      if (!isId('ctc', id)) throw notFound('contact')
      await commit(rooms, request.caller, { kind: 'contactSplit', contact: id, by: byOf(request.caller) })
      return contactOf(rooms, request.caller.workspace, id)
    },
  )
}

function candidateRoutes(app: FastifyInstance, rooms: Rooms): void {
  const response = { 200: pageOf(CandidateAnswer), ...problems('invalidInput', ...COMMON) }
  const page = (request: { query: PageQuery; caller: Caller }, contact?: Contact) => {
    const about = contact === undefined ? {} : { contact: contact.id }
    const { workspace } = request.caller
    return readPage('cnd', request.query, query =>
      rooms.store.query('candidates', { ...query, ...about, workspace }),
    )
  }
  app.get<{ Querystring: PageQuery }>(
    '/v1/contacts/candidates',
    {
      config: { may: 'read' },
      schema: {
        operationId: 'listCandidates',
        summary: 'Contacts that may be one person, newest first',
        tags,
        querystring: PageQuery,
        response,
      },
    },
    async request => page(request),
  )
  app.get<Id & { Querystring: PageQuery }>(
    '/v1/contacts/:id/candidates',
    {
      config: { may: 'read' },
      schema: {
        operationId: 'listCandidatesOfContact',
        summary: 'Who may be the same person as a contact',
        tags,
        params: IdParams,
        querystring: PageQuery,
        response,
      },
    },
    async request => page(request, await contactOf(rooms, request.caller.workspace, request.params.id)),
  )
  app.post<Id>(
    '/v1/contacts/candidates/:id/dismiss',
    {
      config: { may: 'work' },
      schema: {
        operationId: 'dismissCandidate',
        summary: 'These two are not one person; they are not proposed again',
        tags,
        params: IdParams,
        querystring: WorkspaceQuery,
        response: { 204: { description: 'Done.', type: 'null' }, ...problems(...COMMON) },
      },
    },
    async (request, reply) => {
      const { id } = request.params
      const { workspace } = request.caller
      const pair = isId('cnd', id) ? await rooms.store.query('candidate', { workspace, id }) : null
      if (pair === null || !isId('cnd', id)) throw notFound('candidate')
      await commit(rooms, request.caller, { kind: 'candidateDismissed', id, ...pair })
      return reply.code(204).send()
    },
  )
}

async function commit(
  { store }: Rooms,
  { workspace }: Caller,
  change: IdentityChange,
  inBody = false,
): Promise<void> {
  const { outcomes } = await store.commit({ workspace, changes: [change] })
  applied(outcomes[0], { inBody })
}

function byOf({ role, token }: Caller): MergedBy {
  return { kind: voiceOf(role).kind, id: token }
}
