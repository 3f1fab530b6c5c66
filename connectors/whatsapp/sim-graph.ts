import type { ServerResponse } from 'node:http'
import type { Clock } from '../../model/clock.ts'
import type { Random } from '../../model/random.ts'
import { type Json, objectIn, objectOf, parseJson, textIn } from '../kit/json.ts'
import { answerSend, type Decision, reply } from '../kit/sim/answer.ts'
import type { Audit, SentMessage } from '../kit/sim/audit.ts'
import { chance } from '../kit/sim/behaviour.ts'
import type { Behaviour } from './sim-behaviour.ts'
import { type CheckOptions, checkMessage, type SimTemplate } from './sim-check.ts'
import { type MetaAnswer, refusal } from './sim-errors.ts'
import type { Limits, SimNumber } from './sim-limits.ts'
import type { MediaStore } from './sim-media.ts'
import type { People, Person } from './sim-people.ts'
import { type Accepted, phoneShown, type Receipts } from './sim-receipts.ts'

/** A send; `to` is as it came, `to` or `recipient`. */
export type MetaSent = SentMessage & { userId: string | null }

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
  audit: Audit<MetaSent>
  templates: readonly SimTemplate[] | undefined
  nextId: () => string
}

/** `POST /{phone-number-id}/messages` (PROVIDERS A6), with the faults that were asked for. */
export function handleSend(world: World, number: SimNumber, text: string, response: ServerResponse): void {
  const message = objectOf(parseJson(text))
  if (message === undefined) {
    reply(response, refusal(100, 'The body is not a JSON object'))
    return
  }
  answerSend(
    world,
    response,
    code => refuse(world, number, message, refusal(code)),
    () => decide(world, number, message),
  )
}

function refuse(world: World, number: SimNumber, message: Json, answer: MetaAnswer): Decision<Accepted> {
  world.audit.refused({ ...entryOf(world, number, message), code: answer.code ?? null })
  return { answer }
}

/** Whether Meta takes the message. */
function decide(world: World, number: SimNumber, message: Json): Decision<Accepted> {
  // Mark as read and typing have no recipient (A6).
  if (message['status'] === 'read') return { answer: { status: 200, body: '{"success":true}' } }
  const options: CheckOptions = { hasMedia: id => world.media.get(id) !== undefined }
  if (world.templates !== undefined) options.templates = world.templates
  const refused = checkMessage(message, options)
  if (refused !== undefined) return refuse(world, number, message, refused)
  const person = personOf(world, number, message)
  const template = objectIn(message, 'template')
  const known = world.templates?.find(({ name }) => name === textIn(template, 'name'))
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
): Decision<Accepted> {
  const { failures, failureCode, holds, hiding } = world.behaviour()
  const held = category !== 'service' && chance(world.random, holds)
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
    fails: fails ?? (chance(world.random, failures) ? failureCode : undefined),
    at: entry.at,
  }
  const shown = phoneShown(person, hiding)
  const contact = { input: entry.to, ...(shown !== undefined && { wa_id: shown }), user_id: person.userId }
  const word = held ? 'held_for_quality_assessment' : 'accepted'
  const sent = category === 'service' ? { id: entry.id } : { id: entry.id, message_status: word }
  const body = JSON.stringify({ messaging_product: 'whatsapp', contacts: [contact], messages: [sent] })
  return { answer: { status: 200, body }, accepted }
}

function entryOf({ clock }: World, number: SimNumber, message: Json): MetaSent {
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
