import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Contact } from '../../model/contact.ts'
import { deliver, makeChannel, problem, type Running, run, textDelivery } from './daemon.ts'

let daemon: Running

beforeAll(async () => {
  daemon = await run()
})
afterAll(() => daemon.close())

const call = async (method: string, path: string, body?: object, headers?: Record<string, string>) =>
  daemon.call(method, path, { ...(body === undefined ? {} : { body }), ...(headers ? { headers } : {}) })
const contact = async (id: string): Promise<Contact> =>
  (await call('GET', `/v1/contacts/${id}`)).body as Contact

describe('the smallest useful calls', () => {
  test('a person is made, found by each address, changed, tagged and untagged', async () => {
    const ana = { name: ' Ana ', phone: '+52 1 55 1234-5678', email: 'ana@example.com', tags: ['VIP'] }
    const made = await call('POST', '/v1/contacts', ana)
    expect(made).toMatchObject({ status: 201, body: { name: 'Ana', country: 'MX', source: 'api' } })
    const { id } = made.body as Contact
    const email = 'email:ana@example.com'
    for (const name of ['phone:+5215512345678', email]) expect((await contact(name)).id).toBe(id)
    await call('PATCH', `/v1/contacts/${email}`, { language: 'ES_mx', phone: '+5215500000001' })
    await call('POST', `/v1/contacts/${email}/tags`, { tags: ['vip', 'Monterrey'] })
    await call('DELETE', `/v1/contacts/${email}/tags/VÍP`)
    expect(await contact(id)).toMatchObject({
      language: 'es-MX',
      phone: '+5215500000001',
      tags: ['Monterrey'],
    })
    expect((await call('GET', '/v1/contacts/phone:+5215512345678')).status).toBe(404)
  })

  test('the same Idempotency-Key makes one person', async () => {
    const headers = { 'idempotency-key': 'k1' }
    const first = await call('POST', '/v1/contacts', { name: 'Luis', tags: ['new'] }, headers)
    const again = await call('POST', '/v1/contacts', { name: 'Luis', tags: ['new'] }, headers)
    expect(again).toMatchObject({ status: 201, body: { id: (first.body as Contact).id } })
    expect(again.headers.get('idempotency-replayed')).toBe('true')
  })

  test('an address that is somebody is 409, and the detail says who', async () => {
    const { id } = (await call('POST', '/v1/contacts', { email: 'eva@example.com' })).body as Contact
    const taken = await call('POST', '/v1/contacts', { email: 'eva@example.com', name: 'Other' })
    expect(problem(taken)).toMatchObject({ code: 'exists', detail: expect.stringContaining(id) })
    expect(taken.status).toBe(409)
  })
})

describe('bad input', () => {
  test('it names each field, and nothing is made of it', async () => {
    await call('POST', '/v1/fields', { key: 'orders', title: 'Orders', type: 'number' })
    const before = (await call('GET', '/v1/contacts')).body as { data: Contact[] }
    const answer = await call('POST', '/v1/contacts', {
      phone: '5512345678',
      email: 'nobody',
      language: '!',
      country: 'ZZ',
      timeZone: 'Mars/Olympus',
      fields: { orders: 'many', order: 1 },
      addresses: [{ kind: 'phone', value: '12' }],
    })
    const { errors } = problem(answer) as unknown as { errors: { field: string }[] }
    expect(errors.map(({ field }) => field).toSorted()).toEqual([
      'addresses[0].value',
      ...['country', 'email', 'fields.order', 'fields.orders', 'language', 'phone', 'timeZone'],
    ])
    expect((await call('GET', '/v1/contacts')).body).toEqual(before)
  })

  test.each<[string, string, object, number]>([
    ['a list without options', 'fields', { key: 'a', title: 'A', type: 'list' }, 400],
    ['options without a list', 'fields', { key: 'a', title: 'A', type: 'text', options: ['x'] }, 400],
    ['a key with a space', 'fields', { key: 'a b', title: 'A', type: 'text' }, 400],
    ['a key that is taken', 'fields', { key: 'orders', title: 'A', type: 'text' }, 409],
    ['a tag without a name', 'tags', { name: '' }, 400],
  ])('%s', async (_name, path, body, status) => {
    expect((await call('POST', `/v1/${path}`, body)).status).toBe(status)
  })
})

test('RULES A6: whoever is erased leaves nothing of what was said, and what waits is not sent', async () => {
  const { id: channel } = await makeChannel(daemon, '9001', { apiBase: 'http://127.0.0.1:1' })
  await deliver(
    daemon,
    textDelivery({ number: '9001', id: 'wamid.9', text: 'my secret' }),
    `/in/whatsapp/${channel}`,
  )
  await call('PATCH', `/v1/channels/${channel}`, { status: 'paused' })
  const list = (await call('GET', `/v1/messages?channel=${channel}`)).body as { data: { contact: string }[] }
  const person = list.data[0]?.contact ?? ''
  await call('POST', '/v1/messages', { contact: person, content: { type: 'text', text: 'answer' } })
  expect((await call('DELETE', `/v1/contacts/${person}?erase=true`)).status).toBe(204)
  expect((await call('GET', `/v1/contacts/${person}`)).status).toBe(404)
  const left = await call('GET', `/v1/messages?channel=${channel}`)
  expect(JSON.stringify(left.body)).not.toMatch(/secret|answer/)
  expect((left.body as { data: object[] }).data).toMatchObject([
    { status: 'failed', failure: { code: 'cancelled' }, content: { type: 'erased' } },
    { content: { type: 'erased' } },
  ])
})
