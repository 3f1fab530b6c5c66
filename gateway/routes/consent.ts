import type { FastifyInstance } from 'fastify'
import type { Consent, ConsentSums } from '../../model/consent.ts'
import type { WorkspaceId } from '../../model/ids.ts'
import { problems } from '../answers.ts'
import { ConsentAnswer } from '../people/answers.ts'
import { ConsentInput } from '../people/bodies.ts'
import { consentedOf } from '../people/consent.ts'
import { applied, notFound, Problem } from '../problem.ts'
import { may, voiceOf } from '../roles.ts'
import type { Rooms } from '../rooms.ts'
import { IdParams, WorkspaceQuery } from '../schemas.ts'
import { contactOf } from './contacts.ts'

const tags = ['contacts']
const COMMON = ['invalidInput', 'unauthorized', 'forbidden', 'notFound', 'busy', 'unavailable'] as const

type Id = { Params: { id: string } }

/** `/v1/contacts/:id/consent`: what may be sent to a person (RULES F1). */
export function consentRoutes(app: FastifyInstance, rooms: Rooms): void {
  app.get<Id>(
    '/v1/contacts/:id/consent',
    {
      config: { may: 'read' },
      schema: {
        operationId: 'getConsent',
        summary: 'What a contact consented to, by address, channel and category',
        tags,
        params: IdParams,
        querystring: WorkspaceQuery,
        response: { 200: ConsentAnswer, ...problems(...COMMON) },
      },
    },
    async request => shown(rooms, request.caller.workspace, request.params.id),
  )
  app.put<Id & { Body: ConsentInput }>(
    '/v1/contacts/:id/consent',
    {
      config: { may: 'work' },
      schema: {
        operationId: 'putConsent',
        summary: 'Close or open what may be sent to a contact',
        description:
          'It counts for every address that the contact has now. What is withdrawn is refused when it is ' +
          'to be sent, and again at its attempt. Agents may withdraw, and do not grant.',
        tags,
        params: IdParams,
        querystring: WorkspaceQuery,
        body: ConsentInput,
        response: { 200: ConsentAnswer, ...problems('impossible', ...COMMON) },
      },
    },
    async request => {
      const { caller, body, params } = request
      const { workspace, role } = caller
      const contact = await contactOf(rooms, workspace, params.id)
      if (body.state === 'granted' && !may(role, 'people'))
        throw new Problem('forbidden', `The role ${role} may withdraw consent and not grant it.`)
      const known = (await rooms.store.query('consents', { workspace, contact: contact.id })) ?? []
      const { kind } = voiceOf(role)
      const changes = consentedOf(contact, body, kind, known, rooms.clock.now())
      const { outcomes } = await rooms.store.commit({ workspace, changes })
      for (const outcome of outcomes) applied(outcome, { inBody: true })
      return shown(rooms, workspace, contact.id)
    },
  )
}

async function shown(
  rooms: Rooms,
  workspace: WorkspaceId,
  id: string,
): Promise<ConsentSums & { data: Consent[] }> {
  const contact = await contactOf(rooms, workspace, id)
  const data = await rooms.store.query('consents', { workspace, contact: contact.id })
  if (data === null) throw notFound('contact')
  return { ...contact.consent, data }
}
