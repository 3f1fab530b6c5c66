import { connect } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Message } from '../../model/message.ts'
import { deliver, makeChannel, problem, type Running, run, TOKEN, textDelivery } from './daemon.ts'

let daemon: Running

beforeAll(async () => {
  daemon = await run()
})
afterAll(() => daemon.close())

const text = { type: 'text', text: 'Hola' }
const MISSING = '01jabcdefghjkmnpqrstvwxyz0'

test.each<[string, string, string, object, number, string]>([
  ['no such route', 'GET', '/v1/nothing', {}, 404, 'notFound'],
  ['a method the URL does not take', 'PUT', '/v1/channels', {}, 405, 'methodNotAllowed'],
  ['malformed JSON', 'POST', '/v1/messages', { body: '{"a":' }, 400, 'malformedJson'],
  [
    'an empty body',
    'POST',
    '/v1/messages',
    { headers: { 'content-type': 'application/json' } },
    400,
    'malformedJson',
  ],
  [
    'another content type',
    'POST',
    '/v1/messages',
    { body: 'a', headers: { 'content-type': 'text/plain' } },
    415,
    'unsupportedMediaType',
  ],
  ['a body above 1 MB', 'POST', '/v1/messages', { body: { a: 'x'.repeat(1024 * 1024) } }, 413, 'tooLarge'],
  [
    'a field nobody knows',
    'POST',
    '/v1/messages',
    { body: { to: '+5215512345678', content: text, chanel: 'x' } },
    400,
    'invalidInput',
  ],
  ['__proto__ in a body', 'POST', '/v1/messages', { body: '{"__proto__":{"a":1}}' }, 400, 'malformedJson'],
  ['a limit out of bounds', 'GET', '/v1/messages?limit=1000', {}, 400, 'invalidInput'],
  ['a limit that is no number', 'GET', '/v1/messages?limit=ten', {}, 400, 'invalidInput'],
  ['a parameter nobody knows', 'GET', '/v1/messages?chanel=x', {}, 400, 'invalidInput'],
  ['a cursor of another list', 'GET', '/v1/messages?after=abc', {}, 400, 'invalidInput'],
  ['a message that is not there', 'GET', `/v1/messages/msg_${MISSING}`, {}, 404, 'notFound'],
  ['an id of no form', 'GET', '/v1/messages/x', {}, 404, 'notFound'],
  ['a contact that is not there', 'GET', '/v1/contacts/phone:+5215500000000', {}, 404, 'notFound'],
  ['a contact by a phone that is none', 'GET', '/v1/contacts/phone:555', {}, 400, 'invalidInput'],
  ['a conversation that is not there', 'GET', `/v1/conversations/cnv_${MISSING}`, {}, 404, 'notFound'],
  ['a file that is not there', 'GET', `/v1/files/fil_${MISSING}`, {}, 404, 'notFound'],
  [
    'a channel that is not there',
    'PATCH',
    `/v1/channels/chn_${MISSING}`,
    { body: { name: 'a' } },
    404,
    'notFound',
  ],
  ['a workspace that is not there', 'GET', `/v1/messages?workspace=wks_${MISSING}`, {}, 404, 'notFound'],
  ['no token', 'GET', '/v1/messages', { token: null }, 401, 'unauthorized'],
  ['a wrong token', 'GET', '/v1/messages', { token: 'wrong' }, 401, 'unauthorized'],
  [
    'a token in the wrong scheme',
    'GET',
    '/v1/messages',
    { token: null, headers: { authorization: `Basic ${TOKEN}` } },
    401,
    'unauthorized',
  ],
])('bad input is a problem with a code: %s', async (_name, method, path, options, status, code) => {
  const answer = await daemon.call(method, path, options)
  expect(answer.status).toBe(status)
  expect(problem(answer)).toMatchObject({ code })
})

test('405 names the methods that the URL takes; 401 names the scheme', async () => {
  const wrong = await daemon.call('PUT', `/v1/channels/chn_${MISSING}`)
  expect(wrong.headers.get('allow')).toBe('GET, PATCH, DELETE')
  const unknown = await daemon.call('GET', '/v1/channels', { token: null })
  expect(unknown.headers.get('www-authenticate')).toBe('Bearer')
})

test('headers above 16 KB are 431, what is no HTTP is 400, as problems too', async () => {
  const { hostname, port } = new URL(daemon.url)
  const say = (bytes: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const socket = connect(Number(port), hostname, () => socket.write(bytes))
      let answer = ''
      socket.on('data', chunk => {
        answer += String(chunk)
      })
      socket.on('end', () => resolve(answer))
      socket.on('error', reject)
    })
  const large = await say(`GET /livez HTTP/1.1\r\nhost: a\r\nx: ${'a'.repeat(20_000)}\r\n\r\n`)
  expect(large).toMatch(/^HTTP\/1\.1 431 .*"code":"headersTooLarge"/s)
  expect(await say('hello\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 .*"code":"malformedRequest"/s)
})

test('invariant 7: nothing of one workspace is visible from another', async () => {
  const other = 'wks_01jabcdefghjkmnpqrstvwxyz0' as typeof daemon.workspace
  await daemon.store.commit({ workspace: other, changes: [{ kind: 'workspaceCreated', name: 'Other' }] })
  const ours = await makeChannel(daemon, '7020')
  await deliver(daemon, textDelivery({ number: '7020', id: 'wamid.7020', from: '5215500007020' }))
  const list = await daemon.call('GET', `/v1/messages?channel=${ours.id}`)
  const [message] = (list.body as { data: Message[] }).data
  const query = `?workspace=${other}`
  for (const path of [
    `/v1/channels/${ours.id}`,
    `/v1/messages/${message?.id}`,
    `/v1/messages/${message?.id}/timeline`,
    `/v1/conversations/${message?.conversation}`,
    `/v1/conversations/${message?.conversation}/messages`,
    `/v1/contacts/${message?.contact}`,
    '/v1/contacts/phone:+5215500007020',
  ]) {
    expect((await daemon.call('GET', path)).status, path).toBe(200)
    expect((await daemon.call('GET', path + query)).status, path).toBe(404)
  }
  for (const path of ['/v1/channels', '/v1/messages', '/v1/conversations', '/v1/contacts']) {
    expect((await daemon.call('GET', path + query)).body, path).toMatchObject({ data: [] })
  }
})

test('/openapi.json describes every route, with an operationId, answers and problems', async () => {
  const answer = await daemon.call('GET', '/openapi.json', { token: null })
  type Operation = { operationId?: string; responses: Record<string, unknown>; summary?: string }
  const document = answer.body as { openapi: string; paths: Record<string, Record<string, Operation>> }
  expect(document.openapi).toBe('3.1.0')
  const operations = Object.values(document.paths).flatMap(path => Object.values(path))
  const ids = operations.map(({ operationId }) => operationId)
  expect(ids).not.toContain(undefined)
  expect(new Set(ids).size).toBe(ids.length)
  expect(Object.keys(document.paths)).toEqual(
    expect.arrayContaining([
      '/v1/messages',
      '/v1/channels/{id}/check',
      '/v1/events',
      '/in/{connector}/{channel}',
    ]),
  )
  for (const { responses, summary } of operations) {
    expect(summary).toBeTruthy()
    expect(Object.keys(responses).some(status => /^2|^302$|^101$/.test(status))).toBe(true)
  }
  expect(answer.text).toContain('application/problem+json')
  expect(answer.text).toContain('"sticker"')
})

test('RULES G4: /metrics is open on loopback only, or to who has the metrics token', async () => {
  expect((await daemon.call('GET', '/metrics', { token: null })).text).toContain(
    'omnibus_intake_requests_total',
  )
  const guarded = await run({ metricsToken: 'the-metrics-token-of-tests' })
  const outside = await run({ listen: { host: '0.0.0.0', port: 0 } })
  try {
    expect((await guarded.call('GET', '/metrics', { token: null })).status).toBe(401)
    expect((await guarded.call('GET', '/metrics', { token: 'the-metrics-token-of-tests' })).status).toBe(200)
    expect((await outside.call('GET', '/metrics', { token: null })).status).toBe(403)
  } finally {
    await guarded.close()
    await outside.close()
  }
})
