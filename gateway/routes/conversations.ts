import type { FastifyInstance } from 'fastify'
import type { Conversation } from '../../model/conversation.ts'
import { isId, type WorkspaceId } from '../../model/ids.ts'
import { ConversationAnswer, MessageAnswer, pageOf, problems } from '../answers.ts'
import { readPage } from '../paging.ts'
import { applied, notFound } from '../problem.ts'
import { voiceOf } from '../roles.ts'
import type { Rooms } from '../rooms.ts'
import {
  ClosingInput,
  ConversationsQuery,
  IdParams,
  PageQuery,
  type ConversationsQuery as Query,
  WorkspaceQuery,
} from '../schemas.ts'

const tags = ['conversations']
const COMMON = ['unauthorized', 'forbidden', 'notFound', 'busy', 'unavailable'] as const

/** `/v1/conversations`: read, and close. */
export function conversationRoutes(app: FastifyInstance, rooms: Rooms): void {
  app.get<{ Querystring: Query }>(
    '/v1/conversations',
    {
      config: { may: 'read' },
      schema: {
        operationId: 'listConversations',
        summary: 'Conversations, newest first',
        tags,
        querystring: ConversationsQuery,
        response: { 200: pageOf(ConversationAnswer), ...problems('invalidInput', ...COMMON) },
      },
    },
    async request => {
      const { workspace } = request.caller
      const { workspace: _named, limit: _limit, after: _after, ...filters } = request.query
      return readPage('cnv', request.query, page =>
        rooms.store.query('conversations', { ...(filters as object), ...page, workspace }),
      )
    },
  )
  app.get<{ Params: { id: string } }>(
    '/v1/conversations/:id',
    {
      config: { may: 'read' },
      schema: {
        operationId: 'getConversation',
        summary: 'One conversation',
        tags,
        params: IdParams,
        querystring: WorkspaceQuery,
        response: { 200: ConversationAnswer, ...problems(...COMMON) },
      },
    },
    async request => conversationOf(rooms, request.caller.workspace, request.params.id),
  )
  app.get<{ Params: { id: string }; Querystring: PageQuery }>(
    '/v1/conversations/:id/messages',
    {
      config: { may: 'read' },
      schema: {
        operationId: 'listConversationMessages',
        summary: 'Messages of a conversation, newest first',
        tags,
        params: IdParams,
        querystring: PageQuery,
        response: { 200: pageOf(MessageAnswer), ...problems('invalidInput', ...COMMON) },
      },
    },
    async request => {
      const { workspace } = request.caller
      const { id } = await conversationOf(rooms, workspace, request.params.id)
      return readPage('msg', request.query, page =>
        rooms.store.query('messages', { ...page, workspace, conversation: id }),
      )
    },
  )
  closeRoute(app, rooms)
}

function closeRoute(app: FastifyInstance, rooms: Rooms): void {
  app.post<{ Params: { id: string }; Body: ClosingInput }>(
    '/v1/conversations/:id/close',
    {
      config: { may: 'work' },
      schema: {
        operationId: 'closeConversation',
        summary: 'Close a conversation, with a note if wanted',
        tags,
        params: IdParams,
        querystring: WorkspaceQuery,
        body: ClosingInput,
        response: { 200: ConversationAnswer, ...problems('invalidInput', 'state', ...COMMON) },
      },
      // Closing without a note needs no body.
      preValidation: async request => {
        request.body ??= {}
      },
    },
    async request => {
      const { workspace } = request.caller
      const { id } = await conversationOf(rooms, workspace, request.params.id)
      const note = request.body
      const noted = Object.keys(note).length > 0
      const { outcomes } = await rooms.store.commit({
        workspace,
        changes: [
          {
            kind: 'closed',
            conversation: id,
            by: voiceOf(request.caller.role).kind,
            ...(noted ? { note } : {}),
          },
        ],
      })
      applied(outcomes[0])
      return conversationOf(rooms, workspace, id)
    },
  )
}

async function conversationOf(rooms: Rooms, workspace: WorkspaceId, id: string): Promise<Conversation> {
  const conversation = isId('cnv', id) ? await rooms.store.query('conversation', { workspace, id }) : null
  if (conversation === null) throw notFound('conversation')
  return conversation
}
