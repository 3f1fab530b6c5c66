import { type Static, Type } from 'typebox'
import type { Health, Live } from '../../model/channel.ts'
import { SendFailure } from '../../model/failure.ts'
import { type Capabilities, defineConnector, type Io, type Limits } from '../connector.ts'
import { objectOf, textIn } from '../kit/json.ts'
import { listOf, secret, verifyingSecret } from '../kit/secret.ts'
import { segmentsOf } from '../kit/segments.ts'
import { everyChannel } from '../kit/settings.ts'
import { refusalOf } from './failure.ts'
import { parse, serviceKey } from './parse.ts'
import { accountUrl, authorizationOf, fetchMedia, prefixOf, send } from './send.ts'
import { signedByTwilio } from './signature.ts'

const KB = 1024
const MB = 1024 * KB

const config = Type.Object(
  {
    accountSid: Type.String({ pattern: '^AC[0-9a-f]{32}$', description: "The account's id." }),
    authToken: verifyingSecret("The account's auth token: it signs the webhooks. The first one also sends."),
    apiKey: Type.Optional(
      Type.Object(
        { sid: Type.String({ pattern: '^SK[0-9a-f]{32}$' }), secret: secret("The key's secret.") },
        { additionalProperties: false, description: 'Sends instead of the auth token, which still signs.' },
      ),
    ),
    from: Type.Optional(
      Type.String({
        pattern: '^(\\+[0-9]{8,15}|[0-9]{3,8}|[0-9A-Za-z ]{1,11}|(whatsapp|rcs|messenger):[+\\w.-]{1,120})$',
        description: 'The sender: a number, a short code, a name, whatsapp:+…, rcs:….',
      }),
    ),
    messagingServiceSid: Type.Optional(
      Type.String({
        pattern: '^MG[0-9a-f]{32}$',
        description: 'A messaging service, which chooses the sender.',
      }),
    ),
    via: Type.Optional(
      Type.Union([Type.Literal('whatsapp'), Type.Literal('rcs'), Type.Literal('messenger')], {
        description: 'By which kind of sender a messaging service writes; absent: SMS, or RCS where it can.',
      }),
    ),
    mms: Type.Optional(
      Type.Boolean({ description: 'Whether it sends files. Absent: senders of +1, short codes, services.' }),
    ),
    validityPeriod: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 36_000, description: 'Seconds that Twilio may hold a message.' }),
    ),
    ...everyChannel,
  },
  { additionalProperties: false, if: { required: ['messagingServiceSid'] }, else: { required: ['from'] } },
)

export type TwilioConfig = Static<typeof config>

/** SMS, MMS, and Twilio's WhatsApp and RCS senders. Facts: PROVIDERS E1; sources are named where others speak. */
export const twilio = defineConnector<typeof config>({
  connector: 'twilio',
  title: 'Twilio',
  config,
  can,
  limits,
  keyOf: ({ from = '', messagingServiceSid, via }) =>
    messagingServiceSid === undefined ? from : serviceKey(messagingServiceSid, via),
  receive: {
    verify: { secrets: config => listOf(config.authToken), check: signedByTwilio },
    parse,
    // Anything else than TwiML would be sent to the person as an answer.
    reply: { status: 200, contentType: 'text/xml', body: '<Response/>' },
    redelivers: 'seldom',
  },
  send,
  fetchMedia,
  check,
  simulation: async () => (await import('./simulation.ts')).simulation,
})

/** PROVIDERS E1 and K: 1,600 characters whatever they cost; pictures are made smaller, other files may have 500 KB. */
const SMS: Capabilities = {
  text: { max: 1600, unit: 'characters' },
  captionMax: 0,
  media: {},
  carries: ['text', 'template'],
  quotes: false,
  observes: ['sent', 'received', 'failed'],
}
const MMS: Capabilities = {
  ...SMS,
  captionMax: 1600,
  media: {
    image: { bytesMax: 5 * MB, mimeTypes: ['image/jpeg', 'image/png', 'image/gif'], caption: true },
    audio: { bytesMax: 500 * KB, caption: true },
    video: { bytesMax: 500 * KB, caption: true },
    document: { bytesMax: 500 * KB, caption: true },
  },
  carries: ['text', 'image', 'audio', 'video', 'document', 'template'],
}
/** What WhatsApp takes (PROVIDERS K), 16 MB at most (unconfirmed). RCS takes at least as much (PROVIDERS G2). */
const RICH: Capabilities = {
  ...MMS,
  media: {
    image: { bytesMax: 5 * MB, mimeTypes: ['image/jpeg', 'image/png'], caption: true },
    audio: { bytesMax: 16 * MB, caption: false },
    video: { bytesMax: 16 * MB, mimeTypes: ['video/mp4'], caption: true },
    document: { bytesMax: 16 * MB, caption: true },
  },
  observes: ['sent', 'received', 'read', 'failed'],
}
const WHATSAPP: Capabilities = { ...RICH, carries: [...RICH.carries, 'location'] }

function can(config: TwilioConfig): Capabilities {
  const prefix = prefixOf(config)
  if (prefix !== undefined) return prefix === 'whatsapp' ? WHATSAPP : RICH
  const { from, messagingServiceSid, mms } = config
  const isAmerican = messagingServiceSid !== undefined || /^(\+1|[0-9]{3,8}$)/.test(from ?? '')
  return (mms ?? isAmerican) ? MMS : SMS
}

/** Segments a second by kind of sender (PROVIDERS E1); of overlapping rows the first counts. */
const RATES: readonly (readonly [RegExp, number])[] = [
  [/^whatsapp:/, 80],
  [/^\+1(800|833|844|855|866|877|888)/, 3],
  // A messaging service too: what is in its pool is not known, and what is beyond its rate waits in Twilio's queue,
  // where an agent's answer stands behind a broadcast.
  [/^(\+1|$)/, 1],
  [/^[0-9]{3,8}$/, 100],
  [/^/, 10],
]

function limits(config: TwilioConfig, live: Live): Limits {
  const { from = '', messagingServiceSid } = config
  const prefix = prefixOf(config)
  const sender = messagingServiceSid === undefined ? from : prefix === undefined ? '' : `${prefix}:`
  const known = RATES.find(([kind]) => kind.test(sender))
  return {
    account: config.accountSid,
    perSecond: config.limits?.perSecond ?? live.perSecond ?? known?.[1] ?? 1,
    ...(prefix === undefined && {
      costOf: content => (content.type === 'text' ? segmentsOf(content.text).parts.length : 1),
    }),
  }
}

/** The account answers for the credentials; its number or service must be there too. */
async function check(config: TwilioConfig, io: Io): Promise<Health> {
  try {
    const account = objectOf(await read(`${accountUrl(config)}.json`, config, io))
    const status = textIn(account, 'status')
    if (status !== 'active') return failing(`the account is ${status ?? 'unknown'}`, io)
    const { from = '', messagingServiceSid: service, apiBase } = config
    if (service !== undefined) {
      await read(`${apiBase ?? 'https://messaging.twilio.com'}/v1/Services/${service}`, config, io)
    } else if (from.startsWith('+')) {
      const numbers = `${accountUrl(config)}/IncomingPhoneNumbers.json?PhoneNumber=${encodeURIComponent(from)}`
      const found = objectOf(await read(numbers, config, io))?.['incoming_phone_numbers']
      if (!Array.isArray(found) || found.length === 0) return failing(`the account has no number ${from}`, io)
    }
    return { state: 'ok', at: io.now() }
  } catch (error) {
    if (!(error instanceof SendFailure)) throw error
    const { code, provider } = error.failure
    const why = [code, provider?.code, provider?.title].filter(word => word !== undefined).join(': ')
    // Not reached is not refused: what was known about the credentials stays unknown.
    const isKnown = code !== 'unreachable' && code !== 'noAnswer'
    return isKnown ? failing(why, io) : { state: 'unknown', why, at: io.now() }
  }
}

function failing(why: string, io: Io): Health {
  return { state: 'failing', why, at: io.now() }
}

async function read(url: string, config: TwilioConfig, io: Io): Promise<unknown> {
  const headers = { authorization: authorizationOf(config) }
  const answer = await io.http({ method: 'GET', url, headers, signal: io.signal })
  if (answer.status !== 200) throw await refusalOf(answer, io)
  return answer.json()
}
