import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { type Life, startLife } from './crash/life.ts'
import { type Ballast, ballastOf, canMount, onSmallDisk } from './end-to-end/disk.ts'
import { deliver, makeChannel, run, signature, textDelivery, whatsappConfig } from './gateway/daemon.ts'
import { scratch } from './scratch.ts'

const TO = '+5215512345678'
const text = { type: 'text', text: 'Hola' }

const why = canMount ? '' : ' (skipped: this machine lets nobody mount a small disk by unshare)'

test.skipIf(!canMount)(`a full disk is 503 and said by /readyz, and passes by itself${why}`, async () => {
  await using full = await smallDisk()
  const { life, ballast } = full
  const ask = (n: number) => webhook(life, `wamid.${n}`)
  const body = { channel: full.channel, to: TO, content: text }
  expect((await ask(0)).status).toBe(200)
  ballast.fill()
  // What is left of the page that was begun may hold a few more.
  const kept: number[] = [0]
  await expect
    .poll(async () => {
      const { status } = await ask(kept.length)
      if (status === 200) kept.push(kept.length)
      return status
    })
    .toBe(503)
  expect((await life.call('POST', '/v1/messages', body)).status).toBe(503)
  const ready = await life.call('GET', '/readyz')
  expect([ready.status, ready.headers.get('retry-after')]).toEqual([503, '5'])
  expect((ready.body as { detail: string }).detail).toMatch(/disk is full/)
  expect((await life.call('GET', '/livez')).status).toBe(200)
  expect((await life.call('GET', '/v1/messages')).status).toBe(200)
  ballast.clear()
  await expect.poll(async () => (await life.call('GET', '/readyz')).status, { timeout: 5000 }).toBe(200)
  expect((await ask(kept.length)).status).toBe(200)
  expect((await life.call('POST', '/v1/messages', body)).status).toBe(202)
  const page = await life.call('GET', '/v1/messages?direction=inbound&limit=200')
  const { data } = page.body as { data: { providerIds: string[] }[] }
  const ids = data.map(({ providerIds }) => providerIds[0])
  expect(ids.toReversed()).toEqual([...kept, kept.length].map(n => `wamid.${n}`))
})

test.skipIf(!canMount)(
  `a file that the full disk cannot take is 503, and taken when it can${why}`,
  async () => {
    await using full = await smallDisk()
    full.ballast.fill()
    expect(await upload(full.life)).toBe(503)
    full.ballast.clear()
    expect(await upload(full.life)).toBe(201)
  },
)

async function smallDisk(): Promise<AsyncDisposable & { life: Life; ballast: Ballast; channel: string }> {
  const folder = await scratch()
  const life = await startLife(folder.path, undefined, onSmallDisk)
  if (life === undefined) throw new Error('it did not start')
  const input = { connector: 'whatsapp', name: 'A', config: whatsappConfig('1') }
  const { id: channel } = (await life.call('POST', '/v1/channels', input)).body as { id: string }
  return {
    ...{ life, channel, ballast: ballastOf(life.pid, folder.path) },
    [Symbol.asyncDispose]: async () => {
      await life.stop()
      await folder[Symbol.asyncDispose]()
    },
  }
}

function webhook(life: Life, id: string): ReturnType<Life['call']> {
  const body = textDelivery({ number: '1', id })
  return life.call('POST', '/in/whatsapp', body, signature(body))
}

async function upload(life: Life): Promise<number> {
  const form = new FormData()
  form.append('file', new Blob([Buffer.alloc(100_000)], { type: 'image/png' }), 'a.png')
  return (await life.call('POST', '/v1/files', form)).status
}

test('a database that somebody else holds is 503 with its reason, and passes by itself', async () => {
  await using folder = await scratch()
  const daemon = await run({ dataDir: folder.path })
  try {
    const channel = await makeChannel(daemon, '1')
    const other = new DatabaseSync(join(folder.path, 'omnibus.db'))
    other.exec('BEGIN IMMEDIATE')
    const body = textDelivery({ number: '1', id: 'wamid.1' })
    const refused = await deliver(daemon, body)
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '5'])
    const ready = await daemon.call('GET', '/readyz', { token: null })
    expect(ready.status).toBe(503)
    expect((ready.body as { detail: string }).detail).toMatch(/locked|did not answer/)
    other.exec('ROLLBACK')
    other.close()
    expect((await deliver(daemon, body)).status).toBe(200)
    await expect
      .poll(async () => (await daemon.call('GET', '/readyz', { token: null })).status, { timeout: 5000 })
      .toBe(200)
    const list = await daemon.call('GET', `/v1/messages?channel=${channel.id}`)
    expect((list.body as { data: object[] }).data).toHaveLength(1)
  } finally {
    await daemon.stop()
  }
})
