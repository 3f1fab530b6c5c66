import { createHmac } from 'node:crypto'
import { expect, test } from 'vitest'
import { allConnectors } from '../../connectors/registry.ts'
import { connectorLaws, QUICK, type Told, type Which } from '../contracts/connector.ts'
import { run } from '../gateway/daemon.ts'
import { papyrus } from './stranger/papyrus.ts'
import { createPapyrusSim } from './stranger/sim.ts'

/** A connector that was written from `docs/connectors.md` alone works, by one line in the registry. */

const NUMBERS: Record<Which, string> = {
  ours: '5511999990000',
  sibling: '5511999990001',
  stranger: '5511999990002',
}
const SECRETS: Record<Which, string> = {
  ours: 'the-secret-of-our-account',
  sibling: 'the-secret-of-our-account',
  stranger: 'the-secret-of-another-account',
}
const TOKEN = 'the-token-of-papyrus'
const ANA = '+5215512345678'

const start = () =>
  createPapyrusSim({
    ...{ token: TOKEN, webhookSecret: SECRETS.ours, numbers: Object.values(NUMBERS), behaviour: QUICK },
  })
const configOf = (url: string, which: Which) => ({
  ...{ from: NUMBERS[which], token: TOKEN, webhookSecret: SECRETS[which], apiBase: url },
})

connectorLaws({
  connector: 'papyrus',
  defined: papyrus,
  start,
  config: configOf,
  fixtures: ['../test/connectors/stranger/fixtures'],
  people: { ana: ANA, beto: '+5511987654321' },
  receive: {
    batches: true,
    shared: true,
    deliver: (told, by, url) => {
      const body = JSON.stringify({ events: told.map(eventOf) })
      const signature = createHmac('sha256', SECRETS[by]).update(body).digest('hex')
      return [
        { url, body, headers: { 'content-type': 'application/json', 'x-papyrus-signature': signature } },
      ]
    },
  },
  throttles: [
    { code: 20, slows: 'account' },
    { code: 21, slows: 'recipient' },
  ],
  lostAnswer: 'reference',
})

function eventOf(told: Told): object {
  const event = { number: NUMBERS[told.to], at: new Date(told.at).toISOString() }
  if (told.is === 'unknown') return { ...event, type: 'fax' }
  if (told.is === 'message') return { ...event, type: 'text', id: told.id, from: told.from, text: told.text }
  const { providerId: id, reference: ref } = told.of
  return { ...event, type: 'state', id, ref, state: told.status === 'sent' ? 'handed' : 'delivered' }
}

test('both ways through the daemon: choices go as numbers, and a number is a choice', async () => {
  await using sim = { ...(await start()), [Symbol.asyncDispose]: () => sim.stop() }
  const parts = ['gateway', 'router', 'queue'] as const
  const daemon = await run({ parts: [...parts] }, { connectors: [...allConnectors(), papyrus] })
  await using _daemon = { [Symbol.asyncDispose]: () => daemon.close() }
  const config = configOf(sim.url, 'ours')
  const body = { connector: 'papyrus', name: 'Texts', config }
  const channel = (await daemon.call('POST', '/v1/channels', { body })).body as Record<string, string>
  await sim.subscribe(channel['webhookUrl'] ?? '')
  const content = {
    ...{ type: 'buttons', text: 'When shall we come?' },
    buttons: ['In the morning', 'In the evening'].map(title => ({ id: title.slice(7), title })),
  }
  await daemon.call('POST', '/v1/messages', { body: { channel: channel['id'], to: ANA, content } })
  await expect.poll(() => sim.sent.length).toBe(1)
  expect(sim.sent[0]?.body).toMatchObject({
    text: 'When shall we come?\n\n1. In the morning\n2. In the evening',
  })
  sim.write({ from: ANA, text: '2' })
  const inbound = async () =>
    (await daemon.call('GET', '/v1/messages?direction=inbound')).body as { data: object[] }
  await expect
    .poll(async () => (await inbound()).data)
    .toMatchObject([
      { content: { type: 'reply', kind: 'button', payload: 'evening', text: 'In the evening', typed: '2' } },
    ])
  await expect
    .poll(async () => (await daemon.call('GET', '/v1/messages?direction=outbound')).text)
    .toContain('"status":"received"')
})
