import type { ServerResponse } from 'node:http'
import type { Json } from '../kit/json.ts'
import { answerSend, type Decision, reply, type SimAnswer } from '../kit/sim/answer.ts'
import { type Called, isSend, perform, performSend, Refuses, readCall } from './sim-methods.ts'
import { type Bot, chatOf, type World } from './sim-world.ts'

type Asked = { type: string; body: Buffer; query: URLSearchParams }

/** A call of the Bot API; of those that send, with the faults that were asked for. */
export async function answerCall(
  world: World,
  bot: Bot,
  method: string,
  asked: Asked,
  response: ServerResponse,
): Promise<void> {
  const { body, files } = await readCall(asked.type, asked.body)
  const called: Called = { world, bot, method, body: { ...Object.fromEntries(asked.query), ...body }, files }
  if (!isSend(method)) {
    reply(response, await perform(called).then(taken, refused))
    return
  }
  const decided = (decide: () => Json | true): Decision<Json> => {
    try {
      return noted(called, decide())
    } catch (error) {
      return { answer: refused(error, called) }
    }
  }
  answerSend(
    // There are no receipts: what is accepted early is simply answered.
    { ...world, receipts: { of: (_accepted, early) => early?.() } },
    response,
    code => decided(() => refuse(world, code)),
    () => decided(() => performSend(called, () => limit(called))),
  )
}

function taken(result: unknown): SimAnswer {
  return { status: 200, body: JSON.stringify({ ok: true, result }) }
}

/** PROVIDERS D1. @throws what is no refusal */
function refused(error: unknown, called?: Called): SimAnswer {
  if (!(error instanceof Refuses)) throw error
  const { code, description, parameters } = error.refusal
  if (called !== undefined) called.world.audit.refused({ ...entryOf(called), code })
  const wait = parameters?.['retry_after']
  const said = { ok: false, error_code: code, description, ...(parameters && { parameters }) }
  return {
    status: code,
    body: JSON.stringify(said),
    ...(wait !== undefined && { headers: { 'retry-after': String(wait) } }),
  }
}

function noted(called: Called, result: Json | true): Decision<Json> {
  const entry = entryOf(called)
  const id = result === true ? null : `${entry.to}:${result['message_id']}`
  called.world.audit.accepted({ ...entry, id })
  return { answer: taken(result), accepted: {} }
}

function entryOf({ world, bot, method, body }: Called) {
  const to = String(body['chat_id'])
  const who = { number: String(bot.id), to, reference: null, id: null, code: null }
  return { at: world.clock.now(), ...who, method, body }
}

const DRAWN: Readonly<Record<number, string>> = {
  401: 'Unauthorized',
  403: 'Forbidden: bot was blocked by the user',
  500: 'Internal Server Error: restart',
}

function refuse(world: World, code: number): never {
  if (code === 429) throw tooMany(world.behaviour().retryAfterS)
  throw new Refuses(code, DRAWN[code] ?? 'Bad Request: simulated')
}

/** What Telegram's own limits say (PROVIDERS D4). @throws Refuses */
function limit({ world, bot, body }: Called): void {
  const { chats, bots } = world.behaviour()
  const id = Number(body['chat_id'])
  if (chats) take(world, chatOf(bot, id), id > 0 ? { everyMs: 1000, burst: 3 } : { everyMs: 3000, burst: 20 })
  if (bots) take(world, bot, { everyMs: 1000 / 30, burst: 30 })
}

/** GCRA, as everywhere. */
function take(
  { clock }: World,
  scope: { paidUntil: number },
  { everyMs, burst }: { everyMs: number; burst: number },
): void {
  const now = clock.monotonic()
  const due = Math.max(scope.paidUntil, now)
  // Less than a rounding error ahead is not ahead.
  const aheadMs = due - now - (burst - 1) * everyMs
  if (aheadMs > 0.001) throw tooMany(Math.ceil(aheadMs / 1000))
  scope.paidUntil = due + everyMs
}

function tooMany(seconds: number): Refuses {
  return new Refuses(429, `Too Many Requests: retry after ${seconds}`, { retry_after: seconds })
}
