import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { rfc3339 } from '../../model/clock.ts'
import { isId, type MessageId, type WorkspaceId } from '../../model/ids.ts'
import type { Message } from '../../model/message.ts'
import { MessageAnswer, pageOf, problems, TimelineAnswer } from '../answers.ts'
import { enqueuedOf } from '../enqueue.ts'
import { commitOnce, type InProgress } from '../once.ts'
import { readPage } from '../paging.ts'
import { applied, notFound } from '../problem.ts'
import type { Rooms } from '../rooms.ts'
import {
  IdempotencyHeaders,
  IdParams,
  MessageInput,
  MessagesQuery,
  type MessagesQuery as Query,
  WorkspaceQuery,
} from '../schemas.ts'

const tags = ['messages']
const COMMON = ['unauthorized', 'forbidden', 'notFound', 'busy', 'unavailable'] as const

/** `/v1/messages`: send, read, explain, cancel. */
export function messageRoutes(app: FastifyInstance, rooms: Rooms): void {
  sendRoute(app, rooms)
  app.get<{ Querystring: Query }>(
    '/v1/messages',
    {
      config: { may: 'read' },
      schema: {
        operationId: 'listMessages',
        summary: 'Messages, newest first',
        tags,
        querystring: MessagesQuery,
        response: { 200: pageOf(MessageAnswer), ...problems('invalidInput', ...COMMON) },
      },
    },
    async request => {
      const { workspace } = request.caller
      const { workspace: _named, limit: _limit, after: _after, ...filters } = request.query
      return readPage('msg', request.query, page =>
        rooms.store.query('messages', { ...(filters as object), ...page, workspace }),
      )
    },
  )
  oneRoutes(app, rooms)
  cancelRoute(app, rooms)
}

function sendRoute(app: FastifyInstance, rooms: Rooms): void {
  const inProgress: InProgress = new Set()
  app.post<{ Body: MessageInput }>(
    '/v1/messages',
    {
      config: { may: 'work' },
      schema: {
        operationId: 'sendMessage',
        summary: 'Send a message',
        description:
          'Say to whom by `to` with `channel`, by `contact`, or by `conversation`. The answer is the ' +
          'message as it was accepted; its status is told by /v1/events and by reading it again.',
        tags,
        querystring: WorkspaceQuery,
        headers: IdempotencyHeaders,
        body: MessageInput,
        response: {
          202: MessageAnswer,
          ...problems('invalidInput', 'impossible', 'noRecipient', 'keyReused', 'inProgress', ...COMMON),
        },
      },
    },
    async (request, reply) => {
      const { caller, body } = request
      const change = await enqueuedOf(rooms, caller, body)
      rooms.probe?.('outbound.1.accepted')
      const committed = await commitOnce(rooms, inProgress, request, reply, [change])
      const { id } = applied(committed.outcomes[0], { inBody: true })
      rooms.probe?.('outbound.2.enqueued')
      const message = await rooms.store.query('messageCreated', {
        workspace: caller.workspace,
        id: id as MessageId,
      })
      return reply.code(202).send(message)
    },
  )
}

function oneRoutes(app: FastifyInstance, rooms: Rooms): void {
  app.get<{ Params: { id: string } }>(
    '/v1/messages/:id',
    {
      config: { may: 'read' },
      schema: {
        operationId: 'getMessage',
        summary: 'One message with its status now',
        tags,
        params: IdParams,
        querystring: WorkspaceQuery,
        response: { 200: MessageAnswer, ...problems(...COMMON) },
      },
    },
    async request => messageOf(rooms, request.caller.workspace, request.params.id),
  )
  app.get<{ Params: { id: string } }>(
    '/v1/messages/:id/timeline',
    {
      config: { may: 'read' },
      schema: {
        operationId: 'getMessageTimeline',
        summary: 'Everything known to have happened to a message, oldest first',
        tags,
        params: IdParams,
        querystring: WorkspaceQuery,
        response: {
          200: Type.Object({ data: Type.Array(TimelineAnswer), next: Type.Null() }),
          ...problems(...COMMON),
        },
      },
    },
    async request => {
      const { workspace } = request.caller
      const { id } = await messageOf(rooms, workspace, request.params.id)
      const entries = await rooms.store.query('timeline', { workspace, id })
      return { data: entries.map(entry => ({ ...entry, at: rfc3339(entry.at) })), next: null }
    },
  )
}

function cancelRoute(app: FastifyInstance, rooms: Rooms): void {
  app.delete<{ Params: { id: string } }>(
    '/v1/messages/:id',
    {
      config: { may: 'work' },
      schema: {
        operationId: 'cancelMessage',
        summary: 'Cancel a message that was not attempted yet',
        tags,
        params: IdParams,
        querystring: WorkspaceQuery,
        response: { 200: MessageAnswer, ...problems('state', ...COMMON) },
      },
    },
    async request => {
      const { workspace } = request.caller
      const { id } = await messageOf(rooms, workspace, request.params.id)
      const { outcomes } = await rooms.store.commit({
        workspace,
        changes: [{ kind: 'cancelled', message: id }],
      })
      applied(outcomes[0])
      return messageOf(rooms, workspace, id)
    },
  )
}

async function messageOf(rooms: Rooms, workspace: WorkspaceId, id: string): Promise<Message> {
  const message = isId('msg', id) ? await rooms.store.query('message', { workspace, id }) : null
  if (message === null) throw notFound('message')
  return message
}
