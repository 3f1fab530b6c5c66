import { Pool } from 'undici'
import type { Behaviour } from './behaviour.ts'

export type WebhookStats = {
  posts: number
  acknowledged: number
  /** POSTs that got something else than 2xx, or nothing in time. */
  unacknowledged: number
  redelivered: number
  corrupted: number
  /** Updates that were given up, or did not fit. */
  lost: number
  /** Updates that wait, are under way, or will be redelivered. */
  waiting: number
}

export type Webhooks<Update> = {
  /** Sends an update, in company where there is some. `told` is called when it was acknowledged or given up. */
  emit(update: Update, told?: () => void): void
  /** Sends any body, signed: for what the simulator has no word for. */
  post(body: string): void
  stats(): WebhookStats
  /** Updates wait until it is known where they go. */
  setUrl(url: string): void
  close(): Promise<void>
}

/** How one provider writes and signs its webhooks. */
export type Delivery<Update> = {
  behaviour: () => Behaviour
  /** The body of one POST that tells all of these. */
  bodyOf(updates: readonly Update[]): Buffer
  contentType: string
  /** Headers that prove who sends it; `corrupt`: wrong ones. `url` is where it goes, whole. */
  sign(request: { url: string; body: Buffer; corrupt: boolean }): Record<string, string>
  /** Updates in one POST at most, and how long one waits for company; 1 and 0 if absent. */
  batch?: () => { max: number; waitMs: number }
  /** Where an update goes, if not where all do: a status callback of its message. */
  urlOf?(update: Update): string | undefined
}

/** Updates that may wait for a subscriber that is slow or away. */
const WAITING_MAX = 2_000_000

type Waiting<Update> = { update: Update; told: (() => void) | undefined }
type Post = { url: string | undefined; body: Buffer; size: number; attempt: number; told: (() => void)[] }

/** Delivers webhooks as providers do: signed over the raw bytes, again after a pause for as long as nobody takes it. */
export function createWebhooks<Update>(delivery: Delivery<Update>): Webhooks<Update> {
  const { behaviour } = delivery
  const batchOf = delivery.batch ?? (() => ({ max: 1, waitMs: 0 }))
  // Read from `head` on: taking from the front of a long array would move all of it each time.
  let queue: Waiting<Update>[] = []
  let head = 0
  const stats = { posts: 0, acknowledged: 0, unacknowledged: 0, redelivered: 0, corrupted: 0, lost: 0 }
  let waiting = 0
  let underWay = 0
  let planned = false
  let closed = false
  let target: string | undefined
  const sockets = createSockets()
  const flush = (): void => {
    planned = false
    while (head < queue.length && underWay < behaviour().postsMax && target !== undefined && !closed) {
      const batch = queue.slice(head, head + Math.max(batchOf().max, 1))
      head += batch.length
      const told = batch.flatMap(({ told }) => (told === undefined ? [] : [told]))
      const [first] = batch
      const url = first && delivery.urlOf?.(first.update)
      const body = delivery.bodyOf(batch.map(({ update }) => update))
      void deliver({ url, body, size: batch.length, attempt: 0, told })
    }
    if (head * 2 > queue.length) {
      queue = queue.slice(head)
      head = 0
    }
  }
  const plan = (): void => {
    if (planned) return
    planned = true
    const { waitMs } = batchOf()
    if (waitMs > 0) setTimeout(flush, waitMs).unref()
    else setImmediate(flush)
  }
  const settle = (post: Post): void => {
    waiting -= post.size
    for (const told of post.told) told()
  }
  const deliver = async (post: Post): Promise<void> => {
    underWay += 1
    const url = post.url ?? target
    const acknowledged = url !== undefined && (await attempt(post, url))
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
  const attempt = async ({ body }: Post, url: string): Promise<boolean> => {
    const { corruptOneIn, webhookMs } = behaviour()
    stats.posts += 1
    const corrupt = corruptOneIn > 0 && stats.posts % corruptOneIn === 0
    if (corrupt) stats.corrupted += 1
    const headers = { 'content-type': delivery.contentType, ...delivery.sign({ url, body, corrupt }) }
    return await sockets.post(url, { headers, body, timeoutMs: webhookMs })
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
      void deliver({ url: undefined, body: Buffer.from(body), size: 1, attempt: 0, told: [] })
    },
    stats: () => ({ ...stats, waiting }),
    setUrl: url => {
      target = url
      plan()
    },
    close: async () => {
      closed = true
      await sockets.close()
    },
  }
}

type Posting = { headers: Record<string, string>; body: Buffer; timeoutMs: number }

/** One pool of connections for each place that webhooks go to. */
function createSockets(): { post(url: string, posting: Posting): Promise<boolean>; close(): Promise<void> } {
  const pools = new Map<string, Pool>()
  let closed = false
  const places = new Map<string, { pool: Pool; path: string }>()
  const placeOf = (url: string): { pool: Pool; path: string } => {
    const known = places.get(url)
    if (known !== undefined) return known
    const { origin, pathname, search } = new URL(url)
    const pool = pools.get(origin) ?? new Pool(origin, { connections: 64, pipelining: 1 })
    pools.set(origin, pool)
    // URLs of single messages must not pile up.
    if (places.size > 1000) places.clear()
    const place = { pool, path: pathname + search }
    places.set(url, place)
    return place
  }
  return {
    post: async (url, { headers, body, timeoutMs }) => {
      // A redelivery whose time comes after the end.
      if (closed) return false
      try {
        const { pool, path } = placeOf(url)
        const timeouts = { headersTimeout: timeoutMs, bodyTimeout: timeoutMs }
        const answer = await pool.request({ method: 'POST', path, headers, body, ...timeouts })
        await answer.body.dump()
        return answer.statusCode >= 200 && answer.statusCode < 300
      } catch {
        return false
      }
    },
    close: async () => {
      closed = true
      await Promise.all([...pools.values()].map(pool => pool.destroy()))
    },
  }
}
