import { afterAll, beforeAll, expect, test } from 'vitest'
import { makeChannel, type Running, run } from './daemon.ts'

let daemon: Running

beforeAll(async () => {
  daemon = await run()
})
afterAll(() => daemon.close())

test('RULES A5: a file comes back by a signed link, with its own type, and scripts do not run', async () => {
  const form = new FormData()
  form.append('file', new Blob([Buffer.from('<script>')], { type: 'text/html' }), 'página.html')
  const kept = await daemon.call('POST', '/v1/files', { body: form })
  expect(kept.status).toBe(201)
  const file = kept.body as { id: string; url: string; size: number }
  expect(file).toMatchObject({ mimeType: 'text/html', size: 8, name: 'página.html' })
  expect((await daemon.call('GET', file.url, { token: null })).status).toBe(401)
  const redirect = await daemon.call('GET', file.url)
  expect(redirect.status).toBe(302)
  const link = redirect.headers.get('location') ?? ''
  const read = await daemon.call('GET', link, { token: null })
  expect(read.text).toBe('<script>')
  expect(read.headers.get('x-content-type-options')).toBe('nosniff')
  expect(read.headers.get('content-disposition')).toBe("attachment; filename*=UTF-8''p%C3%A1gina.html")
  const changed = link.replace(/expires=\d+/, 'expires=99999999999999')
  expect((await daemon.call('GET', changed, { token: null })).status).toBe(403)
})

test('an upload without a file, or that is no form, is refused', async () => {
  const form = new FormData()
  form.append('name', 'x')
  expect((await daemon.call('POST', '/v1/files', { body: form })).status).toBe(400)
  expect((await daemon.call('POST', '/v1/files', { body: { a: 1 } })).status).toBe(415)
})

test('a stored file can be sent', async () => {
  const channel = await makeChannel(daemon, '7013')
  const form = new FormData()
  form.append('file', new Blob([Buffer.from('png')], { type: 'image/png' }), 'a.png')
  const file = (await daemon.call('POST', '/v1/files', { body: form })).body as { id: string }
  const content = { type: 'image', media: { id: file.id }, caption: 'Look' }
  const sent = await daemon.call('POST', '/v1/messages', {
    body: { channel: channel.id, to: '+5215500007013', content },
  })
  expect(sent.body).toMatchObject({
    content: {
      type: 'image',
      caption: 'Look',
      media: { id: file.id, url: `/v1/files/${file.id}`, state: 'stored', mimeType: 'image/png', size: 3 },
    },
  })
})
