import { expect, test } from 'vitest'
import { parse } from '../../connectors/telegram/parse.ts'
import { createTelegramSim, type TelegramSim } from '../../connectors/telegram/sim.ts'
import { connectorLaws, QUICK, type Told, type Which } from '../contracts/connector.ts'

const TOKENS: Record<Which, string> = {
  ours: '7000000001:the-token-of-our-own-bot-at-telegram',
  sibling: '7000000002:the-token-of-our-other-bot-telegram',
  stranger: '7000000003:the-token-of-the-bot-of-another-one',
}
const POLLED = '7000000004:the-token-of-a-bot-that-is-polled-on'
const SECRETS: Record<Which, string> = {
  ours: 'the-secret-word-of-ours',
  sibling: 'the-secret-word-of-ours',
  stranger: 'the-secret-word-of-another',
}

connectorLaws({
  connector: 'telegram',
  start: () =>
    createTelegramSim({
      bots: Object.entries({ ...TOKENS, polled: POLLED }).map(([which, token]) => ({
        token,
        username: `${which}_bot`,
      })),
      ...{ seed: 1, secretToken: SECRETS.ours, behaviour: QUICK },
    }),
  config: (url, which) => ({
    ...{ botToken: TOKENS[which], secretToken: SECRETS[which], apiBase: url },
    // There are no receipts: nobody ever tells what became of an attempt.
    onUncertain: JSON.parse('{ "afterMs": 50, "then": "fail" }'),
  }),
  fixtures: ['telegram/fixtures'],
  people: { ana: 'telegram:777000123', beto: 'telegram:777000456' },
  receive: {
    batches: false,
    shared: false,
    deliver: (told, by, url) =>
      told.map(one => ({
        url,
        headers: { 'content-type': 'application/json', 'x-telegram-bot-api-secret-token': SECRETS[by] },
        body: updateOf(one),
      })),
  },
  throttles: [{ code: 429, slows: 'recipient' }],
  lostAnswer: 'policy',
  polls: {
    config: url => ({ botToken: POLLED, mode: 'poll', apiBase: url }),
    write: (sim, text) => (sim as TelegramSim).inject({ to: '7000000004', from: 777000123, text }),
  },
  samples: {
    // Of the text that the law sent first.
    reaction: { content: { type: 'reaction', emoji: '👍' }, reactionTo: '777000123:1' },
  },
})

let updates = 0

/** PROVIDERS D2. There are no receipts: none is ever asked for. */
function updateOf(told: Told): string {
  updates += 1
  if (told.is !== 'message') return `{"update_id":${updates},"something_new":{}}`
  const { text, from, at } = told
  const [id, date] = [from.split(':')[1], Math.floor(at / 1000)]
  return `{"update_id":${updates},"message":{"message_id":${10_000 + updates},"date":${date},
    "from":{"id":${id},"is_bot":false,"first_name":"Ana"},"text":${JSON.stringify(text)},
    "chat":{"id":${id},"type":"private","first_name":"Ana"}}}`
}

function requestOf(text: string) {
  return { method: 'POST', url: '', query: {}, headers: {}, body: Buffer.from(text), at: 0 }
}

test('B2: on the URL of every channel nobody can tell whose an update is: it is kept, not guessed', () => {
  const told = updateOf({ is: 'message', to: 'ours', at: 0, id: '1', from: 'telegram:7', text: 'Hola' })
  expect(parse(requestOf(told), {})).toEqual([{ to: '', kind: 'rejected', why: 'noChannel' }])
})

test('ids of 52 bits keep every digit', () => {
  const text = `{"update_id":1,"message":{"message_id":2147483647,"date":1767225600,"text":"x",
    "chat":{"id":-4503599627370495,"type":"supergroup"},"from":{"id":4503599627370495}}}`
  const [item] = parse(requestOf(text), { channel: '7000000001' })
  expect(item).toMatchObject({ key: '-4503599627370495:2147483647', address: { value: '-4503599627370495' } })
  expect(item).toMatchObject({ besides: { author: { address: { value: '4503599627370495' } } } })
})
