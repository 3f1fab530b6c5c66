import { createHmac } from 'node:crypto'
import { Pool } from 'undici'
import type { Clock } from '../../model/clock.ts'
import type { Json } from '../kit/json.ts'
import type { Behaviour } from './sim-behaviour.ts'
import type { SimNumber } from './sim-limits.ts'

/** One thing to tell the subscriber: an entry of the list of this name, with its entry of `contacts[]`. */
export type Update = {
  number: SimNumber
  kind: 'messages' | 'statuses' | 'message_echoes' | 'errors'
  item: Json
  contact?: Json
}

export type WebhookStats = {
  posts: number
  acknowledged: number
  /** POSTs that got something else than 200, or nothing in time. */
  unacknowledged: number
  redelivered: number
  corrupted: number
  /** Updates that were given up, or did not fit. */
  lost: number
  /** Updates that wait, are under way, or will be redelivered. */
  waiting: number
}

export type Webhooks = {
  /** Sends an update, in company where there is some. `told` is called when it was acknowledged or given up. */
  emit(update: Update, told?: () => void): void
  /** Sends any body, signed: for what the simulator has no word for. */
  post(body: string): void
  stats(): WebhookStats
  setUrl(url: string): void
  close(): Promise<void>
}

/** Updates that may wait for a subscriber that is slow or away. */
const WAITING_MAX = 2_000_000

type Waiting = { update: Update; told: (() => void) | undefined }
type Post = { body: Buffer; size: number; attempt: number; told: (() => void)[] }

/**
 * Delivers webhooks as Meta does (PROVIDERS A2): up to 1,000 updates a POST, signed over the raw bytes, everything
 * that is not ASCII written as an escape, and again after a pause for as long as the answer is not 200.
 */
export function createWebhooks(appSecret: string, behaviour: () => Behaviour, clock: Clock): Webhooks {
  // Read from `head` on: taking from the front of a long array would move all of it each time.
  let queue: Waiting[] = []
  let head = 0
  const stats = { posts: 0, acknowledged: 0, unacknowledged: 0, redelivered: 0, corrupted: 0, lost: 0 }
  let waiting = 0
  let underWay = 0
  let planned = false
  let closed = false
  let target: { pool: Pool; path: string } | undefined
  const flush = (): void => {
    planned = false
    const { batchMax, postsMax } = behaviour()
    while (head < queue.length && underWay < postsMax && target !== undefined && !closed) {
      const batch = queue.slice(head, head + Math.min(Math.max(batchMax, 1), 1000))
      head += batch.length
      const told = batch.flatMap(({ told }) => (told === undefined ? [] : [told]))
      void deliver({ body: bodyOf(batch, clock), size: batch.length, attempt: 0, told })
    }
    if (head * 2 > queue.length) {
      queue = queue.slice(head)
      head = 0
    }
  }
  const plan = (): void => {
    if (planned) return
    planned = true
    const { batchMs } = behaviour()
    if (batchMs > 0) setTimeout(flush, batchMs).unref()
    else setImmediate(flush)
  }
  const settle = (post: Post): void => {
    waiting -= post.size
    for (const told of post.told) told()
  }
  const deliver = async (post: Post): Promise<void> => {
    underWay += 1
    const acknowledged = target !== undefined && (await attempt(post, target))
    underWay -= 1
    if (acknowledged) {
      stats.acknowledged += 1
      settle(post)
    } else if (!closed) {
      stats.unacknowledged += 1
      again(post)
    }
    if (head < queue.length) plan()
  }
  const again = (post: Post): void => {
    const { redeliverMs, redeliverMax } = behaviour()
    if (post.attempt >= redeliverMax) {
      stats.lost += post.size
      settle(post)
      return
    }
    stats.redelivered += 1
    const pause = Math.min(redeliverMs * 2 ** post.attempt, 3_600_000)
    setTimeout(() => void deliver({ ...post, attempt: post.attempt + 1 }), pause).unref()
  }
  const attempt = async (post: Post, { pool, path }: { pool: Pool; path: string }): Promise<boolean> => {
    const { corruptOneIn, webhookMs } = behaviour()
    stats.posts += 1
    const corrupt = corruptOneIn > 0 && stats.posts % corruptOneIn === 0
    if (corrupt) stats.corrupted += 1
    const headers = {
      'content-type': 'application/json',
      'user-agent': 'facebookexternalua',
      'x-hub-signature-256': `sha256=${signatureOf(post.body, corrupt ? `not ${appSecret}` : appSecret)}`,
    }
    try {
      const limits = { headersTimeout: webhookMs, bodyTimeout: webhookMs }
      const answer = await pool.request({ method: 'POST', path, headers, body: post.body, ...limits })
      await answer.body.dump()
      return answer.statusCode === 200
    } catch {
      return false
    }
  }
  return {
    emit: (update, told) => {
      if (waiting >= WAITING_MAX || closed) {
        stats.lost += 1
        told?.()
        return
      }
      waiting += 1
      queue.push({ update, told })
      plan()
    },
    post: body => {
      waiting += 1
      void deliver({ body: Buffer.from(body), size: 1, attempt: 0, told: [] })
    },
    stats: () => ({ ...stats, waiting }),
    setUrl: url => {
      const { origin, pathname, search } = new URL(url)
      const before = target?.pool
      target = { pool: new Pool(origin, { connections: 64, pipelining: 1 }), path: pathname + search }
      before?.close().catch(() => {})
      plan()
    },
    close: async () => {
      closed = true
      await target?.pool.destroy()
    },
  }
}

function signatureOf(body: Buffer, secret: string): string {
  return createHmac('sha256', secret).update(body).digest('hex')
}

const ECHOES = 'smb_message_echoes'

/** PROVIDERS A3: one change for each number and kind, in order of first mention. */
function bodyOf(batch: readonly Waiting[], clock: Clock): Buffer {
  const changes = new Map<string, { number: SimNumber; value: { contacts?: Json[] } & Json; items: Json[] }>()
  for (const { update } of batch) {
    const { number, kind, item, contact } = update
    const key = `${kind} ${number.phoneNumberId}`
    let change = changes.get(key)
    if (change === undefined) {
      const { displayPhoneNumber: display_phone_number, phoneNumberId: phone_number_id } = number
      const items: Json[] = []
      const metadata = { display_phone_number, phone_number_id }
      change = { number, items, value: { messaging_product: 'whatsapp', metadata, [kind]: items } }
      changes.set(key, change)
    }
    change.items.push(item)
    if (contact !== undefined) {
      change.value.contacts ??= []
      change.value.contacts.push(contact)
    }
  }
  const time = Math.floor(clock.now() / 1000)
  const entries = Map.groupBy(changes.values(), ({ number }) => number.wabaId ?? '0')
  const entry = [...entries].map(([id, all]) => ({
    id,
    time,
    changes: all.map(({ value }) => ({ field: value['message_echoes'] ? ECHOES : 'messages', value })),
  }))
  return Buffer.from(escaped(JSON.stringify({ object: 'whatsapp_business_account', entry })))
}

/** "Non-ASCII is sent \uXXXX-escaped" (PROVIDERS A2). */
function escaped(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: everything beyond ASCII is what is meant.
  if (!/[^\x00-\x7f]/.test(text)) return text
  return text.replace(/[\u0080-\uffff]/g, unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
