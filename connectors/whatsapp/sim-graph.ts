import type { ServerResponse } from 'node:http'
import type { Clock } from '../../model/clock.ts'
import type { Random } from '../../model/random.ts'
import { type Json, objectIn, objectOf, parseJson, textIn } from '../kit/json.ts'
import type { Account } from './sim-account.ts'
import type { Audit, SentMessage } from './sim-audit.ts'
import type { Behaviour } from './sim-behaviour.ts'
import { type CheckOptions, checkMessage, checkRead } from './sim-check.ts'
import { refusal, type SimAnswer } from './sim-errors.ts'
import type { Limits, SimNumber } from './sim-limits.ts'
import type { MediaStore } from './sim-media.ts'
import type { People, Person } from './sim-people.ts'
import { type Accepted, phoneShown, type Receipts } from './sim-receipts.ts'

/** All that the simulated provider knows; each part has its own file. */
export type World = {
  behaviour: () => Behaviour
  clock: Clock
  random: Random
  numbers: ReadonlyMap<string, SimNumber>
  people: People
  limits: Limits
  media: MediaStore
  receipts: Receipts
  audit: Audit
  account: Account
  nextId: () => string
}

/** `POST /{phone-number-id}/messages` (PROVIDERS A6), with the faults that were asked for. */
export function handleSend(world: World, number: SimNumber, text: string, response: ServerResponse): void {
  const { resets, bareFaults } = world.behaviour()
  const message = objectOf(parseJson(text))
  if (chance(world, resets)) {
    world.audit.fault('reset')
    response.socket?.resetAndDestroy()
  } else if (message === undefined) {
    reply(response, refusal(100, 'The body is not a JSON object'))
  } else if (chance(world, bareFaults)) {
    world.audit.fault('bareFault')
    // Half of what ends in a 502 was taken: that is why it is uncertain.
    const { accepted } = chance(world, 0.5) ? decide(world, number, message) : {}
    reply(response, BAD_GATEWAY)
    if (accepted !== undefined) world.receipts.of(accepted)
  } else {
    const { answer, accepted } = drawnRefusal(world, number, message) ?? decide(world, number, message)
    if (accepted === undefined) reply(response, answer)
    else answerAccepted(world, accepted, answer, response)
  }
}

const BAD_GATEWAY: SimAnswer = {
  status: 502,
  contentType: 'text/html',
  body: '<html><body><h1>502 Bad Gateway</h1></body></html>',
}

function chance({ random }: World, share: number): boolean {
  return share > 0 && random.fraction() < share
}

function answerAccepted(world: World, accepted: Accepted, answer: SimAnswer, response: ServerResponse): void {
  const { early, answerMs } = world.behaviour()
  const [from, to] = answerMs
  const waitMs = to <= from ? from : from + (to - from) * world.random.fraction()
  const answered = faultyReply(world, response) ?? (() => reply(response, answer))
  const write = waitMs > 0 ? () => void setTimeout(answered, waitMs) : answered
  if (chance(world, early)) {
    world.receipts.of(accepted, write)
  } else {
    write()
    world.receipts.of(accepted)
  }
}

type Decision = { answer: SimAnswer; accepted?: Accepted }

function drawnRefusal(world: World, number: SimNumber, message: Json): Decision | undefined {
  for (const { share, code } of world.behaviour().refusals) {
    if (chance(world, share)) return refuse(world, number, message, refusal(code))
  }
  return undefined
}

function refuse(world: World, number: SimNumber, message: Json, answer: SimAnswer): Decision {
  world.audit.refused({ ...entryOf(world, number, message), code: answer.code ?? null })
  return { answer }
}

/** What happens to the answer of an accepted message; undefined: it is simply written. */
function faultyReply(world: World, response: ServerResponse): (() => void) | undefined {
  const { dropAnswers, stalls, trickles } = world.behaviour()
  if (chance(world, dropAnswers)) {
    world.audit.fault('dropAnswer')
    return () => response.socket?.destroy()
  }
  if (chance(world, stalls)) {
    world.audit.fault('stall')
    return () => {}
  }
  if (!chance(world, trickles)) return undefined
  world.audit.fault('trickle')
  return () => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': '500' })
    response.write('{"messaging_product":')
  }
}

const SUCCESS: SimAnswer = { status: 200, body: '{"success":true}' }

/** Whether Meta takes the message. */
function decide(world: World, number: SimNumber, message: Json): Decision {
  // Mark as read and typing have no recipient (A6).
  if (message['status'] === 'read') return { answer: checkRead(message) ?? SUCCESS }
  const options: CheckOptions = { hasMedia: id => world.media.get(id) !== undefined }
  const templates = world.account.templates()
  if (templates !== undefined) options.templates = templates
  const refused = checkMessage(message, options)
  if (refused !== undefined) return refuse(world, number, message, refused)
  const person = personOf(world, number, message)
  const template = objectIn(message, 'template')
  const known = templates?.find(({ name }) => name === textIn(template, 'name'))
  const category = template === undefined ? 'service' : (known?.category ?? 'utility')
  const limit = limitOf(world, number, person, category)
  const late = limit !== undefined && world.behaviour().lateRefusals && LATE.has(limit)
  if (limit !== undefined && !late) return refuse(world, number, message, refusal(limit))
  return accept(world, number, message, { person, category, fails: limit })
}

/** Whom `to` or `recipient` names; `to` wins. Without `+` the sender's own country code goes in front (A6). */
function personOf({ people }: World, number: SimNumber, message: Json): Person {
  const to = textIn(message, 'to')
  if (to === undefined) return people.of(textIn(message, 'recipient') ?? '')
  if (message['recipient_type'] === 'group') return people.group(to)
  return people.of(to.startsWith('+') ? to : `${number.countryCode ?? '1'}${to}`)
}

/** Refusals that often come as a receipt (PROVIDERS A4, "HTTP 200 on send"). */
const LATE: ReadonlySet<number> = new Set([131047, 131050])

function limitOf(
  { limits, behaviour, people }: World,
  number: SimNumber,
  person: Person,
  category: Accepted['category'],
): number | undefined {
  const { throughput, pairs, windows, tiers } = behaviour()
  if (throughput && !limits.takeSecond(number)) return 130429
  if (pairs && !limits.takePair(number, person)) return 131056
  if (category === 'marketing' && people.optedOut(person)) return 131050
  if (!windows && !tiers) return undefined
  if (limits.windowOpen(number, person)) return undefined
  if (windows && category === 'service') return 131047
  // No code is documented for an exhausted tier; "treat 131048 as stop" (A11).
  return tiers && !limits.tierAllows(number, person) ? 131048 : undefined
}

type Taken = { person: Person; category: Accepted['category']; fails: number | undefined }

function accept(
  world: World,
  number: SimNumber,
  message: Json,
  { person, category, fails }: Taken,
): Decision {
  const { failures, failureCode, holds, hiding } = world.behaviour()
  const held = category !== 'service' && chance(world, holds)
  const entry = { ...entryOf(world, number, message), userId: person.userId, id: world.nextId() }
  world.audit.accepted(entry)
  const accepted: Accepted = {
    id: entry.id,
    number,
    person,
    reference: entry.reference ?? undefined,
    type: textIn(message, 'type') ?? 'text',
    category,
    held,
    fails: fails ?? (chance(world, failures) ? failureCode : undefined),
    at: entry.at,
  }
  const shown = phoneShown(person, hiding)
  const contact = { input: entry.to, ...(shown !== undefined && { wa_id: shown }), user_id: person.userId }
  const word = held ? 'held_for_quality_assessment' : 'accepted'
  const sent = category === 'service' ? { id: entry.id } : { id: entry.id, message_status: word }
  const body = JSON.stringify({ messaging_product: 'whatsapp', contacts: [contact], messages: [sent] })
  return { answer: { status: 200, body }, accepted }
}

function entryOf({ clock }: World, number: SimNumber, message: Json): SentMessage {
  return {
    at: clock.now(),
    number: number.phoneNumberId,
    to: textIn(message, 'to') ?? textIn(message, 'recipient') ?? '',
    userId: null,
    reference: textIn(message, 'biz_opaque_callback_data') ?? null,
    id: null,
    code: null,
    body: message,
  }
}

/** Writes an answer whole. */
export function reply(response: ServerResponse, { status, body, contentType }: SimAnswer): void {
  if (response.destroyed) return
  response.writeHead(status, {
    'content-type': contentType ?? 'application/json',
    'content-length': Buffer.byteLength(body),
  })
  response.end(body)
}
