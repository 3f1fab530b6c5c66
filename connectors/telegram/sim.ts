import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Clock, systemClock } from '../../model/clock.ts'
import { seededRandom, systemRandom } from '../../model/random.ts'
import { objectOf, parseJson } from '../kit/json.ts'
import { answerCall, reply } from './sim-answer.ts'
import { GOOD_DAY, readBehaviour, type SimBehaviour } from './sim-behaviour.ts'
import { control } from './sim-control.ts'
import { changeChat, type InjectedMessage, injectMessage, injectReaction, injectTap } from './sim-inject.ts'
import { createUpdates, type UpdateStats } from './sim-updates.ts'
import type { Bot, SentMessage, SimBot, World } from './sim-world.ts'

export type TelegramSimOptions = {
  /** 0 or absent: any free one. */
  port?: number
  /** Times; delays are real time whatever it says. */
  clock?: Clock
  /** Repeats the same choices; absent: other ones each time. */
  seed?: number
  /** Any token of this form is a bot; others are refused (PROVIDERS D5). */
  bots: readonly SimBot[]
  /** Where the first bot's updates go, and under which secret, as if `setWebhook` had been called. */
  webhookUrl?: string
  secretToken?: string
  behaviour?: Partial<SimBehaviour>
}

export type TelegramSim = {
  /** For `apiBase`. */
  url: string
  stop(): Promise<void>
  /** The newest calls that send, refused ones too, oldest first. */
  readonly sent: readonly SentMessage[]
  inject(message: InjectedMessage): string
  tap(tap: Parameters<typeof injectTap>[1]): string
  react(reaction: Parameters<typeof injectReaction>[1]): void
  change(change: Parameters<typeof changeChat>[1]): void
  /** Delivers any body, under the secret. */
  post(body: string): void
  behaviour(): SimBehaviour
  behave(patch: Record<string, unknown>): SimBehaviour
  /** As `setWebhook` with every kind of update. */
  subscribe(url: string): Promise<void>
  /** Taps that nobody answered yet. */
  unanswered(): number
  commands(): readonly unknown[]
  stats(): World['counts'] & { webhooks: UpdateStats }
  /** Waits until every update was taken; false: not within the time. */
  drained(withinMs?: number): Promise<boolean>
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
  let behaviour: SimBehaviour = { ...GOOD_DAY, ...options.behaviour }
  const botOf = (bot: SimBot): Bot => {
    if (!TOKEN.test(bot.token)) throw new Error('a token is <number>:<35 characters>')
    const updates = createUpdates(() => behaviour, random, 1 + Math.floor(random.fraction() * 1e8))
    const id = Number(bot.token.split(':')[0])
    return { ...bot, id, updates, chats: new Map(), commands: [], paidUntil: Number.NEGATIVE_INFINITY }
  }
  const world: World = {
    behaviour: () => behaviour,
    clock,
    random,
    bots: new Map(options.bots.map(bot => [bot.token, botOf(bot)])),
    files: new Map(),
    taps: new Map(),
    sent: [],
    counts: { requests: 0, accepted: 0, refused: {}, faults: {} },
  }
  const bots = [...world.bots.values()]
  const server = createServer((request, response) => route(world, sim, request, response))
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port ?? 0, '127.0.0.1', resolve)
  })
  const subscribe = (url: string): void =>
    bots[0]?.updates.setWebhook({ url, secret: options.secretToken, allowed: undefined })
  const waiting = (): number => bots.reduce((sum, { updates }) => sum + updates.stats().waiting, 0)
  const sim: TelegramSim = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: async () => {
      await Promise.all(bots.map(({ updates }) => updates.close()))
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
    get sent() {
      return world.sent
    },
    inject: message => injectMessage(world, message),
    tap: tap => injectTap(world, tap),
    react: reaction => injectReaction(world, reaction),
    change: change => changeChat(world, change),
    post: body => bots[0]?.updates.post(body),
    behaviour: () => behaviour,
    behave: patch => {
      behaviour = { ...behaviour, ...readBehaviour(patch) }
      return behaviour
    },
    subscribe: async url => subscribe(url),
    unanswered: () => [...world.taps.values()].filter(({ answered }) => !answered).length,
    commands: () => bots[0]?.commands ?? [],
    stats: () => ({ ...world.counts, webhooks: sumOf(bots.map(({ updates }) => updates.stats())) }),
    drained: async (withinMs = 10_000) => {
      const until = clock.monotonic() + withinMs
      while (waiting() > 0) {
        if (clock.monotonic() > until) return false
        await new Promise(resolve => setTimeout(resolve, 5))
      }
      return true
    },
  }
  if (options.webhookUrl !== undefined) subscribe(options.webhookUrl)
  return sim
}

function sumOf(all: readonly UpdateStats[]): UpdateStats {
  const sum = {
    posts: 0,
    acknowledged: 0,
    unacknowledged: 0,
    redelivered: 0,
    corrupted: 0,
    lost: 0,
    waiting: 0,
  }
  for (const one of all) for (const key of Object.keys(sum) as (keyof UpdateStats)[]) sum[key] += one[key]
  return sum
}

/** `/bot<token>/<method>` and `/file/bot<token>/<path>` (PROVIDERS D1). */
const PATH = /^\/(file\/)?bot([^/]+)\/(.+)$/

function route(world: World, sim: TelegramSim, request: IncomingMessage, response: ServerResponse): void {
  const { url = '/', method = 'GET' } = request
  const { pathname, searchParams } = new URL(url, sim.url)
  readBody(request, response, body => {
    if (pathname.startsWith('/sim/')) {
      const json = objectOf(parseJson(body.toString()))
      void control(sim, `${method} ${pathname.slice('/sim/'.length)}`, searchParams, json).then(answer =>
        reply(response, answer),
      )
      return
    }
    const [, isFile, token = '', rest = ''] = PATH.exec(decodeURI(pathname)) ?? []
    const bot = world.bots.get(token)
    if (bot === undefined) {
      const [error_code, description] = TOKEN.test(token) ? [401, 'Unauthorized'] : [404, 'Not Found']
      reply(response, { status: error_code, body: JSON.stringify({ ok: false, error_code, description }) })
    } else if (isFile === undefined) {
      const type = request.headers['content-type'] ?? ''
      void answerCall(world, bot, rest, { type, body, query: searchParams }, response)
    } else {
      download(world, rest, response)
    }
  })
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

function readBody(request: IncomingMessage, response: ServerResponse, done: (body: Buffer) => void): void {
  const chunks: Buffer[] = []
  let size = 0
  request.on('data', (chunk: Buffer) => {
    size += chunk.length
    if (size > BODY_BYTES_MAX) response.socket?.destroy()
    else chunks.push(chunk)
  })
  request.on('end', () => done(Buffer.concat(chunks)))
}
