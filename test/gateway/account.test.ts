import { afterAll, beforeAll, expect, test } from 'vitest'
import { createWhatsAppSim, type WhatsAppSim } from '../../connectors/whatsapp/sim.ts'
import { deliver, makeChannel, type Running, run, textDelivery } from './daemon.ts'

const WABA = '102290129340398'
let daemon: Running
let sim: WhatsAppSim
let ours: string
let sibling: string
let other: string

beforeAll(async () => {
  sim = await createWhatsAppSim({
    appSecret: 'app-secret-123',
    accessToken: 'access-token-1',
    verifyToken: 'verify-token-1',
    numbers: [{ phoneNumberId: '71', displayPhoneNumber: '15550783881', wabaId: WABA }],
    templates: [
      { name: 'order_ready', language: 'es_MX', category: 'utility' },
      { name: 'promo', language: 'es_MX', category: 'marketing', status: 'PAUSED' },
    ],
  })
  daemon = await run()
  const account = { wabaId: WABA, apiBase: sim.url }
  ours = (await makeChannel(daemon, '71', { ...account, phoneNumber: '+15550783881' })).id
  sibling = (await makeChannel(daemon, '72', { ...account, phoneNumber: '15550783882' })).id
  other = (await makeChannel(daemon, '73', { wabaId: '9' })).id
})
afterAll(async () => {
  await daemon.close()
  await sim.stop()
})

/** A webhook about the account, as Meta writes it. */
async function told(field: string, value: object, time = Math.floor(Date.now() / 1000)): Promise<void> {
  const entry = [{ id: WABA, time, changes: [{ field, value }] }]
  const body = JSON.stringify({ object: 'whatsapp_business_account', entry })
  expect((await deliver(daemon, body)).status).toBe(200)
}

type Shown = { id: string; live: object; health: { state: string; why: string | null } }

async function channels(): Promise<Shown[]> {
  const all = await Promise.all([ours, sibling, other].map(id => daemon.call('GET', `/v1/channels/${id}`)))
  return all.map(({ body }) => body as Shown)
}

async function events(type: string): Promise<{ subject: string; data: object }[]> {
  const answer = await daemon.call('GET', `/v1/events?limit=1000`)
  return (answer.body as { data: { type: string; subject: string; data: object }[] }).data.filter(
    event => event.type === type,
  )
}

test('RULES B2: a limit of the account is of all its channels, one of the number of that alone', async () => {
  await told('phone_number_quality_update', {
    display_phone_number: '15550783881',
    event: 'THROUGHPUT_UPGRADE',
    max_daily_conversations_per_business: 'TIER_10K',
  })
  expect((await channels()).map(({ live }) => live)).toEqual([
    { tier: 10_000, perSecond: 1000 },
    { tier: 10_000 },
    {},
  ])
  const limits = await events('channel.limit')
  expect(limits.map(({ subject }) => subject).sort()).toEqual([ours, ours, sibling].sort())
  expect(limits[0]?.data).toMatchObject({ raw: 'THROUGHPUT_UPGRADE' })
})

test('a restriction of the account is the health of its channels, until it is lifted', async () => {
  await told('account_update', { event: 'DISABLED_UPDATE', ban_info: { waba_ban_state: 'DISABLE' } })
  expect((await channels()).map(({ health }) => health.state)).toEqual(['failing', 'failing', 'unknown'])
  await told('account_update', { event: 'DISABLED_UPDATE', ban_info: { waba_ban_state: 'REINSTATE' } })
  expect((await channels()).map(({ health }) => health.state)).toEqual(['ok', 'ok', 'unknown'])
  expect((await events('channel.health')).length).toBe(4)
})

test('a template that Meta pauses is told and shown, and the same twice is once', async () => {
  const value = {
    ...{ event: 'PAUSED', message_template_id: 7, message_template_name: 'news' },
    ...{ message_template_language: 'es-MX', message_template_category: 'MARKETING', reason: 'NONE' },
  }
  const time = Math.floor(Date.now() / 1000)
  await told('message_template_status_update', value, time)
  await told('message_template_status_update', value, time)
  const shown = await daemon.call('GET', `/v1/templates?channel=${ours}`)
  expect((shown.body as { data: object[] }).data).toMatchObject([
    { name: 'news', language: 'es_MX', providerId: '7', status: 'paused', category: 'MARKETING' },
  ])
  // Each channel of the account has it.
  expect(await events('template.status')).toHaveLength(2)
})

test('RULES F1: who stops marketing in WhatsApp is told as consent, found by it, and gets none', async () => {
  await deliver(daemon, textDelivery({ number: '71', id: 'wamid.before' }), '/in/whatsapp')
  await told('user_preferences', {
    metadata: { phone_number_id: '71' },
    user_preferences: [
      {
        ...{
          wa_id: '5215512345678',
          user_id: 'MX.134912086553027',
          category: 'marketing_messages',
          value: 'stop',
        },
        timestamp: Math.floor(Date.now() / 1000),
      },
    ],
  })
  const [consent, ...more] = await events('contact.consent')
  expect(more).toEqual([])
  const contact = await daemon.call('GET', `/v1/contacts/${consent?.subject}`)
  expect(contact.body).toMatchObject({ phone: '+5215512345678', consent: { marketing: 'withdrawn' } })
  const found = await daemon.call('POST', '/v1/contacts/search', {
    body: { filter: { field: 'consent.marketing', op: 'equals', value: 'withdrawn' } },
  })
  expect((found.body as { data: { id: string }[] }).data.map(({ id }) => id)).toEqual([consent?.subject])
  const content = { type: 'text', text: 'Sale!' }
  for (const to of ['+5215512345678', 'whatsapp:MX.134912086553027']) {
    const body = { channel: ours, to, content, category: 'marketing' }
    const refused = await daemon.call('POST', '/v1/messages', { body })
    expect(refused).toMatchObject({ status: 422, body: { reason: 'optedOut' } })
  }
  expect(consent?.data).toMatchObject({
    channel: ours,
    category: 'marketing',
    state: 'withdrawn',
    raw: 'stop',
  })
})

test('check shows what Meta says of the number, and reads the templates', async () => {
  const answer = await daemon.call('POST', `/v1/channels/${ours}/check`)
  expect(answer.body).toMatchObject({
    health: { state: 'ok' },
    live: { tier: 250, quality: 'green', perSecond: 80 },
  })
  const shown = await daemon.call('GET', `/v1/templates?channel=${ours}&limit=10`)
  const found = (shown.body as { data: { name: string; status: string }[] }).data
  expect(Object.fromEntries(found.map(({ name, status }) => [name, status]))).toEqual({
    order_ready: 'approved',
    promo: 'paused',
    // Told by a webhook, and not in the list of the account.
    news: 'deleted',
  })
})

test.each([
  ['promo', 'es-MX', undefined, 'marketing'],
  ['promo', 'es_MX', 'service', 'marketing'],
  ['order_ready', 'es_MX', undefined, 'utility'],
  ['nobody_told', 'es_MX', 'authentication', 'authentication'],
])('RULES C11: the template %s in %s, sent as %s, is %s', async (name, language, category, expected) => {
  const body = {
    channel: ours,
    to: '+5215500000077',
    content: { type: 'template', name, language },
    category,
  }
  const answer = await daemon.call('POST', '/v1/messages', { body })
  expect(answer.body).toMatchObject({ category: expected })
})

test('RULES B2: a message that names only an account is of no channel, not of all', async () => {
  const body = textDelivery({ number: '71', id: 'wamid.stray' }).replaceAll(
    '"phone_number_id":"71"',
    '"x":"y"',
  )
  expect((await deliver(daemon, body.replace('"account"', `"${WABA}"`))).status).toBe(200)
  const { body: found } = await daemon.call('GET', '/v1/messages?limit=200')
  const stray = (found as { data: { providerIds: string[] }[] }).data.flatMap(
    ({ providerIds }) => providerIds,
  )
  expect(stray).not.toContain('wamid.stray')
})

test('a field of the account that nobody heard of is kept with one of its channels', async () => {
  await told('brand_new_update', { event: 'X' })
  const { body } = await daemon.call('GET', `/v1/channels/${ours}/rejected`)
  expect((body as { data: { channel: string; why: string }[] }).data).toMatchObject([{ why: 'unknownField' }])
})
