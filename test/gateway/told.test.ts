import { Type } from 'typebox'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Action, defineConnector, type Inbound, unsigned } from '../../connectors/connector.ts'
import type { Conversation } from '../../model/conversation.ts'
import type { ToldTemplate } from '../../model/template.ts'
import { type Running, run } from './daemon.ts'

/** What a provider tells besides messages, and what it is shown: through the API, with a connector that says it all. */

const taken: Action[] = []
let templates: ToldTemplate[] = []

/** Its webhooks are the items themselves. */
const open = defineConnector({
  connector: 'open',
  title: 'Open',
  config: Type.Object({}),
  can: () => ({
    ...{ text: { max: 100, unit: 'characters' }, captionMax: 0, media: {}, carries: ['text'] },
    ...{ quotes: false, observes: ['sent'] },
  }),
  limits: (_config, live) => ({ account: null, perSecond: live.perSecond ?? 1 }),
  keyOf: () => 'one',
  receive: {
    verify: unsigned('a test needs no proof'),
    parse: ({ body }, { channel = 'nobody' }) =>
      (JSON.parse(body.toString()) as Inbound[]).map(item => ({ ...item, to: channel })),
    redelivers: 'hours',
  },
  send: async ({ reference }) => ({ providerIds: [reference], raw: 'taken' }),
  act: async action => {
    taken.push(action)
  },
  templates: async () => templates,
  check: async () => ({ state: 'ok' }),
})

let daemon: Running
let channel = ''
beforeAll(async () => {
  daemon = await run({}, { connectors: [open] })
  const body = { connector: 'open', name: 'Open', config: {} }
  channel = ((await daemon.call('POST', '/v1/channels', { body })).body as { id: string }).id
})
afterAll(() => daemon.close())

const ANA = { kind: 'phone', value: '+5215512345678' } as const
const tells = async (...items: Omit<Inbound, 'to'>[]): Promise<void> => {
  const answer = await daemon.call('POST', `/in/open/${channel}`, { body: items, token: null })
  expect(answer.status).toBe(200)
}
const events = async (type: string): Promise<Record<string, unknown>[]> => {
  const page = (await daemon.call('GET', '/v1/events?limit=1000')).body as {
    data: { type: string; data: never }[]
  }
  return page.data.filter(event => event.type === type).map(({ data }) => data)
}
const listed = async (query = ''): Promise<{ name: string; status: string }[]> =>
  ((await daemon.call('GET', `/v1/templates${query}`)).body as { data: [] }).data

test('limits that a provider tells show in the channel and its event, and rule the rate', async () => {
  await tells({ kind: 'limits', at: 1000, live: { perSecond: 80, tier: null }, raw: 'UPGRADE' } as never)
  const { live } = (await daemon.call('GET', `/v1/channels/${channel}`)).body as { live: object }
  expect(live).toEqual({ perSecond: 80, tier: null })
  expect(await events('channel.limit')).toEqual([{ id: channel, live, raw: 'UPGRADE' }])
})

test('templates come by webhook and by check; one that is gone is deleted', async () => {
  const told = { name: 'order_ready', language: 'es', status: 'paused', reason: 'QUALITY' }
  await tells({ kind: 'template', key: 't1', at: 1000, template: told } as never)
  expect(await listed()).toMatchObject([{ ...told, channel }])
  templates = [
    { name: 'order_ready', language: 'en', status: 'approved' },
    { name: 'welcome', language: 'es', status: 'pending' },
  ]
  await daemon.call('POST', `/v1/channels/${channel}/check`)
  expect((await listed()).map(({ name, status }) => `${name} ${status}`).toSorted()).toEqual([
    ...['order_ready approved', 'order_ready deleted', 'welcome pending'],
  ])
  expect(await listed('?status=approved&name=order_ready')).toHaveLength(1)
  expect(await listed(`?channel=chn_${'0'.repeat(26)}`)).toEqual([])
  expect(await events('template.status')).toHaveLength(4)
})

test('a consent is told, a tap is answered, and what was read is shown', async () => {
  await tells(
    {
      kind: 'consent',
      key: 'c1',
      at: 1000,
      address: ANA,
      category: 'all',
      state: 'withdrawn',
      raw: 'STOP',
    } as never,
    {
      ...{ kind: 'message', key: 'm1', providerId: 'm1', at: 1000, address: ANA, answer: 'callback-1' },
      content: { type: 'reply', kind: 'button', payload: 'a', text: 'A' },
    } as never,
  )
  expect(await events('contact.consent')).toMatchObject([
    { state: 'withdrawn', category: 'all', raw: 'STOP' },
  ])
  await expect.poll(() => taken).toEqual([{ kind: 'answer', address: ANA, payload: 'callback-1' }])
  const { data } = (await daemon.call('GET', '/v1/conversations')).body as { data: Conversation[] }
  const of = `/v1/conversations/${data[0]?.id}`
  expect((await daemon.call('POST', `${of}/read`)).status).toBe(204)
  await expect.poll(() => taken.at(-1)).toEqual({ kind: 'read', address: ANA, providerId: 'm1' })
  await daemon.call('POST', `${of}/read`, { body: { typing: true } })
  await expect.poll(() => taken.at(-1)).toEqual({ kind: 'typing', on: true, address: ANA, providerId: 'm1' })
  expect((await daemon.call('POST', `/v1/conversations/cnv_${'0'.repeat(26)}/read`)).status).toBe(404)
})
