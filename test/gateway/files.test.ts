import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemClock } from '../../model/clock.ts'
import { FOR_EVER } from '../contracts/store/retention.ts'
import { scratch } from '../scratch.ts'
import { makeChannel, problem, type Running, run } from './daemon.ts'

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

test('RULES A6: a file that is kept no longer is 410, by its id and by a link given before', async () => {
  let ahead = 0
  const clock = { ...systemClock, now: () => systemClock.now() + ahead }
  const own = await run({}, { clock })
  const form = new FormData()
  form.append('file', new Blob([Buffer.from('old')], { type: 'text/plain' }), 'old.txt')
  const { url } = (await own.call('POST', '/v1/files', { body: form })).body as { url: string }
  ahead = 2 * 86_400_000
  const link = (await own.call('GET', url)).headers.get('location') ?? ''
  expect((await own.call('GET', link, { token: null })).text).toBe('old')
  await own.store.sweep({ ...FOR_EVER, files: 86_400_000 })
  expect(problem(await own.call('GET', url))).toMatchObject({ code: 'gone' })
  expect(problem(await own.call('GET', link, { token: null }))).toMatchObject({ code: 'gone' })
  await own.close()
})

test('files are kept where filesDir says', async () => {
  await using folder = await scratch()
  const own = await run({ filesDir: folder.path })
  const form = new FormData()
  form.append('file', new Blob([Buffer.from('there')], { type: 'text/plain' }), 'a.txt')
  const { sha256 } = (await own.call('POST', '/v1/files', { body: form })).body as { sha256: string }
  expect(readFileSync(join(folder.path, sha256.slice(0, 2), sha256), 'utf8')).toBe('there')
  await own.close()
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
