import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Outbound } from '../../connectors/connector.ts'
import { fetchMedia } from '../../connectors/whatsapp/media.ts'
import { send } from '../../connectors/whatsapp/send.ts'
import { whatsapp } from '../../connectors/whatsapp/whatsapp.ts'
import { type FailureCode, kindOf, SendFailure } from '../../model/failure.ts'
import { ANA, createRig, NUMBER, outbound, type Rig, storedFile } from './rig.ts'

let rig: Rig
beforeEach(async () => {
  rig = await createRig({ behaviour: { receipts: false } })
})
afterEach(() => rig.close())

function sending(part: Outbound, config = rig.config) {
  return send(part, config, rig.io)
}

/** The body that the provider got last, without what every message has. */
async function bodyOf(part: Outbound): Promise<unknown> {
  const { providerIds, raw } = await sending(part)
  expect(providerIds).toHaveLength(1)
  expect(raw).toBe('accepted')
  const entry = rig.sim.sent.at(-1)
  expect(entry?.id).toBe(providerIds[0])
  const { messaging_product, recipient_type, biz_opaque_callback_data, to, ...rest } = entry?.body ?? {}
  expect([messaging_product, recipient_type, to, biz_opaque_callback_data]).toEqual([
    'whatsapp',
    'individual',
    ANA,
    part.reference,
  ])
  return rest
}

async function failing(part: Outbound, config = rig.config): Promise<[FailureCode, boolean]> {
  try {
    await sending(part, config)
  } catch (error) {
    if (error instanceof SendFailure) return [error.failure.code, kindOf(error.failure).certain]
    throw error
  }
  throw new Error('it was sent')
}

const TEXT = { type: 'text', text: 'Hola' } as const

test('a text has exactly the body of PROVIDERS A6, key by key', async () => {
  await sending(outbound(TEXT, { replyTo: 'wamid.QUOTED', reference: 'our-msg-7' }))
  expect(JSON.stringify(rig.sim.sent.at(-1)?.body)).toBe(
    '{"messaging_product":"whatsapp","recipient_type":"individual","to":"+5215512345678",' +
      '"context":{"message_id":"wamid.QUOTED"},"biz_opaque_callback_data":"our-msg-7",' +
      '"type":"text","text":{"body":"Hola","preview_url":false}}',
  )
})

test('the messaging account goes along where the channel names one (PROVIDERS A6)', async () => {
  await sending(outbound(TEXT), { ...rig.config, messagingAccountId: '77' })
  expect(rig.sim.sent.at(-1)?.body['messaging_account_id']).toBe('77')
})

const LINK = { link: 'https://example.com/a.jpg', name: 'a.jpg' }

test.each<[string, Outbound['content'], unknown]>([
  [
    'a text with preview',
    { type: 'text', text: 'https://x.mx', preview: true },
    { type: 'text', text: { body: 'https://x.mx', preview_url: true } },
  ],
  [
    'an image by link',
    { type: 'image', media: LINK, caption: 'foto' },
    { type: 'image', image: { link: LINK.link, caption: 'foto' } },
  ],
  [
    'a document with its name',
    { type: 'document', media: LINK, caption: 'c' },
    { type: 'document', document: { link: LINK.link, caption: 'c', filename: 'a.jpg' } },
  ],
  [
    'a voice note, which takes no caption',
    { type: 'audio', media: LINK, caption: 'c', voice: true },
    { type: 'audio', audio: { link: LINK.link, voice: true } },
  ],
  [
    'what was recorded in another format, which is no voice note',
    { type: 'audio', media: { ...LINK, mimeType: 'audio/mpeg' }, voice: true },
    { type: 'audio', audio: { link: LINK.link } },
  ],
  [
    'a contact card with all of it',
    {
      type: 'contacts',
      contacts: [
        {
          ...{ name: 'Eva', phones: [], emails: [{ email: 'eva@example.com' }], birthday: '1990-01-02' },
          urls: [{ url: 'https://example.com' }],
          addresses: [{ city: 'Lima' }],
        },
      ],
    },
    {
      type: 'contacts',
      contacts: [
        {
          name: { formatted_name: 'Eva', first_name: 'Eva' },
          ...{ phones: [], emails: [{ email: 'eva@example.com' }], birthday: '1990-01-02' },
          urls: [{ url: 'https://example.com' }],
          addresses: [{ city: 'Lima' }],
        },
      ],
    },
  ],
  [
    'a sticker, which takes no caption',
    { type: 'sticker', media: LINK, caption: 'c' },
    { type: 'sticker', sticker: { link: LINK.link } },
  ],
  [
    'a location',
    { type: 'location', latitude: 1.2, longitude: 3.4, name: 'N', address: 'A' },
    { type: 'location', location: { latitude: 1.2, longitude: 3.4, name: 'N', address: 'A' } },
  ],
  [
    'contacts',
    {
      type: 'contacts',
      contacts: [{ name: 'Eva', phones: [{ phone: '+52 1', whatsapp: '521' }], organization: 'Acme' }],
    },
    {
      type: 'contacts',
      contacts: [
        {
          name: { formatted_name: 'Eva', first_name: 'Eva' },
          phones: [{ phone: '+52 1', wa_id: '521' }],
          org: { company: 'Acme' },
        },
      ],
    },
  ],
  [
    'a template without values',
    { type: 'template', name: 'hello', language: 'es-MX' },
    { type: 'template', template: { name: 'hello', language: { code: 'es_MX' } } },
  ],
])('%s', async (_name, content, expected) => {
  expect(await bodyOf(outbound(content))).toEqual(expected)
})

test('a reaction names its message, and taking it back is an empty emoji', async () => {
  const to = { reactionTo: 'wamid.IN' }
  expect(await bodyOf(outbound({ type: 'reaction', emoji: '👍' }, to))).toEqual({
    type: 'reaction',
    reaction: { message_id: 'wamid.IN', emoji: '👍' },
  })
  expect(await bodyOf(outbound({ type: 'reaction', emoji: null }, to))).toEqual({
    type: 'reaction',
    reaction: { message_id: 'wamid.IN', emoji: '' },
  })
})

test('a person known only by user id gets it by recipient, without to', async () => {
  await sending(outbound(TEXT, { address: { kind: 'whatsapp', value: 'MX.134912086553027' } }))
  const body = rig.sim.sent.at(-1)?.body
  expect([body?.['recipient'], body?.['to']]).toEqual(['MX.134912086553027', undefined])
})

test('a stored file is uploaded once and then named by its id', async () => {
  const media = storedFile(Buffer.from('a picture'), 'image/png', 'año "1".png')
  const first = (await bodyOf(outbound({ type: 'image', media }))) as { image: { id: string } }
  expect(await bodyOf(outbound({ type: 'image', media }))).toEqual(first)
  const stored = await fetchMedia({ ref: first.image.id, mimeType: '' }, rig.config, rig.io)
  expect(Buffer.concat(await stored.stream.toArray()).toString()).toBe('a picture')
  expect([stored.mimeType, stored.size]).toEqual(['image/png', 9])
})

test('a file that cannot be uploaded fails for certain: the message has not begun', async () => {
  const media = { ...storedFile(Buffer.from('12345'), 'image/png', 'b'), size: 4 }
  const [, certain] = await failing(outbound({ type: 'image', media }))
  expect(certain).toBe(true)
  const gone = {
    ...storedFile(Buffer.from('x'), 'image/png', 'c'),
    open: () => Promise.reject(new Error('gone')),
  }
  expect(await failing(outbound({ type: 'image', media: gone }))).toEqual(['mediaFailed', true])
  expect(rig.sim.sent).toHaveLength(0)
})

test('a held template is accepted and held (RULES D4)', async () => {
  rig.sim.behave({ holds: 1 })
  const sent = await sending(outbound({ type: 'template', name: 't', language: 'es' }))
  expect(sent).toMatchObject({ held: true, raw: 'held_for_quality_assessment' })
})

test.each<[string, number, FailureCode]>([
  ['a rate limit', 130429, 'throttledChannel'],
  ['a pair limit', 131056, 'throttledRecipient'],
  ['a closed window', 131047, 'windowClosed'],
  ["an outage in Meta's own words", 131016, 'providerDown'],
  ["a fault in Meta's own words", 131000, 'providerFault'],
  ['an unknown code', 424242, 'badRequest'],
])('RULES C5: %s is certain', async (_name, code, expected) => {
  rig.sim.behave({ refusals: [{ share: 1, code }] })
  expect(await failing(outbound(TEXT))).toEqual([expected, true])
})

test.each<[string, object]>([
  ["a 502 without Meta's body", { bareFaults: 1 }],
  ['an answer dropped after acceptance', { dropAnswers: 1 }],
  ['an answer that never comes', { stalls: 1 }],
  ['an answer that stops in the middle', { trickles: 1 }],
  ['a reset', { resets: 1 }],
])('RULES C5: %s is uncertain', async (_name, behaviour) => {
  rig.sim.behave({ ...behaviour })
  expect(await failing(outbound(TEXT))).toEqual(['noAnswer', false])
})

test('a wrong token fails the channel, and check says so without sending', async () => {
  const config = { ...rig.config, accessToken: 'wrong' }
  expect(await failing(outbound(TEXT), config)).toEqual(['credentials', true])
  const check = whatsapp.check as (config: unknown, io: unknown) => Promise<{ state: string; why?: string }>
  expect(await check(config, rig.io)).toMatchObject({
    state: 'failing',
    why: expect.stringContaining('credentials: 190'),
  })
  expect(await check(rig.config, rig.io)).toMatchObject({ state: 'ok', live: { tier: 250 } })
  await rig.sim.stop()
  expect(await check(rig.config, rig.io)).toMatchObject({ state: 'unknown' })
})

test('what the channel cannot carry is refused before any request', async () => {
  const comment = { type: 'comment', text: 'x' } as const
  expect(await failing(outbound(comment))).toEqual(['contentUnsupported', true])
  const mail = outbound(TEXT, { address: { kind: 'email', value: 'a@example.com' } })
  expect(await failing(mail)).toEqual(['recipientInvalid', true])
  expect(rig.sim.stats().requests).toBe(0)
})

test('media that Meta has no longer are failed, not retried', async () => {
  const fetching = fetchMedia({ ref: '12345', mimeType: 'image/png' }, rig.config, rig.io)
  await expect(fetching).rejects.toMatchObject({ failure: { code: 'mediaFailed' } })
})

test("channels of one portfolio share one account, and the number's throughput is the limit", () => {
  const limits = whatsapp.limits as (config: unknown, live: object) => unknown
  expect(limits(rig.config, {})).toEqual({ account: NUMBER, perSecond: 80 })
  const config = { ...rig.config, portfolioId: '7', wabaId: '8', throughput: 'high' }
  expect(limits(config, {})).toEqual({ account: '7', perSecond: 1000 })
  expect(limits({ ...config, limits: { perSecond: 5 } }, { perSecond: 9 })).toEqual({
    account: '7',
    perSecond: 5,
  })
})
