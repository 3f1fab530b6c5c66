import { Readable } from 'node:stream'
import { expect, test } from 'vitest'
import { fetchMedia } from '../../connectors/telegram/call.ts'
import { FAILURE, failureOf as meaningOf } from '../../connectors/telegram/failure.ts'
import { telegram } from '../../connectors/telegram/telegram.ts'
import { ANA as PHONE, storedFile } from './rig.ts'
import { ANA, failing, failureOf, GROUP, personOf, started, TEXT, TOKEN } from './telegram-rig.ts'

test('a 429 slows its group; of people the first one alone, and the bot if there is a second', async () => {
  const rig = await started({ behaviour: { refusals: [{ share: 1, code: 429 }], retryAfterS: 7 } })
  const slowed = async (id: number) => {
    const { failure } = await failureOf(rig.send(TEXT, { address: personOf(id) }))
    return [failure.code, failure.retryAfterMs]
  }
  expect(await slowed(GROUP)).toEqual(['throttledRecipient', 7000])
  expect(await slowed(ANA)).toEqual(['throttledRecipient', 7000])
  expect(await slowed(ANA)).toEqual(['throttledRecipient', 7000])
  expect(await slowed(ANA + 1)).toEqual(['throttledChannel', 7000])
})

test("Telegram's own limits: 3 at once to a person, 20 to a group, 30 a second of a bot", async () => {
  const clock = { now: () => 1767225600000, monotonic: () => 0 }
  const rig = await started({ behaviour: { chats: true, bots: true }, clock })
  const outcomes = async (count: number, idOf: (n: number) => number) => {
    const sends = Array.from({ length: count }, (_, n) => rig.send(TEXT, { address: personOf(idOf(n)) }))
    return (await Promise.allSettled(sends)).filter(({ status }) => status === 'fulfilled').length
  }
  expect(await outcomes(5, () => ANA)).toBe(3)
  expect(await outcomes(22, () => GROUP)).toBe(20)
  expect(await outcomes(10, n => ANA + 1 + n)).toBe(30 - 3 - 20)
})

/** PROVIDERS D4, what it says and what it means. */
const REFUSALS: readonly [status: number, says: string, code: string][] = [
  [400, 'Bad Request: chat not found', 'recipientInvalid'],
  [400, 'Bad Request: private chat not found', 'recipientInvalid'],
  [400, 'Bad Request: message text is empty', 'badRequest'],
  [400, "Bad Request: can't parse entities: Unexpected end tag at byte offset 5", 'badRequest'],
  [400, 'Bad Request: text is too long', 'contentTooLarge'],
  [400, 'Bad Request: reply markup is too long', 'contentTooLarge'],
  [400, 'Bad Request: group chat was upgraded to a supergroup chat', 'recipientInvalid'],
  [400, 'Bad Request: wrong file_id or the file is temporarily unavailable', 'mediaFailed'],
  [400, 'Bad Request: failed to get HTTP URL content', 'mediaFailed'],
  [400, 'Bad Request: wrong type of the web page content', 'mediaFailed'],
  [400, "Bad Request: can't upload file by URL", 'mediaFailed'],
  [400, 'Bad Request: not enough rights to send text messages to the chat', 'undeliverable'],
  [401, 'Unauthorized', 'credentials'],
  [403, 'Forbidden: bot was blocked by the user', 'blocked'],
  [403, 'Forbidden: user is deactivated', 'undeliverable'],
  [403, 'Forbidden: bot was kicked from the supergroup chat', 'undeliverable'],
  [403, 'Forbidden: bot is not a member of the channel chat', 'undeliverable'],
  [403, "Forbidden: bot can't initiate conversation with a user", 'undeliverable'],
  [404, 'Not Found', 'credentials'],
  [404, 'Not Found: method not found', 'badRequest'],
  [409, 'Conflict: terminated by other getUpdates request; make sure that …', 'conflict'],
  [429, 'Too Many Requests: retry after 7', 'throttledChannel'],
  [500, 'Internal Server Error: restart', 'providerFault'],
]

test.each(REFUSALS)('%i %s', (status, says, code) => {
  expect(meaningOf({ status, says })).toEqual({ code, provider: { code: String(status), title: says } })
})

test('no refusal of Telegram is taken for an uncertain one (RULES C5)', async () => {
  expect(FAILURE.filter(([, , code]) => code === ('noAnswer' as string))).toEqual([])
})

test('what is certainly not taken, and what nobody knows (RULES C5)', async () => {
  const rig = await started()
  const under = async (behaviour: Record<string, unknown>) => {
    rig.sim.behave({ resets: 0, bareFaults: 0, dropAnswers: 0, stalls: 0, refusals: [], ...behaviour })
    return failing(rig.send(TEXT))
  }
  expect(await under({ refusals: [{ share: 1, code: 500 }] })).toEqual(['providerFault', true])
  expect(await under({ refusals: [{ share: 1, code: 401 }] })).toEqual(['credentials', true])
  for (const fault of ['resets', 'bareFaults', 'dropAnswers']) {
    expect(await under({ [fault]: 1 }), fault).toEqual(['noAnswer', false])
  }
  const hurried = await started({ behaviour: { stalls: 1 } }, {}, 200)
  expect(await failing(hurried.send(TEXT))).toEqual(['noAnswer', false])
})

test('a person who blocked the bot, an address that is none, and a wrong token', async () => {
  const rig = await started({ behaviour: { strangers: true } })
  expect(await failing(rig.send(TEXT))).toEqual(['recipientInvalid', true])
  rig.sim.inject({ from: ANA, text: 'Hola' })
  rig.sim.change({ id: ANA, blocked: true })
  expect(await failing(rig.send(TEXT))).toEqual(['blocked', true])
  expect(await failing(rig.send(TEXT, { address: { kind: 'phone', value: PHONE } }))).toEqual([
    'recipientInvalid',
    true,
  ])
  const other = await started({}, { botToken: TOKEN.replace('AAG', 'AAH') })
  expect(await failing(other.send(TEXT))).toEqual(['credentials', true])
})

test('a file that was opened for a provider who is away is closed', async () => {
  const rig = await started({}, { apiBase: 'http://127.0.0.1:1' })
  const content = Readable.from([Buffer.from('jpg')])
  const media = { ...storedFile(Buffer.from('jpg'), 'image/jpeg'), open: async () => content }
  expect(await failing(rig.send({ type: 'image', media }))).toEqual(['unreachable', true])
  await expect.poll(() => content.destroyed, { interval: 5, timeout: 10_000 }).toBe(true)
})

test('G: the token is in no failure, whatever goes wrong, nor in what caused it', async () => {
  const broken = ['http://127.0.0.1:1', 'http://[', 'http://256.0.0.1', 'https://127.0.0.1:1/x y']
  for (const apiBase of broken) {
    const rig = await started({}, { apiBase })
    const failures = [
      await failureOf(rig.send(TEXT)),
      await failureOf(fetchMedia({ ref: 'x', mimeType: 'x/y' }, rig.config, rig.io)),
    ]
    for (const failure of failures) {
      const told = [failure.message, failure.stack, JSON.stringify(failure.failure), String(failure.cause)]
      expect(told.join(' '), apiBase).not.toContain(TOKEN)
    }
  }
})

test('a check proves the token and sets the webhook, with the secret and every kind of update', async () => {
  const rig = await started({}, { commands: [{ command: 'start', description: 'Empezar' }] })
  const URL_1 = 'http://127.0.0.1:1/in/telegram/chn_1'
  const check = (config = rig.config, url = URL_1) => telegram.check(config as never, rig.io, url)
  const unknown = () => telegram.check(rig.config as never, rig.io)
  expect(await unknown()).toMatchObject({ state: 'ok', why: 'no webhook is set' })
  expect(await check()).toMatchObject({ state: 'ok' })
  expect(rig.sim.commands()).toEqual([{ command: 'start', description: 'Empezar' }])
  expect(await unknown()).not.toHaveProperty('why')
  expect(await check(rig.config, 'http://127.0.0.1:1/in/telegram/chn_2')).toMatchObject({
    state: 'failing',
    why: 'another webhook is set: http://127.0.0.1:1/in/telegram/chn_1; delete it to use this channel',
  })
  const { secretToken: _, ...open } = rig.config
  expect(await check(open)).toMatchObject({ state: 'failing', why: expect.stringContaining('secretToken') })
  expect(await check({ ...open, mode: 'poll' })).toMatchObject({ state: 'ok' })
  const wrong = await check({ ...rig.config, botToken: TOKEN.replace('AAG', 'AAH') })
  expect(wrong).toMatchObject({ state: 'failing', why: 'credentials: 401: Unauthorized' })
  expect(await check({ ...rig.config, apiBase: 'http://127.0.0.1:1' })).toMatchObject({ state: 'unknown' })
})
