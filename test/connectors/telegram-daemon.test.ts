import { afterEach, expect, test } from 'vitest'
import { createTelegramSim, type TelegramSim } from '../../connectors/telegram/sim.ts'
import type { Channel } from '../../model/channel.ts'
import type { Message } from '../../model/message.ts'
import { type Running, run } from '../gateway/daemon.ts'
import { ANA, GROUP, TOKEN } from './telegram-rig.ts'

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

/** A machine may be busy. */
const SOON = { interval: 5, timeout: 10_000 }

type Bot = { sim: TelegramSim; daemon: Running; channel: Channel }

/** A daemon with a bot. */
async function started(config: Record<string, unknown>): Promise<Bot> {
  const sim = await createTelegramSim({ bots: [{ token: TOKEN, username: 'tienda_bot' }], seed: 1 })
  closing.push(sim.stop)
  const daemon = await run({ parts: ['gateway', 'router', 'queue'] })
  closing.push(daemon.close)
  const input = {
    connector: 'telegram',
    name: 'Bot',
    config: { botToken: TOKEN, apiBase: sim.url, ...config },
  }
  const { status, body } = await daemon.call('POST', '/v1/channels', { body: input })
  expect(status).toBe(201)
  return { sim, daemon, channel: body }
}

async function send({ daemon, channel }: Bot, content: object): Promise<Message> {
  const body = { channel: channel.id, to: `telegram:${ANA}`, content }
  const answer = await daemon.call('POST', '/v1/messages', { body })
  const read = async (): Promise<Message> =>
    (await daemon.call('GET', `/v1/messages/${(answer.body as Message).id}`)).body
  await expect.poll(async () => (await read()).status, SOON).toBe('sent')
  return read()
}

/** Contents of what came in, as soon as there are so many, oldest first. */
async function heard({ daemon }: Bot, count: number): Promise<Message[]> {
  const page = async (): Promise<Message[]> =>
    ((await daemon.call('GET', '/v1/messages?direction=inbound')).body as { data: Message[] }).data
  await expect.poll(async () => (await page()).length, SOON).toBe(count)
  return (await page()).toReversed()
}

test.each([
  ['webhook', { secretToken: 'the-secret-word' }],
  ['poll', { mode: 'poll' }],
])('both ways by %s: taps are answered, keys are choices, a block is told', async (mode, config) => {
  const bot = await started(config)
  const { sim, daemon, channel } = bot
  expect(channel.webhookUrl === null).toBe(mode === 'poll')
  const { body } = await daemon.call('POST', `/v1/channels/${channel.id}/check`)
  expect((body as Channel).health.state).toBe('ok')
  sim.inject({ from: ANA, name: 'Ana', text: 'Hola' })
  expect(await heard(bot, 1)).toMatchObject([{ content: { text: 'Hola' }, conversation: expect.any(String) }])
  const asked = await send(bot, {
    type: 'buttons',
    text: '¿Confirma?',
    buttons: [{ id: 'yes', title: 'Sí' }],
  })
  sim.tap({ from: ANA, message: Number(asked.providerIds[0]?.split(':')[1]), button: 'Sí' })
  const [, tapped] = await heard(bot, 2)
  expect(tapped).toMatchObject({
    content: { type: 'reply', kind: 'button', payload: 'yes', text: 'Sí' },
    replyTo: { id: asked.id },
  })
  await expect.poll(() => sim.unanswered(), SOON).toBe(0)
  const buttons = [
    { id: 'the size of children', title: 'Chica' },
    { id: 'the size of adults', title: 'Grande' },
  ]
  await send(bot, { type: 'buttons', quick: true, text: '¿Talla?', buttons })
  sim.inject({ from: ANA, text: 'Grande' })
  const [, , chosen] = await heard(bot, 3)
  expect(chosen?.content).toMatchObject({ type: 'reply', kind: 'quick', payload: 'the size of adults' })
  sim.change({ id: ANA, blocked: true })
  const consents = async () => {
    const { data } = (await daemon.call('GET', '/v1/events?limit=200')).body as { data: { type: string }[] }
    return data.filter(({ type }) => type === 'contact.consent').length
  }
  await expect.poll(consents, SOON).toBe(1)
})

test('a group is one contact whose messages say who wrote; as a supergroup it stays the same', async () => {
  const bot = await started({ mode: 'poll' })
  bot.sim.inject({ from: ANA, name: 'Ana', group: -4321, title: 'Vecinos', text: '1' })
  bot.sim.inject({ from: ANA + 1, name: 'Beto', group: -4321, text: '2' })
  bot.sim.change({ id: -4321, movedTo: GROUP })
  const before = await heard(bot, 3)
  bot.sim.inject({ from: ANA, name: 'Ana', group: GROUP, title: 'Vecinos', text: '3' })
  const [first, second, moved, last] = await heard(bot, 4)
  expect([first, second, last].map(message => message?.author?.name)).toEqual(['Ana', 'Beto', 'Ana'])
  expect(moved?.content).toMatchObject({ type: 'system', address: { kind: 'group', value: String(GROUP) } })
  expect(new Set([...before, last].map(message => message?.contact)).size).toBe(1)
})

test('what nobody heard of is kept, by webhook and by poll', async () => {
  for (const config of [{ secretToken: 'the-secret-word' }, { mode: 'poll' }]) {
    const bot = await started(config)
    await bot.daemon.call('POST', `/v1/channels/${bot.channel.id}/check`)
    bot.sim.post('{"update_id":1,"hologram_call":{"id":"1"}}')
    const kept = async () =>
      (await bot.daemon.call('GET', `/v1/channels/${bot.channel.id}/rejected`)).body as { data: object[] }
    await expect.poll(async () => (await kept()).data.length, SOON).toBe(1)
    expect((await kept()).data).toMatchObject([{ why: 'unknownUpdate', size: 42 }])
  }
})
