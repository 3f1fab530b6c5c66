import { type Json, numberIn, textIn } from '../kit/json.ts'
import type { TelegramSim } from './sim.ts'

/** Messages in one page of `GET /sim/sent`. */
const PAGE_MAX = 1000

type Route = (sim: TelegramSim, body: Json, query: URLSearchParams) => unknown

/**
 * The simulator by curl:
 *
 *     curl $SIM/sim/messages  -d '{"from":777000123,"text":"Hola"}'
 *     curl $SIM/sim/messages  -d '{"from":777000123,"sample":"venue"}'
 *     curl $SIM/sim/taps      -d '{"from":777000123,"message":7,"button":"yes"}'
 *     curl $SIM/sim/reactions -d '{"from":777000123,"message":7,"emoji":"👍"}'
 *     curl $SIM/sim/people    -d '{"id":777000123,"blocked":true}'
 *     curl "$SIM/sim/sent?last=10"
 *     curl $SIM/sim/stats
 *     curl -X PATCH $SIM/sim/behaviour -d '{"duplicates":0.5}'
 */
const ROUTES: ReadonlyMap<string, Route> = new Map<string, Route>([
  ['GET stats', sim => sim.stats()],
  ['GET sent', (sim, _body, query) => ({ data: sim.sent.slice(-lastOf(query)) })],
  ['GET behaviour', sim => sim.behaviour()],
  ['PATCH behaviour', (sim, body) => sim.behave(body)],
  ['POST messages', (sim, body) => ({ id: sim.inject(messageOf(body)) })],
  ['POST taps', (sim, body) => ({ id: sim.tap({ ...chosen(body), button: wanted(body, 'button') }) })],
  ['POST reactions', (sim, body) => sim.react({ ...chosen(body), emoji: textIn(body, 'emoji') ?? null })],
  ['POST people', (sim, body) => sim.change({ ...body, id: number(body, 'id') })],
  ['POST subscribe', (sim, body) => sim.subscribe(wanted(body, 'url'))],
])

/** `GET|POST|PATCH /sim/…`; what is wrong with a request is said in a 400. */
export async function control(
  sim: TelegramSim,
  route: string,
  query: URLSearchParams,
  body: Json | undefined,
): Promise<{ status: number; body: string }> {
  const perform = ROUTES.get(route)
  if (perform === undefined) return said(404, { error: `try ${[...ROUTES.keys()].join(', ')}` })
  if (!route.startsWith('GET') && body === undefined)
    return said(400, { error: 'the body is not a JSON object' })
  try {
    return said(200, (await perform(sim, body ?? {}, query)) ?? { ok: true })
  } catch (error) {
    return said(400, { error: error instanceof Error ? error.message : String(error) })
  }
}

function said(status: number, body: unknown): { status: number; body: string } {
  return { status, body: `${JSON.stringify(body, null, 2)}\n` }
}

function lastOf(query: URLSearchParams): number {
  const last = Number(query.get('last') ?? 100)
  return Number.isInteger(last) && last > 0 ? Math.min(last, PAGE_MAX) : 100
}

function wanted(body: Json, key: string): string {
  const value = textIn(body, key)
  if (value === undefined) throw new Error(`${key} is missing`)
  return value
}

function number(body: Json, key: string): number {
  const value = numberIn(body, key)
  if (value === undefined) throw new Error(`${key} is missing`)
  return value
}

function personIn(body: Json): string {
  return String(numberIn(body, 'from') ?? wanted(body, 'from'))
}

function chosen(body: Json): { from: string; message: number; group?: number } {
  const group = numberIn(body, 'group')
  return { from: personIn(body), message: number(body, 'message'), ...(group !== undefined && { group }) }
}

function messageOf(body: Json) {
  const { base64: _, mimeType: __, kind: ___, ...rest } = body
  const bytes = textIn(body, 'base64')
  const kind = textIn(body, 'kind') ?? 'document'
  const mimeType = textIn(body, 'mimeType') ?? 'application/octet-stream'
  const media = bytes === undefined ? {} : { media: { bytes: Buffer.from(bytes, 'base64'), mimeType, kind } }
  return { ...rest, ...media, from: personIn(body) }
}
