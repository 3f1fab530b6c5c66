import type { Random } from '../../model/random.ts'
import { signature, textDelivery } from '../gateway/daemon.ts'
import type { Life } from './life.ts'

/** What people and programs asked of the daemon, over all its lives, and what it promised them. */
export type Load = {
  deliveries: Delivery[]
  posts: Post[]
  /** What a follower of the log was given, by number: it must stay so. */
  told: Map<number, string>
  faults: string[]
}

/** `isKept`: it was answered 200. */
export type Delivery = { body: string; ids: string[]; isKept: boolean }
/** `id`: it was answered 202 with this message. */
export type Post = { key: string; text: string; to: string; id: string | null }

export const NUMBER = '15550783881'
/** Of each kind, in one life. */
const ASKS_MAX = 100
const CLIENTS = 4
/** Between asks of one client: the traffic lasts about a second, and groups of commits stay small. */
const PAUSE_MAX_MS = 60
/** Few enough that some wait behind each other: order is kept per person. */
const PEOPLE = 40
const MESSAGES_MAX = 3
/** One of so many that were answered is asked again after a crash. */
const AGAIN_ONE_IN = 4

export function createLoad(): Load {
  return { deliveries: [], posts: [], told: new Map(), faults: [] }
}

/** Asks for new things until there are enough of them or the process is gone. */
export async function press(load: Load, life: Life, channel: string, random: Random): Promise<void> {
  const clients = Array.from({ length: CLIENTS }, async (_, index) => {
    for (let asked = 0; asked < ASKS_MAX / CLIENTS && !life.isOver(); asked++) {
      // Every other client begins with a webhook, so that both flows are always under way together.
      const asks = [
        () => deliver(load, life, newDelivery(load, random)),
        () => post(load, life, channel, newPost(load, random)),
      ]
      for (const ask of index % 2 === 0 ? asks : asks.toReversed()) await unlessGone(life, ask)
      await pause(random.fraction() * PAUSE_MAX_MS)
    }
  })
  const pressed = Promise.all(clients)
  let isDone = false
  const done = (): void => {
    isDone = true
  }
  pressed.then(done, done)
  while (!isDone && !life.isOver()) await unlessGone(life, () => follow(load, life))
  await pressed
}

/** What was not answered is asked again, as providers and clients do, and some of what was. */
export async function repeat(load: Load, life: Life, channel: string): Promise<void> {
  await inTurn(load.deliveries, async (delivery, index) => {
    if (!delivery.isKept || index % AGAIN_ONE_IN === 0) await deliver(load, life, delivery)
    if (!delivery.isKept) load.faults.push(`${delivery.ids.join()} was not taken by the last life`)
  })
  await inTurn(load.posts, async (asked, index) => {
    if (asked.id === null || index % AGAIN_ONE_IN === 0) await post(load, life, channel, asked)
    if (asked.id === null) load.faults.push(`${asked.key} was not taken by the last life`)
  })
}

async function inTurn<T>(
  items: readonly T[],
  each: (item: T, index: number) => Promise<void>,
): Promise<void> {
  const entries = items.entries()
  await Promise.all(
    Array.from({ length: CLIENTS }, async () => {
      for (const [index, item] of entries) await each(item, index)
    }),
  )
}

function newDelivery(load: Load, random: Random): Delivery {
  const count = 1 + Math.floor(random.fraction() * MESSAGES_MAX)
  const ids = Array.from({ length: count }, (_, index) => `wamid.in.${load.deliveries.length}.${index}`)
  const messages = ids.map(id => ({ number: NUMBER, id, from: personOf(random).slice(1), text: id }))
  const delivery = { body: textDelivery(...messages), ids, isKept: false }
  load.deliveries.push(delivery)
  return delivery
}

function newPost(load: Load, random: Random): Post {
  const key = `key-${load.posts.length}`
  const made = { key, text: `out ${key}`, to: personOf(random), id: null }
  load.posts.push(made)
  return made
}

function personOf(random: Random): string {
  return `+52155${String(10_000_000 + Math.floor(random.fraction() * PEOPLE))}`
}

async function deliver(load: Load, life: Life, delivery: Delivery): Promise<void> {
  const { status } = await life.call('POST', '/in/whatsapp', delivery.body, signature(delivery.body))
  if (status === 200) delivery.isKept = true
  else load.faults.push(`a signed webhook was answered ${status}`)
}

async function post(load: Load, life: Life, channel: string, asked: Post): Promise<void> {
  const body = { channel, to: asked.to, content: { type: 'text', text: asked.text } }
  const answer = await life.call('POST', '/v1/messages', body, { 'idempotency-key': asked.key })
  if (answer.status !== 202) {
    load.faults.push(`${asked.key} was answered ${answer.status}`)
    return
  }
  const { id } = answer.body as { id: string }
  if (asked.id !== null && asked.id !== id)
    load.faults.push(`${asked.key} is two messages: ${asked.id}, ${id}`)
  asked.id = id
}

/** Reads the log on from the last number read in any life. */
async function follow(load: Load, life: Life): Promise<void> {
  for (const event of await eventsAfter(life, Math.max(0, ...load.told.keys()))) {
    load.told.set(event.sequence, JSON.stringify(event))
  }
  await pause(10)
}

export async function eventsAfter(life: Life, after: number): Promise<LogLine[]> {
  const { body } = await life.call('GET', `/v1/events?after=${after}&limit=500`)
  return (body as { data: LogLine[] }).data
}

export type LogLine = { sequence: number; type: string; subject: string }

/** An ask that ends with the process has no answer, which promises nothing; any other fault is one. */
async function unlessGone(life: Life, ask: () => Promise<void>): Promise<void> {
  try {
    await ask()
  } catch (error) {
    // The connection may break a moment before the parent learns of the exit.
    const exited = new Promise<boolean>(resolve => setTimeout(resolve, 2000, false).unref())
    if (!(await Promise.race([life.ended.then(() => true), exited]))) throw error
  }
}

function pause(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms))
}
