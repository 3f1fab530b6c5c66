import type { ServerResponse } from 'node:http'
import type { Clock } from '../../model/clock.ts'
import type { Random } from '../../model/random.ts'
import { answerSend, type Decision, reply, type SimAnswer } from '../kit/sim/answer.ts'
import type { Audit, SentMessage } from '../kit/sim/audit.ts'
import { type Behaviour, chance, GOOD_DAY } from '../kit/sim/behaviour.ts'
import type { SimFiles } from '../kit/sim/files.ts'
import type { Receipts } from '../kit/sim/receipts.ts'
import type { SimRequest } from '../kit/sim/sim.ts'
import { accepted, faultOf, messageOf, refusal, type SimAccount, type SimMessage } from './sim-messages.ts'
import type { SimPeople } from './sim-people.ts'

/** Besides what all simulators do. Twilio's own limits are switched off so that they are asked for by name. */
export type TwilioBehaviour = Behaviour & {
  /** A sender's segments a second; 0 for no limit. What is more waits, as at Twilio. */
  perSecond: number
  /** What may wait of one sender; more is refused with 21611, or by a service with 30001 afterwards (PROVIDERS E1). */
  queueMs: number
  /** A request whose `I-Twilio-Idempotency-Token` was taken before gets the same answer (RULES C6; unconfirmed). */
  tokens: boolean
}

/** Twilio delivers a webhook once, unless its URL says otherwise (PROVIDERS E1). */
export const TWILIOS_DAY: TwilioBehaviour = {
  ...GOOD_DAY,
  failureCode: 30_005,
  redeliverMax: 0,
  perSecond: 0,
  queueMs: 36_000_000,
  tokens: false,
}

export type Taken = { message: SimMessage; at: number; fails: number | undefined }

export type World = {
  accounts: readonly SimAccount[]
  behaviour: () => TwilioBehaviour
  clock: Clock
  random: Random
  files: SimFiles
  people: SimPeople
  receipts: Receipts<Taken>
  audit: Audit
  nextSid: (prefix: string) => string
  /** Until when each sender is busy, in milliseconds. */
  busy: Map<string, number>
  /** Answers by idempotency token. */
  known: Map<string, SimAnswer>
}

/** Twilio's API, as far as a sender needs it (PROVIDERS E1). */
export function route(world: World, request: SimRequest, response: ServerResponse): void {
  const { method, path, headers } = request
  const account = world.accounts.find(known => headers.authorization === basic(known))
  const root = `/2010-04-01/Accounts/${account?.accountSid}`
  const stored = path.startsWith(root) ? /\/Messages\/\w+\/Media\/(ME\w+)$/.exec(path)?.[1] : undefined
  if (path.startsWith(FILES)) download(world, path.slice(FILES.length), response)
  else if (account === undefined) reply(response, refusal(20003))
  else if (method === 'POST' && path === `${root}/Messages.json`)
    handleSend(world, account, request, response)
  // "They redirect": to a place that wants no credentials.
  else if (stored !== undefined) reply(response, redirect(`${FILES}${stored.slice(2)}`))
  else {
    const found = resourceOf(account, request.url)
    reply(response, found === undefined ? refusal(20404) : { status: 200, body: JSON.stringify(found) })
  }
}

const FILES = '/sim-media/'

function basic({ accountSid, authToken }: SimAccount): string {
  return `Basic ${Buffer.from(`${accountSid}:${authToken}`).toString('base64')}`
}

function redirect(location: string): SimAnswer {
  return { status: 307, body: '', headers: { location } }
}

/** What `check` asks for. */
function resourceOf({ accountSid, senders, services }: SimAccount, url: URL): object | undefined {
  const account = `/2010-04-01/Accounts/${accountSid}`
  if (url.pathname === `${account}.json`) return { sid: accountSid, status: 'active' }
  if (url.pathname === `${account}/IncomingPhoneNumbers.json`) {
    const wanted = url.searchParams.get('PhoneNumber')
    const numbers = senders.filter(sender => sender === wanted)
    return { incoming_phone_numbers: numbers.map(phone_number => ({ phone_number })) }
  }
  const service = /^\/v1\/Services\/(\w+)$/.exec(url.pathname)?.[1] ?? ''
  return Object.hasOwn(services, service) ? { sid: service } : undefined
}

function download({ files }: World, id: string, response: ServerResponse): void {
  const file = files.get(id)
  if (file === undefined) {
    reply(response, { status: 404, body: '', contentType: 'text/plain' })
  } else {
    response.writeHead(200, { 'content-type': file.mimeType, 'content-length': file.bytes.length })
    response.end(file.bytes)
  }
}

function handleSend(
  world: World,
  account: SimAccount,
  { body, headers }: SimRequest,
  response: ServerResponse,
): void {
  const form = new URLSearchParams(body.toString())
  const token = headers['i-twilio-idempotency-token']
  const key = world.behaviour().tokens && typeof token === 'string' ? token : undefined
  const before = key === undefined ? undefined : world.known.get(key)
  const refuse = (code: number): Decision<Taken> => {
    world.audit.refused(entryOf(world, account, form, { code }))
    return { answer: refusal(code) }
  }
  const decide = (): Decision<Taken> => {
    const code = faultOf(form, account)
    const decided = code === undefined ? accept(world, account, form, refuse) : refuse(code)
    if (key !== undefined && decided.accepted !== undefined) world.known.set(key, decided.answer)
    return decided
  }
  if (before === undefined) answerSend(world, response, refuse, decide)
  else reply(response, before)
}

function accept(
  world: World,
  account: SimAccount,
  form: URLSearchParams,
  refuse: (code: number) => Decision<Taken>,
): Decision<Taken> {
  const { clock, random, people, behaviour, nextSid } = world
  const { failures, failureCode } = behaviour()
  const message = messageOf(form, account, nextSid)
  const limit = people.optedOut(message.to) ? 21610 : waitsTooLong(world, message) ? 21611 : undefined
  // Of one sender it is told at once, by a service afterwards (PROVIDERS E1).
  if (limit !== undefined && message.service === undefined) return refuse(limit)
  const late = limit === 21611 ? 30001 : limit
  const at = clock.now()
  world.audit.accepted(entryOf(world, account, form, { id: message.sid }))
  const fails = late ?? (chance(random, failures) ? failureCode : undefined)
  return { answer: accepted(message, at), accepted: { message, at, fails } }
}

/** Twilio paces by itself; only what would wait for too long is refused. */
function waitsTooLong({ behaviour, busy, clock }: World, { from, segments }: SimMessage): boolean {
  const { perSecond, queueMs } = behaviour()
  if (perSecond === 0) return false
  const now = clock.now()
  const until = Math.max(busy.get(from) ?? now, now)
  if (until - now > queueMs) return true
  busy.set(from, until + (segments * 1000) / perSecond)
  return false
}

function entryOf(
  { clock }: World,
  { accountSid }: SimAccount,
  form: URLSearchParams,
  { id = null, code = null }: { id?: string | null; code?: number | null },
): SentMessage {
  const callback = form.get('StatusCallback') ?? ''
  return {
    at: clock.now(),
    number: form.get('From') ?? form.get('MessagingServiceSid') ?? '',
    to: form.get('To') ?? '',
    reference: URL.canParse(callback) ? new URL(callback).searchParams.get('ref') : null,
    ...{ id, code },
    body: { ...Object.fromEntries(form), AccountSid: accountSid, form: form.toString() },
  }
}
