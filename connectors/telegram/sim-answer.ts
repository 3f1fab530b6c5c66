import type { ServerResponse } from 'node:http'
import type { Json } from '../kit/json.ts'
import { isSend, perform, Refuses, readCall } from './sim-methods.ts'
import { type Bot, chatOf, type SentMessage, type World } from './sim-world.ts'

type SimAnswer = { status: number; body: string; contentType?: string }

const BAD_GATEWAY: SimAnswer = {
  status: 502,
  contentType: 'text/html',
  body: '<html><body><h1>502 Bad Gateway</h1></body></html>',
}

type Asked = { type: string; body: Buffer; query: URLSearchParams }

/** A call of the Bot API, with the faults that were asked for: those are of calls that send. */
export async function answerCall(
  world: World,
  bot: Bot,
  method: string,
  asked: Asked,
  response: ServerResponse,
): Promise<void> {
  const { resets, bareFaults } = world.behaviour()
  const sends = isSend(method)
  if (sends && chance(world, resets)) {
    fault(world, 'reset')
    response.socket?.resetAndDestroy()
    return
  }
  const { body, files } = await readCall(asked.type, asked.body)
  const given = { ...Object.fromEntries(asked.query), ...body }
  const isBare = sends && chance(world, bareFaults)
  if (isBare) fault(world, 'bareFault')
  // Half of what ends in a 502 was taken: that is why it is uncertain.
  if (isBare && chance(world, 0.5)) return reply(response, BAD_GATEWAY)
  try {
    if (sends) refuseAsAsked(world, bot, given)
    const result = await perform({ world, bot, method, body: given, files })
    if (sends) note(world, bot, method, given, result, null)
    if (isBare) reply(response, BAD_GATEWAY)
    else write(world, sends, { status: 200, body: JSON.stringify({ ok: true, result }) }, response)
  } catch (error) {
    if (!(error instanceof Refuses)) throw error
    const { code, description, parameters } = error.refusal
    if (sends) note(world, bot, method, given, undefined, code)
    const wait = parameters?.['retry_after']
    if (!response.destroyed && wait !== undefined) response.setHeader('retry-after', String(wait))
    const said = { ok: false, error_code: code, description, ...(parameters && { parameters }) }
    reply(response, { status: code, body: JSON.stringify(said) })
  }
}

/** What is drawn, and what Telegram's own limits say (PROVIDERS D4). @throws Refuses */
function refuseAsAsked(world: World, bot: Bot, body: Json): void {
  const { refusals, chats, bots, retryAfterS } = world.behaviour()
  for (const { share, code } of refusals) {
    if (!chance(world, share)) continue
    throw code === 429 ? tooMany(retryAfterS) : new Refuses(code, DRAWN[code] ?? 'Bad Request: simulated')
  }
  const id = Number(body['chat_id'])
  if (chats && Number.isSafeInteger(id)) {
    take(world, chatOf(bot, id), id > 0 ? { everyMs: 1000, burst: 3 } : { everyMs: 3000, burst: 20 })
  }
  if (bots) take(world, bot, { everyMs: 1000 / 30, burst: 30 })
}

const DRAWN: Readonly<Record<number, string>> = {
  401: 'Unauthorized',
  403: 'Forbidden: bot was blocked by the user',
  500: 'Internal Server Error: restart',
}

function tooMany(seconds: number): Refuses {
  return new Refuses(429, `Too Many Requests: retry after ${seconds}`, { retry_after: seconds })
}

/** GCRA, as everywhere. */
function take(
  { clock }: World,
  scope: { paidUntil: number },
  { everyMs, burst }: { everyMs: number; burst: number },
): void {
  const now = clock.monotonic()
  const due = Math.max(scope.paidUntil, now)
  const ahead = due - now - (burst - 1) * everyMs
  if (ahead > 0) throw tooMany(Math.ceil(ahead / 1000))
  scope.paidUntil = due + everyMs
}

/** What happens to the answer of a call that was taken. */
function write(world: World, sends: boolean, answer: SimAnswer, response: ServerResponse): void {
  const { dropAnswers, stalls, answerMs } = world.behaviour()
  if (sends && chance(world, dropAnswers)) {
    fault(world, 'dropAnswer')
    response.socket?.destroy()
  } else if (sends && chance(world, stalls)) {
    fault(world, 'stall')
  } else {
    const [from, to] = answerMs
    const waitMs = to <= from ? from : from + (to - from) * world.random.fraction()
    if (waitMs > 0) setTimeout(reply, waitMs, response, answer)
    else reply(response, answer)
  }
}

const SENT_KEPT = 50_000

function note(
  world: World,
  bot: Bot,
  method: string,
  body: Json,
  result: unknown,
  code: number | null,
): void {
  const { counts, sent, clock } = world
  const { message_id } = (result ?? {}) as { message_id?: number }
  const to = String(body['chat_id'])
  const id = message_id === undefined ? null : `${to}:${message_id}`
  const entry: SentMessage = { at: clock.now(), bot: String(bot.id), method, to, id, code, body }
  counts.requests += 1
  if (code === null) counts.accepted += 1
  else counts.refused[code] = (counts.refused[code] ?? 0) + 1
  sent.push(entry)
  if (sent.length > SENT_KEPT * 2) sent.splice(0, SENT_KEPT)
}

function fault({ counts: { faults } }: World, kind: string): void {
  faults[kind] = (faults[kind] ?? 0) + 1
}

function chance({ random }: World, share: number): boolean {
  return share > 0 && random.fraction() < share
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
