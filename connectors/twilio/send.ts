import { type ForeignMedia, isMediaHeader, type Location, type Template } from '../../model/content.ts'
import { SendFailure } from '../../model/failure.ts'
import type { HttpAnswer, Io, MediaStream, Outbound, OutboundMedia, Sent } from '../connector.ts'
import { objectOf, textIn } from '../kit/json.ts'
import { listOf } from '../kit/secret.ts'
import { failureOf, refusalOf, STATUS } from './failure.ts'
import type { TwilioConfig } from './twilio.ts'

/** The account's address in the API; a proxy or a simulator stands in for every host of Twilio's. */
export function accountUrl({ apiBase, accountSid }: TwilioConfig): string {
  return `${apiBase ?? 'https://api.twilio.com'}/2010-04-01/Accounts/${accountSid}`
}

/** An API key may call, but only the auth token signs (PROVIDERS E1). */
export function authorizationOf({ accountSid, authToken, apiKey }: TwilioConfig): string {
  const pair = apiKey === undefined ? [accountSid, listOf(authToken)[0]] : [apiKey.sid, apiKey.secret]
  return `Basic ${Buffer.from(pair.join(':')).toString('base64')}`
}

/** `whatsapp`, `rcs` or `messenger`; undefined for SMS and MMS. */
export function prefixOf({ from, messagingServiceSid, via }: TwilioConfig): string | undefined {
  if (messagingServiceSid !== undefined) return via
  return /^(whatsapp|rcs|messenger):/.exec(from ?? '')?.[1]
}

/** One message to Twilio (PROVIDERS E1). @throws SendFailure on its side of RULES C5 */
export async function send(part: Outbound, config: TwilioConfig, io: Io): Promise<Sent> {
  const form = new URLSearchParams([
    ['To', addressed(part, config)],
    ...senderOf(config),
    ...contentOf(part.content),
    ...callbackOf(part, config),
  ])
  if (config.validityPeriod !== undefined) form.set('ValidityPeriod', String(config.validityPeriod))
  const answer = await io.http({
    method: 'POST',
    url: `${accountUrl(config)}/Messages.json`,
    headers: {
      authorization: authorizationOf(config),
      'content-type': 'application/x-www-form-urlencoded',
      'i-twilio-idempotency-token': part.key,
    },
    body: form.toString(),
    signal: io.signal,
  })
  if (answer.status < 200 || answer.status > 299) throw await refusalOf(answer, io)
  return sentOf(answer)
}

async function sentOf(answer: HttpAnswer): Promise<Sent> {
  const message = objectOf(await answer.json())
  const id = textIn(message, 'sid')
  // A 2xx that nobody but a proxy would write: Twilio may have taken the message behind it.
  if (id === undefined)
    throw new SendFailure({ code: 'noAnswer', provider: { code: `HTTP ${answer.status}` } })
  const raw = textIn(message, 'status') ?? 'queued'
  const status = STATUS.get(raw)
  if (status === 'failed') {
    const title = textIn(message, 'error_message')
    const code = String(message?.['error_code'] ?? raw)
    throw new SendFailure(failureOf({ code, ...(title !== undefined && { title }) }, 'undeliverable'))
  }
  return { providerIds: [id], ...(status === 'pending' && { held: true }), raw }
}

type Pairs = [name: string, value: string][]

function addressed({ address }: Outbound, config: TwilioConfig): string {
  const prefix = prefixOf(config)
  const isKnown = address.kind === (prefix === 'messenger' ? 'messenger' : 'phone')
  if (!isKnown) throw new SendFailure({ code: 'recipientInvalid', provider: { code: address.kind } })
  return prefix === undefined ? address.value : `${prefix}:${address.value}`
}

function senderOf({ from, messagingServiceSid }: TwilioConfig): Pairs {
  return [
    ...(from === undefined ? [] : ([['From', from]] satisfies Pairs)),
    ...(messagingServiceSid === undefined
      ? []
      : ([['MessagingServiceSid', messagingServiceSid]] satisfies Pairs)),
  ]
}

function contentOf(content: Outbound['content']): Pairs {
  switch (content.type) {
    case 'text':
      return [['Body', content.text]]
    case 'image':
    case 'audio':
    case 'video':
    case 'document':
    case 'sticker': {
      const media: Pairs = [['MediaUrl', addressOf(content.media)]]
      return content.caption === undefined ? media : [['Body', content.caption], ...media]
    }
    case 'location':
      return locationOf(content)
    case 'template':
      return templateOf(content)
    default:
      throw new SendFailure({ code: 'contentUnsupported', provider: { code: content.type } })
  }
}

/** Twilio fetches every file itself, at an address that needs no token. */
function addressOf(media: OutboundMedia): string {
  return 'link' in media ? media.link : media.publicUrl()
}

/** WhatsApp's only way to a map (the package's `persistentAction`); the text in front is what it is called. */
function locationOf({ latitude, longitude, name, address }: Location): Pairs {
  const label = name ?? address ?? `${latitude},${longitude}`
  return [
    ['Body', label],
    ['PersistentAction', `geo:${latitude},${longitude}|${label}`],
  ]
}

const CONTENT_SID = /^HX[0-9a-fA-F]{32}$/

/** A template's name is its ContentSid; the language is that of the sid, and its variables share one numbering. */
function templateOf({ name, parameters = {} }: Template<OutboundMedia>): Pairs {
  if (!CONTENT_SID.test(name)) {
    throw new SendFailure({ code: 'templateMissing', provider: { code: 'not a ContentSid', title: name } })
  }
  const { header = {}, body = {}, buttons = [] } = parameters
  const isFlat = !isMediaHeader(header) && buttons.length === 0
  if (!isFlat || Object.keys(header).some(key => Object.hasOwn(body, key))) {
    const title = 'give all variables in body: a ContentSid numbers them through'
    throw new SendFailure({ code: 'templateParameters', provider: { code: 'ContentVariables', title } })
  }
  const variables = { ...header, ...body }
  const sid: Pairs = [['ContentSid', name]]
  return Object.keys(variables).length === 0 ? sid : [...sid, ['ContentVariables', JSON.stringify(variables)]]
}

const LOOPBACK = /^https?:\/\/(localhost|127\.\d+\.\d+\.\d+|\[::1\])([:/]|$)/i

/**
 * Where the statuses go, with our reference in the query (PROVIDERS E1). Twilio refuses a host with `_`, and cannot
 * call this machine by its own name; it is not asked to then, and what it is set to call for the number counts.
 */
function callbackOf({ webhookUrl, reference }: Outbound, { apiBase }: TwilioConfig): Pairs {
  const isReachable = apiBase !== undefined || !LOOPBACK.test(webhookUrl)
  if (!isReachable || new URL(webhookUrl).hostname.includes('_')) return []
  return [['StatusCallback', `${webhookUrl}?ref=${encodeURIComponent(reference)}`]]
}

/** RULES C7. */
const MEDIA_MS = 60_000

/**
 * Opens what an inbound message named: behind the account's credentials, and a redirect to where it lies, which is
 * vetted like every address and gets no credentials (PROVIDERS E1).
 * @throws SendFailure; `mediaFailed` when Twilio has it no longer
 */
export async function fetchMedia(media: ForeignMedia, config: TwilioConfig, io: Io): Promise<MediaStream> {
  const isTheirs = URL.canParse(media.ref) && isTwilios(new URL(media.ref), config)
  const answer = await io.http({
    method: 'GET',
    url: media.ref,
    ...(isTheirs && { headers: { authorization: authorizationOf(config) } }),
    signal: io.signal,
    answerMs: MEDIA_MS,
    redirectsMax: 3,
  })
  if (answer.status !== 200) throw gone(await refusalOf(answer, io))
  // Its type was told with the message; where it lies, things often have a general one.
  const size = Number(answer.headers['content-length'])
  return { stream: answer.stream, ...(Number.isSafeInteger(size) && size > 0 && { size }) }
}

/** Credentials are shown to nobody else, whatever address a message names. */
function isTwilios({ protocol, hostname, origin }: URL, { apiBase }: TwilioConfig): boolean {
  if (apiBase !== undefined && origin === new URL(apiBase).origin) return true
  return protocol === 'https:' && hostname.endsWith('.twilio.com')
}

/** "There is no such thing" is for media that it is gone. */
function gone(refusal: SendFailure): SendFailure {
  if (refusal.failure.code !== 'badRequest') return refusal
  return new SendFailure({ ...refusal.failure, code: 'mediaFailed' }, { cause: refusal })
}
