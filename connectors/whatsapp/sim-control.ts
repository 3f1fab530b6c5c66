import { type Json, objectIn, textIn } from '../kit/json.ts'
import type { WhatsAppSim } from './sim.ts'
import type { InjectedNews } from './sim-account.ts'
import type { SimAnswer } from './sim-errors.ts'
import type { InjectedMessage, InjectedStatus } from './sim-inject.ts'

/** Messages in one page of `GET /sim/sent`. */
const PAGE_MAX = 1000

type Route = (sim: WhatsAppSim, body: Json, query: URLSearchParams) => unknown

/**
 * The simulator by curl:
 *
 *     curl $SIM/sim/messages -d '{"from":"+5215512345678","text":"Hola"}'
 *     curl $SIM/sim/messages -d '{"from":"+5215512345678","sample":"order"}'
 *     curl $SIM/sim/statuses -d '{"id":"wamid.…","status":"read"}'
 *     curl $SIM/sim/account  -d '{"field":"account_update","value":{"event":"ACCOUNT_DELETED"}}'
 *     curl $SIM/sim/people   -d '{"phone":"+5215512345678","hidden":true,"optedOut":true}'
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
  ['POST statuses', (sim, body) => sim.injectStatus(statusOf(body))],
  ['POST account', (sim, body) => sim.injectNews(newsOf(body))],
  ['POST errors', (sim, body) => sim.injectError(Number(body['code']))],
  ['POST people', (sim, body) => changePerson(sim, body)],
  ['POST subscribe', (sim, body) => sim.subscribe(wanted(body, 'url'))],
])

/** `GET|POST|PATCH /sim/…`; what is wrong with a request is said in a 400. */
export async function control(
  sim: WhatsAppSim,
  method: string,
  url: URL,
  body: Json | undefined,
): Promise<SimAnswer> {
  const route = ROUTES.get(`${method} ${url.pathname.slice('/sim/'.length)}`)
  if (route === undefined) return said(404, { error: `try ${[...ROUTES.keys()].join(', ')}` })
  if (method !== 'GET' && body === undefined) return said(400, { error: 'the body is not a JSON object' })
  try {
    return said(200, (await route(sim, body ?? {}, url.searchParams)) ?? { ok: true })
  } catch (error) {
    return said(400, { error: error instanceof Error ? error.message : String(error) })
  }
}

function said(status: number, body: unknown): SimAnswer {
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

function messageOf(body: Json): InjectedMessage {
  const { media: _, ...rest } = body
  const bytes = textIn(body, 'base64')
  const mimeType = textIn(body, 'mimeType')
  return {
    ...rest,
    from: wanted(body, 'from'),
    ...(bytes !== undefined && {
      media: { bytes: Buffer.from(bytes, 'base64'), mimeType: mimeType ?? 'application/octet-stream' },
    }),
  }
}

function statusOf(body: Json): InjectedStatus {
  return { ...body, status: wanted(body, 'status') }
}

function newsOf(body: Json): InjectedNews {
  const [value, number] = [objectIn(body, 'value'), textIn(body, 'number')]
  return {
    field: wanted(body, 'field'),
    ...(value !== undefined && { value }),
    ...(number !== undefined && { number }),
  }
}

function changePerson(sim: WhatsAppSim, body: Json): void {
  const phone = wanted(body, 'phone')
  if (body['hidden'] === true) sim.hide(phone)
  if (body['optedOut'] === true) sim.optOut(phone)
  if (body['optedOut'] === false) sim.resume(phone)
}
