import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import type { ActIo } from '../../connectors/connector.ts'
import { isId } from '../../model/ids.ts'
import { problems } from '../answers.ts'
import { notFound } from '../problem.ts'
import type { Rooms } from '../rooms.ts'
import { IdParams, TypingInput, WorkspaceQuery } from '../schemas.ts'

const ACT_MS = 5_000

/** `POST /v1/conversations/:id/typing`: somebody writes an answer. Best effort, kept nowhere. */
export function typingRoute(app: FastifyInstance, rooms: Rooms): void {
  app.post<{ Params: { id: string }; Body: TypingInput }>(
    '/v1/conversations/:id/typing',
    {
      schema: {
        operationId: 'tellTyping',
        summary: 'Show that an answer is being written',
        description:
          'On the channel where the contact was heard last, if that shows such a thing. It is forgotten ' +
          'after some seconds: repeat it while it is so.',
        tags: ['conversations'],
        params: IdParams,
        querystring: WorkspaceQuery,
        body: TypingInput,
        response: {
          204: Type.Null(),
          ...problems('invalidInput', 'notFound', 'unauthorized', 'forbidden', 'busy', 'unavailable'),
        },
      },
    },
    async (request, reply) => {
      const { workspace } = request.caller
      const { id } = request.params
      const known = isId('cnv', id) ? await rooms.store.query('conversation', { workspace, id }) : null
      if (known === null) throw notFound('conversation')
      const heard = await rooms.store.query('lastHeard', { workspace, conversation: known.id })
      const channel = heard === null ? undefined : rooms.directory.get(heard.channel)
      if (heard !== null && channel !== undefined) {
        const action = { kind: 'typing', on: request.body.on, address: heard.address } as const
        const acted = channel.connector.act?.(action, channel.config, ioOf(rooms, heard.channel))
        acted?.catch((error: unknown) => rooms.log.debug({ err: error }, 'typing was not shown'))
      }
      return reply.code(204).send()
    },
  )
}

function ioOf(
  { http, clock, random, live, stopping }: Rooms,
  channel: Parameters<Rooms['live']['show']>[0],
): ActIo {
  return {
    ...{ http, random, now: clock.now },
    signal: AbortSignal.any([stopping, AbortSignal.timeout(ACT_MS)]),
    memo: (_key, _forMs, make) => make(),
    live: (address, frame) => live.show(channel, address, frame),
  }
}
