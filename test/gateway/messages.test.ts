import { afterAll, beforeAll, expect, test } from 'vitest'
import { deliver, makeChannel, problem, type Running, run, textDelivery } from './daemon.ts'

let daemon: Running

beforeAll(async () => {
  daemon = await run()
})
afterAll(() => daemon.close())

const text = { type: 'text', text: 'Hola' }
const MISSING = '01jabcdefghjkmnpqrstvwxyz0'

test.each<[string, object, number, string]>([
  ['to nobody', { content: text }, 400, 'to'],
  ['to two at once', { to: '+5215512345678', contact: `ctc_${MISSING}`, content: text }, 400, 'to'],
  ['to an address without a channel', { to: '+5215512345678', content: text }, 422, 'channel'],
  ['to something that is no address', { channel: `chn_${MISSING}`, to: '555', content: text }, 400, 'to'],
  [
    'with an expiry in a year',
    { contact: `ctc_${MISSING}`, content: text, expiresAt: '2100-01-01T00:00:00Z' },
    400,
    'expiresAt',
  ],
  [
    'with a file that is not there',
    { contact: `ctc_${MISSING}`, content: { type: 'image', media: { id: `fil_${MISSING}` } } },
    422,
    'content.media.id',
  ],
])('a message %s is refused by its field', async (_name, body, status, field) => {
  const answer = await daemon.call('POST', '/v1/messages', { body })
  expect(answer.status).toBe(status)
  expect((problem(answer) as { errors: { field: string }[] }).errors.map(error => error.field)).toContain(
    field,
  )
})

test.each<[string, object]>([
  ['a channel that is not there', { channel: `chn_${MISSING}`, to: '+5215512345678', content: text }],
  ['a contact that is not there', { contact: `ctc_${MISSING}`, content: text }],
  ['a conversation that is not there', { conversation: `cnv_${MISSING}`, content: text }],
])('a message that names %s is well formed and impossible', async (_name, body) => {
  expect((await daemon.call('POST', '/v1/messages', { body })).status).toBe(422)
})

type Message = { id: string; status: string; contact: string; conversation: string }

test('a message is accepted as pending, read back, explained, answered to, cancelled once', async () => {
  const channel = await makeChannel(daemon, '7010')
  await deliver(daemon, textDelivery({ number: '7010', id: 'wamid.7010', from: '5215500007010' }))
  const sent = await daemon.call('POST', '/v1/messages', {
    body: { channel: channel.id, to: '+5215500007010', content: text },
  })
  expect(sent.status).toBe(202)
  const message = sent.body as Message
  expect(message).toMatchObject({
    channel: channel.id,
    connector: 'whatsapp',
    direction: 'outbound',
    source: { kind: 'api' },
    address: { kind: 'phone', value: '+5215500007010' },
    content: text,
    category: 'service',
    status: 'pending',
    failure: null,
    uncertain: false,
  })
  const contact = await daemon.call('GET', '/v1/contacts/phone:+5215500007010')
  expect(contact.body).toMatchObject({ id: message.contact, name: 'Ana' })
  const byContact = await daemon.call('POST', '/v1/messages', {
    body: { contact: message.contact, content: text },
  })
  expect(byContact.body).toMatchObject({ channel: channel.id, conversation: message.conversation })
  const timeline = await daemon.call('GET', `/v1/messages/${message.id}/timeline`)
  expect((timeline.body as { data: object[] }).data[0]).toMatchObject({
    kind: 'created',
    part: expect.any(Number),
  })
  const cancelled = await daemon.call('DELETE', `/v1/messages/${message.id}`)
  expect(cancelled.body).toMatchObject({ status: 'failed', failure: { code: 'cancelled' } })
  const again = await daemon.call('DELETE', `/v1/messages/${message.id}`)
  expect(problem(again)).toMatchObject({ code: 'state', status: 409 })
})

test('lists page by an opaque cursor, without gap or repetition', async () => {
  const channel = await makeChannel(daemon, '7011')
  const ids = Array.from({ length: 7 }, (_, index) => `wamid.page${index}`)
  for (const id of ids) await deliver(daemon, textDelivery({ number: '7011', id }))
  const seen: string[] = []
  let next: string | null = ''
  let pages = 0
  while (next !== null) {
    const cursor: string = next === '' ? '' : `&after=${encodeURIComponent(next)}`
    const page = await daemon.call('GET', `/v1/messages?limit=3&channel=${channel.id}${cursor}`)
    const body = page.body as { data: { providerIds: string[] }[]; next: string | null }
    seen.push(...body.data.map(({ providerIds }) => providerIds[0] ?? ''))
    next = body.next
    pages += 1
  }
  expect(seen).toEqual(ids.toReversed())
  expect(pages).toBe(3)
})

test('a conversation is read, closed with a note, and not closed twice', async () => {
  await makeChannel(daemon, '7012')
  await deliver(daemon, textDelivery({ number: '7012', id: 'wamid.7012', from: '5215500007012' }))
  const contact = (await daemon.call('GET', '/v1/contacts/phone:+5215500007012')).body as { id: string }
  const open = await daemon.call('GET', `/v1/conversations?status=open&contact=${contact.id}`)
  const [conversation] = (open.body as { data: { id: string }[] }).data
  const messages = await daemon.call('GET', `/v1/conversations/${conversation?.id}/messages`)
  expect((messages.body as { data: object[] }).data).toMatchObject([{ providerIds: ['wamid.7012'] }])
  const path = `/v1/conversations/${conversation?.id}/close`
  expect((await daemon.call('POST', path, { body: { summry: 'a' } })).text).toContain('did you mean')
  const closed = await daemon.call('POST', path, { body: { summary: 'Sold' } })
  expect(closed.body).toMatchObject({ status: 'closed', closedBy: 'api', note: { summary: 'Sold' } })
  expect((await daemon.call('POST', path)).status).toBe(409)
  expect((await daemon.call('GET', `/v1/conversations/${conversation?.id}`)).body).toMatchObject({
    status: 'closed',
  })
})

test('RULES C12: the same key and body again is the first answer; another body is 422', async () => {
  const channel = await makeChannel(daemon, '7014')
  const body = { channel: channel.id, to: '+5215500007014', content: text }
  const headers = { 'idempotency-key': 'order-1' }
  const first = await daemon.call('POST', '/v1/messages', { body, headers })
  const reordered = { to: body.to, content: { text: 'Hola', type: 'text' }, channel: body.channel }
  const again = await daemon.call('POST', '/v1/messages', { body: reordered, headers })
  expect(first.headers.get('idempotency-replayed')).toBeNull()
  expect(again.headers.get('idempotency-replayed')).toBe('true')
  expect(again.status).toBe(202)
  expect(again.body).toEqual(first.body)
  const other = await daemon.call('POST', '/v1/messages', {
    body: { ...body, to: '+5215500007015' },
    headers,
  })
  expect(problem(other)).toMatchObject({ status: 422, code: 'keyReused' })
  const list = await daemon.call('GET', `/v1/messages?channel=${channel.id}`)
  expect((list.body as { data: object[] }).data).toHaveLength(1)
})

test('RULES C12: the same key while the first is under way is 409 with Retry-After', async () => {
  const channel = await makeChannel(daemon, '7016')
  const body = { channel: channel.id, to: '+5215500007016', content: text }
  const headers = { 'idempotency-key': 'order-2' }
  const answers = await Promise.all(
    Array.from({ length: 8 }, () => daemon.call('POST', '/v1/messages', { body, headers })),
  )
  for (const answer of answers) {
    expect([202, 409]).toContain(answer.status)
    if (answer.status === 409) expect(answer.headers.get('retry-after')).toBe('1')
  }
  const made = new Set(
    answers.filter(({ status }) => status === 202).map(({ body: of }) => (of as Message).id),
  )
  expect(made.size).toBe(1)
})
