import { afterAll, beforeAll, expect, test } from 'vitest'
import { makeChannel, problem, type Running, run, whatsappConfig } from './daemon.ts'

let daemon: Running

beforeAll(async () => {
  daemon = await run()
})
afterAll(() => daemon.close())

test('each bad field of a channel is named, with the connector that was meant', async () => {
  const body = { connector: 'whatsap', name: 'a', config: {} }
  const unknown = await daemon.call('POST', '/v1/channels', { body })
  expect(unknown.status).toBe(400)
  expect(unknown.text).toContain('did you mean \\"whatsapp\\"')
  const config = { phoneNumberId: 'abc', accessToken: '', appSecert: 'x', verifyToken: 'v' }
  const wrong = await daemon.call('POST', '/v1/channels', {
    body: { connector: 'whatsapp', name: 'a', config },
  })
  const fields = (wrong.body as { errors: { field: string }[] }).errors.map(({ field }) => field)
  expect(fields.toSorted()).toEqual([
    'config.accessToken',
    'config.appSecert',
    'config.appSecret',
    'config.phoneNumberId',
  ])
})

test('the secrets of a channel go in and never come out, nor can they be read in the store', async () => {
  const channel = await makeChannel(daemon, '7001', { appSecret: ['secret-one', 'secret-two'] })
  const shown = await daemon.call('GET', `/v1/channels/${channel.id}`)
  expect(shown.body).toMatchObject({
    config: { phoneNumberId: '7001', accessToken: '***', appSecret: ['***', '***'], verifyToken: '***' },
    webhookUrl: `${daemon.url}/in/whatsapp/${channel.id}`,
    status: 'active',
    health: { state: 'unknown', why: null, at: null },
  })
  const list = await daemon.call('GET', '/v1/channels')
  const stored = JSON.stringify(await daemon.store.query('channels', {}))
  const events = await daemon.call('GET', '/v1/events?limit=1000')
  for (const where of [shown.text, list.text, stored, events.text]) {
    expect(where).toContain('7001')
    expect(where).not.toMatch(/secret-one|secret-two|access-token-1|verify-token-1/)
  }
})

test('a PATCH changes what it names, keeps what reads *** and refuses *** for nothing', async () => {
  const { id } = await makeChannel(daemon, '7002')
  const changed = await daemon.call('PATCH', `/v1/channels/${id}`, {
    body: { name: 'New', config: { accessToken: '***', wabaId: '55' } },
  })
  expect(changed.body).toMatchObject({ name: 'New', config: { phoneNumberId: '7002', wabaId: '55' } })
  const gone = await daemon.call('PATCH', `/v1/channels/${id}`, { body: { config: { wabaId: null } } })
  expect((gone.body as { config: object }).config).not.toHaveProperty('wabaId')
  const required = await daemon.call('PATCH', `/v1/channels/${id}`, { body: { config: { appSecret: null } } })
  expect(required.body).toMatchObject({ code: 'invalidInput', errors: [{ field: 'config.appSecret' }] })
  const body = { connector: 'whatsapp', name: 'a', config: whatsappConfig('7003', { accessToken: '***' }) }
  const hidden = await daemon.call('POST', '/v1/channels', { body })
  expect(hidden.body).toMatchObject({ errors: [{ field: 'config.accessToken' }] })
})

test('RULES B2: one number is one channel of a workspace', async () => {
  await makeChannel(daemon, '7004')
  const again = await daemon.call('POST', '/v1/channels', {
    body: { connector: 'whatsapp', name: 'b', config: whatsappConfig('7004') },
  })
  expect(again.status).toBe(409)
  expect(problem(again)).toMatchObject({ code: 'exists' })
  const { id } = await makeChannel(daemon, '7005')
  const moved = await daemon.call('PATCH', `/v1/channels/${id}`, {
    body: { config: { phoneNumberId: '7004' } },
  })
  expect(moved.status).toBe(409)
})

test('a check tells the health of the channel, whether or not the provider can be reached', async () => {
  const { id } = await makeChannel(daemon, '7006', { apiBase: 'http://127.0.0.1:1' })
  const checked = await daemon.call('POST', `/v1/channels/${id}/check`)
  expect(checked.status).toBe(200)
  expect((checked.body as { health: { why: string; at: string } }).health.why).toContain('unreachable')
})
