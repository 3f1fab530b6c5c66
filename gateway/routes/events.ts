import type { ServerResponse } from 'node:http'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { LogEvent } from '../../model/event.ts'
import type { WorkspaceId } from '../../model/ids.ts'
import { LogTrimmed, type Store } from '../../store/store.ts'
import { EventAnswer, problems } from '../answers.ts'
import { invalidInput, Problem } from '../problem.ts'
import type { Rooms } from '../rooms.ts'
import { EVENTS_PAGE_DEFAULT, EventsQuery, type EventsQuery as Query } from '../schemas.ts'
import { streamEvents } from '../sse.ts'

/** How many event streams one node keeps open. */
const STREAMS_MAX = 1_000

/** `/v1/events`: the log, as pages and as a stream. */
export function eventRoutes(app: FastifyInstance, rooms: Rooms): void {
  app.get<{ Querystring: Query }>(
    '/v1/events',
    {
      schema: {
        operationId: 'readEvents',
        summary: 'Everything that happened, in order',
        description:
          'JSON: the events after `after` (from the oldest that is kept if absent); `next` is the last ' +
          'number read. Where retention has dropped what follows `after` or `Last-Event-ID`: 410, and ' +
          '`oldest` is the first number that is kept: go on with `after` one below it. ' +
          'With `Accept: text/event-stream`: an endless stream after `Last-Event-ID` or `after` (from now ' +
          'on if both are absent); each `id:` is the number to resume from. A reader who is too slow gets ' +
          '`event: dropped` and is closed.',
        tags: ['events'],
        querystring: EventsQuery,
        response: {
          200: {
            description: 'A page, or a stream.',
            content: {
              'application/json': {
                schema: Type.Object({ data: Type.Array(EventAnswer), next: Type.Integer() }),
              },
              'text/event-stream': { schema: Type.String() },
            },
          },
          ...problems('invalidInput', 'gone', 'unauthorized', 'forbidden', 'notFound', 'busy', 'unavailable'),
        },
      },
    },
    async (request, reply) => {
      const { workspace } = request.caller
      if (request.headers.accept?.includes('text/event-stream'))
        return stream(rooms, request, reply, workspace)
      const { after, limit = EVENTS_PAGE_DEFAULT } = request.query
      const { events, next } = await page(rooms.store, workspace, after, limit)
      // Each event is JSON already and the same for every reader: it is passed on unread.
      const body = `{"data":[${events.map(event => event.json).join(',')}],"next":${next}}`
      return reply.type('application/json; charset=utf-8').send(body)
    },
  )
}

async function page(
  store: Store,
  workspace: WorkspaceId,
  after: number | undefined,
  limit: number,
): Promise<{ events: LogEvent[]; next: number }> {
  try {
    const events = await store.events(workspace, after ?? 0, limit)
    return { events, next: events.at(-1)?.sequence ?? after ?? 0 }
  } catch (error) {
    // Who names a number wants what follows it; who names none takes what is there.
    if (after !== undefined || !(error instanceof LogTrimmed)) throw error
    return page(store, workspace, error.oldest - 1, limit)
  }
}

async function stream(
  rooms: Rooms,
  request: FastifyRequest<{ Querystring: Query }>,
  reply: FastifyReply,
  workspace: WorkspaceId,
): Promise<void> {
  if (rooms.streams.open >= STREAMS_MAX || rooms.stopping.aborted) {
    throw new Problem('busy', 'Too many event streams are open on this node.', { retryAfterS: 5 })
  }
  const after = await startOf(rooms, request, workspace)
  // Said before the stream begins, while the answer can still be a problem: the log may not reach back so far.
  await rooms.store.events(workspace, after, 1)
  reply.hijack()
  const stop = request.query.typing === true ? passOnTyping(rooms, workspace, reply.raw) : undefined
  await streamEvents(rooms, reply.raw, workspace, after)
  stop?.()
}

async function startOf(
  { store }: Rooms,
  request: FastifyRequest<{ Querystring: Query }>,
  workspace: WorkspaceId,
): Promise<number> {
  const last = request.headers['last-event-id']
  if (typeof last === 'string' && last !== '') {
    if (/^\d{1,15}$/.test(last)) return Number(last)
    throw invalidInput([{ field: 'Last-Event-ID', message: 'must be the number of an event' }])
  }
  if (request.query.after !== undefined) return request.query.after
  const workspaces = await store.query('workspaces', {})
  return workspaces.find(each => each.id === workspace)?.head ?? 0
}

/** Without an `id:`, so that it moves nobody's place in the log; a reader who is slow misses it. */
function passOnTyping({ live }: Rooms, workspace: WorkspaceId, response: ServerResponse): () => void {
  return live.listen(workspace, data => {
    if (!response.writableNeedDrain) response.write(`event: typing\ndata: ${data}\n\n`)
  })
}
