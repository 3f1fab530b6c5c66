import { afterAll, beforeAll, expect, test } from 'vitest'
import type { WorkspaceId } from '../../model/ids.ts'
import type { Message } from '../../model/message.ts'
import { StoreFailing } from '../../store/store.ts'
import { deliver, makeChannel, type Running, run, signature, textDelivery } from './daemon.ts'

let daemon: Running
let workspace: WorkspaceId
const OTHER = 'wks_01jabcdefghjkmnpqrstvwxyz0' as WorkspaceId

beforeAll(async () => {
  daemon = await run()
  workspace = daemon.workspace
  await daemon.store.commit({ workspace: OTHER, changes: [{ kind: 'workspaceCreated', name: 'Other' }] })
})
afterAll(() => daemon.close())

async function messages(of: string = workspace): Promise<Message[]> {
  const answer = await daemon.call('GET', `/v1/messages?limit=200&workspace=${of}`)
  return (answer.body as { data: Message[] }).data
}

async function counted(pattern: string): Promise<number> {
  const { text } = await daemon.call('GET', '/metrics', { token: null })
  const line = text.split('\n').find(each => each.startsWith(pattern))
  return line === undefined ? 0 : Number(line.slice(line.lastIndexOf(' ')))
}

test('RULES B2: a signed webhook is durable and readable when it is answered', async () => {
  const channel = await makeChannel(daemon, '1001')
  const answer = await deliver(daemon, textDelivery({ number: '1001', id: 'wamid.1', text: 'ñandú' }))
  expect(answer.status).toBe(200)
  const [message] = await messages()
  expect(message).toMatchObject({
    channel: channel.id,
    direction: 'inbound',
    status: null,
    address: { kind: 'phone', value: '+5215512345678' },
    content: { type: 'text', text: 'ñandú' },
    providerIds: ['wamid.1'],
  })
  expect(message?.conversation).toMatch(/^cnv_/)
})

test('RULES B1: the same delivery three times is one message', async () => {
  await makeChannel(daemon, '1002')
  const body = textDelivery({ number: '1002', id: 'wamid.thrice' })
  const answers = await Promise.all([deliver(daemon, body), deliver(daemon, body), deliver(daemon, body)])
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
  const found = (await messages()).filter(({ providerIds }) => providerIds.includes('wamid.thrice'))
  expect(found).toHaveLength(1)
})

test('RULES B2: a batch over two numbers is attributed to each, by either URL', async () => {
  const [a, b] = [await makeChannel(daemon, '1003'), await makeChannel(daemon, '1004')]
  const body = textDelivery({ number: '1003', id: 'wamid.a' }, { number: '1004', id: 'wamid.b' })
  expect((await deliver(daemon, body, `/in/whatsapp/${a.id}`)).status).toBe(200)
  const found = Object.fromEntries(
    (await messages()).map(({ providerIds, channel }) => [providerIds[0], channel]),
  )
  expect(found['wamid.a']).toBe(a.id)
  expect(found['wamid.b']).toBe(b.id)
})

test("RULES B2: a signed body that names another workspace's number changes nothing there", async () => {
  await makeChannel(daemon, '1005')
  const theirs = await makeChannel(daemon, '2005', { appSecret: 'their-secret' }, `?workspace=${OTHER}`)
  const body = textDelivery({ number: '2005', id: 'wamid.forged' }, { number: '1005', id: 'wamid.own' })
  const before = await counted('omnibus_intake_ignored_total{connector="whatsapp",why="notThisApp"}')
  expect((await deliver(daemon, body)).status).toBe(200)
  expect(await messages(OTHER)).toEqual([])
  expect((await messages()).some(({ providerIds }) => providerIds.includes('wamid.own'))).toBe(true)
  expect(await counted('omnibus_intake_ignored_total{connector="whatsapp",why="notThisApp"}')).toBe(
    before + 1,
  )
  // Nor by the other workspace's own URL, for which our secret is a wrong one.
  expect((await deliver(daemon, body, `/in/whatsapp/${theirs.id}`)).status).toBe(401)
  expect(await messages(OTHER)).toEqual([])
})

test('RULES B2: the shared URL finds the secret of each app', async () => {
  const body = textDelivery({ number: '2005', id: 'wamid.theirs' })
  expect((await deliver(daemon, body, '/in/whatsapp', 'their-secret')).status).toBe(200)
  expect((await messages(OTHER)).map(({ providerIds }) => providerIds[0])).toEqual(['wamid.theirs'])
  expect((await deliver(daemon, textDelivery({ number: '1001', id: 'wamid.ours' }))).status).toBe(200)
})

test('an app shared by two workspaces brings each its own, in one delivery', async () => {
  await makeChannel(daemon, '1006', { appSecret: 'agency-secret' })
  await makeChannel(daemon, '2006', { appSecret: 'agency-secret' }, `?workspace=${OTHER}`)
  const body = textDelivery({ number: '1006', id: 'wamid.x' }, { number: '2006', id: 'wamid.y' })
  expect((await deliver(daemon, body, '/in/whatsapp', 'agency-secret')).status).toBe(200)
  expect((await messages()).some(({ providerIds }) => providerIds[0] === 'wamid.x')).toBe(true)
  expect((await messages()).some(({ providerIds }) => providerIds[0] === 'wamid.y')).toBe(false)
  expect((await messages(OTHER)).some(({ providerIds }) => providerIds[0] === 'wamid.y')).toBe(true)
})

test('a wrong or missing signature is 401, counted, and stores nothing', async () => {
  const body = textDelivery({ number: '1001', id: 'wamid.unsigned' })
  const before = await counted('omnibus_intake_requests_total{connector="whatsapp",result="unauthorized"}')
  const wrong = await deliver(daemon, body, '/in/whatsapp', 'not-the-secret')
  expect(wrong.status).toBe(401)
  expect(wrong.body).toMatchObject({ status: 401, code: 'unauthorized' })
  expect((await daemon.call('POST', '/in/whatsapp', { body, token: null })).status).toBe(401)
  const tampered = { ...signature(body) }
  const other = body.replace('Hola', 'Adios')
  expect(
    (await daemon.call('POST', '/in/whatsapp', { body: other, token: null, headers: tampered })).status,
  ).toBe(401)
  expect((await messages()).some(({ providerIds }) => providerIds[0] === 'wamid.unsigned')).toBe(false)
  expect(await counted('omnibus_intake_requests_total{connector="whatsapp",result="unauthorized"}')).toBe(
    before + 3,
  )
})

test.each([
  ['/in/fax', 'an unknown connector'],
  ['/in/whatsapp/chn_01jabcdefghjkmnpqrstvwxyz0', 'an unknown channel'],
  ['/in/fax/chn_01jabcdefghjkmnpqrstvwxyz0', 'both'],
])('%s is 404: %s', async path => {
  const answer = await deliver(daemon, textDelivery({ number: '1001', id: 'wamid.404' }), path)
  expect(answer.status).toBe(404)
  expect(answer.headers.get('content-type')).toContain('application/problem+json')
})

test.each([
  ['not JSON', 'hello', '3001'],
  ['not the shape', '[1,2]', '3002'],
])('signed but %s: kept as rejected with its raw bytes, answered 200', async (_name, body, number) => {
  const channel = await makeChannel(daemon, number)
  const before = await counted('omnibus_intake_requests_total{connector="whatsapp",result="stored"}')
  expect((await deliver(daemon, body, `/in/whatsapp/${channel.id}`)).status).toBe(200)
  const rejected = await daemon.store.query('rejected', { workspace, limit: 10 })
  const mine = rejected.find(each => each.channel === channel.id)
  const whole = mine && (await daemon.store.query('rejectedRaw', { workspace, id: mine.id }))
  expect(Buffer.from(whole?.raw ?? []).toString()).toBe(body)
  expect(await counted('omnibus_intake_requests_total{connector="whatsapp",result="stored"}')).toBe(
    before + 1,
  )
})

test('the handshake answers the challenge for any verify token that the URL serves', async () => {
  const channel = await makeChannel(daemon, '1007', { verifyToken: 'the-other-token' })
  const query = (token: string) => `?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=${token}`
  for (const path of ['/in/whatsapp', `/in/whatsapp/${channel.id}`]) {
    const good = await daemon.call('GET', path + query('the-other-token'), { token: null })
    expect([good.status, good.text]).toEqual([200, '1158201444'])
    expect((await daemon.call('GET', path + query('wrong'), { token: null })).status).toBe(403)
  }
  const own = await daemon.call('GET', `/in/whatsapp/${channel.id}${query('verify-token-1')}`, {
    token: null,
  })
  expect(own.status).toBe(403)
})

test('RULES B8: a paused channel takes inbound, a deleted one is 404 on its own URL alone', async () => {
  const { id } = await makeChannel(daemon, '1008')
  await daemon.call('PATCH', `/v1/channels/${id}`, { body: { status: 'paused' } })
  expect((await deliver(daemon, textDelivery({ number: '1008', id: 'wamid.paused' }))).status).toBe(200)
  expect((await messages()).some(({ providerIds }) => providerIds[0] === 'wamid.paused')).toBe(true)
  expect((await daemon.call('DELETE', `/v1/channels/${id}`)).status).toBe(204)
  const late = textDelivery({ number: '1008', id: 'wamid.late' })
  expect((await deliver(daemon, late, `/in/whatsapp/${id}`)).status).toBe(404)
  expect((await deliver(daemon, late)).status).toBe(200)
  expect((await messages()).some(({ providerIds }) => providerIds[0] === 'wamid.late')).toBe(false)
})

test('RULES G2: a replaced app secret still verifies', async () => {
  const { id } = await makeChannel(daemon, '1009', { appSecret: 'first-secret' })
  await daemon.call('PATCH', `/v1/channels/${id}`, { body: { config: { appSecret: 'second-secret' } } })
  for (const secret of ['first-secret', 'second-secret']) {
    const body = textDelivery({ number: '1009', id: `wamid.${secret}` })
    expect((await deliver(daemon, body, `/in/whatsapp/${id}`, secret)).status).toBe(200)
  }
})

test('a body above 4 MB is 413, and the daemon goes on', async () => {
  const body = JSON.stringify({ x: 'a'.repeat(4 * 1024 * 1024) })
  const answer = await deliver(daemon, body).catch(() => undefined)
  // The connection may be cut while the rest is still being sent.
  if (answer !== undefined) expect(answer.status).toBe(413)
  expect((await daemon.call('GET', '/livez', { token: null })).status).toBe(200)
})

test('a store that cannot write is 503, /readyz says why, and it recovers by itself', async () => {
  const own = await run()
  try {
    await makeChannel(own, '1')
    const { commit, check } = own.store
    own.store.commit = () => Promise.reject(new StoreFailing('disk full'))
    own.store.check = () => Promise.reject(new StoreFailing('disk full'))
    const body = textDelivery({ number: '1', id: 'wamid.again' })
    const refused = await deliver(own, body)
    expect(refused.status).toBe(503)
    expect(refused.headers.get('retry-after')).toBe('5')
    const ready = await own.call('GET', '/readyz', { token: null })
    expect(ready.status).toBe(503)
    expect((ready.body as { detail: string }).detail).toContain('disk full')
    const message = { channel: undefined, to: '+5215512345678', content: { type: 'text', text: 'a' } }
    expect(
      (await own.call('POST', '/v1/messages', { body: { ...message, conversation: undefined } })).status,
    ).toBe(422)
    Object.assign(own.store, { commit, check })
    expect((await deliver(own, body)).status).toBe(200)
    await expect
      .poll(async () => (await own.call('GET', '/readyz', { token: null })).status, { timeout: 3_000 })
      .toBe(200)
  } finally {
    await own.close()
  }
})

test('RULES B2: an address that fails too often gets 429, and what is signed well passes', async () => {
  const own = await run()
  try {
    const { id } = await makeChannel(own, '1')
    const forged = textDelivery({ number: '1', id: 'wamid.forged' })
    const statuses: number[] = []
    for (let index = 0; index < 40; index++) {
      statuses.push((await deliver(own, forged, '/in/whatsapp', 'wrong')).status)
    }
    expect(new Set(statuses.slice(0, 30))).toEqual(new Set([401]))
    expect(new Set(statuses.slice(30))).toEqual(new Set([429]))
    const honest = textDelivery({ number: '1', id: 'wamid.honest' })
    expect((await deliver(own, honest)).status).toBe(200)
    expect((await deliver(own, honest, `/in/whatsapp/${id}`)).status).toBe(200)
  } finally {
    await own.close()
  }
})

test('RULES G4: behind a trusted proxy failures count for the client, not the proxy', async () => {
  const own = await run({ trustedProxies: ['127.0.0.1'] })
  try {
    await makeChannel(own, '1')
    const forged = textDelivery({ number: '1', id: 'wamid.forged' })
    const from = async (client: string): Promise<number> => {
      const headers = { ...signature(forged, 'wrong'), 'x-forwarded-for': client }
      return (await own.call('POST', '/in/whatsapp', { body: forged, token: null, headers })).status
    }
    for (let index = 0; index < 30; index++) await from('203.0.113.1')
    expect([await from('203.0.113.1'), await from('203.0.113.2')]).toEqual([429, 401])
  } finally {
    await own.close()
  }
})

test('every numbered step of the way in is told to the probe, in order', async () => {
  const steps: string[] = []
  const own = await run({}, { probe: step => steps.push(step) })
  try {
    await makeChannel(own, '1')
    await deliver(own, textDelivery({ number: '1', id: 'wamid.probe' }))
    expect(steps).toEqual([
      'inbound.1.verified',
      'inbound.2.parsed',
      'inbound.3.committed',
      'inbound.4.answered',
    ])
  } finally {
    await own.close()
  }
})
