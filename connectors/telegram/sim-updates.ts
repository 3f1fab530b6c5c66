import { Pool } from 'undici'
import type { Random } from '../../model/random.ts'
import { type Json, objectOf, parseJson } from '../kit/json.ts'
import { chance } from '../kit/sim/behaviour.ts'
import type { WebhookStats } from '../kit/sim/webhooks.ts'
import type { Behaviour } from './sim-behaviour.ts'

/** Where a bot's updates go; without one they wait to be asked for (PROVIDERS D1: one or the other). */
export type SimWebhook = { url: string; secret: string | undefined; allowed: readonly string[] | undefined }

export type SimUpdates = {
  /** `queue` keeps order: what follows in one waits until what is before it was taken. */
  emit(kind: string, value: Json, queue: string): void
  /** Any body, as it stands: for what the simulator has no word for. */
  post(body: string): void
  webhook(): SimWebhook | undefined
  setWebhook(webhook: SimWebhook | undefined): void
  /**
   * `getUpdates`: waits up to `waitMs` while there are none; those before `offset` are forgotten. undefined: somebody
   * else asked meanwhile.
   */
  ask(offset: number | undefined, limit: number, waitMs: number): Promise<Json[] | undefined>
  /** `lost`: given up, or left out by `allowed_updates`. */
  stats(): WebhookStats
  lastError(): string | undefined
  close(): Promise<void>
}

type Waiting = { body: string; update: Json; attempt: number }
type Target = SimWebhook & { pool: Pool; path: string }

/** Not in the default set (PROVIDERS D2). */
const NOT_BY_DEFAULT = new Set(['chat_member', 'message_reaction', 'message_reaction_count'])

/**
 * The updates of one bot, delivered as Telegram does (PROVIDERS D1): one a POST with the secret in a header, each queue
 * in order and several at a time, again after a pause for as long as the answer is not 2xx; or given when asked for.
 */
export function createUpdates(behaviour: () => Behaviour, random: Random, firstId: number): SimUpdates {
  const queues = new Map<string, Waiting[]>()
  const ready: string[] = []
  const busy = new Set<string>()
  const stats = { posts: 0, acknowledged: 0, unacknowledged: 0, redelivered: 0, corrupted: 0, lost: 0 }
  let nextId = firstId
  let waiting = 0
  let underWay = 0
  let closed = false
  let lastError: string | undefined
  let target: Target | undefined
  /** Who waits for updates; called with false, somebody else asked in its place. */
  let asking: ((isOwn: boolean) => void) | undefined
  const push = (one: Waiting, queue: string): void => {
    waiting += 1
    const list = queues.get(queue)
    if (list === undefined) {
      queues.set(queue, [one])
      ready.push(queue)
    } else {
      list.push(one)
    }
    asking?.(true)
    flush()
  }
  const flush = (): void => {
    while (target !== undefined && !closed && underWay < behaviour().postsMax) {
      const queue = ready.shift()
      if (queue === undefined) return
      void deliver(queue, target)
    }
  }
  const deliver = async (queue: string, to: Target): Promise<void> => {
    const one = queues.get(queue)?.[0]
    if (one === undefined || busy.has(queue)) return
    underWay += 1
    busy.add(queue)
    const status = await attempt(one, to)
    underWay -= 1
    busy.delete(queue)
    if (closed) return
    const { redeliverMs, redeliverMax, duplicates } = behaviour()
    const isTaken = status !== undefined && status >= 200 && status < 300
    stats[isTaken ? 'acknowledged' : 'unacknowledged'] += 1
    if (!isTaken) lastError = `Wrong response from the webhook: ${status ?? 'none'}`
    // Told twice: what was taken is delivered once more, as after an answer that was lost on its way.
    const again = isTaken ? one.attempt === 0 && chance(random, duplicates) : one.attempt < redeliverMax
    if (again) {
      one.attempt += 1
      stats.redelivered += 1
      const pauseMs = isTaken ? 0 : Math.min(redeliverMs * 2 ** (one.attempt - 1), 120_000)
      setTimeout(() => {
        ready.push(queue)
        flush()
      }, pauseMs).unref()
      flush()
      return
    }
    if (!isTaken) stats.lost += 1
    done(queue)
    flush()
  }
  const done = (queue: string): void => {
    waiting -= 1
    const list = queues.get(queue) ?? []
    list.shift()
    if (list.length === 0) queues.delete(queue)
    else ready.push(queue)
  }
  const attempt = async ({ body }: Waiting, { pool, path, secret }: Target): Promise<number | undefined> => {
    const { corruptOneIn, webhookMs } = behaviour()
    stats.posts += 1
    const corrupt = corruptOneIn > 0 && stats.posts % corruptOneIn === 0
    if (corrupt) stats.corrupted += 1
    const headers = {
      'content-type': 'application/json',
      ...(secret !== undefined && {
        'x-telegram-bot-api-secret-token': corrupt ? `not-${secret}` : secret,
      }),
    }
    try {
      const limits = { headersTimeout: webhookMs, bodyTimeout: webhookMs }
      const answer = await pool.request({ method: 'POST', path, headers, body, ...limits })
      await answer.body.dump()
      return answer.statusCode
    } catch {
      return undefined
    }
  }
  const all = (): Json[] =>
    [...queues.values()]
      .flatMap(list => list.map(({ update }) => update))
      .sort((a, b) => Number(a['update_id']) - Number(b['update_id']))
  /** False if somebody else asks meanwhile. */
  const arrival = (waitMs: number): Promise<boolean> =>
    new Promise(resolve => {
      const wake = (isOwn: boolean): void => {
        clearTimeout(timer)
        if (asking === wake) asking = undefined
        resolve(isOwn)
      }
      const timer = setTimeout(wake, waitMs, true)
      asking = wake
    })
  const forget = (offset: number): void => {
    for (const [queue, list] of queues) {
      const kept = list.filter(({ update }) => Number(update['update_id']) >= offset)
      waiting -= list.length - kept.length
      stats.acknowledged += list.length - kept.length
      if (kept.length > 0) queues.set(queue, kept)
      else queues.delete(queue)
    }
  }
  return {
    emit: (kind, value, queue) => {
      const update = { update_id: nextId++, [kind]: value }
      const allowed = target?.allowed
      const isWanted = allowed === undefined ? !NOT_BY_DEFAULT.has(kind) : allowed.includes(kind)
      if (target !== undefined && !isWanted) stats.lost += 1
      else push({ body: JSON.stringify(update), update, attempt: 0 }, queue)
    },
    post: body => {
      const update_id = nextId++
      push({ body, update: objectOf(parseJson(body)) ?? { update_id }, attempt: 0 }, `raw ${update_id}`)
    },
    webhook: () => target,
    setWebhook: webhook => {
      target?.pool.close().catch(() => {})
      target = webhook && targetOf(webhook)
      ready.splice(0, ready.length, ...queues.keys())
      flush()
    },
    ask: async (offset, limit, waitMs) => {
      asking?.(false)
      if (offset !== undefined) forget(offset)
      const isOwn = queues.size > 0 || waitMs === 0 || (await arrival(waitMs))
      return isOwn ? all().slice(0, limit) : undefined
    },
    stats: () => ({ ...stats, waiting }),
    lastError: () => lastError,
    close: async () => {
      closed = true
      asking?.(true)
      await target?.pool.destroy()
    },
  }
}

function targetOf(webhook: SimWebhook): Target {
  const { origin, pathname, search } = new URL(webhook.url)
  return { ...webhook, pool: new Pool(origin, { connections: 64, pipelining: 1 }), path: pathname + search }
}
