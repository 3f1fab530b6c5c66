import { type Json, textIn } from '../json.ts'
import type { SimAnswer } from './answer.ts'
import type { SentMessage } from './audit.ts'

/** Messages in one page of `GET /sim/sent`. */
const PAGE_MAX = 1000

/** A control route: what it answers is shown as JSON, and what it throws is said in a 400. */
export type ControlRoute = (body: Json, query: URLSearchParams) => unknown

/** What every simulator can be asked and told by HTTP. */
export type Controlled = {
  readonly sent: readonly SentMessage[]
  stats(): object
  behaviour(): object
  behave(patch: Record<string, unknown>): object
  subscribe(url: string): Promise<void>
}

/**
 * The simulator by curl. `further` are the provider's own routes, by method and name: `POST messages` makes somebody
 * write, `POST statuses` a receipt by hand.
 *
 *     curl "$SIM/sim/sent?last=10"
 *     curl $SIM/sim/stats
 *     curl -X PATCH $SIM/sim/behaviour -d '{"duplicates":0.5}'
 */
export function controlRoutes(
  sim: Controlled,
  further: Readonly<Record<string, ControlRoute>>,
): ReadonlyMap<string, ControlRoute> {
  return new Map<string, ControlRoute>([
    ['GET stats', () => sim.stats()],
    ['GET sent', (_body, query) => ({ data: sim.sent.slice(-lastOf(query)) })],
    ['GET behaviour', () => sim.behaviour()],
    ['PATCH behaviour', body => sim.behave(body)],
    ['POST subscribe', body => sim.subscribe(wanted(body, 'url'))],
    ...Object.entries(further),
  ])
}

/** `GET|POST|PATCH /sim/…` */
export async function control(
  routes: ReadonlyMap<string, ControlRoute>,
  method: string,
  url: URL,
  body: Json | undefined,
): Promise<SimAnswer> {
  const route = routes.get(`${method} ${url.pathname.slice('/sim/'.length)}`)
  if (route === undefined) return said(404, { error: `try ${[...routes.keys()].join(', ')}` })
  if (method !== 'GET' && body === undefined) return said(400, { error: 'the body is not a JSON object' })
  try {
    return said(200, (await route(body ?? {}, url.searchParams)) ?? { ok: true })
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

/** A text of the body. @throws Error if it is missing */
export function wanted(body: Json, key: string): string {
  const value = textIn(body, key)
  if (value === undefined) throw new Error(`${key} is missing`)
  return value
}
