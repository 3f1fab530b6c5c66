import { setTimeout as sleep } from 'node:timers/promises'
import type { Transaction } from '../model/change.ts'
import type { LogEvent } from '../model/event.ts'
import type { WorkspaceId } from '../model/ids.ts'
import type { Log } from '../model/log.ts'
import { LogTrimmed, type Store } from '../store/store.ts'
import type { Bus } from './bus.ts'

/** Events read from the log at once. */
const PAGE_EVENTS = 500

export type ReadLogOptions = {
  store: Store
  bus: Bus
  workspace: WorkspaceId
  /** The last sequence the reader has. */
  after: number
  name: string
  signal: AbortSignal
  /** How many live events may wait for a slow reader before it is dropped. */
  eventsMax: number
}

/**
 * `dropped`: the reader was too slow; it may resume from the last event it got, unless that is so long ago that what
 * follows it is not kept any more (RULES A6).
 */
export type LogBatch = { events: readonly LogEvent[] } | { dropped: string }

/**
 * The log of a workspace from a number on: first what is stored, then what happens. It subscribes before it reads, so
 * that nothing falls between, and passes on each sequence exactly once, in order.
 */
export async function* readLog(options: ReadLogOptions): AsyncGenerator<LogBatch> {
  const { store, bus, workspace, name, signal, eventsMax } = options
  const subscription = bus.subscribe({ name, workspace, eventsMax })
  const stop = (): void => subscription.close()
  signal.addEventListener('abort', stop, { once: true })
  let at = options.after
  try {
    // What is stored is read until a page is not full; a live event further on shows if something was missed.
    for (let more = true; more && !signal.aborted; ) {
      const events = await store.events(workspace, at, PAGE_EVENTS)
      if (events.length > 0) yield { events }
      at = events.at(-1)?.sequence ?? at
      more = events.length === PAGE_EVENTS
    }
    for await (const batch of subscription) {
      if (batch.dropped) {
        yield { dropped: batch.why }
        return
      }
      const news = batch.events.filter(event => event.sequence > at)
      const first = news[0]
      if (first === undefined) continue
      while (at + 1 < first.sequence) {
        const missed = await store.events(workspace, at, Math.min(PAGE_EVENTS, first.sequence - at - 1))
        // Never passed over: a reader who is told to look again misses nothing.
        if (missed.length === 0) return yield { dropped: 'the log has a gap' }
        yield { events: missed }
        at = missed.at(-1)?.sequence ?? at
      }
      yield { events: news }
      at = news.at(-1)?.sequence ?? at
    }
  } catch (error) {
    if (!(error instanceof LogTrimmed)) throw error
    yield { dropped: error.message }
  } finally {
    signal.removeEventListener('abort', stop)
    subscription.close()
  }
}

/**
 * A reader of the log that remembers where it stands. Its cursor moves in the same commit as its effects, so a crash
 * between any two steps neither skips an event nor applies its effects twice (RULES A4).
 *
 * A workspace is *behind* (it has events after the cursor) or *caught up*. The bus only says that there is news: what
 * is handled comes from the bus while it is gapless, and from the log whenever it is not.
 */
export type FollowerOptions = {
  name: string
  store: Store
  bus: Bus
  log: Log
  /** Which events `handle` gets; the cursor moves over the others too. */
  wants: (event: LogEvent) => boolean
  /**
   * Decides what follows from some events of one workspace, in order. What it returns is committed with the cursor;
   * if that is refused as stale it is called again with what is in the log then. A throw is retried with back-off.
   */
  handle: (
    workspace: WorkspaceId,
    events: readonly LogEvent[],
  ) => Promise<Pick<Transaction, 'changes' | 'when'>>
}

export type Follower = {
  /** Events between the log's head and the cursor, over all workspaces; for `/metrics`. */
  lag(): number
  stop(): Promise<void>
}

/** Live events a follower may fall behind before it reads the log instead. */
const FOLLOWER_EVENTS_MAX = 20_000
/** With nothing wanted among them, this many events pass before the cursor is moved for their sake. */
const IDLE_STRIDE_EVENTS = 5000
/** … or this much time, so that an idle cursor is never far behind. */
const IDLE_STRIDE_MS = 1000
const RETRY_MS_MAX = 10_000
/** The cursor of a workspace that was not looked up yet. */
const UNKNOWN = -1

/**
 * Where the follower stands in a workspace, and the window of the log that the bus brought without a gap: after `from`,
 * up to `to`. Only wanted events of it are kept; the others would be garbage that lives too long.
 */
type Place = { cursor: number; head: number; from: number; to: number; wanted: LogEvent[] }

/** Some of the log after the cursor: the wanted events of it, and how far it reaches. */
type Step = { wanted: readonly LogEvent[]; to: number }

export function createFollower(options: FollowerOptions): Follower {
  const follower = new LogFollower(options)
  follower.start()
  return { lag: () => follower.lag(), stop: () => follower.stop() }
}

class LogFollower {
  readonly #options: FollowerOptions
  readonly #places = new Map<WorkspaceId, Place>()
  readonly #behind = new Set<WorkspaceId>()
  readonly #stopping = new AbortController()
  #wake: (() => void) | undefined
  #running: Promise<unknown> = Promise.resolve()
  #timer: NodeJS.Timeout | undefined

  constructor(options: FollowerOptions) {
    this.#options = options
  }

  start(): void {
    this.#running = Promise.all([this.#listen(), this.#work()])
    // The idle stride of a workspace that went quiet.
    this.#timer = setInterval(() => this.#poke(), IDLE_STRIDE_MS)
    this.#timer.unref()
  }

  lag(): number {
    let lag = 0
    for (const { head, cursor } of this.#places.values()) lag += head - Math.max(0, cursor)
    return lag
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    clearInterval(this.#timer)
    this.#wake?.()
    await this.#running
  }

  /** Marks every workspace with news as behind; resubscribes when it was dropped for being slow. */
  async #listen(): Promise<void> {
    const { bus, name } = this.#options
    const { signal } = this.#stopping
    while (!signal.aborted) {
      const subscription = bus.subscribe({ name, workspace: '*', eventsMax: FOLLOWER_EVENTS_MAX })
      const stop = (): void => subscription.close()
      signal.addEventListener('abort', stop, { once: true })
      await this.#retried('find its place', () => this.#look())
      let dropped = false
      for await (const batch of subscription) {
        dropped = batch.dropped
        if (!batch.dropped) this.#note(batch.events)
      }
      signal.removeEventListener('abort', stop)
      if (!dropped) return
    }
  }

  /** Where every workspace's log ends now. */
  async #look(): Promise<void> {
    for (const { id, head } of await this.#options.store.query('workspaces', {})) {
      const place = await this.#place(id)
      place.head = Math.max(place.head, head)
      if (place.cursor < place.head) this.#behind.add(id)
    }
    this.#wake?.()
  }

  async #place(workspace: WorkspaceId): Promise<Place> {
    const known = this.#places.get(workspace)
    if (known !== undefined) return known
    const cursor = await this.#options.store.cursor(this.#options.name, workspace)
    const place = this.#places.get(workspace) ?? { cursor, head: cursor, ...emptyWindow(cursor) }
    this.#places.set(workspace, place)
    return place
  }

  #note(events: readonly LogEvent[]): void {
    for (const event of events) {
      const { workspace, sequence } = event
      let place = this.#places.get(workspace)
      if (place === undefined) {
        place = { cursor: UNKNOWN, head: 0, ...emptyWindow(sequence - 1) }
        this.#places.set(workspace, place)
      }
      if (sequence !== place.to + 1) Object.assign(place, emptyWindow(sequence - 1))
      place.head = sequence
      place.to = sequence
      if (this.#options.wants(event)) {
        if (place.wanted.push(event) > FOLLOWER_EVENTS_MAX) Object.assign(place, emptyWindow(sequence))
        this.#behind.add(workspace)
      } else if (sequence - place.cursor >= IDLE_STRIDE_EVENTS) this.#behind.add(workspace)
    }
    if (this.#behind.size > 0) this.#wake?.()
  }

  #poke(): void {
    for (const [workspace, place] of this.#places) if (place.cursor < place.head) this.#behind.add(workspace)
    if (this.#behind.size > 0) this.#wake?.()
  }

  async #work(): Promise<void> {
    const { signal } = this.#stopping
    while (!signal.aborted) {
      const [workspace] = this.#behind
      if (workspace === undefined) await new Promise<void>(resolve => (this.#wake = resolve))
      else {
        this.#behind.delete(workspace)
        await this.#retried('handle events', () => this.#advance(workspace))
      }
    }
  }

  /** One step: some events, what follows from them, and the cursor, in one commit. */
  async #advance(workspace: WorkspaceId): Promise<void> {
    const { name, store, handle } = this.#options
    const place = await this.#place(workspace)
    if (place.cursor === UNKNOWN) place.cursor = await store.cursor(name, workspace)
    if (place.cursor >= place.head) return
    const { wanted, to } = inHand(place) ?? (await this.#fromLog(workspace, place))
    if (to <= place.cursor) return
    const effects = wanted.length === 0 ? { changes: [] } : await handle(workspace, wanted)
    const cursor = { follower: name, from: place.cursor, to }
    const { stale } = await store.commit({ workspace, cursor, ...effects })
    place.cursor = stale ? await store.cursor(name, workspace) : to
    if (place.cursor < place.head) this.#behind.add(workspace)
  }

  async #fromLog(workspace: WorkspaceId, { cursor, head }: Place): Promise<Step> {
    const { name, store, log, wants } = this.#options
    try {
      const events = await store.events(workspace, cursor, Math.min(PAGE_EVENTS, head - cursor))
      return { wanted: events.filter(wants), to: events.at(-1)?.sequence ?? cursor }
    } catch (error) {
      if (!(error instanceof LogTrimmed)) throw error
      // RULES A6: nobody holds retention back. Standing still would not bring those events again.
      const { oldest } = error
      log.warn(
        { follower: name, workspace, after: cursor, oldest },
        'a follower missed what is not kept any more',
      )
      return { wanted: [], to: oldest - 1 }
    }
  }

  /** Tries until it works or the follower stops: a store that is away for a while must not end a follower. */
  async #retried(what: string, run: () => Promise<void>): Promise<void> {
    const { log, name } = this.#options
    const { signal } = this.#stopping
    for (let delayMs = 100; !signal.aborted; delayMs = Math.min(delayMs * 2, RETRY_MS_MAX)) {
      try {
        await run()
        return
      } catch (error) {
        log.warn({ follower: name, error: String(error), retryInMs: delayMs }, `a follower could not ${what}`)
        await sleep(delayMs, undefined, { signal }).catch(() => {})
      }
    }
  }
}

function emptyWindow(at: number): Pick<Place, 'from' | 'to' | 'wanted'> {
  return { from: at, to: at, wanted: [] }
}

/** The next step out of the window; undefined while it begins after the cursor, or has nothing beyond it yet. */
function inHand(place: Place): Step | undefined {
  if (place.cursor < place.from || place.cursor >= place.to) return undefined
  const news = place.wanted.filter(event => event.sequence > place.cursor)
  const wanted = news.slice(0, PAGE_EVENTS)
  place.wanted = news.slice(PAGE_EVENTS)
  const last = wanted.at(-1)
  const to = place.wanted.length > 0 && last !== undefined ? last.sequence : place.to
  // What was taken is no longer here: if handling it fails, it is read from the log again.
  place.from = to
  return { wanted, to }
}
