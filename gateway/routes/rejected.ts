import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import type { OpenChannel } from '../../connectors/directory.ts'
import { rfc3339 } from '../../model/clock.ts'
import { type ChannelId, isId, type RejectedId, type WorkspaceId } from '../../model/ids.ts'
import type { RejectedDelivery } from '../../store/rejected.ts'
import { pageOf, problems, RejectedAnswer, ReplayAnswer } from '../answers.ts'
import { readPage } from '../paging.ts'
import { notFound } from '../problem.ts'
import { createReplay } from '../replay.ts'
import type { Rooms } from '../rooms.ts'
import { IdParams, PageQuery, ReplayInput, WorkspaceQuery } from '../schemas.ts'

const tags = ['channels']
const COMMON = ['notFound', 'unauthorized', 'forbidden', 'busy', 'unavailable'] as const

/** `/v1/channels/:id/rejected` and `/replay`: signed deliveries that could not be read (RULES B7). */
export function rejectedRoutes(app: FastifyInstance, rooms: Rooms): void {
  app.get<{ Params: { id: string }; Querystring: PageQuery }>(
    '/v1/channels/:id/rejected',
    {
      config: { may: 'connect' },
      schema: {
        operationId: 'listRejected',
        summary: 'Deliveries of a channel that could not be read, newest first',
        tags,
        params: IdParams,
        querystring: PageQuery,
        response: { 200: pageOf(RejectedAnswer), ...problems('invalidInput', ...COMMON) },
      },
    },
    async request => {
      const { workspace } = request.caller
      const { id: channel } = openNamed(rooms, workspace, request.params.id)
      const { data, next } = await readPage('rej', request.query, page =>
        rooms.store.query('rejected', { ...page, workspace, channel }),
      )
      return { data: data.map(show), next }
    },
  )
  rawRoute(app, rooms)
  replayRoute(app, rooms)
}

function rawRoute(app: FastifyInstance, rooms: Rooms): void {
  app.get<{ Params: { id: string; rejected: string } }>(
    '/v1/channels/:id/rejected/:rejected',
    {
      config: { may: 'connect' },
      schema: {
        operationId: 'readRejected',
        summary: 'The bytes of such a delivery, to save',
        tags,
        params: Type.Object({ id: Type.String(), rejected: Type.String() }),
        querystring: WorkspaceQuery,
        response: { 200: { description: 'The bytes.', type: 'string' }, ...problems(...COMMON) },
      },
    },
    async (request, reply) => {
      const { workspace } = request.caller
      const { id: channel } = openNamed(rooms, workspace, request.params.id)
      const id = request.params.rejected
      const kept = isId('rej', id) ? await rooms.store.query('rejectedRaw', { workspace, id }) : null
      if (kept === null || kept.channel !== channel) throw notFound('delivery')
      // A stranger wrote it, and says what it is: a browser must never show it as our own page.
      reply.headers({
        'content-type': 'application/octet-stream',
        'content-disposition': `attachment; filename="${id}"`,
        'x-content-type-options': 'nosniff',
        'content-security-policy': "default-src 'none'; sandbox",
        'cache-control': 'no-store',
      })
      return reply.send(Buffer.from(kept.raw))
    },
  )
}

/** How many are asked for at once, without their bytes; each is then read by itself. */
const PAGE_ROWS = 100

function replayRoute(app: FastifyInstance, rooms: Rooms): void {
  const replay = createReplay(rooms)
  const { store, stopping } = rooms
  app.post<{ Params: { id: string }; Body: ReplayInput }>(
    '/v1/channels/:id/replay',
    {
      config: { may: 'connect' },
      schema: {
        operationId: 'replayRejected',
        summary: 'Read deliveries again that could not be read, one or all of the channel',
        description:
          'What they tell is taken in as if it came now, each thing once, and they are kept no longer. ' +
          'What still cannot be read, or not all of it, stays.',
        tags,
        params: IdParams,
        querystring: WorkspaceQuery,
        body: ReplayInput,
        response: { 200: ReplayAnswer, ...problems('invalidInput', ...COMMON) },
      },
      // All of them need no body.
      preValidation: async request => {
        request.body ??= {}
      },
    },
    async request => {
      const { workspace } = request.caller
      const channel = openNamed(rooms, workspace, request.params.id)
      const url = `${rooms.publicUrl()}/in/${channel.connector.connector}/${channel.id}`
      const done = { read: 0, kept: 0, messages: 0 }
      const one = async (id: RejectedId): Promise<'read' | 'kept' | 'gone'> => {
        const { is, messages } = await replay(channel, id, url)
        done.messages += messages
        if (is !== 'gone') done[is] += 1
        return is
      }
      if (request.body.id !== undefined) {
        if ((await one(request.body.id as RejectedId)) === 'gone') throw notFound('delivery')
        return done
      }
      for (let after: RejectedId | undefined; !stopping.aborted; ) {
        const scope = { workspace, channel: channel.id, limit: PAGE_ROWS }
        const page = await store.query('rejected', after === undefined ? scope : { ...scope, after })
        for (const { id } of page) if (!stopping.aborted) await one(id)
        after = page.at(-1)?.id
        if (page.length < PAGE_ROWS) break
      }
      return done
    },
  )
}

function openNamed({ directory }: Rooms, workspace: WorkspaceId, id: string): OpenChannel {
  const channel = directory.get(id as ChannelId)
  if (channel?.workspace !== workspace) throw notFound('channel')
  return channel
}

function show({ id, channel, why, size, contentType, at }: RejectedDelivery) {
  return { id, channel, why, size, contentType, at: rfc3339(at) }
}
