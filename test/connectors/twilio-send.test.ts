import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { describe, expect, test } from 'vitest'
import type { AnyConnector, Connector, Outbound } from '../../connectors/connector.ts'
import { fetchMedia, send } from '../../connectors/twilio/send.ts'
import { type TwilioConfig, twilio } from '../../connectors/twilio/twilio.ts'
import { explain } from '../../gateway/explain.ts'
import type { FileId } from '../../model/ids.ts'
import { BEA, NUMBER, refusedWith, SERVICE, started, toBea } from './twilio-rig.ts'

const TEXT = { type: 'text', text: 'Hi & bye' } as const
const connector = twilio as AnyConnector as unknown as Connector<TwilioConfig>

describe('what is asked of Twilio', () => {
  const IMAGE: Outbound['content'] = {
    type: 'image',
    media: { link: 'https://a.example/x.jpg' },
    caption: 'our house',
  }
  const file = {
    ...{
      id: 'fil_1' as FileId,
      mimeType: 'image/png',
      size: 3,
      sha256: '',
      open: async () => Readable.from([]),
    },
    publicUrl: () => 'https://gw.example.com/files/fil_1?signature=x',
  }
  const SID = `HX${'a'.repeat(32)}`
  const whatsapp = { from: `whatsapp:${NUMBER}` }
  const place = { type: 'location', latitude: 1.5, longitude: -2.5, name: 'Zócalo' } as const
  const template = (parameters?: object) =>
    ({ type: 'template', name: SID, language: 'en', parameters }) as never
  const ROWS: [string, Outbound['content'], Partial<TwilioConfig>, Record<string, unknown>][] = [
    ['a text', TEXT, {}, { To: BEA, From: NUMBER, Body: 'Hi & bye' }],
    ['a text by WhatsApp', TEXT, whatsapp, { To: `whatsapp:${BEA}`, From: `whatsapp:${NUMBER}` }],
    ['a text by RCS', TEXT, { from: 'rcs:brand_agent' }, { To: `rcs:${BEA}`, From: 'rcs:brand_agent' }],
    ['a time to live', TEXT, { validityPeriod: 300 }, { ValidityPeriod: '300' }],
    ['an MMS by link', IMAGE, {}, { Body: 'our house', MediaUrl: 'https://a.example/x.jpg' }],
    ['a file of ours', { type: 'image', media: file }, {}, { MediaUrl: file.publicUrl() }],
    ['a place', place, whatsapp, { Body: 'Zócalo', PersistentAction: 'geo:1.5,-2.5|Zócalo' }],
    ['a template', template(), {}, { ContentSid: SID }],
    ['its variables', template({ body: { 1: 'Ana' } }), {}, { ContentVariables: '{"1":"Ana"}' }],
  ]
  test.each(ROWS)('%s', async (_name, content, config, asked) => {
    const rig = await started()
    await send(toBea(rig, content), { ...rig.config, ...config }, rig.io)
    expect(rig.sim.sent[0]?.body).toMatchObject(asked)
  })

  test('a messaging service chooses the sender', async () => {
    const rig = await started()
    const { from: _, ...config } = rig.config
    const sent = await send(toBea(rig, TEXT), { ...config, messagingServiceSid: SERVICE }, rig.io)
    expect(rig.sim.sent[0]?.body).not.toHaveProperty('From')
    expect(sent).toMatchObject({ held: true, raw: 'accepted' })
  })

  test('an API key sends in place of the auth token', async () => {
    const rig = await started()
    const apiKey = { sid: `SK${'3'.repeat(32)}`, secret: 'wrong' }
    expect(await refusedWith(send(toBea(rig, TEXT), { ...rig.config, apiKey }, rig.io))).toEqual([
      'credentials',
      '20003',
    ])
  })

  test('what a ContentSid cannot carry is refused before it is sent', async () => {
    const rig = await started()
    const refusals: [Outbound['content'], string][] = [
      [{ type: 'template', name: 'order_ready', language: 'es' }, 'templateMissing'],
      [template({ header: { media: { link: 'https://a.example' }, type: 'image' } }), 'templateParameters'],
      [template({ buttons: [{ index: 0, payload: 'x' }] }), 'templateParameters'],
      [template({ header: { 1: 'a' }, body: { 1: 'b' } }), 'templateParameters'],
      [{ type: 'reaction', emoji: '👍' }, 'contentUnsupported'],
    ]
    for (const [content, code] of refusals) {
      expect((await refusedWith(send(toBea(rig, content), rig.config, rig.io)))[0]).toBe(code)
    }
    const address = { kind: 'telegram', value: '1' } as const
    expect((await refusedWith(send(toBea(rig, TEXT, { address }), rig.config, rig.io)))[0]).toBe(
      'recipientInvalid',
    )
    expect(rig.sim.sent).toEqual([])
  })

  test('Twilio is not told to call an address that it cannot reach', async () => {
    const rig = await started()
    for (const webhookUrl of ['https://my_gw.example.com/in/twilio/chn_1', 'http://127.0.0.1:8080/x']) {
      const { apiBase: _, ...config } = rig.config
      const forms: string[] = []
      const http: typeof rig.io.http = async ({ body }) => {
        forms.push(String(body))
        return rig.io.http({ method: 'GET', url: `${rig.sim.url}/sim/stats` })
      }
      await send(toBea(rig, TEXT, { webhookUrl }), config, { ...rig.io, http }).catch(() => {})
      expect(forms[0]).not.toContain('StatusCallback')
    }
  })
})

describe('what comes of it', () => {
  test('a text is held, then sent, then received; each receipt has our reference', async () => {
    const rig = await started()
    const part = toBea(rig, TEXT)
    const sent = await send(part, rig.config, rig.io)
    expect(sent).toMatchObject({ held: true, raw: 'queued' })
    expect(await rig.sim.drained()).toBe(true)
    const of = { providerId: sent.providerIds[0], reference: part.reference }
    expect(rig.items).toMatchObject([
      { kind: 'receipt', to: NUMBER, of, status: 'sent', raw: 'sent' },
      { kind: 'receipt', to: NUMBER, of, status: 'received', raw: 'delivered' },
    ])
  })

  test('only channels tell that it was read', async () => {
    const rig = await started()
    await send(toBea(rig, TEXT), { ...rig.config, from: `whatsapp:${NUMBER}` }, rig.io)
    await rig.sim.drained()
    expect(rig.items.at(-1)).toMatchObject({ status: 'read', to: `whatsapp:${NUMBER}` })
  })

  test('RULES C5: an answer that was lost is uncertain, and its receipt has our reference', async () => {
    for (const fault of ['dropAnswers', 'stalls', 'trickles'] as const) {
      const rig = await started({ behaviour: { [fault]: 1 } })
      const part = toBea(rig, TEXT)
      expect((await refusedWith(send(part, rig.config, rig.io)))[0]).toBe('noAnswer')
      await rig.sim.drained()
      expect(rig.items[0]).toMatchObject({ of: { reference: part.reference }, status: 'sent' })
    }
  })

  test('RULES C6: a repeated attempt is known by its key, where Twilio knows keys', async () => {
    const rig = await started({ behaviour: { dropAnswers: 1, tokens: true } })
    const part = toBea(rig, TEXT, { key: 'msg_1.0.0', reference: 'msg_1.0.1' })
    await refusedWith(send(part, rig.config, rig.io))
    rig.sim.behave({ dropAnswers: 0 })
    const again = await send({ ...part, reference: 'msg_1.0.2' }, rig.config, rig.io)
    expect(again.providerIds).toEqual([rig.sim.sent[0]?.id])
    expect(rig.sim.stats()).toMatchObject({ accepted: 1, partsTwice: 0 })
  })

  test.each([
    [20003, 'credentials'],
    [20429, 'throttledAccount'],
    [20500, 'providerFault'],
    [21211, 'recipientInvalid'],
    [21611, 'throttledChannel'],
    [99999, 'badRequest'],
  ])('%i is %s', async (code, ours) => {
    const rig = await started({ behaviour: { refusals: [{ share: 1, code }] } })
    expect(await refusedWith(send(toBea(rig, TEXT), rig.config, rig.io))).toEqual([ours, String(code)])
  })

  test('a 502 of something in between is uncertain (RULES C5)', async () => {
    const rig = await started({ behaviour: { bareFaults: 1 } })
    expect(await refusedWith(send(toBea(rig, TEXT), rig.config, rig.io))).toEqual(['noAnswer', 'HTTP 502'])
  })

  test('who had enough is told of at once by a number, and afterwards by a service', async () => {
    const rig = await started()
    rig.sim.optOut(BEA)
    expect(await refusedWith(send(toBea(rig, TEXT), rig.config, rig.io))).toEqual(['optedOut', '21610'])
    await send(
      toBea(rig, TEXT),
      { ...rig.config, from: undefined, messagingServiceSid: SERVICE } as never,
      rig.io,
    )
    await rig.sim.drained()
    expect(rig.items).toMatchObject([
      { kind: 'receipt', orTo: SERVICE, status: 'failed', failure: { code: 'optedOut' } },
      { kind: 'consent', orTo: SERVICE, state: 'withdrawn', address: { value: BEA } },
    ])
  })
})

describe('what people send', () => {
  test('a picture is fetched with credentials, which the redirect does not get', async () => {
    const rig = await started()
    rig.sim.inject({ from: BEA, sample: 'picture' })
    await rig.sim.drained()
    const [item] = rig.items
    const media = item?.kind === 'message' && item.content.type === 'image' ? item.content.media : undefined
    if (media === undefined) throw new Error('no picture came')
    const { stream, size } = await fetchMedia(media, rig.config, rig.io)
    expect([media.mimeType, size, (await buffer(stream)).toString()]).toEqual([
      'image/jpeg',
      22,
      'the bytes of a picture',
    ])
    const elsewhere = { ...media, ref: media.ref.replace('127.0.0.1', 'localhost') }
    expect((await refusedWith(fetchMedia(elsewhere, rig.config, rig.io)))[0]).toBe('credentials')
    const gone = { ...media, ref: media.ref.replace(/ME\w+$/, 'ME1') }
    expect((await refusedWith(fetchMedia(gone, rig.config, rig.io)))[0]).toBe('mediaFailed')
  })

  test('everything that the simulator can play is read, and nothing with a wrong signature', async () => {
    const rig = await started({ behaviour: { corruptOneIn: 10 } })
    for (const sample of [
      'picture',
      'pictures',
      'card',
      'stop',
      'start',
      'help',
      'button',
      'location',
      'referral',
    ]) {
      rig.sim.inject({ from: BEA, sample, to: `whatsapp:${NUMBER}` })
    }
    rig.sim.inject({ from: BEA, text: 'this one is corrupted' })
    await rig.sim.drained()
    const kinds = rig.items.map(item => (item.kind === 'message' ? item.content.type : item.kind))
    expect(kinds.sort()).toEqual(
      [
        'consent',
        'consent',
        'document',
        'image',
        'image',
        'image',
        'location',
        'reply',
        'text',
        'text',
        'text',
        'text',
      ].sort(),
    )
    expect(rig.refused()).toBe(1)
  })
})

describe('the channel', () => {
  const base = { accountSid: 'AC', authToken: 't' }

  test('its config names a sender or a service, and says which field is wrong', () => {
    const account = { accountSid: `AC${'1'.repeat(32)}`, authToken: 't' }
    const wrong = (config: object) => explain(connector.config, config).map(({ field }) => field)
    const right = [{ from: '+15005550001' }, { from: 'whatsapp:+15005550001' }, { from: 'rcs:a_b_agent' }]
    for (const more of [...right, { from: 'Acme Inc' }, { messagingServiceSid: SERVICE, via: 'whatsapp' }]) {
      expect(wrong({ ...account, ...more })).toEqual([])
    }
    expect(wrong(account)).not.toEqual([])
    expect(wrong({ ...account, from: 'tel:1' })).toEqual(['from'])
    expect(wrong({ ...account, from: '+15005550001', accountSid: 'x' })).toEqual(['accountSid'])
  })

  const RATES: [Partial<TwilioConfig>, number][] = [
    [{ from: '+14155550142' }, 1],
    [{ from: '+18885550142' }, 3],
    [{ from: '+5215512345678' }, 10],
    [{ from: '22395' }, 100],
    [{ from: 'Acme' }, 10],
    [{ from: 'whatsapp:+14155550142' }, 80],
    [{ messagingServiceSid: SERVICE }, 1],
    [{ messagingServiceSid: SERVICE, via: 'whatsapp' }, 80],
    [{ from: '+14155550142', limits: { perSecond: 75 } }, 75],
  ]
  test.each(RATES)('PROVIDERS E1: the rate of %o is %i a second', (config, perSecond) => {
    expect(connector.limits({ ...base, ...config }, {}).perSecond).toBe(perSecond)
  })

  test('PROVIDERS E0: SMS is paced by its segments, and a channel by its messages', () => {
    const costs = (from: string) => {
      const { costOf } = connector.limits({ ...base, from }, {})
      return ['a'.repeat(160), 'a'.repeat(161), 'я'.repeat(134)].map(text => costOf?.({ type: 'text', text }))
    }
    expect(costs('+14155550142')).toEqual([1, 2, 2])
    expect(costs('whatsapp:+14155550142')).toEqual([undefined, undefined, undefined])
  })

  test('files go by MMS where there is one; WhatsApp takes places', () => {
    const carries = (config: Partial<TwilioConfig>) => connector.can({ ...base, ...config }).carries
    expect(carries({ from: '+14155550142' })).toContain('image')
    expect(carries({ from: '+5215512345678' })).not.toContain('image')
    expect(carries({ from: '+5215512345678', mms: true })).toContain('image')
    expect(carries({ from: '+14155550142', mms: false })).not.toContain('image')
    expect(carries({ from: 'whatsapp:+14155550142' })).toContain('location')
  })

  test('check proves the credentials, and that number or service are there', async () => {
    const rig = await started()
    const check = (config: Partial<TwilioConfig>) => connector.check({ ...rig.config, ...config }, rig.io)
    expect(await check({})).toMatchObject({ state: 'ok' })
    expect(await check({ from: 'Acme' })).toMatchObject({ state: 'ok' })
    expect(await check({ from: '+15005559999' })).toMatchObject({ state: 'failing' })
    expect(await check({ messagingServiceSid: SERVICE })).toMatchObject({ state: 'ok' })
    const other = `MG${'9'.repeat(32)}`
    expect(await check({ messagingServiceSid: other })).toMatchObject({ state: 'failing' })
    expect(await check({ authToken: 'old' })).toMatchObject({
      state: 'failing',
      why: 'credentials: 20003: Authenticate',
    })
    expect(await check({ apiBase: 'http://127.0.0.1:1' })).toMatchObject({ state: 'unknown' })
  })
})
