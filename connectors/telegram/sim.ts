import type { ServerResponse } from 'node:http'
import { systemClock } from '../../model/clock.ts'
import { seededRandom, systemRandom } from '../../model/random.ts'
import { reply } from '../kit/sim/answer.ts'
import { createAudit } from '../kit/sim/audit.ts'
import { createConduct } from '../kit/sim/behaviour.ts'
import { controlRoutes } from '../kit/sim/control.ts'
import { createSimServer, type Sim, type SimOptions, type SimRequest, whenDrained } from '../kit/sim/sim.ts'
import type { WebhookStats } from '../kit/sim/webhooks.ts'
import { answerCall } from './sim-answer.ts'
import { type Behaviour, GOOD_DAY } from './sim-behaviour.ts'
import { telegramRoutes } from './sim-control.ts'
import { changeChat, type InjectedMessage, injectMessage, injectReaction, injectTap } from './sim-inject.ts'
import { createUpdates } from './sim-updates.ts'
import type { Bot, SimBot, TelegramSent, World } from './sim-world.ts'

export type TelegramSimOptions = SimOptions & {
  /** Others are refused (PROVIDERS D5). */
  bots: readonly SimBot[]
  /** Where the first bot's updates go, and under which secret, as if `setWebhook` had been called. */
  webhookUrl?: string
  secretToken?: string
  behaviour?: Partial<Behaviour>
  /** How many sends `sent` holds at least; older ones are only counted. */
  logMax?: number
}

export type TelegramSim = Omit<Sim, 'sent' | 'behaviour' | 'behave'> & {
  readonly sent: readonly TelegramSent[]
  inject(message: InjectedMessage): string
  tap(tap: Parameters<typeof injectTap>[1]): string
  react(reaction: Parameters<typeof injectReaction>[1]): void
  change(change: Parameters<typeof changeChat>[1]): void
  behaviour(): Behaviour
  behave(patch: Record<string, unknown>): Behaviour
  /** Taps that nobody answered yet. */
  unanswered(): number
  /** The first bot's menu. */
  commands(): readonly unknown[]
}

/** The largest upload (PROVIDERS D3: 50 MB) and a little for its fields. */
const BODY_BYTES_MAX = 51 * 1024 * 1024
const TOKEN = /^\d{1,16}:[\w-]{30,64}$/

/**
 * The Bot API, faked after PROVIDERS D5 and M: it checks, limits, answers, stalls and delivers updates as Telegram
 * does, by webhook or when asked for. It listens on loopback.
 */
export async function createTelegramSim(options: TelegramSimOptions): Promise<TelegramSim> {
  const clock = options.clock ?? systemClock
  const random = options.seed === undefined ? systemRandom : seededRandom(options.seed)
  const conduct = createConduct(GOOD_DAY, options.behaviour)
  const botOf = (bot: SimBot): Bot => {
    const updates = createUpdates(conduct.now, random, 1 + Math.floor(random.fraction() * 1e8))
    const id = Number(bot.token.split(':')[0])
    return { ...bot, id, updates, chats: new Map(), commands: [], paidUntil: Number.NEGATIVE_INFINITY }
  }
  const world: World = {
    behaviour: conduct.now,
    clock,
    random,
    bots: new Map(options.bots.map(bot => [bot.token, botOf(bot)])),
    files: new Map(),
    taps: new Map(),
    audit: createAudit(options.logMax ?? 50_000),
  }
  const bots = [...world.bots.values()]
  const server = await createSimServer({
    ...(options.port !== undefined && { port: options.port }),
    bodyBytesMax: BODY_BYTES_MAX,
    control: () => controlRoutes(sim, telegramRoutes(sim)),
    handle: (request, response) => route(world, request, response),
  })
  const webhooks = (): WebhookStats => sumOf(bots.map(({ updates }) => updates.stats()))
  const subscribe = (url: string): void =>
    bots[0]?.updates.setWebhook({ url, secret: options.secretToken, allowed: undefined })
  const sim: TelegramSim = {
    url: server.url,
    stop: async () => {
      await Promise.all(bots.map(({ updates }) => updates.close()))
      await server.close()
    },
    get sent() {
      return world.audit.log
    },
    inject: message => injectMessage(world, message),
    tap: tap => injectTap(world, tap),
    react: reaction => injectReaction(world, reaction),
    change: change => changeChat(world, change),
    post: body => bots[0]?.updates.post(body),
    behaviour: conduct.now,
    behave: conduct.behave,
    subscribe: async url => subscribe(url),
    unanswered: () => [...world.taps.values()].filter(({ answered }) => !answered).length,
    commands: () => bots[0]?.commands ?? [],
    stats: () => ({ ...world.audit.stats(), webhooks: webhooks(), planned: 0 }),
    drained: withinMs => whenDrained(clock, () => webhooks().waiting, withinMs),
  }
  if (options.webhookUrl !== undefined) subscribe(options.webhookUrl)
  return sim
}

function sumOf(all: readonly WebhookStats[]): WebhookStats {
  const sum = {
    posts: 0,
    acknowledged: 0,
    unacknowledged: 0,
    redelivered: 0,
    corrupted: 0,
    lost: 0,
    waiting: 0,
  }
  for (const one of all) for (const key of Object.keys(sum) as (keyof WebhookStats)[]) sum[key] += one[key]
  return sum
}

/** `/bot<token>/<method>` and `/file/bot<token>/<path>` (PROVIDERS D1). */
const PATH = /^\/(file\/)?bot([^/]+)\/(.+)$/

function route(world: World, request: SimRequest, response: ServerResponse): void {
  const [, isFile, token = '', rest = ''] = PATH.exec(decodeURI(request.path)) ?? []
  const bot = world.bots.get(token)
  if (bot === undefined) {
    const [error_code, description] = TOKEN.test(token) ? [401, 'Unauthorized'] : [404, 'Not Found']
    reply(response, { status: error_code, body: JSON.stringify({ ok: false, error_code, description }) })
  } else if (isFile === undefined) {
    const type = request.headers['content-type'] ?? ''
    const query = request.method === 'GET' ? request.url.searchParams : new URLSearchParams()
    void answerCall(world, bot, rest, { type, body: request.body, query }, response)
  } else {
    download(world, rest, response)
  }
}

function download(world: World, path: string, response: ServerResponse): void {
  const file = [...world.files.values()].find(known => known.path === path)
  if (file === undefined) {
    reply(response, { status: 404, body: '{"ok":false,"error_code":404,"description":"Not Found"}' })
    return
  }
  response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': file.bytes.length })
  response.end(file.bytes)
}
