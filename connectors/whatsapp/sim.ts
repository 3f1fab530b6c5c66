import type { ServerResponse } from 'node:http'
import { systemClock } from '../../model/clock.ts'
import { type Random, seededRandom, systemRandom } from '../../model/random.ts'
import { reply } from '../kit/sim/answer.ts'
import { createAudit } from '../kit/sim/audit.ts'
import { createConduct } from '../kit/sim/behaviour.ts'
import { controlRoutes } from '../kit/sim/control.ts'
import { createSimServer, type Sim, type SimOptions, type SimRequest, whenDrained } from '../kit/sim/sim.ts'
import { handshake } from '../meta/sim-webhooks.ts'
import { createAccount, type InjectedNews } from './sim-account.ts'
import { type Behaviour, GOOD_DAY } from './sim-behaviour.ts'
import { whatsappRoutes } from './sim-control.ts'
import { refusal } from './sim-errors.ts'
import { handleSend, type MetaSent, type World } from './sim-graph.ts'
import {
  type InjectedMessage,
  type InjectedStatus,
  injectError,
  injectMessage,
  injectStatus,
} from './sim-inject.ts'
import { createLimits, type SimNumber } from './sim-limits.ts'
import { createMedia } from './sim-media.ts'
import { createPeople } from './sim-people.ts'
import { createMetaReceipts } from './sim-receipts.ts'
import type { SimTemplate } from './sim-template.ts'
import { createMetaWebhooks } from './sim-webhooks.ts'

export type WhatsAppSimOptions = SimOptions & {
  appSecret: string
  accessToken: string
  verifyToken: string
  /** Where webhooks go; updates wait until it is known. `subscribe` changes it. */
  webhookUrl?: string
  numbers: readonly SimNumber[]
  /** Any name is an approved utility template if absent. */
  templates?: readonly SimTemplate[]
  /** People that a portfolio may write to first, in 24 h. */
  tiers?: Readonly<Record<string, number>>
  behaviour?: Partial<Behaviour>
  /** How many sends `sent` holds at least; older ones are only counted. */
  logMax?: number
}

export type WhatsAppSim = Omit<Sim, 'sent' | 'behaviour' | 'behave' | 'stats'> & {
  readonly sent: readonly MetaSent[]
  inject(message: InjectedMessage): string
  injectStatus(status: InjectedStatus): void
  /** An error of the account, by its code. */
  injectError(code: number): void
  /** News of the account, which are so from then on. @throws Error for a field that it has no sample of */
  injectNews(news: InjectedNews): void
  behaviour(): Behaviour
  behave(patch: Record<string, unknown>): Behaviour
  hide(phone: string): void
  optOut(phone: string): void
  resume(phone: string): void
  stats(): ReturnType<Sim['stats']> & { reached: Record<string, number> }
}

/** The largest upload (PROVIDERS A8: 100 MB) and a little for its fields. */
const BODY_BYTES_MAX = 101 * 1024 * 1024

/**
 * The WhatsApp Cloud API, faked after PROVIDERS A14 and M: it checks, limits, answers, stalls and tells receipts as
 * Meta does, and serves tens of thousands of sends a second while no fault is asked for. It listens on loopback.
 */
export async function createWhatsAppSim(options: WhatsAppSimOptions): Promise<WhatsAppSim> {
  const clock = options.clock ?? systemClock
  const random = options.seed === undefined ? systemRandom : seededRandom(options.seed)
  const conduct = createConduct(GOOD_DAY, options.behaviour)
  const limits = createLimits(clock, options.tiers ?? {})
  const webhooks = createMetaWebhooks(options.appSecret, conduct.now, clock)
  const receipts = createMetaReceipts({
    behaviour: conduct.now,
    clock,
    random,
    webhooks,
    delivered: ({ number, person }) => {
      if (conduct.now().tiers && !limits.windowOpen(number, person)) limits.delivered(number, person)
    },
  })
  const people = createPeople()
  const world: World = {
    behaviour: conduct.now,
    clock,
    random,
    numbers: new Map(options.numbers.map(number => [number.phoneNumberId, number])),
    people,
    limits,
    media: createMedia(clock),
    receipts,
    audit: createAudit(options.logMax ?? 50_000),
    account: createAccount(options.numbers, options.templates, people, clock),
    nextId: idMaker(random),
  }
  const server = await createSimServer({
    ...(options.port !== undefined && { port: options.port }),
    bodyBytesMax: BODY_BYTES_MAX,
    control: () => controlRoutes(sim, whatsappRoutes(sim)),
    handle: (request, response) => route(world, options, sim, request, response),
  })
  const sim: WhatsAppSim = {
    url: server.url,
    stop: async () => {
      receipts.close()
      await webhooks.close()
      await server.close()
    },
    get sent() {
      return world.audit.log
    },
    inject: message => injectMessage(world, webhooks, message),
    injectStatus: status => injectStatus(world, status),
    injectError: code => injectError(world, webhooks, code),
    injectNews: news => webhooks.post(world.account.news(news)),
    post: webhooks.post,
    behaviour: conduct.now,
    behave: conduct.behave,
    subscribe: async url => {
      await handshake(url, options.verifyToken, random)
      webhooks.setUrl(url)
    },
    hide: world.people.hide,
    optOut: world.people.optOut,
    resume: world.people.resume,
    stats: () => ({
      ...world.audit.stats(),
      webhooks: webhooks.stats(),
      planned: receipts.planned(),
      reached: limits.counted(),
    }),
    drained: withinMs => whenDrained(clock, () => receipts.planned() + webhooks.stats().waiting, withinMs),
  }
  if (options.webhookUrl !== undefined) webhooks.setUrl(options.webhookUrl)
  return sim
}

/** `wamid.` and something base64-like; unlike between two runs, like real ones. */
function idMaker(random: Random): () => string {
  const run = Buffer.from(random.fill(new Uint8Array(9))).toString('base64')
  let count = 0
  return () => `wamid.HBgN${run}${(++count).toString(36).toUpperCase().padStart(8, '0')}AA==`
}

/** `/v26.0/<id>/messages`, with or without a version. */
const PATH = /^(?:\/v\d+\.\d+)?\/([A-Za-z0-9_-]+)(?:\/([a-z_]+))?$/

function route(
  world: World,
  { accessToken }: WhatsAppSimOptions,
  sim: WhatsAppSim,
  request: SimRequest,
  response: ServerResponse,
): void {
  const { method, path, headers, body } = request
  const [, id = '', edge = ''] = PATH.exec(path) ?? []
  const number = world.numbers.get(id)
  if (headers.authorization !== `Bearer ${accessToken}`) {
    reply(response, refusal(190))
  } else if (path.startsWith('/sim-media/')) {
    download(world, request, response)
  } else if (method === 'GET' && edge === '') {
    const info = number && world.account.numberInfo(number)
    reply(response, info ?? world.media.resolve(id, sim.url))
  } else if (method === 'GET' && edge === 'message_templates') {
    const list = world.account.listTemplates(id, request.url.searchParams)
    reply(response, list ?? refusal(33, `Object with ID '${id}' does not exist`))
  } else if (method !== 'POST' || number === undefined) {
    reply(response, refusal(33, `Object with ID '${id}' does not exist`))
  } else if (edge === 'messages') {
    handleSend(world, number, body.toString(), response)
  } else if (edge === 'media') {
    const type = headers['content-type'] ?? ''
    void world.media.upload(type, body).then(answer => reply(response, answer))
  } else {
    reply(response, refusal(100, `Unknown path components: /${edge}`))
  }
}

/** PROVIDERS A8: the same token, a User-Agent, and not after five minutes. */
function download(world: World, { url, headers }: SimRequest, response: ServerResponse): void {
  const id = url.pathname.slice('/sim-media/'.length)
  const media = world.media.download(id, Number(url.searchParams.get('expires')))
  if (headers['user-agent'] === undefined) {
    reply(response, refusal(10))
  } else if (media === undefined) {
    reply(response, { status: 404, body: '', contentType: 'text/plain' })
  } else {
    response.writeHead(200, { 'content-type': media.mimeType, 'content-length': media.bytes.length })
    response.end(media.bytes)
  }
}
