import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Clock, systemClock } from '../../model/clock.ts'
import { type Random, seededRandom, systemRandom } from '../../model/random.ts'
import { objectOf, parseJson } from '../kit/json.ts'
import { createAccount, type InjectedNews } from './sim-account.ts'
import { createAudit, type SendStats, type SentMessage } from './sim-audit.ts'
import { type Behaviour, GOOD_DAY, readBehaviour } from './sim-behaviour.ts'
import { control } from './sim-control.ts'
import { refusal } from './sim-errors.ts'
import { handleSend, reply, type World } from './sim-graph.ts'
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
import { createReceipts } from './sim-receipts.ts'
import type { SimTemplate } from './sim-template.ts'
import { createWebhooks, type WebhookStats } from './sim-webhooks.ts'

export type WhatsAppSimOptions = {
  /** 0 or absent: any free one. */
  port?: number
  /** Times and windows; delays are real time whatever it says. */
  clock?: Clock
  /** Repeats the same choices; absent: other ones each time. */
  seed?: number
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

export type WhatsAppSim = {
  /** For `apiBase`. */
  url: string
  stop(): Promise<void>
  /** The newest sends, refused ones too, oldest first. */
  readonly sent: readonly SentMessage[]
  inject(message: InjectedMessage): string
  injectStatus(status: InjectedStatus): void
  /** An error of the account, by its code. */
  injectError(code: number): void
  /** News of the account, which are so from then on. @throws Error for a field that it has no sample of */
  injectNews(news: InjectedNews): void
  /** Delivers any body, signed. */
  post(body: string): void
  behaviour(): Behaviour
  behave(patch: Record<string, unknown>): Behaviour
  /** Does the handshake as Meta does when a webhook is subscribed. @throws Error if it fails */
  subscribe(url: string): Promise<void>
  hide(phone: string): void
  optOut(phone: string): void
  resume(phone: string): void
  stats(): SendStats & { webhooks: WebhookStats; planned: number; reached: Record<string, number> }
  /** Waits until every receipt was sent and acknowledged; false: not within the time. */
  drained(withinMs?: number): Promise<boolean>
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
  let behaviour: Behaviour = { ...GOOD_DAY, ...options.behaviour }
  const limits = createLimits(clock, options.tiers ?? {})
  const webhooks = createWebhooks(options.appSecret, () => behaviour, clock)
  const receipts = createReceipts({
    behaviour: () => behaviour,
    clock,
    random,
    webhooks,
    delivered: ({ number, person }) => {
      if (behaviour.tiers && !limits.windowOpen(number, person)) limits.delivered(number, person)
    },
  })
  const people = createPeople()
  const world: World = {
    behaviour: () => behaviour,
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
  const server = createServer((request, response) => route(world, options, sim, request, response))
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port ?? 0, '127.0.0.1', resolve)
  })
  const sim: WhatsAppSim = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: async () => {
      receipts.close()
      await webhooks.close()
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
    get sent() {
      return world.audit.log
    },
    inject: message => injectMessage(world, webhooks, message),
    injectStatus: status => injectStatus(world, status),
    injectError: code => injectError(world, webhooks, code),
    injectNews: news => webhooks.post(world.account.news(news)),
    post: webhooks.post,
    behaviour: () => behaviour,
    behave: patch => {
      behaviour = { ...behaviour, ...readBehaviour(patch) }
      return behaviour
    },
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
    drained: async (withinMs = 10_000) => {
      const until = clock.monotonic() + withinMs
      while (receipts.planned() > 0 || webhooks.stats().waiting > 0) {
        if (clock.monotonic() > until) return false
        await new Promise(resolve => setTimeout(resolve, 5))
      }
      return true
    },
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

/** PROVIDERS A2. */
async function handshake(url: string, verifyToken: string, random: Random): Promise<void> {
  const challenge = String(Math.floor(random.fraction() * 1e9))
  const target = new URL(url)
  target.searchParams.set('hub.mode', 'subscribe')
  target.searchParams.set('hub.challenge', challenge)
  target.searchParams.set('hub.verify_token', verifyToken)
  const answer = await fetch(target)
  const body = await answer.text()
  if (answer.status !== 200 || body !== challenge) throw new Error(`the handshake got ${answer.status}`)
}

/** `/v26.0/<id>/messages`, with or without a version. */
const PATH = /^(?:\/v\d+\.\d+)?\/([A-Za-z0-9_-]+)(?:\/([a-z_]+))?$/

function route(
  world: World,
  options: WhatsAppSimOptions,
  sim: WhatsAppSim,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const { url = '/', method = 'GET' } = request
  const question = url.indexOf('?')
  const path = question === -1 ? url : url.slice(0, question)
  readBody(request, response, body => {
    if (path.startsWith('/sim/')) {
      const json = objectOf(parseJson(body.toString()))
      void control(sim, method, new URL(url, sim.url), json).then(answer => reply(response, answer))
      return
    }
    const authorized = request.headers.authorization === `Bearer ${options.accessToken}`
    if (!authorized) return reply(response, refusal(190))
    if (path.startsWith('/sim-media/')) return download(world, new URL(url, sim.url), request, response)
    const [, id = '', edge = ''] = PATH.exec(path) ?? []
    const number = world.numbers.get(id)
    if (method === 'GET' && edge === '') {
      const info = number && world.account.numberInfo(number)
      reply(response, info ?? world.media.resolve(id, sim.url))
    } else if (method === 'GET' && edge === 'message_templates') {
      const list = world.account.listTemplates(id, new URL(url, sim.url).searchParams)
      reply(response, list ?? refusal(33, `Object with ID '${id}' does not exist`))
    } else if (method !== 'POST' || number === undefined) {
      reply(response, refusal(33, `Object with ID '${id}' does not exist`))
    } else if (edge === 'messages') {
      handleSend(world, number, body.toString(), response)
    } else if (edge === 'media') {
      const type = request.headers['content-type'] ?? ''
      void world.media.upload(type, body).then(answer => reply(response, answer))
    } else {
      reply(response, refusal(100, `Unknown path components: /${edge}`))
    }
  })
}

function readBody(request: IncomingMessage, response: ServerResponse, done: (body: Buffer) => void): void {
  const chunks: Buffer[] = []
  let size = 0
  request.on('data', (chunk: Buffer) => {
    size += chunk.length
    if (size > BODY_BYTES_MAX) response.socket?.destroy()
    else chunks.push(chunk)
  })
  request.on('end', () => done(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)))
}

/** PROVIDERS A8: the same token, a User-Agent, and not after five minutes. */
function download(world: World, url: URL, request: IncomingMessage, response: ServerResponse): void {
  const id = url.pathname.slice('/sim-media/'.length)
  const media = world.media.download(id, Number(url.searchParams.get('expires')))
  if (request.headers['user-agent'] === undefined) {
    reply(response, refusal(10))
  } else if (media === undefined) {
    reply(response, { status: 404, body: '', contentType: 'text/plain' })
  } else {
    response.writeHead(200, { 'content-type': media.mimeType, 'content-length': media.bytes.length })
    response.end(media.bytes)
  }
}
