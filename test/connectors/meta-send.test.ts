import { describe, expect, test } from 'vitest'
import type { Outbound } from '../../connectors/connector.ts'
import type { Content, StoredMedia } from '../../model/content.ts'
import { fitContent } from '../../queue/fit.ts'
import { ANA_ID, META, NAMES, rigOf } from './meta-rig.ts'
import { outbound, storedFile } from './rig.ts'

const TEXT = { type: 'text', text: 'Hola' } as const
const HOUR = 3_600_000
const PNG = storedFile(Buffer.from('a picture'), 'image/png', 'año.png')

describe.each(NAMES)('%s', name => {
  /** What each content becomes; every row was accepted by the simulator, which checks as Meta does. */
  const BODIES: readonly (readonly [string, Outbound['content'], Partial<Outbound>, object])[] = [
    ['text', TEXT, {}, { recipient: { id: ANA_ID }, message: { text: 'Hola' } }],
    ['an answer that quotes', TEXT, { replyTo: 'm_1' }, { reply_to: { mid: 'm_1' } }],
    [
      'a link',
      { type: 'image', media: { link: 'https://example.com/a.png' } },
      {},
      {
        message: {
          attachment: { type: 'image', payload: { url: 'https://example.com/a.png', is_reusable: true } },
        },
      },
    ],
    [
      'a document',
      { type: 'document', media: { link: 'https://example.com/a.pdf' } },
      {},
      { message: { attachment: { type: 'file' } } },
    ],
    [
      'buttons',
      {
        type: 'buttons',
        text: 'Which?',
        buttons: [
          { id: 'a', title: 'A' },
          { url: 'https://example.com', title: 'Page' },
        ],
      },
      {},
      {
        message: {
          attachment: {
            type: 'template',
            payload: {
              template_type: 'button',
              text: 'Which?',
              buttons: [
                { type: 'postback', title: 'A', payload: 'a' },
                { type: 'web_url', title: 'Page', url: 'https://example.com' },
              ],
            },
          },
        },
      },
    ],
    [
      'quick replies',
      { type: 'buttons', quick: true, text: 'Size?', buttons: [{ id: 's', title: 'Small' }] },
      {},
      {
        message: {
          text: 'Size?',
          quick_replies: [{ content_type: 'text', title: 'Small', payload: 's' }],
        },
      },
    ],
    [
      'a reaction',
      { type: 'reaction', emoji: '👍' },
      { reactionTo: 'm_1' },
      { sender_action: 'react', payload: { message_id: 'm_1', reaction: '👍' } },
    ],
    [
      'a reaction taken back',
      { type: 'reaction', emoji: null },
      { reactionTo: 'm_1' },
      { sender_action: 'unreact', payload: { message_id: 'm_1' } },
    ],
  ]

  test.each(BODIES)('%s', async (_what, content, more, expected) => {
    const { send } = await rigOf(name)
    const { body, reference } = await send(content, more)
    expect(body).toMatchObject(expected)
    if (content.type !== 'reaction') expect(reference).toMatch(/^msg_\d+\.0\.1$/)
  })

  test('RULES C5: its id comes back; that of a reaction is ours', async () => {
    const { connector, config, io, sim } = await rigOf(name)
    const address = { kind: name, value: ANA_ID }
    const sent = await connector.send(outbound(TEXT, { address }), config, io)
    expect(sent).toEqual({ providerIds: [sim.sent.at(-1)?.id], raw: 'accepted' })
    const heart = outbound({ type: 'reaction', emoji: '❤️' }, { address, reactionTo: 'm_1' })
    expect(await connector.send(heart, config, io)).toEqual({
      providerIds: [`react.${heart.reference}`],
      raw: 'react',
    })
    const reaction = name === 'instagram' ? 'love' : '❤️'
    expect(sim.sent.at(-1)?.body).toMatchObject({ payload: { reaction } })
  })

  test('PROVIDERS B1: a file is uploaded once and sent by its id', async () => {
    const { send } = await rigOf(name)
    const image = { type: 'image', media: PNG } as const
    const ids = [await send(image), await send(image)].map(({ body }) => JSON.stringify(body['message']))
    expect(ids[0]).toContain('"payload":{"attachment_id":')
    expect(ids.map(text => /"attachment_id":"(\d+)"/.exec(text)?.[1])).toEqual([
      '100000000000001',
      '100000000000001',
    ])
  })

  test('PROVIDERS K: an upload that is too large is refused, for certain', async () => {
    const { refused } = await rigOf(name)
    const large = storedFile(Buffer.alloc(25 * 1024 * 1024 + 1), 'video/mp4')
    expect(await refused({ type: 'video', media: large })).toMatchObject({ code: 'mediaFailed' })
  })

  /** PROVIDERS B4, C3: when was heard from the person, who writes, and what becomes of it. */
  const WINDOWS: readonly (readonly [number | null, Outbound['source'], object | 'windowClosed'])[] = [
    [null, 'api', { messaging_type: 'RESPONSE' }],
    [1, 'api', { messaging_type: 'RESPONSE' }],
    [23.9, 'workflow', { messaging_type: 'RESPONSE' }],
    [1, 'broadcast', { messaging_type: 'UPDATE' }],
    [25, 'api', 'windowClosed'],
    [25, 'workflow', 'windowClosed'],
    [25, 'broadcast', 'windowClosed'],
    [25, 'agent', { messaging_type: 'MESSAGE_TAG', tag: 'HUMAN_AGENT' }],
    [167, 'agent', { messaging_type: 'MESSAGE_TAG', tag: 'HUMAN_AGENT' }],
    [169, 'agent', 'windowClosed'],
  ]

  test('RULES E3: the windows that still exist, by who writes', async () => {
    const { send, refused, sim } = await rigOf(name)
    for (const [hours, source, expected] of WINDOWS) {
      const heardAt = hours === null ? null : Date.now() - hours * HOUR
      const more = { source, heardAt }
      const requests = sim.stats().requests
      if (expected === 'windowClosed') {
        expect(await refused(TEXT, more), `${hours} h, ${source}`).toEqual({ code: 'windowClosed' })
        expect(sim.stats().requests, 'nothing was asked').toBe(requests)
      } else expect((await send(TEXT, more)).body, `${hours} h, ${source}`).toMatchObject(expected)
    }
  })

  test('RULES E3: the provider knows better when a window is closed', async () => {
    let now = Date.now()
    const clock = { now: () => now, monotonic: () => now }
    const { refused, send, sim } = await rigOf(name, { clock, behaviour: { windows: true } })
    expect(await refused(TEXT)).toMatchObject({ code: 'windowClosed' })
    sim.inject({ from: ANA_ID, text: 'Hola' })
    await send(TEXT)
    now += 25 * HOUR
    expect(await refused(TEXT)).toMatchObject({ code: 'windowClosed' })
    await send(TEXT, { source: 'agent', heardAt: Date.now() - 25 * HOUR })
  })

  test('an app without the human agent tag fails this message, and its channel goes on', async () => {
    const { refused, sim } = await rigOf(name)
    sim.behave({ refusals: [{ share: 1, code: 10 }] })
    const late = { source: 'agent', heardAt: Date.now() - 30 * HOUR } as const
    expect(await refused(TEXT, late)).toMatchObject({ code: 'featureDisabled', provider: { code: '10' } })
    expect(await refused(TEXT)).toMatchObject({ code: 'permission' })
  })

  test('PROVIDERS B4: a comment is answered in private, once, whatever the window', async () => {
    const { send, refused, sim } = await rigOf(name, { behaviour: { windows: true } })
    const comment = sim.comment({ from: ANA_ID, text: 'How much?' })
    const { body } = await send(TEXT, { replyTo: comment, heardAt: Date.now() - 100 * HOUR })
    expect(body).toMatchObject({ recipient: { comment_id: comment }, message: { text: 'Hola' } })
    expect(body).not.toHaveProperty('reply_to')
    expect(await refused(TEXT, { replyTo: comment })).toMatchObject({ code: 'badRequest' })
  })

  /** PROVIDERS B6, C4: by their number in the simulator. */
  const REFUSALS: readonly (readonly [number, object])[] = [
    [190, { code: 'credentials', provider: { code: '190' } }],
    [463, { code: 'credentials', provider: { code: '190/463' } }],
    [613, { code: 'throttledChannel', retryAfterMs: 5000 }],
    [80006, { code: 'throttledChannel', retryAfterMs: 60_000 }],
    [4, { code: 'throttledAccount', retryAfterMs: 60_000 }],
    [2018352, { code: 'throttledRecipient', provider: { code: '9/2018352' } }],
    [2, { code: 'providerDown' }],
    [9000001, { code: 'providerFault' }],
    [1545041, { code: 'undeliverable' }],
  ]

  test('PROVIDERS B6, C4: refusals are certain, by code and subcode, with their wait', async () => {
    const { refused, sim } = await rigOf(name)
    for (const [code, expected] of REFUSALS) {
      sim.behave({ refusals: [{ share: 1, code }] })
      expect(await refused(TEXT), String(code)).toMatchObject(expected)
    }
  })

  test('RULES C5: a 502 of somebody in between, or a lost answer, is uncertain', async () => {
    const { refused, sim } = await rigOf(name)
    sim.behave({ bareFaults: 1 })
    expect(await refused(TEXT)).toMatchObject({ code: 'noAnswer' })
    sim.behave({ bareFaults: 0, dropAnswers: 1 })
    expect(await refused(TEXT)).toMatchObject({ code: 'noAnswer' })
  })

  test('a person who cannot be written to, an address of another kind, a rate', async () => {
    const { refused, send, sim } = await rigOf(name, { behaviour: { throughput: true } })
    const audio = { type: 'audio', media: { link: 'https://example.com/a.m4a' } } as const
    for (let count = 0; count < 10; count++) await send(audio)
    expect(await refused(audio)).toMatchObject({ code: 'throttledChannel' })
    await send(TEXT)
    sim.remove(ANA_ID)
    expect(await refused(TEXT)).toMatchObject({ code: 'undeliverable' })
    const address = { kind: 'phone', value: '+5215512345678' } as const
    expect(await refused(TEXT, { address })).toEqual({ code: 'recipientInvalid' })
  })

  test('PROVIDERS B3: typing and seen are actions of their own', async () => {
    const { connector, config, io, sim } = await rigOf(name)
    const asked: unknown[] = []
    const http: typeof io.http = request => {
      asked.push(JSON.parse(String(request.body)))
      return io.http(request)
    }
    const address = { kind: name, value: ANA_ID }
    const act = { ...io, http, live: () => {} }
    await connector.act?.({ kind: 'typing', on: true, address, providerId: 'm_1' }, config, act)
    await connector.act?.({ kind: 'typing', on: false, address, providerId: null }, config, act)
    await connector.act?.({ kind: 'read', address, providerId: 'm_1' }, config, act)
    const recipient = { id: ANA_ID }
    expect(asked).toEqual(
      ['typing_on', 'typing_off', 'mark_seen'].map(sender_action => ({ recipient, sender_action })),
    )
    expect(sim.stats()).toMatchObject({ accepted: 0, requests: 0 })
  })

  test('buttons that are too many go as quick replies, and captions after their media', () => {
    const can = META[name].connector.can({})
    const buttons = Array.from({ length: 5 }, (_, index) => ({ id: String(index), title: `No ${index}` }))
    const fitted = (content: Content<StoredMedia>) => {
      const all = fitContent(content, can)
      return 'parts' in all ? all.parts : all.failure
    }
    expect(fitted({ type: 'buttons', text: 'Which?', buttons })).toMatchObject([{ quick: true }])
    const media = { link: 'https://example.com/a.png', mimeType: 'image/png' }
    expect(fitted({ type: 'image', media, caption: 'look' })).toMatchObject([
      { type: 'image' },
      { type: 'text', text: 'look' },
    ])
  })
})

test('PROVIDERS L20: text on Instagram is cut by bytes', async () => {
  const { send } = await rigOf('instagram')
  const fitted = fitContent({ type: 'text', text: '👍'.repeat(300) }, META.instagram.connector.can({}))
  const parts = 'parts' in fitted ? fitted.parts : []
  expect(parts).toHaveLength(2)
  for (const part of parts) await send(part as typeof TEXT)
})
