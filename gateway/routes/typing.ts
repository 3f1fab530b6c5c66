import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import type { OpenChannel } from '../../connectors/directory.ts'
import { isId, type WorkspaceId } from '../../model/ids.ts'
import type { Queries } from '../../store/store.ts'
import { act } from '../acting.ts'
import { problems } from '../answers.ts'
import { notFound } from '../problem.ts'
import type { Rooms } from '../rooms.ts'
import { IdParams, ReadInput, TypingInput, WorkspaceQuery } from '../schemas.ts'

const COMMON = ['invalidInput', 'notFound', 'unauthorized', 'forbidden', 'busy', 'unavailable'] as const

/** What the person is shown of those who answer: best effort, kept nowhere. */
export function typingRoutes(app: FastifyInstance, rooms: Rooms): void {
  app.post<{ Params: { id: string }; Body: TypingInput }>(
    '/v1/conversations/:id/typing',
    {
      config: { may: 'work' },
      schema: {
        operationId: 'tellTyping',
        summary: 'Show that an answer is being written',
        description:
          'On the channel where the contact was heard last, if that shows such a thing. It is forgotten ' +
          'after some seconds: repeat it while it is so. Some providers mark what came as read with it.',
        tags: ['conversations'],
        params: IdParams,
        querystring: WorkspaceQuery,
        body: TypingInput,
        response: { 204: Type.Null(), ...problems(...COMMON) },
      },
    },
    async (request, reply) => {
      const found = await heardIn(rooms, request.caller.workspace, request.params.id)
      if (found !== undefined) {
        const { channel, heard } = found
        const { address, providerId } = heard
        act(rooms, channel, { kind: 'typing', on: request.body.on, address, providerId })
      }
      return reply.code(204).send()
    },
  )
  readRoute(app, rooms)
}

function readRoute(app: FastifyInstance, rooms: Rooms): void {
  app.post<{ Params: { id: string }; Body: ReadInput }>(
    '/v1/conversations/:id/read',
    {
      config: { may: 'work' },
      schema: {
        operationId: 'markRead',
        summary: 'Show the contact that what they wrote was read',
        description: 'On the channel where they were heard last, up to their newest message there.',
        tags: ['conversations'],
        params: IdParams,
        querystring: WorkspaceQuery,
        body: ReadInput,
        response: { 204: Type.Null(), ...problems(...COMMON) },
      },
      preValidation: async request => {
        request.body ??= {}
      },
    },
    async (request, reply) => {
      const found = await heardIn(rooms, request.caller.workspace, request.params.id)
      if (found !== undefined) {
        const { channel, heard } = found
        const { address, providerId } = heard
        if (providerId !== null) act(rooms, channel, { kind: 'read', address, providerId })
        if (request.body.typing === true)
          act(rooms, channel, { kind: 'typing', on: true, address, providerId })
      }
      return reply.code(204).send()
    },
  )
}

type Heard = NonNullable<Queries['lastHeard']['result']>

/** Where the contact of the conversation was heard last; undefined if nowhere that is still there. @throws notFound */
async function heardIn(
  { store, directory }: Rooms,
  workspace: WorkspaceId,
  id: string,
): Promise<{ channel: OpenChannel; heard: Heard } | undefined> {
  const known = isId('cnv', id) ? await store.query('conversation', { workspace, id }) : null
  if (known === null) throw notFound('conversation')
  const heard = await store.query('lastHeard', { workspace, conversation: known.id })
  const channel = heard === null ? undefined : directory.get(heard.channel)
  return heard === null || channel === undefined ? undefined : { channel, heard }
}
