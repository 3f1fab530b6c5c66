import { createServer } from 'node:http'
import { expect, test } from 'vitest'
import type { Inbound } from '../../connectors/connector.ts'
import { parse, UPDATES } from '../../connectors/telegram/parse.ts'
import { poll } from '../../connectors/telegram/poll.ts'
import { telegram } from '../../connectors/telegram/telegram.ts'
import { listening } from './servers.ts'
import { ANA, failing, GROUP, started, type TelegramRig, TOKEN } from './telegram-rig.ts'

const BOT = '7000000001'
const verify = telegram.receive?.verify
const isSigned = (request: unknown, secret: string): boolean =>
  verify !== undefined && 'check' in verify && verify.check(request as never, secret)

/** A gateway in miniature. `answer` says with which status; items are of what was answered 200. */
async function subscribed(rig: TelegramRig, answer: (n: number) => number = () => 200): Promise<Inbound[]> {
  const items: Inbound[] = []
  let posts = 0
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks)
      const { headers, method = '' } = request as { headers: Record<string, string>; method?: string }
      const asked = { method, url: '', query: {}, headers, body, at: 1 }
      const status = isSigned(asked, 'word') ? answer(posts++) : 401
      if (status === 200) items.push(...parse(asked, { channel: BOT }))
      response.writeHead(status).end()
    })
  })
  await rig.sim.subscribe(await listening(server))
  return items
}

const texts = (items: Inbound[]) =>
  items.map(item => (item.kind === 'message' && item.content.type === 'text' ? item.content.text : item.kind))

test('updates come with the secret; of one conversation in order, again until they are taken', async () => {
  const rig = await started({ behaviour: { redeliverMs: 2 } })
  const items = await subscribed(rig, n => (n < 3 ? 503 : 200))
  for (const text of ['1', '2', '3', '4']) rig.sim.inject({ from: ANA, text })
  expect(await rig.sim.drained()).toBe(true)
  expect(texts(items)).toEqual(['1', '2', '3', '4'])
  expect(rig.sim.stats().webhooks).toMatchObject({ unacknowledged: 3, acknowledged: 4, lost: 0 })
})

test('a wrong secret is refused, and the update comes again under the right one', async () => {
  const rig = await started({ behaviour: { redeliverMs: 2, corruptOneIn: 2 } })
  const items = await subscribed(rig)
  for (const text of ['1', '2', '3']) rig.sim.inject({ from: ANA, text })
  expect(await rig.sim.drained()).toBe(true)
  expect(texts(items)).toEqual(['1', '2', '3'])
  expect(rig.sim.stats().webhooks.corrupted).toBeGreaterThan(0)
})

test('verify compares the whole word', () => {
  const check = (word: string | undefined) =>
    isSigned({ headers: { 'x-telegram-bot-api-secret-token': word } }, 'word')
  expect(['word', 'wor', 'words', '', undefined].map(check)).toEqual([true, false, false, false, false])
})

test('what a person does by the simulator is what a person does by Telegram', async () => {
  const rig = await started()
  await rig.send({ type: 'buttons', text: '¿Sí?', buttons: [{ id: 'yes', title: 'Sí' }] })
  const items = await subscribed(rig)
  rig.sim.tap({ from: ANA, message: 1, button: 'yes' })
  rig.sim.react({ from: ANA, message: 1, emoji: '👍' })
  rig.sim.inject({ from: ANA, group: GROUP, title: 'Vecinos', text: 'Hola' })
  rig.sim.inject({ from: ANA, text: 'Hola' })
  rig.sim.inject({ from: ANA, edits: 2, text: 'Hola!' })
  rig.sim.change({ id: ANA, blocked: true })
  expect(await rig.sim.drained()).toBe(true)
  expect(items.map(item => item.kind).sort()).toEqual([
    ...['consent', 'edited', 'message', 'message', 'message'],
  ])
  expect(items).toContainEqual(
    expect.objectContaining({ content: expect.objectContaining({ payload: 'yes' }) }),
  )
  // Reactions are not in the default set of updates: they come to whom asked for them by name (PROVIDERS D2).
  expect(UPDATES).toContain('message_reaction')
})

/** Polls until `count` items came; answers them, and what was asked to be remembered last. */
async function polled(rig: TelegramRig, from: string | undefined, count: number) {
  const stopping = new AbortController()
  const items: Inbound[] = []
  const positions: string[] = []
  await poll.run(
    rig.config,
    from,
    async (some, next) => {
      items.push(...some)
      positions.push(next)
      if (items.length >= count) stopping.abort()
    },
    { ...rig.io, signal: stopping.signal },
  )
  return { items, next: positions.at(-1) }
}

test('polling brings what waited, in order, and goes on from where it was durable', async () => {
  const rig = await started({}, { mode: 'poll' })
  for (const text of ['1', '2', '3']) rig.sim.inject({ from: ANA, text })
  const first = await polled(rig, undefined, 3)
  expect(texts(first.items)).toEqual(['1', '2', '3'])
  expect(first.items[0]).toMatchObject({ to: BOT })
  // What was delivered and not remembered comes again; it is known by its key.
  expect(texts((await polled(rig, undefined, 3)).items)).toEqual(['1', '2', '3'])
  setTimeout(() => rig.sim.inject({ from: ANA, text: '4' }), 10)
  expect(texts((await polled(rig, first.next, 1)).items)).toEqual(['4'])
})

test('polling takes the place of a webhook, whose updates are kept', async () => {
  const rig = await started({}, { mode: 'poll' })
  await rig.sim.subscribe('http://127.0.0.1:1/in/telegram/chn_1')
  rig.sim.inject({ from: ANA, text: '1' })
  expect(texts((await polled(rig, undefined, 1)).items)).toEqual(['1'])
})

test('what cannot be made durable is thrown, and nothing after it is asked for', async () => {
  const rig = await started({}, { mode: 'poll' })
  rig.sim.inject({ from: ANA, text: '1' })
  const refusing = poll.run(rig.config, undefined, () => Promise.reject(new Error('full')), rig.io)
  await expect(refusing).rejects.toThrow('full')
  expect(texts((await polled(rig, undefined, 1)).items)).toEqual(['1'])
})

test('two that poll one bot: Telegram refuses the first, and it says so', async () => {
  const rig = await started({}, { mode: 'poll' })
  const first = failing(poll.run(rig.config, undefined, async () => {}, rig.io))
  await new Promise(resolve => setTimeout(resolve, 20))
  await fetch(`${rig.sim.url}/bot${TOKEN}/getUpdates`)
  expect(await first).toEqual(['conflict', true])
})

test('polling ends at once when it is told to', async () => {
  const rig = await started({}, { mode: 'poll' })
  const stopping = new AbortController()
  const running = poll.run(rig.config, undefined, async () => {}, { ...rig.io, signal: stopping.signal })
  await new Promise(resolve => setTimeout(resolve, 20))
  stopping.abort()
  await running
})

test('the simulator by curl', async () => {
  const rig = await started()
  const asked = async (path: string, body?: object, method = body === undefined ? 'GET' : 'POST') => {
    const request = body === undefined ? { method } : { method, body: JSON.stringify(body) }
    const answer = await fetch(`${rig.sim.url}/sim/${path}`, request)
    return [answer.status, await answer.json()] as const
  }
  expect(await asked('messages', { from: ANA, sample: 'venue' })).toEqual([200, { id: `${ANA}:1` }])
  expect(await asked('messages', { from: ANA, base64: 'aG9sYQ==', mimeType: 'text/plain' })).toEqual([
    200,
    { id: `${ANA}:2` },
  ])
  expect((await asked('messages', { from: ANA, sample: 'x' }))[0]).toBe(400)
  expect((await asked('nothing'))[0]).toBe(404)
  expect((await asked('behaviour', { duplicates: 'x' }, 'PATCH'))[0]).toBe(400)
  expect((await asked('behaviour', { retryAfterS: 2 }, 'PATCH'))[1]).toMatchObject({ retryAfterS: 2 })
  expect(await asked('people', { id: ANA, blocked: true })).toEqual([200, { ok: true }])
  await rig.send({ type: 'text', text: 'Hola' }).catch(() => {})
  expect((await asked('sent?last=1'))[1]).toMatchObject({ data: [{ method: 'sendMessage', code: 403 }] })
  expect((await asked('stats'))[1]).toMatchObject({
    requests: 1,
    refused: { 403: 1 },
    webhooks: { waiting: 3 },
  })
})
