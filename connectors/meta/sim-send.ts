import type { ServerResponse } from 'node:http'
import { type Json, objectIn, objectOf, parseJson, textIn } from '../kit/json.ts'
import { answerSend, type Decision, reply } from '../kit/sim/answer.ts'
import type { SentMessage } from '../kit/sim/audit.ts'
import { checkRequest } from './sim-check.ts'
import { type Refusal, refusal } from './sim-errors.ts'
import type { Accepted, SimAccount, World } from './sim-world.ts'

/** `POST /{id}/messages` (PROVIDERS B3, C3), with the faults that were asked for. */
export function handleSend(world: World, account: SimAccount, text: string, response: ServerResponse): void {
  const request = objectOf(parseJson(text))
  if (request === undefined) {
    reply(response, refusal('100', 'The body is not a JSON object').answer)
  } else if (request['sender_action'] !== undefined) {
    reply(response, act(world, account, request))
  } else {
    answerSend(
      world,
      response,
      code => refuse(world, account, request, refusal(code)),
      () => decide(world, account, request),
    )
  }
}

/** Typing, seen and reactions: no message, no receipt. */
function act(world: World, account: SimAccount, request: Json) {
  const refused = checkRequest(request, world.facts, namesOf(world, account))
  if (refused !== undefined) return refuse(world, account, request, refused).answer
  const recipient = textIn(objectIn(request, 'recipient'), 'id') ?? ''
  const action = textIn(request, 'sender_action') ?? ''
  const isReaction = action === 'react' || action === 'unreact'
  // Logged like a send; the others are as many as keystrokes.
  if (isReaction) world.audit.accepted({ ...entryOf(world, account, request), id: action })
  return { status: 200, body: JSON.stringify({ recipient_id: recipient }) }
}

function namesOf(world: World, account: SimAccount) {
  return {
    hasUpload: (id: string, type: string) => {
      const upload = world.uploads.get(id)
      return upload?.account === account.id && upload.type === type
    },
    hasTemplate: (name: string, language: string) =>
      world.templates === undefined ||
      world.templates.some(
        one => one.name === name && one.language === language && one.status === 'APPROVED',
      ),
  }
}

function refuse(world: World, account: SimAccount, request: Json, refused: Refusal): Decision<Accepted> {
  world.audit.refused({ ...entryOf(world, account, request), code: refused.code })
  return { answer: refused.answer }
}

/** Whether Meta takes the message. */
function decide(world: World, account: SimAccount, request: Json): Decision<Accepted> {
  const found =
    checkRequest(request, world.facts, namesOf(world, account)) ??
    personOf(world, account, request) ??
    refusal(world.facts.nobody)
  if (!('person' in found)) return refuse(world, account, request, found)
  const { person, comment } = found
  const refused = limitOf(world, account, request, person, comment !== undefined)
  if (refused !== undefined) return refuse(world, account, request, refused)
  if (comment !== undefined) comment.answered = true
  return accept(world, account, request, person)
}

const DAY_MS = 86_400_000

/** Whom `recipient` names. A comment takes one answer, within seven days (B4). */
function personOf({ facts, comments, clock }: World, account: SimAccount, request: Json) {
  const recipient = objectIn(request, 'recipient')
  const id = textIn(recipient, 'id')
  if (id !== undefined) return { person: id, comment: undefined }
  const comment = comments.get(textIn(recipient, 'comment_id') ?? '')
  if (comment?.account !== account.id)
    return refusal(facts.object === 'page' ? '100' : facts.answered, 'comment_id')
  if (comment.answered || clock.now() - comment.at > 7 * DAY_MS) return refusal(facts.answered)
  return { person: comment.person, comment }
}

function limitOf(
  world: World,
  account: SimAccount,
  request: Json,
  person: string,
  isPrivateReply: boolean,
): Refusal | undefined {
  const { windows, throughput } = world.behaviour()
  if (throughput && !takeSecond(world, account, request)) {
    return refusal(world.facts.object === 'page' ? '613' : 613)
  }
  if (world.gone.has(person)) return refusal(world.facts.object === 'page' ? '551/1545041' : '200/2534041')
  if (!windows || isPrivateReply || request['messaging_type'] === 'UTILITY') return undefined
  const quiet = world.clock.now() - (world.heard.get(`${account.id} ${person}`) ?? Number.NEGATIVE_INFINITY)
  const windowMs = request['tag'] === 'HUMAN_AGENT' ? 7 * DAY_MS : DAY_MS
  return quiet < windowMs ? undefined : refusal(world.facts.closed)
}

/** Audio and video have a count of their own: ten a second (B5, C4). */
function takeSecond(world: World, account: SimAccount, request: Json): boolean {
  const type = textIn(objectIn(objectIn(request, 'message'), 'attachment'), 'type')
  const isHeavy = type === 'audio' || type === 'video'
  const perSecond = isHeavy ? 10 : world.facts.perSecond
  const key = `${account.id} ${isHeavy}`
  const now = world.clock.monotonic()
  const bucket = world.seconds.get(key) ?? { tokens: perSecond, at: now }
  bucket.tokens = Math.min(perSecond, bucket.tokens + ((now - bucket.at) * perSecond) / 1000)
  bucket.at = now
  world.seconds.set(key, bucket)
  if (bucket.tokens < 1) return false
  bucket.tokens -= 1
  return true
}

function accept(world: World, account: SimAccount, request: Json, person: string): Decision<Accepted> {
  const entry = { ...entryOf(world, account, request), id: world.nextId() }
  world.audit.accepted(entry)
  const message = objectIn(request, 'message') ?? {}
  const body = JSON.stringify({ recipient_id: person, message_id: entry.id })
  return { answer: { status: 200, body }, accepted: { id: entry.id, account, person, message, at: entry.at } }
}

function entryOf({ clock }: World, account: SimAccount, request: Json): SentMessage {
  const recipient = objectIn(request, 'recipient')
  return {
    at: clock.now(),
    number: account.id,
    to: textIn(recipient, 'id') ?? textIn(recipient, 'comment_id') ?? '',
    reference: textIn(objectIn(request, 'message'), 'metadata') ?? null,
    id: null,
    code: null,
    body: request,
  }
}
