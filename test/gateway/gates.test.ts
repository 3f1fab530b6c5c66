import { Type } from 'typebox'
import { afterEach, expect, test, vi } from 'vitest'
import {
  type AnyConnector,
  type Connector,
  defineConnector,
  unsigned,
  type WebhookRequest,
} from '../../connectors/connector.ts'
import { createDirectory, type OpenChannel } from '../../connectors/directory.ts'
import { createIntake } from '../../gateway/intake.ts'
import { createMetrics } from '../../gateway/metrics.ts'
import type { Committed, Transaction } from '../../model/change.ts'
import { systemClock } from '../../model/clock.ts'
import type { ChannelId, WorkspaceId } from '../../model/ids.ts'
import { silentLog } from '../../model/log.ts'

/** A provider whose signature is the secret itself, and whose body is the key of a channel. */
function connectorOf(
  more: Partial<NonNullable<Connector<{ secret: string }>['receive']>> = {},
): AnyConnector {
  return defineConnector({
    connector: 'plain',
    title: 'Plain',
    config: Type.Object({ secret: Type.String() }),
    can: () => {
      throw new Error('not asked')
    },
    limits: () => ({ account: 'a', perSecond: null }),
    keyOf: config => config.secret,
    receive: {
      verify: {
        secrets: config => [config.secret],
        check: (request, secret) => {
          tried += 1
          return request.headers['signature'] === secret
        },
      },
      parse: ({ body }) => [
        {
          to: String(body),
          kind: 'message',
          key: 'k',
          providerId: null,
          at: 0,
          address: { kind: 'phone', value: '+5215512345678' },
          content: { type: 'text', text: 'a' },
        },
      ],
      redelivers: 'hours',
      ...more,
    },
    send: () => Promise.reject(new Error('not asked')),
    check: () => Promise.reject(new Error('not asked')),
  })
}

let tried = 0
const WORKSPACE = 'wks_1' as WorkspaceId

function channelOf(connector: AnyConnector, index: number): OpenChannel {
  return {
    id: `chn_${index}` as ChannelId,
    workspace: WORKSPACE,
    connector,
    name: 'n',
    status: 'active',
    config: { secret: `s${index}` } as never,
    providerKey: `n${index}`,
    senderGroup: 'g',
    health: { state: 'unknown' },
    live: {},
  }
}

function intakeOf(
  connector: AnyConnector,
  channels: number,
  commit: (of: Transaction) => Promise<Committed>,
) {
  const directory = createDirectory()
  for (let index = 0; index < channels; index++) directory.set(channelOf(connector, index))
  const metrics = createMetrics({
    store: () => undefined,
    lags: () => ({}),
    sseReaders: () => 0,
    visits: () => 0,
    spool: () => undefined,
    now: () => 0,
  })
  metrics.stop()
  const known = (name: string) => (name === 'plain' ? connector : undefined)
  return {
    directory,
    intake: createIntake({
      store: { commit },
      directory,
      connectorOf: known,
      metrics,
      clock: systemClock,
      log: silentLog,
    }),
  }
}

function request(signature: string, body: string, method = 'POST'): WebhookRequest {
  return { method, url: '', query: {}, headers: { signature }, body: Buffer.from(body), at: 0 }
}

function stored(transactions: Transaction[]) {
  return async (of: Transaction): Promise<Committed> => {
    transactions.push(of)
    return { outcomes: of.changes.map(() => ({ ok: true })), head: 1, replayed: false, stale: false }
  }
}

const address = (): string => '192.0.2.1'

afterEach(() => {
  vi.useRealTimers()
})

test('RULES B2: the last match is tried first, and a bounded search reaches every secret', async () => {
  const seen: Transaction[] = []
  const { intake } = intakeOf(connectorOf(), 200, stored(seen))
  const statuses: number[] = []
  for (let index = 0; index < 4; index++) {
    tried = 0
    statuses.push((await intake('plain', undefined, request('s150', 'n150'), address)).status)
    expect(tried).toBeLessThanOrEqual(65)
  }
  expect(statuses).toEqual([401, 401, 200, 200])
  expect(tried).toBe(1)
  expect(seen[0]?.changes).toMatchObject([{ kind: 'received', channel: 'chn_150' }])
})

test('a channel that was made, changed or removed counts from the next webhook on', async () => {
  const connector = connectorOf()
  const { intake, directory } = intakeOf(connector, 1, stored([]))
  expect((await intake('plain', undefined, request('s1', 'n1'), address)).status).toBe(401)
  directory.set(channelOf(connector, 1))
  expect((await intake('plain', undefined, request('s1', 'n1'), address)).status).toBe(200)
  expect((await intake('plain', 'chn_1', request('s1', 'n1'), address)).status).toBe(200)
  directory.remove('chn_1' as ChannelId)
  expect((await intake('plain', 'chn_1', request('s1', 'n1'), address)).status).toBe(404)
})

test('what a provider does not sign belongs to the channel of its URL alone', async () => {
  const seen: Transaction[] = []
  const { intake } = intakeOf(connectorOf({ verify: unsigned('it has no signature') }), 2, stored(seen))
  expect((await intake('plain', 'chn_0', request('', 'n1'), address)).status).toBe(200)
  expect(seen).toEqual([])
  expect((await intake('plain', 'chn_1', request('', 'n1'), address)).status).toBe(200)
  expect(seen[0]?.changes).toMatchObject([{ channel: 'chn_1' }])
})

test('a handshake by POST is answered where no signature holds', async () => {
  const hello = () => ({ status: 200, body: 'hello' })
  const { intake } = intakeOf(connectorOf({ hello }), 1, stored([]))
  expect(await intake('plain', undefined, request('none', ''), address)).toEqual({
    status: 200,
    body: 'hello',
  })
})

test('a parser that fails loses nothing: the delivery is kept as rejected', async () => {
  const seen: Transaction[] = []
  const parse = () => {
    throw new Error('a defect')
  }
  const { intake } = intakeOf(connectorOf({ parse }), 1, stored(seen))
  expect((await intake('plain', undefined, request('s0', 'n0'), address)).status).toBe(200)
  expect(seen[0]?.changes).toMatchObject([{ kind: 'rejected', channel: 'chn_0', why: 'parserFault' }])
})

test('a message that the store refuses must come again; a channel that is gone need not', async () => {
  const refusing =
    (code: 'state' | 'notFound') =>
    async (of: Transaction): Promise<Committed> => ({
      outcomes: of.changes.map(() => ({ ok: false, code, detail: '' })),
      head: 1,
      replayed: false,
      stale: false,
    })
  for (const [code, status] of [
    ['state', 503],
    ['notFound', 200],
  ] as const) {
    const { intake } = intakeOf(connectorOf(), 1, refusing(code))
    expect((await intake('plain', undefined, request('s0', 'n0'), address)).status).toBe(status)
  }
})
