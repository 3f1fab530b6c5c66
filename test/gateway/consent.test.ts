import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Contact } from '../../model/contact.ts'
import { parseEvent } from '../../model/event.ts'
import type { Message } from '../../model/message.ts'
import { deliver, makeChannel, problem, type Running, run, textDelivery } from './daemon.ts'

let daemon: Running
let channel: string

beforeAll(async () => {
  daemon = await run()
  channel = (await makeChannel(daemon, '1', { apiBase: 'http://127.0.0.1:1' })).id
})
afterAll(() => daemon.close())

const call = (method: string, path: string, body?: object, token?: string) =>
  daemon.call(method, path, { ...(body === undefined ? {} : { body }), ...(token ? { token } : {}) })
let count = 0
const says = async (from: string, text: string): Promise<Message> => {
  count += 1
  await deliver(daemon, textDelivery({ number: '1', from, id: `wamid.${count}`, text }))
  const page = (await call('GET', '/v1/messages?direction=inbound&limit=1')).body as { data: Message[] }
  const [message] = page.data
  if (message === undefined) throw new Error('it did not come in')
  return message
}
const ad = { content: { type: 'text', text: 'Sale' }, category: 'marketing' }
const agentToken = async (): Promise<string> => {
  const made = await call('POST', '/v1/tokens', { name: 'Ana', role: 'agent' })
  return (made.body as { token: string }).token
}

describe('consent by the API', () => {
  test('RULES F1: who wrote STOP cannot be written to by any road, and can again after START', async () => {
    const { contact, conversation } = await says('5215500000001', 'parar')
    const roads = [{ channel, to: '+5215500000001' }, { contact }, { conversation }]
    for (const road of roads) {
      const refused = await call('POST', '/v1/messages', { ...road, ...ad })
      expect([refused.status, problem(refused)]).toMatchObject([
        422,
        {
          ...{ code: 'impossible', reason: 'optedOut' },
          detail: expect.stringMatching(/phone:\+5215500000001.*marketing.*chn_/),
        },
      ])
      const template = { type: 'template', name: 'sale', language: 'es' }
      expect((await call('POST', '/v1/messages', { ...road, ...ad, content: template })).status).toBe(422)
    }
    expect((await call('GET', `/v1/contacts/${contact}`)).body).toMatchObject({
      consent: { marketing: 'withdrawn', service: 'unknown' },
    })
    await says('5215500000001', 'Alta')
    for (const road of roads) {
      expect((await call('POST', '/v1/messages', { ...road, ...ad })).status).toBe(202)
    }
  })

  test('it is read and put by contact; what was closed one by one is opened with all', async () => {
    const { contact } = await says('5215500000002', 'STOP')
    const path = `/v1/contacts/${contact}/consent`
    const all = { marketing: 'withdrawn', service: 'withdrawn' }
    expect((await call('PUT', path, { category: 'all', state: 'withdrawn' })).body).toMatchObject(all)
    const put = await call('PUT', path, { category: 'all', state: 'granted' })
    expect(put.body).toMatchObject({ marketing: 'granted', service: 'granted' })
    expect((await call('GET', path)).body).toEqual(put.body)
    expect((put.body as { data: object[] }).data).toMatchObject([
      { channel: null, category: 'marketing', state: 'granted', source: 'api' },
      { channel: null, category: 'service', state: 'granted', source: 'api' },
      { channel, category: 'marketing', state: 'granted', source: 'api' },
    ])
    const other = await call('PUT', path, { category: 'all', state: 'granted', address: '+34600000000' })
    expect(problem(other)).toMatchObject({ code: 'impossible', errors: [{ field: 'address' }] })
  })

  test('an agent may withdraw, and not grant', async () => {
    const { contact } = await says('5215500000003', 'hola')
    const token = await agentToken()
    const path = `/v1/contacts/${contact}/consent`
    const withdrawn = await call('PUT', path, { category: 'marketing', state: 'withdrawn' }, token)
    expect(withdrawn).toMatchObject({ status: 200, body: { data: [{ source: 'agent' }] } })
    const granted = await call('PUT', path, { category: 'marketing', state: 'granted' }, token)
    expect([granted.status, problem(granted)]).toMatchObject([403, { code: 'forbidden' }])
    const reply = { contact, channel, content: { type: 'text', text: 'Claro' } }
    expect((await call('POST', '/v1/messages', reply, token)).status).toBe(202)
  })

  test('what a channel answers is shown, set, switched off and set back', async () => {
    const path = `/v1/channels/${channel}`
    const set = await call('PATCH', path, { answers: { stop: 'Bye', help: false } })
    expect(set.body).toMatchObject({ answers: { stop: 'Bye', help: false } })
    const back = await call('PATCH', path, { answers: { help: null } })
    expect((back.body as { answers: object }).answers).toEqual({ stop: 'Bye' })
    const { contact } = await says('5215500000004', 'stop')
    const sent = (await call('GET', `/v1/messages?contact=${contact}&direction=outbound`)).body
    expect((sent as { data: object[] }).data).toMatchObject([
      { content: { text: 'Bye' }, source: { kind: 'workflow', id: 'stop' } },
    ])
  })
})

describe('identity by the API', () => {
  test('two are merged and split again, with who did it', async () => {
    const [from, into] = [await says('5215500000005', 'hola'), await says('5215500000006', 'hola')]
    const merged = await call('POST', '/v1/contacts/merge', { from: from.contact, into: into.contact })
    expect(merged).toMatchObject({ status: 200, body: { id: into.contact } })
    expect((merged.body as Contact).merged).toMatchObject([
      { id: from.contact, into: into.contact, by: { kind: 'api', id: expect.stringMatching(/^tok_/) } },
    ])
    expect((await call('GET', `/v1/contacts/${from.contact}`)).body).toMatchObject({ id: into.contact })
    const again = await call('POST', '/v1/contacts/merge', { from: from.contact, into: into.contact })
    expect([again.status, problem(again)]).toMatchObject([409, { code: 'state' }])
    const split = await call('POST', `/v1/contacts/${from.contact}/split`)
    expect(split).toMatchObject({ status: 200, body: { id: from.contact, merged: [] } })
    expect((await call('POST', `/v1/contacts/${from.contact}/split`)).status).toBe(409)
    const events = (await daemon.store.events(daemon.workspace, 0, 500)).map(parseEvent)
    expect(events.filter(event => event.type === 'contact.split')).toMatchObject([
      { subject: from.contact, data: { from: into.contact } },
    ])
  })

  test('candidates are listed by page and by contact, and dismissed', async () => {
    for (const name of ['eva', 'leo']) {
      for (const email of [`${name}@b.co`, `${name.toUpperCase()}@b.co`])
        await call('POST', '/v1/contacts', { email })
    }
    type Page = { data: { id: string; reason: string; contacts: Contact[] }[]; next: string | null }
    const first = (await call('GET', '/v1/contacts/candidates?limit=1')).body as Page
    const second = (await call('GET', `/v1/contacts/candidates?limit=1&after=${first.next}`)).body as Page
    const emails = [...first.data, ...second.data].map(each => each.contacts.map(one => one.email))
    expect(emails).toEqual([
      ['leo@b.co', 'LEO@b.co'],
      ['eva@b.co', 'EVA@b.co'],
    ])
    const id = first.data[0]?.id ?? ''
    expect((await call('POST', `/v1/contacts/candidates/${id}/dismiss`)).status).toBe(204)
    expect((await call('POST', `/v1/contacts/candidates/${id}/dismiss`)).status).toBe(204)
    const of = async (name: string): Promise<Page> =>
      (await call('GET', `/v1/contacts/email:${name}@b.co/candidates`)).body as Page
    expect([(await of('leo')).data.length, (await of('eva')).data.length]).toEqual([0, 1])
  })
})
