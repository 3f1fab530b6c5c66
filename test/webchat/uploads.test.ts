import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { problem } from '../gateway/daemon.ts'
import { openedWebsite } from './opened.ts'
import { ORIGIN, type Website } from './site.ts'

/** Files of visitors, both ways. */
const website = openedWebsite()
const { from } = website

const PNG = Buffer.concat([Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'), Buffer.alloc(5_000)])
const upload = (token: string, bytes: Buffer, name: string, type = 'image/png') => {
  const body = new FormData()
  body.append('file', new Blob([new Uint8Array(bytes)], { type }), name)
  const headers = { authorization: `Bearer ${token}`, origin: ORIGIN, ...from() }
  return website.site.daemon.call('POST', `/webchat/${website.site.channel}/files`, {
    body,
    headers,
    token: null,
  })
}

test('a file goes both ways', async () => {
  const ana = await website.site.visit({}, { headers: from() })
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
  const link = await fetch(website.site.daemon.url + (shown?.url ?? ''))
  expect(Buffer.from(await link.arrayBuffer()).equals(PNG)).toBe(true)
  ana.say({ type: 'link', file: shown?.id ?? '' })
  expect((await ana.next('link')).url).toMatch(/^\/files\//)
  // The same file in a second message, or in another's.
  expect(await ana.write({ type: 'file', file })).toMatchObject({ code: 'fileUnknown' })
  const eva = await website.site.visit({}, { headers: from() })
  const { id: second } = (await upload(ana.token, PNG, 'foto.png')).body as { id: string }
  expect(await eva.write({ type: 'file', file: second })).toMatchObject({ code: 'fileUnknown' })
  eva.say({ type: 'link', file: shown?.id ?? '' })
  expect((await eva.next('link')).url).toBeNull()
  const conversation = (await website.site.message(message.id)).conversation
  const content = { type: 'document', media: { id: file } }
  const sent = await website.site.daemon.call('POST', '/v1/messages', { body: { conversation, content } })
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
  const ana = await website.site.visit({}, { headers: from() })
  const answer = await upload(ana.token, bytes, name, type)
  expect([answer.status, problem(answer)]).toMatchObject([status, { code }])
})

test('a forged token, one of another channel and none at all are 401', async () => {
  const ana = await website.site.visit({}, { headers: from() })
  for (const token of [`${ana.token.slice(0, -2)}xx`, 'x', '']) {
    expect((await upload(token, PNG, 'foto.png')).status).toBe(401)
  }
})

test('a file of 200 MB is refused before it is read, whatever it says of its length', async () => {
  const ana = await website.site.visit({}, { headers: from() })
  const told = await sendSlowly(website.site, ana.token, { 'content-length': String(200 * 1024 * 1024) }, 1)
  expect(told.answer).toMatch(/^HTTP\/1\.1 413 .*"code":"tooLarge"/s)
  const silent = await sendSlowly(website.site, ana.token, { 'transfer-encoding': 'chunked' }, 400)
  expect(silent.answer).toMatch(/^HTTP\/1\.1 413 /)
  expect(silent.sent).toBeLessThan(50 * 1024 * 1024)
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
