import { createHmac } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Message } from '../../model/message.ts'
import { type Running, run } from '../gateway/daemon.ts'

/** Twilio's webhooks at the door of a daemon behind a proxy: what only the two together can get wrong. */

const TOKEN = 'auth-token-of-tests'
const SERVICE = `MG${'2'.repeat(32)}`
const OF_SERVICE = Object.fromEntries([['MessagingServiceSid', SERVICE]])
const [NUMBER, POOLED] = ['+15005550001', '+15005550009']
let daemon: Running
const channels: Record<string, string> = {}

beforeAll(async () => {
  daemon = await run({ trustedProxies: ['127.0.0.1'] })
  const account = { accountSid: `AC${'1'.repeat(32)}`, authToken: TOKEN }
  for (const [name, config] of [
    ['number', { from: NUMBER }],
    ['service', { messagingServiceSid: SERVICE }],
  ] as const) {
    const body = { connector: 'twilio', name, config: { ...account, ...config } }
    channels[name] = ((await daemon.call('POST', '/v1/channels', { body })).body as { id: string }).id
  }
})
afterAll(() => daemon.close())

let made = 0

/** As Twilio calls `https://gw.example.com`, in front of a proxy that says so. */
async function deliver(path: string, told: Record<string, string>, method: 'GET' | 'POST' = 'POST') {
  const form = { MessageSid: `SM${++made}`, SmsStatus: 'received', From: '+14155550142', To: NUMBER, ...told }
  const query = method === 'GET' ? `?${new URLSearchParams(form)}` : ''
  const signed = method === 'GET' ? query : Object.entries(form).sort().flat().join('')
  const url = `https://gw.example.com${path}`
  const signature = createHmac('sha1', TOKEN)
    .update(url + signed)
    .digest('base64')
  const forwarded = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'gw.example.com' }
  return daemon.call(method, path + query, {
    token: null,
    headers: {
      ...{ 'x-twilio-signature': signature, ...forwarded },
      ...(method === 'POST' && { 'content-type': 'application/x-www-form-urlencoded' }),
    },
    ...(method === 'POST' && { body: new URLSearchParams(form).toString() }),
  })
}

async function channelOf(text: string): Promise<string | undefined> {
  const { data } = (await daemon.call('GET', '/v1/messages?limit=50')).body as { data: Message[] }
  const found = data.find(({ content }) => content.type === 'text' && content.text === text)
  return Object.keys(channels).find(name => channels[name] === found?.channel)
}

test('RULES G4: what was signed over the public URL is taken, and answered with TwiML', async () => {
  const answer = await deliver(`/in/twilio/${channels['number']}?from=console`, { Body: 'behind a proxy' })
  expect([answer.status, answer.headers.get('content-type'), answer.text]).toEqual([
    200,
    'text/xml',
    '<Response/>',
  ])
  expect(await channelOf('behind a proxy')).toBe('number')
})

test('a number may be set to call by GET', async () => {
  expect((await deliver(`/in/twilio/${channels['number']}`, { Body: 'by GET' }, 'GET')).status).toBe(200)
  expect(await channelOf('by GET')).toBe('number')
})

test.each([
  ['a number that is a channel, and belongs to a service', NUMBER, 'number'],
  ['a number of a service', POOLED, 'service'],
])('RULES B2: on the shared URL %s finds its channel', async (_name, to, channel) => {
  await deliver('/in/twilio', { To: to, ...OF_SERVICE, Body: `to ${to}` })
  expect(await channelOf(`to ${to}`)).toBe(channel)
})

test('RULES B2: by the URL of the service a number that is a channel too is the service’s', async () => {
  await deliver(`/in/twilio/${channels['service']}`, { ...OF_SERVICE, Body: 'by its URL' })
  expect(await channelOf('by its URL')).toBe('service')
})

test('RULES F1: STOP is a message and a fact about the person', async () => {
  await deliver(`/in/twilio/${channels['number']}`, { Body: 'STOP' })
  expect(await channelOf('STOP')).toBe('number')
  const { data } = (await daemon.call('GET', '/v1/events?limit=200')).body as {
    data: { type: string; data: object }[]
  }
  const told = data.filter(({ type }) => type === 'contact.consent').map(event => event.data)
  expect(told).toMatchObject([{ category: 'all', state: 'withdrawn', source: 'provider', raw: 'STOP' }])
})
