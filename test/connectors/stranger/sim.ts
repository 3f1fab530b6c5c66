import { createHmac } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { type Json, objectOf, parseJson, textIn } from '../../../connectors/kit/json.ts'
import { answerSend, type Decision, reply, type SimAnswer } from '../../../connectors/kit/sim/answer.ts'
import { createAudit, type SentMessage } from '../../../connectors/kit/sim/audit.ts'
import { type Behaviour, createConduct, GOOD_DAY } from '../../../connectors/kit/sim/behaviour.ts'
import { controlRoutes, wanted } from '../../../connectors/kit/sim/control.ts'
import { createReceipts, type Step, usualSteps } from '../../../connectors/kit/sim/receipts.ts'
import { createSimServer, type Sim, type SimRequest, whenDrained } from '../../../connectors/kit/sim/sim.ts'
import { createWebhooks } from '../../../connectors/kit/sim/webhooks.ts'
import { systemClock } from '../../../model/clock.ts'
import { seededRandom } from '../../../model/random.ts'

export type PapyrusSimOptions = {
  port?: number
  seed?: number
  token: string
  webhookSecret: string
  numbers: readonly string[]
  behaviour?: Partial<Behaviour>
  webhookUrl?: string
}

export type PapyrusSim = Sim & {
  write(message: { from: string; text: string; number?: string }): void
}

type Accepted = { id: string; number: string; ref: string | undefined; at: number; fails: number | undefined }

const WORDS = { sent: 'handed', received: 'delivered', read: 'delivered', failed: 'dead' } as const

/** Papyrus SMS, faked: it checks, throttles, tells states and opt-outs. */
export async function createPapyrusSim(options: PapyrusSimOptions): Promise<PapyrusSim> {
  const { token, webhookSecret, numbers } = options
  const random = seededRandom(options.seed ?? 1)
  const conduct = createConduct(GOOD_DAY, options.behaviour)
  const audit = createAudit<SentMessage>(10_000)
  const webhooks = createWebhooks<Json>({
    behaviour: conduct.now,
    contentType: 'application/json',
    batch: () => ({ max: 50, waitMs: 0 }),
    bodyOf: events => Buffer.from(JSON.stringify({ events })),
    sign: ({ body, corrupt }) => {
      const key = corrupt ? 'another' : webhookSecret
      return { 'x-papyrus-signature': createHmac('sha256', key).update(body).digest('hex') }
    },
  })
  const receipts = createReceipts<Accepted>({
    behaviour: conduct.now,
    clock: systemClock,
    random,
    atOf: ({ at }) => at,
    stepsOf: ({ at, fails }) =>
      usualSteps(conduct.now(), random, { from: at, fails }).filter(({ status }) => status !== 'read'),
    tell: (accepted, step, told) => webhooks.emit(stateOf(accepted, step), told),
  })
  const desk = { behaviour: conduct.now, random, audit, receipts }
  const handle = ({ method, path, headers, body }: SimRequest, response: ServerResponse): void => {
    const message = objectOf(parseJson(body.toString())) ?? {}
    if (headers.authorization !== `Bearer ${token}`) reply(response, refusal(401, 10))
    else if (method === 'GET' && path === '/v1/account') reply(response, said(200, { name: 'acme' }))
    else if (method !== 'POST' || path !== '/v1/texts') reply(response, refusal(404, 90))
    else
      answerSend(
        desk,
        response,
        code => refuse(message, code),
        () => decide(message),
      )
  }
  const entryOf = (message: Json): SentMessage => ({
    ...{ at: Date.now(), number: textIn(message, 'from') ?? '', to: textIn(message, 'to') ?? '' },
    ...{ reference: textIn(message, 'ref') ?? null, id: null, code: null, body: message },
  })
  const refuse = (message: Json, code: number): Decision<Accepted> => {
    audit.refused({ ...entryOf(message), code })
    return { answer: refusal(code === 20 || code === 21 ? 429 : 400, code) }
  }
  let ids = 0
  const decide = (message: Json): Decision<Accepted> => {
    const entry = entryOf(message)
    if (!numbers.includes(entry.number) || textIn(message, 'text') === undefined) return refuse(message, 91)
    if (!/^\+\d{8,15}$/.test(entry.to)) return refuse(message, 30)
    ids += 1
    const id = `pm_${ids}`
    audit.accepted({ ...entry, id })
    const { failures, failureCode } = conduct.now()
    const fails = random.fraction() < failures ? failureCode : undefined
    const accepted = { id, number: entry.number, ref: entry.reference ?? undefined, at: entry.at, fails }
    return { answer: said(201, { id }), accepted }
  }
  const write: PapyrusSim['write'] = ({ from, text, number = numbers[0] ?? '' }) => {
    ids += 1
    webhooks.emit({ type: 'text', id: `in_${ids}`, number, from, text, at: new Date().toISOString() })
  }
  const server = await createSimServer({
    ...(options.port !== undefined && { port: options.port }),
    bodyBytesMax: 100_000,
    control: () =>
      controlRoutes(sim, {
        'POST messages': body => write({ from: wanted(body, 'from'), text: wanted(body, 'text') }),
      }),
    handle,
  })
  const sim: PapyrusSim = {
    url: server.url,
    write,
    post: webhooks.post,
    behaviour: conduct.now,
    behave: conduct.behave,
    subscribe: async url => webhooks.setUrl(url),
    get sent() {
      return audit.log
    },
    stats: () => ({ ...audit.stats(), webhooks: webhooks.stats(), planned: receipts.planned() }),
    drained: withinMs =>
      whenDrained(systemClock, () => receipts.planned() + webhooks.stats().waiting, withinMs),
    stop: async () => {
      receipts.close()
      await webhooks.close()
      await server.close()
    },
  }
  if (options.webhookUrl !== undefined) webhooks.setUrl(options.webhookUrl)
  return sim
}

function stateOf({ id, number, ref }: Accepted, { status, at, code }: Step): Json {
  const state = { type: 'state', id, number, ref, state: WORDS[status], at: new Date(at).toISOString() }
  return code === undefined ? state : { ...state, why: code }
}

function refusal(status: number, code: number): SimAnswer {
  return { ...said(status, { error: { code, message: `error ${code}` } }), headers: { 'retry-after': '2' } }
}

function said(status: number, body: object): SimAnswer {
  return { status, body: JSON.stringify(body) }
}
