import { expect, test } from 'vitest'
import { makeRequests, type RequestPlan } from '../../bench/requests.ts'
import { signedByMeta } from '../../connectors/meta/meta.ts'
import { parse } from '../../connectors/whatsapp/parse.ts'

/** A load that the daemon refuses, or takes for one message, would measure nothing. */
const HOST = '127.0.0.1:1'

function read(plan: RequestPlan): { head: string[]; body: string }[] {
  const { bytes, length, count } = makeRequests(plan)
  return Array.from({ length: count }, (_, index) => {
    const text = bytes.toString('utf8', index * length, (index + 1) * length)
    const [head = '', body = ''] = text.split('\r\n\r\n')
    return { head: head.split('\r\n'), body }
  })
}

test('the webhooks of the benchmark are signed, and each is another message', () => {
  const secrets = { phoneNumberId: '123', appSecret: 'secret' }
  const plan = {
    kind: 'webhook',
    host: HOST,
    path: '/in/whatsapp/x',
    first: 9_998,
    count: 4,
    ...secrets,
  } as const
  const messages = read(plan).map(({ head, body }) => {
    const headers = Object.fromEntries(head.slice(1).map(line => line.split(': ')))
    const request = { method: 'POST', url: '', query: {}, headers, body: Buffer.from(body), at: 0 }
    expect(headers['content-length']).toBe(String(Buffer.byteLength(body)))
    expect(signedByMeta(request, 'secret')).toBe(true)
    expect(signedByMeta(request, 'other')).toBe(false)
    return parse(request)
  })
  expect(messages.flat()).toMatchObject([
    { kind: 'message', to: '123', providerId: 'wamid.bench000000009998', address: { value: '+52110009998' } },
    { kind: 'message', to: '123', providerId: 'wamid.bench000000009999', address: { value: '+52110009999' } },
    { kind: 'message', to: '123', providerId: 'wamid.bench000000010000', address: { value: '+52110000000' } },
    { kind: 'message', to: '123', providerId: 'wamid.bench000000010001', address: { value: '+52110000001' } },
  ])
})

test('the messages of the benchmark are requests of the API', () => {
  const plan = { kind: 'message', host: HOST, path: '/v1/messages', first: 7, count: 1 } as const
  const [request] = read({ ...plan, channel: 'chn_x', token: 't' })
  expect(request?.head).toContain('authorization: Bearer t')
  expect(JSON.parse(request?.body ?? '')).toEqual({
    channel: 'chn_x',
    to: '+52110000007',
    content: { type: 'text', text: 'bench number 000000000007' },
  })
})
