import { Readable } from 'node:stream'
import { expect } from 'vitest'
import type { Outbound, OutboundMedia } from '../../../connectors/connector.ts'
import { readAddress } from '../../../gateway/enqueue.ts'
import { type Address, phoneOf } from '../../../model/address.ts'
import type { Content, ContentType, MediaType } from '../../../model/content.ts'
import { kindOf, SendFailure } from '../../../model/failure.ts'
import type { Subject } from '../connector.ts'
import type { Laws } from './laws.ts'
import type { Stand } from './stand.ts'

/** What goes out is taken by the provider as it came, once, at the speed that it asks for: RULES C and E. */
export function sendingLaws({ law }: Laws, subject: Subject, it: () => Stand): void {
  const { people, throttles, lostAnswer, samples = {} } = subject
  const config = () => it().channels.ours.config as never
  const send = (part: Outbound) => it().connector.send(part, config(), it().io)
  const partOf = (content: Outbound['content'], more: Partial<Outbound> = {}) =>
    outbound(readAddress(people.ana), content, more)

  law('what it says it carries is taken by its provider', async () => {
    const can = it().connector.can(config())
    for (const type of can.carries) {
      const content = samples[type]?.content ?? sampleOf(type, can)
      if (content === undefined) throw new Error(`there is no sample of ${type}: give one in \`samples\``)
      const { providerIds } = await send(partOf(content, samples[type])).catch((error: unknown) => {
        throw new Error(`${type} was refused: ${String(error)}`, { cause: error })
      })
      expect([type, providerIds.length > 0]).toEqual([type, true])
    }
  })

  law('its credentials are proven without sending, and those that are wrong are told', async () => {
    const before = it().sim.stats().accepted
    expect(await it().connector.check(config(), it().io)).toMatchObject({ state: 'ok' })
    const answer = await it().call('POST', `/v1/channels/${it().channels.ours.id}/check`)
    expect((answer.body as { health: object }).health).toMatchObject({ state: 'ok' })
    expect(it().sim.stats().accepted).toBe(before)
    const wrong = { ...it().channels.ours.config, apiBase: 'http://127.0.0.1:9' }
    expect(await it().connector.check(wrong as never, it().io)).toMatchObject({ state: 'unknown' })
  })

  law('RULES C8, E4: each way of saying "not so fast" is known by what it slows', async () => {
    expect(throttles.length).toBeGreaterThan(0)
    for (const { code, slows } of throttles) {
      it().sim.behave({ refusals: [{ share: 1, code }] })
      const failure = await send(partOf({ type: 'text', text: 'Hola' })).then(
        () => undefined,
        (error: unknown) => (error instanceof SendFailure ? error.failure : undefined),
      )
      it().sim.behave({ refusals: [] })
      if (failure === undefined) throw new Error(`${code} did not fail`)
      const { scope, certain, retry } = kindOf(failure)
      expect([code, scope, certain, retry === 'never']).toEqual([code, slows, true, false])
    }
  })

  law('RULES C5, C6: an answer lost after acceptance gives one delivery', async () => {
    const accepted = it().sim.stats().accepted
    it().sim.behave({ dropAnswers: 1 })
    const id = await it().post('sibling', people.beto, 'taken, and never answered')
    await it().until('taken', () => it().sim.stats().accepted > accepted)
    it().sim.behave({ dropAnswers: 0 })
    await it().until('it is known what became of it', async () => {
      const { status, uncertain } = await it().message(id)
      return status !== 'pending' && !uncertain
    })
    const { status, failure } = await it().message(id)
    expect(lostAnswer === 'policy' ? failure?.code : status).toMatch(
      lostAnswer === 'policy' ? /^uncertain$/ : /^(sent|received|read)$/,
    )
    const { partsTwice } = it().sim.stats()
    expect([it().sim.stats().accepted - accepted, partsTwice]).toEqual([1, 0])
  })

  // Last: what it pauses stays so for some seconds.
  law('RULES E4: what is throttled waits, and what it does not slow goes on', async () => {
    const { code = 0, slows = 'channel' } = throttles[0] ?? {}
    const refused = () => it().sim.stats().refused[code] ?? 0
    const before = refused()
    it().sim.behave({ refusals: [{ share: 1, code }] })
    const slowed = await it().post('ours', people.ana, 'I wait')
    await it().until('the refusal', () => refused() > before)
    it().sim.behave({ refusals: [] })
    const other = await (slows === 'recipient' || slows === 'message'
      ? it().post('ours', people.beto, 'I do not')
      : it().post('stranger', people.beto, 'I do not'))
    await it().until('the other is sent', async () => (await it().message(other)).providerIds.length > 0)
    expect((await it().message(slowed)).providerIds).toEqual([])
  })
}

let made = 0

function outbound(address: Address, content: Outbound['content'], more: Partial<Outbound>): Outbound {
  made += 1
  const key = `msg_${String(made).padStart(26, '0')}.0`
  return {
    ...{ address, content, category: 'service', reference: `${key}.1`, key },
    ...{ replyTo: null, reactionTo: null, source: 'api', heardAt: Date.now() },
    ...more,
  }
}

type Can = ReturnType<Stand['connector']['can']>
const MIME_TYPES: Record<MediaType, string> = {
  image: 'image/jpeg',
  audio: 'audio/mpeg',
  video: 'video/mp4',
  document: 'application/pdf',
  sticker: 'image/webp',
}

/** What most providers take of a content; undefined where nobody can know it. */
function sampleOf(type: ContentType, can: Can): Content<OutboundMedia> | undefined {
  switch (type) {
    case 'text':
      return { type, text: 'Hola ñ 👍' }
    case 'image':
    case 'audio':
    case 'video':
    case 'document':
    case 'sticker':
      return { type, media: fileOf(can.media[type]?.mimeTypes?.[0] ?? MIME_TYPES[type]) }
    case 'location':
      return { type, latitude: 19.43, longitude: -99.13, name: 'Zócalo', address: 'Centro' }
    case 'contacts':
      return { type, contacts: [{ name: 'Ana', phones: [{ phone: phoneOf('+5215512345678') ?? '' }] }] }
    case 'buttons':
      return { type, text: 'Which?', buttons: [{ id: 'a', title: 'A' }] }
    case 'list':
      return {
        type,
        text: 'Which?',
        button: 'Choose',
        sections: [{ title: 'S', rows: [{ id: '1', title: 'A' }] }],
      }
    case 'request':
      return { type, what: can.requests?.[0] ?? 'location', text: 'Where are you?' }
    default:
      return undefined
  }
}

function fileOf(mimeType: string): OutboundMedia {
  const bytes = Buffer.from('the bytes of a file')
  return {
    ...{ id: 'fil_1' as never, mimeType, size: bytes.length, sha256: 'ab'.repeat(32), name: 'a file' },
    open: async () => Readable.from([bytes]),
    publicUrl: () => 'https://omnibus.example/files/fil_1?signature=x',
  }
}
