import type { FastifyInstance } from 'fastify'
import type { AnyConnector, Io } from '../../connectors/connector.ts'
import type { ChannelUpdated } from '../../model/change.ts'
import type { Channel } from '../../model/channel.ts'
import type { WorkspaceId } from '../../model/ids.ts'
import { STOP_MEANINGS, type StopAnswers } from '../../model/stop-words.ts'
import type { StoredChannel } from '../../store/store.ts'
import { ChannelAnswer, pageOf, problems } from '../answers.ts'
import type { Caller } from '../auth.ts'
import {
  type Config,
  mergeConfig,
  openConfig,
  retire,
  sealConfig,
  senderGroupOf,
  showChannel,
  stopsOf,
  unresolvedSecrets,
} from '../channels.ts'
import { explain, nearest } from '../explain.ts'
import { commitOnce, type InProgress } from '../once.ts'
import { readPage } from '../paging.ts'
import { applied, invalidInput, notFound } from '../problem.ts'
import { may } from '../roles.ts'
import type { Rooms } from '../rooms.ts'
import {
  ChannelInput,
  ChannelPatch,
  IdempotencyHeaders,
  IdParams,
  PageQuery,
  WorkspaceQuery,
} from '../schemas.ts'
import { readTemplates } from '../templates.ts'

const tags = ['channels']
const COMMON = ['unauthorized', 'forbidden', 'busy', 'unavailable'] as const
/** A check calls the provider; it may take as long as one call may (RULES C7). */
const CHECK_MS = 20_000

/** `/v1/channels`: connections to providers. Their secrets go in and never come out. */
export function channelRoutes(app: FastifyInstance, rooms: Rooms): void {
  const inProgress: InProgress = new Set()
  app.post<{ Body: ChannelInput }>(
    '/v1/channels',
    {
      config: { may: 'connect' },
      schema: {
        operationId: 'createChannel',
        summary: 'Connect a channel',
        tags,
        querystring: WorkspaceQuery,
        headers: IdempotencyHeaders,
        body: ChannelInput,
        response: {
          201: ChannelAnswer,
          ...problems('invalidInput', 'exists', 'keyReused', 'inProgress', ...COMMON),
        },
      },
    },
    async (request, reply) => {
      const { connector: name, name: title, config } = request.body
      const connector = connectorNamed(rooms, name)
      checkConfig(connector, config)
      const id = rooms.ids('chn', rooms.clock.now())
      const change = {
        kind: 'channelCreated',
        id,
        connector: name,
        name: title,
        config: sealConfig(connector, rooms.sealer, id, config, []),
        providerKey: connector.keyOf(config as never, id),
        senderGroup: senderGroupOf(connector, config, id),
        stops: stopsOf(connector, config),
      } as const
      const committed = await commitOnce(rooms, inProgress, request, reply, [change])
      const made = applied(committed.outcomes[0]).id ?? id
      const { workspace } = request.caller
      await rooms.feed.refresh(workspace)
      return reply.code(201).send(show(rooms, request.caller, await channelOf(rooms, workspace, made)))
    },
  )
  readRoutes(app, rooms)
  changeRoutes(app, rooms)
  checkRoute(app, rooms)
}

function readRoutes(app: FastifyInstance, rooms: Rooms): void {
  app.get<{ Querystring: PageQuery }>(
    '/v1/channels',
    {
      config: { may: 'read' },
      schema: {
        operationId: 'listChannels',
        summary: 'Channels, newest first',
        tags,
        querystring: PageQuery,
        response: { 200: pageOf(ChannelAnswer), ...problems('invalidInput', ...COMMON) },
      },
    },
    async request => {
      const { workspace } = request.caller
      // A workspace has few channels: the store gives them all, and pages are cut here.
      const all = await rooms.store.query('channels', { workspace })
      const newestFirst = all.toSorted((a, b) => (a.id < b.id ? 1 : -1))
      const { data, next } = await readPage('chn', request.query, async ({ after, limit }) =>
        newestFirst.filter(({ id }) => after === undefined || id < after).slice(0, limit),
      )
      return { data: data.map(channel => show(rooms, request.caller, channel)), next }
    },
  )
  app.get<{ Params: { id: string } }>(
    '/v1/channels/:id',
    {
      config: { may: 'read' },
      schema: {
        operationId: 'getChannel',
        summary: 'One channel',
        tags,
        params: IdParams,
        querystring: WorkspaceQuery,
        response: { 200: ChannelAnswer, ...problems('notFound', ...COMMON) },
      },
    },
    async request => {
      const { caller, params } = request
      return show(rooms, caller, await channelOf(rooms, caller.workspace, params.id))
    },
  )
}

function changeRoutes(app: FastifyInstance, rooms: Rooms): void {
  app.patch<{ Params: { id: string }; Body: ChannelPatch }>(
    '/v1/channels/:id',
    {
      config: { may: 'connect' },
      schema: {
        operationId: 'updateChannel',
        summary: 'Rename, pause, resume or reconfigure a channel',
        description:
          'Config keys that are absent stay, null removes one, *** stands for the secret that is there. ' +
          'A replaced secret that verifies webhooks is believed for seven more days.',
        tags,
        params: IdParams,
        querystring: WorkspaceQuery,
        body: ChannelPatch,
        response: { 200: ChannelAnswer, ...problems('invalidInput', 'notFound', 'exists', ...COMMON) },
      },
    },
    async request => {
      const { workspace } = request.caller
      const stored = await channelOf(rooms, workspace, request.params.id)
      const set = updateOf(rooms, stored, request.body)
      const change = { kind: 'channelUpdated', channel: stored.id, set } as const
      applied((await rooms.store.commit({ workspace, changes: [change] })).outcomes[0])
      await rooms.feed.refresh(workspace)
      return show(rooms, request.caller, await channelOf(rooms, workspace, stored.id))
    },
  )
  app.delete<{ Params: { id: string } }>(
    '/v1/channels/:id',
    {
      config: { may: 'connect' },
      schema: {
        operationId: 'deleteChannel',
        summary: 'Delete a channel; its messages stay',
        tags,
        params: IdParams,
        querystring: WorkspaceQuery,
        response: { 204: { description: 'Done.', type: 'null' }, ...problems('notFound', ...COMMON) },
      },
    },
    async (request, reply) => {
      const { workspace } = request.caller
      const { id } = await channelOf(rooms, workspace, request.params.id)
      const change = { kind: 'channelDeleted', channel: id } as const
      applied((await rooms.store.commit({ workspace, changes: [change] })).outcomes[0])
      await rooms.feed.refresh(workspace)
      return reply.code(204).send()
    },
  )
}

function checkRoute(app: FastifyInstance, rooms: Rooms): void {
  app.post<{ Params: { id: string } }>(
    '/v1/channels/:id/check',
    {
      config: { may: 'connect' },
      schema: {
        operationId: 'checkChannel',
        summary: 'Prove the credentials without sending',
        description:
          'The answer is the channel with its health; credentials that fail are no error of the request. ' +
          'Where the provider has templates, they are read too: `GET /v1/templates` shows them.',
        tags,
        params: IdParams,
        querystring: WorkspaceQuery,
        response: { 200: ChannelAnswer, ...problems('notFound', ...COMMON) },
      },
    },
    async request => {
      const { workspace } = request.caller
      const { id } = await channelOf(rooms, workspace, request.params.id)
      const open = rooms.directory.get(id)
      if (open === undefined) throw notFound('channel')
      const signal = AbortSignal.any([rooms.stopping, AbortSignal.timeout(CHECK_MS)])
      const io = ioOf(rooms, signal)
      const { webhookUrl } = show(rooms, request.caller, await channelOf(rooms, workspace, id))
      const health = await open.connector.check(open.config, io, webhookUrl ?? undefined)
      await rooms.store.commit({ workspace, changes: [{ kind: 'channelHealth', channel: id, health }] })
      if (health.state === 'ok') await readTemplates(rooms, open, io)
      return show(rooms, request.caller, await channelOf(rooms, workspace, id))
    },
  )
}

function updateOf(rooms: Rooms, stored: StoredChannel, patch: ChannelPatch): ChannelUpdated['set'] {
  const set: ChannelUpdated['set'] = {}
  if (patch.name !== undefined) set.name = patch.name
  if (patch.status !== undefined) set.status = patch.status
  if (patch.answers !== undefined) set.answers = answersAfter(stored.answers, patch.answers)
  if (patch.config === undefined) return set
  const { sealer, clock } = rooms
  const connector = connectorNamed(rooms, stored.connector)
  const before = openConfig(connector, sealer, stored, clock.now())
  const config = mergeConfig(before.config, patch.config)
  checkConfig(connector, config)
  const predecessors = retire(connector, before, config, clock.now())
  set.config = sealConfig(connector, sealer, stored.id, config, predecessors)
  set.providerKey = connector.keyOf(config as never, stored.id)
  set.senderGroup = senderGroupOf(connector, config, stored.id)
  set.stops = stopsOf(connector, config)
  return set
}

/** What is absent stays, and null is what we say by ourselves. */
function answersAfter(before: StopAnswers | null, patch: NonNullable<ChannelPatch['answers']>): StopAnswers {
  const after: StopAnswers = { ...before }
  for (const means of STOP_MEANINGS) {
    const text = patch[means]
    if (text === null) delete after[means]
    else if (text !== undefined) after[means] = text
  }
  return after
}

/** @throws Problem naming each field of the config that does not fit. */
function checkConfig(connector: AnyConnector, config: Config): void {
  const errors = explain(connector.config, config, 'config')
  if (errors.length > 0) throw invalidInput(errors)
  const hidden = unresolvedSecrets(connector, config)
  if (hidden.length > 0) {
    throw invalidInput(
      hidden.map(path => ({ field: `config.${path}`, message: 'must be the secret itself' })),
    )
  }
}

function connectorNamed(rooms: Rooms, name: string): AnyConnector {
  const connector = rooms.connectorOf(name)
  if (connector !== undefined) return connector
  const meant = nearest(name, rooms.connectors)
  const hint = meant === undefined ? '' : `; did you mean "${meant}"?`
  throw invalidInput([
    { field: 'connector', message: `must be one of ${rooms.connectors.join(', ')}${hint}` },
  ])
}

async function channelOf(rooms: Rooms, workspace: WorkspaceId, id: string): Promise<StoredChannel> {
  const channels = await rooms.store.query('channels', { workspace })
  const channel = channels.find(each => each.id === id)
  if (channel === undefined) throw notFound('channel')
  return channel
}

function show(rooms: Rooms, caller: Caller, stored: StoredChannel): Channel {
  const shown = showChannel(rooms.connectorOf(stored.connector), stored, rooms.publicUrl())
  return may(caller.role, 'config') ? shown : { ...shown, config: {} }
}

/** A check remembers nothing: it is asked for because what is remembered may be wrong. */
function ioOf({ http, clock, random }: Rooms, signal: AbortSignal): Io {
  return { http, signal, now: clock.now, random, memo: (_key, _forMs, make) => make() }
}
