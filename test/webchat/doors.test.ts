import { describe, expect, test } from 'vitest'
import type { Message } from '../../model/message.ts'
import { problem } from '../gateway/daemon.ts'
import { openedWebsite } from './opened.ts'
import { ORIGIN } from './site.ts'
import { dial, type Refused, visit } from './visitor.ts'

/** Who gets in, and what an operator changes. Nothing here depends on the store. */
const website = openedWebsite()
const { from } = website

describe('the doors', () => {
  test('a forbidden origin is refused on the socket and on every route', async () => {
    const { url } = website.site.daemon
    const { channel } = website.site
    const origin = 'https://evil.example'
    await expect(dial({ url, channel, origin })).rejects.toMatchObject({ status: 403 })
    for (const [method, path] of [
      ['GET', 'config'],
      ['POST', 'files'],
      ['OPTIONS', 'files'],
    ] as const) {
      const answer = await website.site.daemon.call(method, `/webchat/${channel}/${path}`, {
        headers: { origin },
        token: null,
      })
      expect([answer.status, problem(answer)]).toMatchObject([403, { code: 'originRefused' }])
      expect(answer.headers.get('access-control-allow-origin')).toBeNull()
    }
    const allowed = await dial({ url, channel, origin: 'https://de.shop.example' })
    allowed.terminate()
  })

  test('CORS answers exactly the origin that asked', async () => {
    const headers = { origin: ORIGIN }
    const path = `/webchat/${website.site.channel}`
    const config = await website.site.daemon.call('GET', `${path}/config`, { headers, token: null })
    expect(config.headers.get('access-control-allow-origin')).toBe(ORIGIN)
    expect(config.body).toMatchObject({
      channel: website.site.channel,
      textMax: 16_384,
      files: { bytesMax: 1_000_000 },
    })
    const preflight = await website.site.daemon.call('OPTIONS', `${path}/files`, { headers, token: null })
    expect(preflight.status).toBe(204)
    expect(preflight.headers.get('access-control-allow-headers')).toContain('authorization')
  })

  test('another channel, another subprotocol and no WebSocket at all are told so', async () => {
    const { url } = website.site.daemon
    await expect(dial({ url, channel: 'chn_01jabcdefghjkmnpqrstvwxyz0' })).rejects.toMatchObject({
      status: 404,
    })
    const plain = await website.site.daemon.call('GET', `/webchat/${website.site.channel}`, { token: null })
    expect([plain.status, problem(plain)]).toMatchObject([426, { code: 'upgradeRequired' }])
  })

  test('500 connections from one address at once: most are refused, others come in meanwhile', async () => {
    const { url } = website.site.daemon
    const { channel } = website.site
    const headers = from()
    const tries = await Promise.allSettled(
      Array.from({ length: 500 }, () => dial({ url, channel, headers }).then(socket => socket.terminate())),
    )
    const refused = tries.flatMap(one => (one.status === 'rejected' ? [one.reason as Refused] : []))
    expect(refused.length).toBeGreaterThan(300)
    expect(refused.every(({ status, retryAfter }) => status === 429 && Number(retryAfter) >= 1)).toBe(true)
    const other = await website.site.visit({}, { headers: from() })
    expect(other.welcome.resume).toBe('again')
  })

  test('the demo page has a strict policy, and the script is there or told to be built', async () => {
    const demo = await website.site.daemon.call('GET', `/webchat/${website.site.channel}/demo`, {
      token: null,
    })
    const policy = demo.headers.get('content-security-policy') ?? ''
    expect(policy).toContain("default-src 'none'")
    expect(policy).not.toContain('unsafe')
    const nonce = /script-src 'self' 'nonce-([^']+)'/.exec(policy)?.[1]
    expect(demo.text).toContain(`<script nonce="${nonce}">`)
    const script = await website.site.daemon.call('GET', '/webchat/widget.js', { token: null })
    if (script.status === 200) {
      const etag = script.headers.get('etag') ?? ''
      const again = await website.site.daemon.call('GET', '/webchat/widget.js', {
        headers: { 'if-none-match': etag },
        token: null,
      })
      expect(again.status).toBe(304)
    } else
      expect(problem(script)).toMatchObject({
        code: 'unavailable',
        detail: expect.stringContaining('npm run build'),
      })
  })
})

test('what a channel takes is checked field by field', async () => {
  const make = (config: object) =>
    website.site.daemon.call('POST', '/v1/channels', { body: { connector: 'webchat', name: 'W', config } })
  const wrong = await make({
    origins: ['https://www.example.com/path', 'example.com', '*'],
    theme: { color: 'red', offset: { x: -1 } },
    locale: 'fr',
    preChat: [{ name: 'name', kind: 'tel', label: 'Name' }],
    identity: 'maybe',
    colour: '#000000',
  })
  expect(wrong.status).toBe(400)
  const { errors } = problem(wrong) as { errors: { field: string }[] }
  expect(new Set(errors.map(({ field }) => field))).toEqual(
    new Set([
      ...['config.origins[0]', 'config.origins[1]', 'config.origins[2]', 'config.theme.color'],
      ...[
        'config.theme.offset.x',
        'config.locale',
        'config.preChat[0].kind',
        'config.identity',
        'config.colour',
      ],
    ]),
  )
  const made = await make({ origins: [], identitySecret: 'a secret' })
  expect(made.body).toMatchObject({ config: { identitySecret: '***' }, webhookUrl: null })
  const checked = await website.site.daemon.call(
    'POST',
    `/v1/channels/${(made.body as { id: string }).id}/check`,
  )
  expect(checked.body).toMatchObject({
    health: { state: 'ok', why: expect.stringContaining('origins is empty') },
  })
})

test('an operator changes the channel: open pages hear of it, and of its end', async () => {
  const made = await website.site.daemon.call('POST', '/v1/channels', {
    body: { connector: 'webchat', name: 'W', config: { origins: [] } },
  })
  const { id: channel } = made.body as { id: string }
  const { url } = website.site.daemon
  const ana = await visit({ url, channel, headers: from() })
  await website.site.daemon.call('PATCH', `/v1/channels/${channel}`, {
    body: { config: { theme: { title: 'Hola' } } },
  })
  expect((await ana.next('channel')).page).toMatchObject({ theme: { title: 'Hola' } })
  await website.site.daemon.call('DELETE', `/v1/channels/${channel}`)
  expect(await ana.next('bye')).toMatchObject({ code: 'channelGone', again: false })
  await ana.gone
})

test('RULES B8: a paused channel takes what visitors write, and holds the answers', async () => {
  const ana = await website.site.visit({}, { headers: from() })
  const pause = (status: string) =>
    website.site.daemon.call('PATCH', `/v1/channels/${website.site.channel}`, { body: { status } })
  await pause('paused')
  expect(await ana.write('Hola')).toMatchObject({ type: 'accepted' })
  const own = await website.site.message((await ana.next('message')).message.id)
  const reply: Message = await website.site.answer({ conversation: own.conversation }, 'Buenas')
  ana.say({ type: 'ping' })
  await ana.next('pong')
  expect((await website.site.message(reply.id)).status).toBe('pending')
  await pause('active')
  expect((await ana.next('message')).message.id).toBe(reply.id)
})
