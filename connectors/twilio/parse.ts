import { type Address, isPhone } from '../../model/address.ts'
import type { Content, ForeignMedia, MediaType } from '../../model/content.ts'
import type { Failure } from '../../model/failure.ts'
import type { Besides, Referral } from '../../model/message.ts'
import type { Inbound, WebhookRequest } from '../connector.ts'
import { failureOf, STATUS } from './failure.ts'
import { type Parameters, parametersOf } from './signature.ts'

/**
 * Reads a webhook of Twilio's messaging (PROVIDERS E1): a message of a person or a status of one of ours, one a
 * request. It tells no time, so the time is when it came.
 * @param url `channel`: the key of the channel that the URL names, which counts where the payload calls it so too
 */
export function parse(request: WebhookRequest, url: { channel?: string } = {}): Inbound[] {
  const told = parametersOf(request)
  const id = told?.('MessageSid') ?? told?.('SmsSid')
  if (told === undefined || id === undefined) return [{ to: '', kind: 'rejected', why: 'notAMessage' }]
  const word = told('MessageStatus') ?? told('SmsStatus') ?? 'received'
  const isInbound = word === 'received' || word === 'receiving'
  const [person, ours] = isInbound ? [told('From'), told('To')] : [told('To'), told('From')]
  const to = calledIn({ person, ours, service: told('MessagingServiceSid'), url })
  const address = addressOf(person)
  if (!isInbound) return readStatus({ told, id, word, to, address, request })
  if (address === undefined) return [{ ...to, kind: 'rejected', why: 'sender' }]
  return readMessage({ told, id, to, address, at: request.at, isText: person?.startsWith('+') === true })
}

/** `whatsapp:+52…`, `rcs:+52…`, `messenger:…`; nothing in front is SMS and MMS. */
const ADDRESS = /^(?:(whatsapp|rcs|messenger):)?(.+)$/s

function addressOf(text: string | undefined): Address | undefined {
  const [, prefix, value = ''] = ADDRESS.exec(text ?? '') ?? []
  if (prefix === 'messenger') return { kind: 'messenger', value }
  return isPhone(value) ? { kind: 'phone', value } : undefined
}

type To = Pick<Inbound, 'to' | 'orTo'>

/**
 * What the payload calls our channel: our number, or the messaging service that it belongs to. Which of the two is a
 * channel only the gateway knows, unless the URL says it.
 */
function calledIn(told: {
  person: string | undefined
  ours: string | undefined
  service: string | undefined
  url: { channel?: string }
}): To {
  const { person, ours = '', service, url } = told
  const key = service === undefined ? undefined : serviceKey(service, ADDRESS.exec(person ?? '')?.[1])
  if (key !== undefined) return url.channel === key ? { to: key } : { to: ours, orTo: key }
  // A number of a service may be set to call the service's URL by itself, and then names no service.
  return { to: url.channel !== undefined && SERVICE_KEY.test(url.channel) ? url.channel : ours }
}

const SERVICE_KEY = /^([a-z]+:)?MG[0-9a-f]{32}$/

/** A service may have senders of several kinds; RCS and SMS stand in for each other there and are one channel. */
export function serviceKey(service: string, prefix: string | undefined): string {
  return prefix === undefined || prefix === 'rcs' ? service : `${prefix}:${service}`
}

type Message = { told: Parameters; id: string; to: To; address: Address; at: number; isText: boolean }

function readMessage({ told, id, to, address, at, isText }: Message): Inbound[] {
  const name = told('ProfileName')
  const replyTo = told('OriginalRepliedMessageSid')
  const besides = besidesIn(told)
  const context = contextOf(besides?.referral)
  const items = contentsOf(told, besides).map((content, index): Inbound => {
    // Up to ten files come as one message; a message of ours has one.
    const key = index === 0 ? id : `${id}/${index}`
    return {
      ...to,
      kind: 'message',
      key,
      providerId: key,
      at,
      address,
      content,
      ...(name !== undefined && { name }),
      ...(replyTo !== undefined && { replyTo }),
      ...(context !== undefined && { context }),
      ...(besides !== undefined && { besides }),
    }
  })
  const word = consentWord(told, isText)
  const state = word === undefined ? undefined : CONSENT.get(word)
  if (word === undefined || state === undefined) return items
  return [
    ...items,
    { ...to, kind: 'consent', key: `${id}/consent`, at, address, category: 'all', state, raw: word },
  ]
}

/** What closes and opens every category (RULES F1). HELP asks for help and changes nothing. */
const CONSENT: ReadonlyMap<string, 'granted' | 'withdrawn'> = new Map([
  ['STOP', 'withdrawn'],
  ['START', 'granted'],
])

/** Words that Twilio acts on by itself for SMS (PROVIDERS E1), by the one that stands for them. */
const WORDS: ReadonlyMap<string, 'STOP' | 'START'> = new Map([
  ...['STOP', 'UNSUBSCRIBE', 'END', 'QUIT', 'STOPALL', 'REVOKE', 'OPTOUT', 'CANCEL'].map(
    word => [word, 'STOP'] as const,
  ),
  // Not YES, which answers many questions: to keep somebody out who came back is the lesser mistake.
  ['START', 'START'],
  ['UNSTOP', 'START'],
])

/** Told by Advanced Opt-Out, in any language; else the whole text is one of the words (RULES F1). */
function consentWord(told: Parameters, isText: boolean): string | undefined {
  const said = told('OptOutType')
  if (said !== undefined || !isText) return said
  return WORDS.get((told('Body') ?? '').trim().toUpperCase())
}

function contentsOf(told: Parameters, besides: Besides | undefined): Content<ForeignMedia>[] {
  const text = told('Body')
  const button = told('ButtonText') ?? told('ButtonPayload')
  if (button !== undefined) {
    return [{ type: 'reply', kind: 'button', payload: told('ButtonPayload') ?? button, text: text ?? button }]
  }
  const row = told('ListId')
  if (row !== undefined) {
    return [{ type: 'reply', kind: 'list', payload: row, text: told('ListTitle') ?? text ?? row }]
  }
  const location = locationIn(told)
  if (location !== undefined) return [location]
  const media = mediaIn(told)
  if (media.length > 0) return withCaption(media, text)
  if (text !== undefined) return [{ type: 'text', text }]
  if (besides?.referral !== undefined) return [{ type: 'referral' }]
  const rawType = told('MessageType') ?? (Number(told('NumMedia') ?? 0) > 0 ? 'media' : 'text')
  return [rawType === 'text' ? { type: 'text', text: '' } : { type: 'unsupported', rawType }]
}

function locationIn(told: Parameters): Content<ForeignMedia> | undefined {
  const [latitude, longitude] = [Number(told('Latitude')), Number(told('Longitude'))]
  if (!Number.isFinite(latitude) || !Number.isFinite(longitude)) return undefined
  const [name, address] = [told('Label'), told('Address')]
  return {
    type: 'location',
    latitude,
    longitude,
    ...(name !== undefined && { name }),
    ...(address !== undefined && { address }),
  }
}

type File = Extract<Content<ForeignMedia>, { media: ForeignMedia; type: MediaType }>

/** PROVIDERS E1: an MMS has ten files at most. */
const FILES_MAX = 10

function mediaIn(told: Parameters): File[] {
  const files: File[] = []
  for (let index = 0; index < FILES_MAX; index++) {
    const ref = told(`MediaUrl${index}`)
    if (ref === undefined) break
    const mimeType = told(`MediaContentType${index}`) ?? 'application/octet-stream'
    files.push({ type: typeOf(mimeType), media: { ref, mimeType } })
  }
  return files
}

function typeOf(mimeType: string): MediaType {
  const kind = mimeType.split('/')[0]
  return kind === 'image' || kind === 'audio' || kind === 'video' ? kind : 'document'
}

function withCaption([first, ...others]: File[], caption: string | undefined): File[] {
  if (first === undefined) return []
  return [caption === undefined ? first : { ...first, caption }, ...others]
}

function besidesIn(told: Parameters): Besides | undefined {
  const referral = referralIn(told)
  const forwarded =
    told('FrequentlyForwarded') === 'true' ? 'often' : told('Forwarded') === 'true' ? true : undefined
  if (referral === undefined && forwarded === undefined) return undefined
  return { ...(forwarded !== undefined && { forwarded }), ...(referral !== undefined && { referral }) }
}

const REFERRAL: readonly (readonly [keyof Referral, string])[] = [
  ['sourceType', 'ReferralSourceType'],
  ['sourceId', 'ReferralSourceId'],
  ['sourceUrl', 'ReferralSourceUrl'],
  ['headline', 'ReferralHeadline'],
  ['body', 'ReferralBody'],
  ['ctwaClid', 'ReferralCtwaClid'],
]

function referralIn(told: Parameters): Referral | undefined {
  const pairs = REFERRAL.flatMap(([field, name]) => {
    const text = told(name)
    return text === undefined ? [] : [[field, text] as const]
  })
  return pairs.length === 0 ? undefined : Object.fromEntries(pairs)
}

function contextOf(referral: Referral | undefined): Record<string, string> | undefined {
  return (
    referral &&
    Object.fromEntries(Object.entries(referral).map(([field, text]) => [`referral.${field}`, text]))
  )
}

type Told = {
  told: Parameters
  id: string
  word: string
  to: To
  address: Address | undefined
  request: WebhookRequest
}

/** A status callback. Our reference stands in the query of the URL that we asked it to call. */
function readStatus({ told, id, word, to, address, request }: Told): Inbound[] {
  const status = STATUS.get(word)
  if (status === undefined) return [{ ...to, kind: 'ignored', why: 'unknownStatus' }]
  const { at, query } = request
  const reference = query['ref']
  const doneDate = told('RawDlrDoneDate')
  const failure = status === 'failed' ? whyFailed(told, word) : undefined
  const receipt: Inbound = {
    ...to,
    kind: 'receipt',
    of: reference === undefined || reference === '' ? { providerId: id } : { providerId: id, reference },
    status,
    at,
    raw: word,
    ...(failure !== undefined && { failure }),
    ...(doneDate !== undefined && { detail: { doneDate } }),
  }
  if (failure?.code !== 'optedOut' || address === undefined) return [receipt]
  const raw = failure.provider?.code ?? word
  const key = `${id}/consent`
  return [receipt, { ...to, kind: 'consent', key, at, address, category: 'all', state: 'withdrawn', raw }]
}

/** Unknown codes are final: the message was accepted once, and a failure we cannot read is no reason to repeat it. */
function whyFailed(told: Parameters, word: string): Failure {
  const title = told('ErrorMessage')
  const code = told('ErrorCode')
  if (code === undefined) return { code: word === 'canceled' ? 'cancelled' : 'undeliverable' }
  return failureOf({ code, ...(title !== undefined && { title }) }, 'undeliverable')
}
