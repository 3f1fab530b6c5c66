import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import type { LogEvent } from '../../model/event.ts'
import type { WorkspaceId } from '../../model/ids.ts'
import { LogTrimmed, type StoreListener } from '../store.ts'
import { clientOf, hangUp, share } from './client.ts'
import type { GroupResult } from './engine.ts'
import { type Statement, statement } from './statement.ts'

/**
 * Tells the listener what was committed, whoever of the nodes committed it: each workspace's events in order, without
 * gap or repetition (RULES A7). What this node commits is told as it is; where another node's numbers lie between, the
 * log is read.
 *
 * A workspace is *told* up to a number and known to have a *head*. Other nodes say theirs by NOTIFY in the transaction
 * itself; every `LOOK_MS`, and whenever the line was broken, all heads are looked at, so that a lost word costs time
 * and nothing else.
 */
export type Tail = {
  /** What this node has just committed. */
  own(events: LogEvent[]): void
  /** Word to the other nodes, to be sent with the commit; undefined if there is nothing to say. */
  word(result: GroupResult): Statement | undefined
  close(): Promise<void>
}

export type TailOptions = {
  url: string
  listener: StoreListener
  events(workspace: WorkspaceId, after: number, limit: number): Promise<LogEvent[]>
  heads(): Promise<Head[]>
  /** Sender groups with anything not settled. */
  groups(): Promise<string[]>
}

type Head = { id: WorkspaceId; head: number }
type Place = { told: number; head: number; isReading: boolean }
type Word = { by: string; heads?: Record<string, number>; work?: string[] }

const CHANNEL = 'omnibus'
const LOOK_MS = 2000
const PAGE_EVENTS = 500
/** PostgreSQL takes 7,999 bytes; who says nothing in particular is understood as "look at everything". */
const WORD_BYTES_MAX = 7900
const AGAIN_MS_MIN = 100
const AGAIN_MS_MAX = 2000

/** Connects before it answers. @throws whatever the driver throws, DatabaseInUse */
export async function startTail(options: TailOptions): Promise<Tail> {
  const tail = new LogTail(options)
  await tail.start()
  return tail
}

class LogTail implements Tail {
  readonly #options: TailOptions
  readonly #node = randomUUID()
  readonly #places = new Map<WorkspaceId, Place>()
  readonly #stopping = new AbortController()
  #client: pg.Client | undefined
  #running: Promise<void> = Promise.resolve()

  constructor(options: TailOptions) {
    this.#options = options
  }

  async start(): Promise<void> {
    const client = await this.#connect()
    for (const { id, head } of await this.#options.heads())
      this.#places.set(id, { told: head, head, isReading: false })
    this.#running = this.#follow(client)
  }

  own(events: LogEvent[]): void {
    const first = events[0]
    if (first === undefined) return
    const isOne = events.every(event => event.workspace === first.workspace)
    const groups = isOne ? [events] : [...Map.groupBy(events, event => event.workspace).values()]
    const told = groups.filter(group => this.#isNext(group))
    if (told.length > 0) this.#options.listener.events(told.flat())
  }

  word({ events, work }: GroupResult): Statement | undefined {
    if (events.length === 0 && work.length === 0) return undefined
    const heads: Record<string, number> = {}
    for (const { workspace, sequence } of events) heads[workspace] = sequence
    const word = JSON.stringify({ by: this.#node, heads, work } satisfies Word)
    const fits = Buffer.byteLength(word) <= WORD_BYTES_MAX
    return statement('SELECT pg_notify($1, $2)', [CHANNEL, fits ? word : JSON.stringify({ by: this.#node })])
  }

  async close(): Promise<void> {
    this.#stopping.abort()
    if (this.#client !== undefined) hangUp(this.#client)
    await this.#running
  }

  /** Whether these are the workspace's next ones; if not, the log is read up to them. */
  #isNext(events: LogEvent[]): boolean {
    const [first, last] = [events[0], events.at(-1)]
    if (first === undefined || last === undefined) return false
    const place = this.#place(first.workspace)
    place.head = Math.max(place.head, last.sequence)
    if (!place.isReading && place.told + 1 === first.sequence) {
      place.told = last.sequence
      return true
    }
    void this.#catchUp(first.workspace, place)
    return false
  }

  #place(workspace: WorkspaceId): Place {
    const place = this.#places.get(workspace) ?? { told: 0, head: 0, isReading: false }
    this.#places.set(workspace, place)
    return place
  }

  async #catchUp(workspace: WorkspaceId, place: Place): Promise<void> {
    if (place.isReading) return
    place.isReading = true
    const { signal } = this.#stopping
    while (place.told < place.head && !signal.aborted) {
      try {
        const events = await this.#options.events(workspace, place.told, PAGE_EVENTS)
        // They are there, since their number is known; if not, the next look finds out.
        if (events.length === 0 || signal.aborted) break
        place.told = events.at(-1)?.sequence ?? place.told
        this.#options.listener.events(events)
      } catch (error) {
        if (error instanceof LogTrimmed) place.told = error.oldest - 1
        else await sleep(AGAIN_MS_MAX, undefined, { signal }).catch(() => {})
      }
    }
    place.isReading = false
  }

  /** Listens until it is told to stop, on one connection after the other. */
  async #follow(first: pg.Client): Promise<void> {
    const { signal } = this.#stopping
    let client: pg.Client | undefined = first
    let waitMs = AGAIN_MS_MIN
    while (!signal.aborted) {
      try {
        client ??= await this.#connect()
        waitMs = AGAIN_MS_MIN
        await this.#lookEverywhere()
        for (;;) {
          await sleep(LOOK_MS, undefined, { signal })
          const { rows } = await client.query(HEADS)
          this.#note(rows)
        }
      } catch {
        if (client !== undefined) hangUp(client)
        client = undefined
        await sleep(waitMs, undefined, { signal }).catch(() => {})
        waitMs = Math.min(AGAIN_MS_MAX, waitMs * 2)
      }
    }
    if (client !== undefined) hangUp(client)
  }

  async #connect(): Promise<pg.Client> {
    const client = clientOf(this.#options.url)
    this.#client = client
    await client.connect()
    try {
      await share(client)
      client.on('notification', ({ payload }) => this.#hear(payload ?? ''))
      await client.query(`LISTEN ${CHANNEL}`)
      return client
    } catch (error) {
      hangUp(client)
      throw error
    }
  }

  #hear(payload: string): void {
    const word = wordOf(payload)
    if (word?.by === this.#node) return
    if (word?.heads === undefined) void this.#lookEverywhere().catch(() => {})
    else this.#note(Object.entries(word.heads).map(([id, head]) => ({ id: id as WorkspaceId, head })))
    if (word?.work !== undefined && word.work.length > 0) this.#options.listener.work(word.work)
  }

  /** After a silence anything may have happened, and any group may have got work. */
  async #lookEverywhere(): Promise<void> {
    this.#note(await this.#options.heads())
    const groups = await this.#options.groups()
    if (groups.length > 0 && !this.#stopping.signal.aborted) this.#options.listener.work(groups)
  }

  #note(heads: Head[]): void {
    for (const { id, head } of heads) {
      const place = this.#place(id)
      place.head = Math.max(place.head, head)
      if (place.told < place.head) void this.#catchUp(id, place)
    }
  }
}

/** Whoever may log in may send a word; what is none of ours says nothing in particular. */
function wordOf(payload: string): Word | undefined {
  try {
    const word: unknown = JSON.parse(payload)
    return typeof word === 'object' && word !== null && 'by' in word ? (word as Word) : undefined
  } catch {
    return undefined
  }
}

const HEADS = 'SELECT id, head FROM workspaces'
