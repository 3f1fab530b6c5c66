import { rfc3339 } from '../../model/clock.ts'
import type { Random } from '../../model/random.ts'
import { objectOf, parseJson } from '../kit/json.ts'
import { segmentsOf } from '../kit/segments.ts'

/** What the simulated account has. */
export type SimAccount = {
  accountSid: string
  authToken: string
  /** Senders: numbers, short codes, names, `whatsapp:+…`, `rcs:…`. */
  senders: readonly string[]
  /** Messaging services, each with the senders of its pool. */
  services: Readonly<Record<string, readonly string[]>>
}

export type SimAnswer = { status: number; body: string; code?: number }

/** PROVIDERS E1, in Twilio's words as far as anybody remembers them: HTTP status and message. */
const ERRORS: ReadonlyMap<number, readonly [status: number, message: string]> = new Map([
  [20003, [401, 'Authenticate']],
  [20404, [404, 'The requested resource was not found']],
  [20429, [429, 'Too Many Requests']],
  [20500, [500, 'Internal Server Error']],
  [20503, [503, 'Service Unavailable']],
  [21211, [400, "The 'To' number is not a valid phone number."]],
  [21212, [400, "The 'From' number is not a valid phone number, shortcode, or alphanumeric sender ID."]],
  [21602, [400, 'Message body is required.']],
  [21603, [400, "A 'From' phone number is required."]],
  [21606, [400, "The 'From' phone number provided is not a valid message-capable Twilio phone number."]],
  [21609, [400, "The 'StatusCallback' URL is not a valid URL."]],
  [21610, [400, 'Attempt to send to unsubscribed recipient']],
  [21611, [429, "This 'From' number has exceeded the maximum number of queued messages"]],
  [21617, [400, 'The concatenated message body exceeds the 1600 character limit.']],
  [21620, [400, 'Invalid media URL(s)']],
  [21623, [400, 'Number of media files exceeds allowed limit']],
  [21624, [400, 'The validity period is invalid']],
  [21655, [400, 'The ContentSid is invalid']],
  [21656, [400, 'The ContentVariables parameter is invalid']],
  [21703, [400, 'The Messaging Service does not have a phone number available to send a message']],
])

/** Twilio's own error body. */
export function refusal(code: number): SimAnswer {
  const [status, message] = ERRORS.get(code) ?? [400, 'Error']
  const more_info = `https://www.twilio.com/docs/errors/${code}`
  return { status, code, body: JSON.stringify({ code, message, more_info, status }) }
}

/** A message as it was asked for. */
export type SimMessage = {
  account: SimAccount
  sid: string
  form: URLSearchParams
  to: string
  /** Which sender it leaves by: the one asked for, or one of the service's pool. */
  from: string
  service: string | undefined
  segments: number
}

const TO = /^(whatsapp:|rcs:)?\+[0-9]{8,15}$|^messenger:[0-9]+$/

/** What Twilio refuses at once about a request (PROVIDERS E1), by its code; undefined: nothing. */
export function faultOf(form: URLSearchParams, account: SimAccount): number | undefined {
  const from = form.get('From')
  const service = form.get('MessagingServiceSid')
  if (!TO.test(form.get('To') ?? '')) return 21211
  if (from === null && service === null) return 21603
  if (from !== null && !account.senders.includes(from)) return 21606
  if (service !== null && (account.services[service] ?? []).length === 0) return 21703
  if (from !== null && prefixOf(from) !== prefixOf(form.get('To') ?? '')) return 21212
  return contentFaultOf(form) ?? settingFaultOf(form)
}

function contentFaultOf(form: URLSearchParams): number | undefined {
  const body = form.get('Body') ?? ''
  const media = form.getAll('MediaUrl')
  const template = form.get('ContentSid')
  if (body === '' && media.length === 0 && template === null) return 21602
  if (body.length > 1600) return 21617
  if (media.length > 10) return 21623
  if (media.some(url => !URL.canParse(url) || !/^https?:/.test(url))) return 21620
  if (template !== null && !/^HX[0-9a-f]{32}$/.test(template)) return 21655
  const variables = form.get('ContentVariables')
  return variables !== null && objectOf(parseJson(variables)) === undefined ? 21656 : undefined
}

function settingFaultOf(form: URLSearchParams): number | undefined {
  const callback = form.get('StatusCallback')
  if (callback !== null && (!URL.canParse(callback) || new URL(callback).hostname.includes('_'))) return 21609
  const validity = form.get('ValidityPeriod')
  return validity !== null && !(Number(validity) >= 1 && Number(validity) <= 36_000) ? 21624 : undefined
}

/** What stands in front of an address; `''` for SMS. */
export function prefixOf(address: string): string {
  return /^(whatsapp|rcs|messenger):/.exec(address)?.[0] ?? ''
}

export function messageOf(
  form: URLSearchParams,
  account: SimAccount,
  nextSid: (prefix: string) => string,
): SimMessage {
  const service = form.get('MessagingServiceSid') ?? undefined
  const to = form.get('To') ?? ''
  const pool = account.services[service ?? ''] ?? []
  const from = form.get('From') ?? pool.find(sender => prefixOf(sender) === prefixOf(to)) ?? pool[0] ?? ''
  const hasMedia = form.has('MediaUrl')
  const segments = hasMedia ? 1 : segmentsOf(form.get('Body') ?? '').parts.length
  return { account, sid: nextSid(hasMedia ? 'MM' : 'SM'), form, to, from, service, segments }
}

/** The 201 of a message that was taken (PROVIDERS E1). */
export function accepted(message: SimMessage, at: number): SimAnswer {
  const body = {
    sid: message.sid,
    account_sid: message.account.accountSid,
    messaging_service_sid: message.service ?? null,
    to: message.to,
    from: message.service === undefined ? message.from : null,
    body: message.form.get('Body') ?? '',
    status: initialStatus(message),
    num_segments: message.service === undefined ? String(message.segments) : '0',
    num_media: String(message.form.getAll('MediaUrl').length),
    direction: 'outbound-api',
    error_code: null,
    error_message: null,
    date_created: rfc2822(at),
    api_version: '2010-04-01',
  }
  return { status: 201, body: JSON.stringify(body) }
}

/** "Initial = queued without MG, accepted with MG, scheduled with SendAt" (PROVIDERS E1). */
function initialStatus({ form, service }: SimMessage): string {
  return form.has('SendAt') ? 'scheduled' : service === undefined ? 'queued' : 'accepted'
}

const DAYS = ['Thu', 'Fri', 'Sat', 'Sun', 'Mon', 'Tue', 'Wed']
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** `Tue, 24 Nov 2026 19:34:28 +0000`; day 0 was a Thursday. */
function rfc2822(at: number): string {
  const [date = '', time = ''] = rfc3339(at).split('T')
  const [year, month, day] = date.split('-')
  const weekday = DAYS[Math.floor(at / 86_400_000) % 7]
  return `${weekday}, ${day} ${MONTHS[Number(month) - 1]} ${year} ${time.slice(0, 8)} +0000`
}

/** A callback about a message (PROVIDERS E1). */
export function statusForm(message: SimMessage, status: string, error?: number) {
  const { account, sid, to, from, service } = message
  const isChannel = prefixOf(to) !== ''
  return {
    SmsSid: sid,
    SmsStatus: status,
    MessageStatus: status,
    To: to,
    MessageSid: sid,
    AccountSid: account.accountSid,
    From: from,
    ApiVersion: '2010-04-01',
    ...(service !== undefined && Object.fromEntries([['MessagingServiceSid', service]])),
    ...(isChannel && { ChannelPrefix: prefixOf(to).slice(0, -1) }),
    ...(status === 'read' && { EventType: 'READ' }),
    ...(error !== undefined && { ErrorCode: String(error) }),
  }
}

/** 34 characters, unlike between two runs. */
export function sidMaker(random: Random): (prefix: string) => string {
  const run = Buffer.from(random.fill(new Uint8Array(8))).toString('hex')
  let count = 0
  return prefix => `${prefix}${run}${(++count).toString(16).padStart(16, '0')}`
}
