import { expect, test } from 'vitest'
import type { ActIo, Action, HttpRequest } from '../../connectors/connector.ts'
import { act } from '../../connectors/whatsapp/act.ts'
import { check } from '../../connectors/whatsapp/check.ts'
import { send } from '../../connectors/whatsapp/send.ts'
import { templates } from '../../connectors/whatsapp/templates.ts'
import { tierOf } from '../../connectors/whatsapp/tier.ts'
import { whatsapp } from '../../connectors/whatsapp/whatsapp.ts'
import { ANA, outbound, type Rig } from './rig.ts'
import { refusedWith, sending, started } from './simulated.ts'

const WABA = '102290129340398'

/** What goes over the wire while `rig` is used by the io given back. */
function watched(rig: Rig): { io: ActIo; requests: HttpRequest[] } {
  const requests: HttpRequest[] = []
  const http = (request: HttpRequest) => {
    requests.push(request)
    return rig.io.http(request)
  }
  return { io: { ...rig.io, http, live: () => {} }, requests }
}

test.each<[unknown, number | null | undefined]>([
  ['TIER_50', 50],
  ['TIER_250', 250],
  ['TIER_1K', 1000],
  ['TIER_2K', 2000],
  ['TIER_10K', 10_000],
  ['TIER_100K', 100_000],
  ['TIER_UNLIMITED', null],
  ['TIER_NOT_SET', undefined],
  [2000, 2000],
  ['2000', 2000],
  [-1, null],
  ['-1', null],
  [0, undefined],
  [1e300, undefined],
  [undefined, undefined],
])('PROVIDERS A11: a messaging limit of %s is %s people a day', (value, expected) => {
  expect(tierOf(value)).toBe(expected)
})

test('check reads tier, quality and throughput, and news of the account change them', async () => {
  const rig = await started()
  expect(await check(rig.config, rig.io)).toMatchObject({
    state: 'ok',
    live: { tier: 250, quality: 'green', perSecond: 80 },
  })
  rig.sim.injectNews({ field: 'phone_number_quality_update' })
  rig.sim.injectNews({ field: 'phone_number_quality_update', value: { event: 'FLAGGED' } })
  expect(await rig.sim.drained()).toBe(true)
  expect(await check(rig.config, rig.io)).toMatchObject({
    live: { tier: null, quality: 'red', perSecond: 1000 },
  })
  expect(rig.items.map(item => item.kind === 'limits' && [item.to, item.live])).toEqual(
    expect.arrayContaining([
      [WABA, { tier: null }],
      ['+15550783881', { perSecond: 1000 }],
      ['+15550783881', { quality: 'red' }],
    ]),
  )
})

test('PROVIDERS A11: what Meta tells is the speed, but a coexistence number stays at 20', () => {
  const limits = whatsapp.limits as unknown as (config: object, live: object) => { perSecond: number }
  const config = { phoneNumberId: '1' }
  expect(limits(config, { perSecond: 1000 }).perSecond).toBe(1000)
  expect(limits({ ...config, throughput: 'coexistence' }, { perSecond: 80 }).perSecond).toBe(20)
  expect(limits({ ...config, limits: { perSecond: 5 } }, { perSecond: 80 }).perSecond).toBe(5)
})

test('a channel is called by its account and by its digits, however these are written', () => {
  const namesOf = whatsapp.namesOf as unknown as (config: object) => string[]
  const config = { phoneNumberId: '1', wabaId: WABA, phoneNumber: '+1 555-078-3881' }
  expect(namesOf(config)).toEqual([WABA, '+15550783881'])
  expect(namesOf({ phoneNumberId: '1' })).toEqual([])
})

test.each([
  'account_alerts',
  'account_review_update',
  'account_update',
  'business_capability_update',
  'business_username_update',
  'history',
  'message_template_components_update',
  'message_template_quality_update',
  'message_template_status_update',
  'phone_number_name_update',
  'phone_number_quality_update',
  'security',
  'smb_app_state_sync',
  'template_category_update',
  'user_preferences',
])('the simulator tells %s, and nothing of it is rejected', async field => {
  const rig = await started()
  const answer = await fetch(`${rig.sim.url}/sim/account`, {
    method: 'POST',
    body: JSON.stringify({ field }),
  })
  expect(answer.status).toBe(200)
  expect(await rig.sim.drained()).toBe(true)
  expect(rig.items.map(({ kind }) => kind)).not.toContain('rejected')
  expect(rig.items.length).toBeGreaterThan(0)
})

test('a field that the simulator has no sample of is said to be none', async () => {
  const rig = await started()
  const answer = await fetch(`${rig.sim.url}/sim/account`, { method: 'POST', body: '{"field":"gossip"}' })
  expect([answer.status, await answer.text()]).toEqual([400, expect.stringContaining('account_update')])
})

test('who stops marketing by WhatsApp itself gets none, and who wants it again does', async () => {
  const rig = await started({ templates: [{ name: 'promo', language: 'es', category: 'marketing' }] })
  const promo = () => refusedWith(sending(rig, {}, { type: 'template', name: 'promo', language: 'es' }))
  const tell = (value: string) => {
    const preference = {
      wa_id: ANA.slice(1),
      category: 'marketing_messages',
      value,
      timestamp: 1_767_225_600,
    }
    rig.sim.injectNews({ field: 'user_preferences', value: { user_preferences: [preference] } })
  }
  tell('stop')
  expect(await promo()).toBe('131050')
  tell('resume')
  expect(await promo()).toBe(undefined)
  expect(await rig.sim.drained()).toBe(true)
  expect(rig.items.flatMap(item => (item.kind === 'consent' ? [item.state] : []))).toEqual([
    'withdrawn',
    'granted',
  ])
})

test('all templates are listed, page by page, with what Meta says of each', async () => {
  const many = Array.from({ length: 450 }, (_, n) => ({
    ...{ name: `t${n}`, language: 'es_MX', category: 'utility' as const },
    components: [{ type: 'BODY', text: 'Hola {{1}}' }],
  }))
  const paused = { name: 'promo', language: 'en_US', category: 'marketing' as const, status: 'PAUSED' }
  const rig = await started({ templates: [...many, paused] })
  const { io, requests } = watched(rig)
  const found = await templates({ ...rig.config, wabaId: WABA }, io)
  expect([found.length, requests.length]).toEqual([451, 3])
  expect(found[7]).toEqual({
    ...{ id: '900007', name: 't7', language: 'es_MX', status: 'approved', category: 'UTILITY' },
    quality: 'UNKNOWN',
    components: [{ type: 'BODY', text: 'Hola {{1}}' }],
  })
  expect(found.at(-1)).toMatchObject({ name: 'promo', status: 'paused', category: 'MARKETING' })
})

test('without the account there is no list, and a wrong one is an error, not an empty list', async () => {
  const rig = await started()
  const { io, requests } = watched(rig)
  expect(await templates(rig.config, io)).toEqual([])
  expect(requests).toEqual([])
  await expect(templates({ ...rig.config, wabaId: '1' }, io)).rejects.toMatchObject({
    failure: { code: 'notRegistered' },
  })
})

test('a template that is paused by a webhook is told as paused, and refused', async () => {
  const rig = await started({ templates: [{ name: 'order_ready', language: 'en_US', category: 'utility' }] })
  const template = { type: 'template', name: 'order_ready', language: 'en-US' } as const
  const tell = (event: string) =>
    rig.sim.injectNews({ field: 'message_template_status_update', value: { event } })
  expect(await refusedWith(send(outbound(template), rig.config, rig.io))).toBe(undefined)
  tell('PAUSED')
  expect(await refusedWith(send(outbound(template), rig.config, rig.io))).toBe('132015')
  tell('REINSTATED')
  expect(await refusedWith(send(outbound(template), rig.config, rig.io))).toBe(undefined)
  expect(await rig.sim.drained()).toBe(true)
  expect(rig.items.flatMap(item => (item.kind === 'template' ? [item.template.status] : []))).toEqual([
    'paused',
    'approved',
  ])
})

const address = { kind: 'phone', value: ANA } as const
const read = { messaging_product: 'whatsapp', status: 'read', message_id: 'wamid.IN' }

test.each<[string, Action, object | undefined]>([
  ['read', { kind: 'read', address, providerId: 'wamid.IN' }, read],
  [
    'typing, which marks as read too',
    { kind: 'typing', on: true, address, providerId: 'wamid.IN' },
    { ...read, typing_indicator: { type: 'text' } },
  ],
  ['no more typing', { kind: 'typing', on: false, address, providerId: 'wamid.IN' }, undefined],
  ['typing to who never wrote', { kind: 'typing', on: true, address, providerId: null }, undefined],
  ['an answer, which nobody waits for', { kind: 'answer', address, payload: 'x' }, undefined],
])('PROVIDERS A6: %s', async (_name, action, expected) => {
  const rig = await started()
  const { io, requests } = watched(rig)
  await act(action, rig.config, io)
  expect(requests.map(({ body }) => JSON.parse(String(body)))).toEqual(
    expected === undefined ? [] : [expected],
  )
})

test('a refused mark as read is thrown, not swallowed', async () => {
  const rig = await started()
  const action = { kind: 'read', address, providerId: 'wamid.IN' } as const
  const refused = act(action, { ...rig.config, accessToken: 'wrong' }, watched(rig).io)
  await expect(refused).rejects.toMatchObject({ failure: { code: 'credentials' } })
})
