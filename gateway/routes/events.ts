import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { Value } from 'typebox/value'
import type { LogEvent } from '../../model/event.ts'
import type { WorkspaceId } from '../../model/ids.ts'
import { LogTrimmed, type Store } from '../../store/store.ts'
import { EventAnswer, problems } from '../answers.ts'
import type { Auth, Caller } from '../auth.ts'
import { createClientAddress } from '../client-address.ts'
import { acceptEvents, tokenOf } from '../event-socket.ts'
import { explain } from '../explain.ts'
import { invalidInput, Problem } from '../problem.ts'
import type { Rooms } from '../rooms.ts'
import { EVENTS_PAGE_DEFAULT, EventsQuery, type EventsQuery as Query } from '../schemas.ts'
import { sseWire } from '../sse.ts'
import { STREAMS_MAX, streamEvents, type Wire } from '../stream.ts'
import type { Upgrades } from '../upgrade.ts'

const PATH = '/v1/events'
const GRANT = 'read'

/** `/v1/events`: the log, as pages and as a stream. */
export function eventRoutes(app: FastifyInstance, rooms: Rooms, auth: Auth, upgrades: Upgrades): void {
  socketRoute(rooms, auth, upgrades)
  app.get<{ Querystring: Query }>(
    PATH,
    {
      config: { may: GRANT },
      schema: {
        operationId: 'readEvents',
        summary: 'Everything that happened, in order',
        description:
          'JSON: the events after `after` (from the oldest that is kept if absent); `next` is the last ' +
          'number read. Where the log does not have what follows `after` or `Last-Event-ID`, because ' +
          'retention dropped it or it was restored from a backup: 410, and `oldest` is the first number ' +
          'that is kept: go on with `after` one below it.\n\n' +
          'With `Accept: text/event-stream`: an endless stream after `Last-Event-ID` or `after` (from now ' +
          'on if both are absent); each `id:` is the number to resume from. A reader who is too slow gets ' +
          '`event: dropped` and is closed.\n\n' +
          'As a WebSocket, after `after` or from now on: a text frame an event. A reader who is too slow ' +
          'gets `{"type":"dropped","why":…}` and is closed (1013). Where headers cannot be set, the token ' +
          'goes as a subprotocol: `omnibus-events-1`, `bearer.<token>`.',
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
      if (request.headers.accept?.includes('text/event-stream')) return stream(rooms, auth, request, reply)
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
    if (events.length === 0 && after !== undefined) await proveReached(store, workspace, after)
    return { events, next: events.at(-1)?.sequence ?? after ?? 0 }
  } catch (error) {
    // Who names a number wants what follows it; who names none takes what is there.
    if (after !== undefined || !(error instanceof LogTrimmed)) throw error
    return page(store, workspace, error.oldest - 1, limit)
  }
}

async function stream(
  rooms: Rooms,
  auth: Auth,
  request: FastifyRequest<{ Querystring: Query }>,
  reply: FastifyReply,
): Promise<void> {
  const { caller, query } = request
  const after = await startOf(rooms, caller.workspace, lastEventId(request) ?? query.after)
  // A raw answer: what was set on the reply is not in it.
  for (const [name, value] of Object.entries(reply.getHeaders())) {
    if (value !== undefined) reply.raw.setHeader(name, value)
  }
  reply.hijack()
  await pass(rooms, auth, caller, after, sseWire(reply.raw, after), query)
}

/** The same as a WebSocket, beside Fastify's routes (`upgrade.ts`). */
function socketRoute(rooms: Rooms, auth: Auth, upgrades: Upgrades): void {
  const addressOf = createClientAddress(rooms.config.trustedProxies)
  upgrades.on(PATH, async upgrade => {
    const query: unknown = Value.Convert(EventsQuery, Object.fromEntries(upgrade.url.searchParams))
    const { workspace } = query as { workspace?: unknown }
    const address = (): string => addressOf(upgrade.request)
    const caller = await auth.admit({ token: tokenOf(upgrade), grant: GRANT, workspace, address })
    if (!Value.Check(EventsQuery, query)) throw invalidInput(explain(EventsQuery, query))
    const after = await startOf(rooms, caller.workspace, query.after)
    await pass(rooms, auth, caller, after, await acceptEvents(upgrade), query)
  })
}

function lastEventId(request: FastifyRequest): number | undefined {
  const last = request.headers['last-event-id']
  if (typeof last !== 'string' || last === '') return undefined
  if (/^\d{1,15}$/.test(last)) return Number(last)
  throw invalidInput([{ field: 'Last-Event-ID', message: 'must be the number of an event' }])
}

/**
 * From where a stream goes on: after the number that was named, or from now on. Asked before the stream begins, while
 * the answer can still be a problem.
 * @throws LogTrimmed where the log does not reach back so far; Problem gone, busy.
 */
async function startOf(
  { store, streams, stopping }: Rooms,
  workspace: WorkspaceId,
  named: number | undefined,
): Promise<number> {
  if (streams.open >= STREAMS_MAX || stopping.aborted) {
    throw new Problem('busy', 'Too many event streams are open on this node.', { retryAfterS: 5 })
  }
  if (named === undefined) return (await store.query('workspace', { id: workspace }))?.head ?? 0
  const events = await store.events(workspace, named, 1)
  if (events.length === 0) await proveReached(store, workspace, named)
  return named
}

/**
 * A number beyond the newest is of another log: of this one before it was restored from a backup. Who went on from
 * there would never see what now gets the numbers in between.
 * @throws Problem gone
 */
async function proveReached(store: Store, workspace: WorkspaceId, after: number): Promise<void> {
  const { head = 0, trimmed = 0 } = (await store.query('workspace', { id: workspace })) ?? {}
  if (after <= head) return
  throw new Problem('gone', `The log ends at ${head}, before ${after}: start again.`, {
    more: { oldest: trimmed + 1 },
  })
}

/** The events and, where it was asked for, who is typing; a reader who is slow misses that. */
async function pass(
  rooms: Rooms,
  auth: Auth,
  caller: Caller,
  after: number,
  wire: Wire,
  { typing }: Query,
): Promise<void> {
  const tell = (data: string): void => {
    if (!wire.waits.writableNeedDrain) wire.aside('typing', data)
  }
  const stop = typing === true ? rooms.live.listen(caller.workspace, tell) : undefined
  await streamEvents(rooms, auth, caller, after, wire)
  stop?.()
}
