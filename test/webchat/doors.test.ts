import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Message } from '../../model/message.ts'
import { problem } from '../gateway/daemon.ts'
import { scratch } from '../scratch.ts'
import { openWebsite, type Website } from './site.ts'
import { dial, type Refused, visit } from './visitor.ts'

/** Who gets in, with what, and how much of it: nothing here depends on the store. */
let site: Website
const all = new AsyncDisposableStack()
const ORIGIN = 'https://www.example.com'

beforeAll(async () => {
  const folder = all.use(await scratch())
  const config = { origins: [ORIGIN, 'https://*.shop.example'], files: { bytesMax: 1_000_000 } }
  site = all.use(
    await openWebsite({ ...folder, dataDir: folder.path, store: 'sqlite:' } as never, config, {
      trustedProxies: ['127.0.0.0/8'],
    }),
  )
})
afterAll(() => all.disposeAsync())

/** Each test comes from an address of its own, so that none uses up another's allowance. */
let addresses = 0
const from = () => ({ 'x-forwarded-for': `203.0.113.${++addresses}` })

describe('the doors', () => {
  test('a forbidden origin is refused on the socket and on every route', async () => {
    const { url } = site.daemon
    const { channel } = site
    const origin = 'https://evil.example'
    await expect(dial({ url, channel, origin })).rejects.toMatchObject({ status: 403 })
    for (const [method, path] of [
      ['GET', 'config'],
      ['POST', 'files'],
      ['OPTIONS', 'files'],
    ] as const) {
      const answer = await site.daemon.call(method, `/webchat/${channel}/${path}`, {
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
    const path = `/webchat/${site.channel}`
    const config = await site.daemon.call('GET', `${path}/config`, { headers, token: null })
    expect(config.headers.get('access-control-allow-origin')).toBe(ORIGIN)
    expect(config.body).toMatchObject({
      channel: site.channel,
      textMax: 16_384,
      files: { bytesMax: 1_000_000 },
    })
    const preflight = await site.daemon.call('OPTIONS', `${path}/files`, { headers, token: null })
    expect(preflight.status).toBe(204)
    expect(preflight.headers.get('access-control-allow-headers')).toContain('authorization')
  })

  test('another channel, another subprotocol and no WebSocket at all are told so', async () => {
    const { url } = site.daemon
    await expect(dial({ url, channel: 'chn_01jabcdefghjkmnpqrstvwxyz0' })).rejects.toMatchObject({
      status: 404,
    })
    const plain = await site.daemon.call('GET', `/webchat/${site.channel}`, { token: null })
    expect([plain.status, problem(plain)]).toMatchObject([426, { code: 'upgradeRequired' }])
  })

  test('500 connections from one address at once: most are refused, others come in meanwhile', async () => {
    const { url } = site.daemon
    const { channel } = site
    const headers = from()
    const tries = await Promise.allSettled(
      Array.from({ length: 500 }, () => dial({ url, channel, headers }).then(socket => socket.terminate())),
    )
    const refused = tries.flatMap(one => (one.status === 'rejected' ? [one.reason as Refused] : []))
    expect(refused.length).toBeGreaterThan(300)
    expect(refused.every(({ status, retryAfter }) => status === 429 && Number(retryAfter) >= 1)).toBe(true)
    const other = await site.visit({}, { headers: from() })
    expect(other.welcome.resume).toBe('again')
  })

  test('the demo page has a strict policy, and the script is there or told to be built', async () => {
    const demo = await site.daemon.call('GET', `/webchat/${site.channel}/demo`, { token: null })
    const policy = demo.headers.get('content-security-policy') ?? ''
    expect(policy).toContain("default-src 'none'")
    expect(policy).not.toContain('unsafe')
    const nonce = /script-src 'self' 'nonce-([^']+)'/.exec(policy)?.[1]
    expect(demo.text).toContain(`<script nonce="${nonce}">`)
    const script = await site.daemon.call('GET', '/webchat/widget.js', { token: null })
    if (script.status === 200) {
      const etag = script.headers.get('etag') ?? ''
      const again = await site.daemon.call('GET', '/webchat/widget.js', {
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

describe('what a page says', () => {
  test('a text of 100 KB is refused by its name, HTML is text, and empty is nothing', async () => {
    const ana = await site.visit({}, { headers: from() })
    expect(await ana.write('x'.repeat(100_000))).toMatchObject({ type: 'refused', code: 'textTooLong' })
    expect(await ana.write(' \n')).toMatchObject({ type: 'refused', code: 'textEmpty' })
    const html = '<img src=x onerror=alert(1)><script>alert(1)</script>'
    expect(await ana.write(html)).toMatchObject({ type: 'accepted' })
    expect((await ana.next('message')).message.content).toEqual({ type: 'text', text: html })
  })

  test('a frame in a wrong form is an error; who goes on gets no more', async () => {
    const ana = await site.visit({}, { headers: from() })
    ana.socket.send('hola')
    expect(await ana.next('error')).toMatchObject({ code: 'badFrame' })
    ana.socket.send('{"type":"dance"}')
    expect(await ana.next('error')).toMatchObject({ code: 'unknownFrame' })
    ana.say({ type: 'hello' })
    expect(await ana.next('error')).toMatchObject({ code: 'notNow' })
    for (let index = 0; index < 10; index++) ana.socket.send('hola')
    expect(await ana.next('bye')).toMatchObject({ code: 'badFrames', again: false })
    await ana.gone
  })

  test('a visitor who writes too much is told to wait, and by when', async () => {
    const ana = await site.visit({}, { headers: from() })
    const answers = await Promise.all(Array.from({ length: 30 }, (_, index) => ana.write(`${index}`)))
    const refused = answers.filter(answer => answer.type === 'refused')
    expect(refused.length).toBeGreaterThan(0)
    expect(refused[0]).toMatchObject({ code: 'tooFast', retryAfterMs: expect.any(Number) })
    expect(answers[0]).toMatchObject({ type: 'accepted' })
  })

  test('a frame above the bound ends the socket', async () => {
    const ana = await site.visit({}, { headers: from() })
    ana.socket.send(JSON.stringify({ type: 'page', page: { url: 'x'.repeat(300_000) } }))
    expect(await ana.gone).toBe(1009)
  })

  test('only what was offered to this visitor can be chosen', async () => {
    const [ana, eva] = [await site.visit({}, { headers: from() }), await site.visit({}, { headers: from() })]
    await ana.write('Hola')
    await eva.write('Hola')
    const own = await site.message((await ana.next('message')).message.id)
    const content = {
      ...{ type: 'buttons', text: 'Which?' },
      buttons: [
        { id: 'a', title: 'A' },
        { url: 'https://www.example.com', title: 'See' },
      ],
    }
    await site.daemon.call('POST', '/v1/messages', { body: { conversation: own.conversation, content } })
    const { message } = await ana.next('message')
    expect(message.content).toEqual(content)
    const choice = { type: 'choice', to: message.id, payload: 'a', text: 'whatever' } as const
    expect(await eva.write(choice)).toMatchObject({ code: 'choiceUnknown' })
    expect(await ana.write({ ...choice, payload: 'b' })).toMatchObject({ code: 'choiceUnknown' })
    expect(await ana.write(choice)).toMatchObject({ type: 'accepted' })
    const chosen = (await ana.next('message')).message
    expect(chosen).toMatchObject({ content: { type: 'choice', text: 'A' }, replyTo: message.id })
    expect((await site.message(chosen.id)).content).toMatchObject({
      type: 'reply',
      kind: 'button',
      payload: 'a',
    })
  })

  test("receipts of another's message change nothing", async () => {
    const [ana, eva] = [await site.visit({}, { headers: from() }), await site.visit({}, { headers: from() })]
    await ana.write('Hola')
    await eva.write('Hola')
    const own = await site.message((await ana.next('message')).message.id)
    const reply = await site.answer({ conversation: own.conversation }, 'Buenas')
    await ana.next('message')
    eva.say({ type: 'read', ids: [reply.id, own.id, 'nonsense'] })
    eva.say({ type: 'ping' })
    await eva.next('pong')
    expect((await site.message(reply.id)).status).toBe('sent')
  })

  test('typing goes both ways, and moves nobody in the log', async () => {
    const ana = await site.visit({}, { headers: from() })
    await ana.write('Hola')
    const own = await site.message((await ana.next('message')).message.id)
    const { url } = site.daemon
    const gone = new AbortController()
    const stream = await fetch(`${url}/v1/events?typing=true`, {
      headers: { authorization: 'Bearer the-admin-token-of-tests', accept: 'text/event-stream' },
      signal: gone.signal,
    })
    const told = untilTyping(stream.body as ReadableStream<Uint8Array>)
    ana.say({ type: 'typing', on: true })
    expect(await told).toMatch(
      new RegExp(
        `event: typing\ndata: {"channel":"${site.channel}",.*"conversation":"${own.conversation}","on":true}`,
      ),
    )
    gone.abort()
    await site.daemon.call('POST', `/v1/conversations/${own.conversation}/typing`, { body: { on: true } })
    expect(await ana.next('typing')).toMatchObject({ on: true })
    const wrong = await site.daemon.call('POST', `/v1/conversations/${own.conversation}/typing`, { body: {} })
    expect(problem(wrong)).toMatchObject({ errors: [{ field: 'on' }] })
  })
})

async function untilTyping(body: ReadableStream<Uint8Array>): Promise<string> {
  let text = ''
  for await (const chunk of body) {
    text += Buffer.from(chunk).toString()
    if (/event: typing\ndata: .*\n\n/.test(text)) return text
  }
  return text
}

describe('files', () => {
  const PNG = Buffer.concat([Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'), Buffer.alloc(5_000)])
  const upload = (token: string, bytes: Buffer, name: string, type = 'image/png') => {
    const body = new FormData()
    body.append('file', new Blob([new Uint8Array(bytes)], { type }), name)
    const headers = { authorization: `Bearer ${token}`, origin: ORIGIN, ...from() }
    return site.daemon.call('POST', `/webchat/${site.channel}/files`, { body, headers, token: null })
  }

  test('a file goes both ways', async () => {
    const ana = await site.visit({}, { headers: from() })
    const made = await upload(ana.token, PNG, 'foto.png')
    expect(made.status).toBe(201)
    expect(made.headers.get('access-control-allow-origin')).toBe(ORIGIN)
    const { id: file } = made.body as { id: string }
    expect(made.body).toEqual({ id: file, mimeType: 'image/png', size: PNG.length, name: 'foto.png' })
    expect(await ana.write({ type: 'file', file, caption: 'Mira' })).toMatchObject({ type: 'accepted' })
    const { message } = await ana.next('message')
    expect(message.content).toMatchObject({
      kind: 'image',
      caption: 'Mira',
      file: { state: 'stored', name: 'foto.png' },
    })
    const shown = message.content.type === 'file' ? message.content.file : undefined
    const link = await fetch(site.daemon.url + (shown?.url ?? ''))
    expect(Buffer.from(await link.arrayBuffer()).equals(PNG)).toBe(true)
    ana.say({ type: 'link', file: shown?.id ?? '' })
    expect((await ana.next('link')).url).toMatch(/^\/files\//)
    // The same file in a second message, or in another's.
    expect(await ana.write({ type: 'file', file })).toMatchObject({ code: 'fileUnknown' })
    const eva = await site.visit({}, { headers: from() })
    const { id: second } = (await upload(ana.token, PNG, 'foto.png')).body as { id: string }
    expect(await eva.write({ type: 'file', file: second })).toMatchObject({ code: 'fileUnknown' })
    eva.say({ type: 'link', file: shown?.id ?? '' })
    expect((await eva.next('link')).url).toBeNull()
    const conversation = (await site.message(message.id)).conversation
    const content = { type: 'document', media: { id: file } }
    const sent = await site.daemon.call('POST', '/v1/messages', { body: { conversation, content } })
    expect(sent.status).toBe(202)
    const answer = await ana.next('message', frame => frame.message.from === 'agent')
    expect(answer.message.content).toMatchObject({ type: 'file', kind: 'document' })
  })

  test.each<[string, Buffer, string, string, number, string]>([
    [
      'an SVG with a script',
      Buffer.from('<svg onload="alert(1)"/>'),
      'a.svg',
      'image/svg+xml',
      415,
      'unsupportedMediaType',
    ],
    ['HTML as a picture', Buffer.from('<html><script>'), 'a.png', 'image/png', 415, 'unsupportedMediaType'],
    ['a program', Buffer.from('MZ\x90\0', 'latin1'), 'a.pdf', 'application/pdf', 415, 'unsupportedMediaType'],
    ['an empty file', Buffer.alloc(0), 'a.txt', 'text/plain', 415, 'unsupportedMediaType'],
  ])('is refused: %s', async (_what, bytes, name, type, status, code) => {
    const ana = await site.visit({}, { headers: from() })
    const answer = await upload(ana.token, bytes, name, type)
    expect([answer.status, problem(answer)]).toMatchObject([status, { code }])
  })

  test('a forged token, one of another channel and none at all are 401', async () => {
    const ana = await site.visit({}, { headers: from() })
    for (const token of [`${ana.token.slice(0, -2)}xx`, 'x', '']) {
      expect((await upload(token, PNG, 'foto.png')).status).toBe(401)
    }
  })

  test('a file of 200 MB is refused before it is read, whatever it says of its length', async () => {
    const ana = await site.visit({}, { headers: from() })
    const told = await sendSlowly(site, ana.token, { 'content-length': String(200 * 1024 * 1024) }, 1)
    expect(told.answer).toMatch(/^HTTP\/1\.1 413 .*"code":"tooLarge"/s)
    const silent = await sendSlowly(site, ana.token, { 'transfer-encoding': 'chunked' }, 400)
    expect(silent.answer).toMatch(/^HTTP\/1\.1 413 /)
    expect(silent.sent).toBeLessThan(50 * 1024 * 1024)
  })
})

/** Sends half a megabyte at a time until it is answered, at most `most` times. */
function sendSlowly(
  { daemon, channel }: Website,
  token: string,
  headers: Record<string, string>,
  most: number,
): Promise<{ answer: string; sent: number }> {
  const { hostname, port, host } = new URL(daemon.url)
  const chunk = Buffer.alloc(512 * 1024, 'a')
  const all = {
    ...{ host, origin: ORIGIN, authorization: `Bearer ${token}`, ...from() },
    'content-type': 'multipart/form-data; boundary=b',
    ...headers,
  }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  const isChunked = 'transfer-encoding' in headers
  const framed = (bytes: Buffer): Buffer =>
    isChunked
      ? Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')])
      : bytes
  return new Promise(resolve => {
    let [answer, sent] = ['', 0]
    const socket = connect(Number(port), hostname)
    const done = (): void => {
      socket.destroy()
      resolve({ answer, sent })
    }
    const go = (left: number): void => {
      if (left === 0 || answer !== '' || socket.destroyed) return
      socket.write(framed(chunk), () => {
        sent += chunk.length
        setImmediate(go, left - 1)
      })
    }
    socket.on('data', data => {
      answer += String(data)
    })
    socket.on('error', done)
    socket.on('close', done)
    socket.write(`POST /webchat/${channel}/files HTTP/1.1\r\n${lines.join('')}\r\n`)
    const part = '--b\r\ncontent-disposition: form-data; name="file"; filename="a.txt"\r\n\r\n'
    socket.write(framed(Buffer.from(part)))
    go(most)
  })
}

test('what a channel takes is checked field by field', async () => {
  const make = (config: object) =>
    site.daemon.call('POST', '/v1/channels', { body: { connector: 'webchat', name: 'W', config } })
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
  const checked = await site.daemon.call('POST', `/v1/channels/${(made.body as { id: string }).id}/check`)
  expect(checked.body).toMatchObject({
    health: { state: 'ok', why: expect.stringContaining('origins is empty') },
  })
})

test('an operator changes the channel: open pages hear of it, and of its end', async () => {
  const made = await site.daemon.call('POST', '/v1/channels', {
    body: { connector: 'webchat', name: 'W', config: { origins: [] } },
  })
  const { id: channel } = made.body as { id: string }
  const { url } = site.daemon
  const ana = await visit({ url, channel, headers: from() })
  await site.daemon.call('PATCH', `/v1/channels/${channel}`, {
    body: { config: { theme: { title: 'Hola' } } },
  })
  expect((await ana.next('channel')).page).toMatchObject({ theme: { title: 'Hola' } })
  await site.daemon.call('DELETE', `/v1/channels/${channel}`)
  expect(await ana.next('bye')).toMatchObject({ code: 'channelGone', again: false })
  await ana.gone
})

test('RULES B8: a paused channel takes what visitors write, and holds the answers', async () => {
  const ana = await site.visit({}, { headers: from() })
  const pause = (status: string) =>
    site.daemon.call('PATCH', `/v1/channels/${site.channel}`, { body: { status } })
  await pause('paused')
  expect(await ana.write('Hola')).toMatchObject({ type: 'accepted' })
  const own = await site.message((await ana.next('message')).message.id)
  const reply: Message = await site.answer({ conversation: own.conversation }, 'Buenas')
  ana.say({ type: 'ping' })
  await ana.next('pong')
  expect((await site.message(reply.id)).status).toBe('pending')
  await pause('active')
  expect((await ana.next('message')).message.id).toBe(reply.id)
})
