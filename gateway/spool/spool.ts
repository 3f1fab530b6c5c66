import type { Clock } from '../../model/clock.ts'
import type { ChannelId } from '../../model/ids.ts'
import type { Random } from '../../model/random.ts'
import type { Sealer } from '../../store/seal.ts'
import { type Delivery, type Folder, openFolder } from './folder.ts'
import { createRedeliver, type Redelivered, type RedeliverOptions } from './redeliver.ts'

export type SpoolOptions = RedeliverOptions & {
  /** Of this node and no other. */
  path: string
  sealer: Sealer
  clock: Clock
  random: Random
  /** Deliveries and bytes that may wait, and how long the first look at the store waits. For tests. */
  bounds?: Partial<Bounds>
}

type Bounds = { deliveriesMax: number; bytesMax: number; againMs: number }

/**
 * Deliveries of providers that do not come again, on this node's disk until the store can be reached (RULES B9).
 *
 * A delivery is being written, waits, is stored and removed. While one of a channel waits, or is being written, further
 * ones of that channel wait behind it; so a channel's order is kept. What the store refuses for good is set aside.
 */
export type Spool = {
  /** Whether what comes for one of these channels has to wait behind others. */
  holds(channels: readonly ChannelId[]): boolean
  /** True once it is on the disk; false if the spool is full or the disk refuses. */
  keep(delivery: Delivery): Promise<boolean>
  figures(): SpoolFigures
  /** What waits stays for the next start. */
  stop(): Promise<void>
}

/** `oldestAt`: when what waits longest came. */
export type SpoolFigures = { deliveries: number; oldestAt: number | null }

/** An hour of 14 deliveries a second: Twilio sends three or four for a message of ours. */
const SPOOL_DELIVERIES_MAX = 50_000
const SPOOL_BYTES_MAX = 256 * 1024 * 1024
/** Handed to the store in one turn, so that they share a group. */
const SPOOL_BATCH_MAX = 64
/** Before the store is tried again: first, and at most. */
const SPOOL_AGAIN_MS = 500
const SPOOL_AGAIN_MS_MAX = 15_000

type Entry = {
  channels: readonly ChannelId[]
  at: number
  bytes: number
  /** The name of the file; undefined when it could not be written. */
  file: Promise<string | undefined>
}

/** Reads what an earlier process left; from then on it is stored before anything new of its channels. */
export async function createSpool(options: SpoolOptions): Promise<Spool> {
  const { path, sealer, clock, random, metrics, log } = options
  const { deliveriesMax = SPOOL_DELIVERIES_MAX, bytesMax = SPOOL_BYTES_MAX } = options.bounds ?? {}
  const folder = openFolder(path, sealer)
  const line = createLine()
  let last = 0
  const left = await folder.list((file, why) => {
    log.error({ err: why, file }, 'a delivery in the spool cannot be read; it is set aside')
  })
  for (const { file, number, ...filed } of left) {
    last = number
    line.add({ ...filed, file: Promise.resolve(file) })
  }
  const drain = startDrain(options, folder, line)
  const refuse = (why: unknown): boolean => {
    metrics.spooled.add(['refused'])
    log.error({ err: why }, 'the spool cannot take a delivery')
    return false
  }
  return {
    holds: line.holds,
    keep: async delivery => {
      // Wall time may jump backwards; numbers do not.
      last = Math.max(clock.now(), last + 1)
      const suffix = Buffer.from(random.fill(new Uint8Array(4))).toString('hex')
      const name = `${String(last).padStart(15, '0')}-${suffix}`
      const { text, bytes } = folder.seal(name, delivery)
      if (line.entries.length >= deliveriesMax || line.bytes() + bytes > bytesMax) {
        return refuse(new Error('it is full'))
      }
      const written = folder.write(name, text)
      const { channels, request } = delivery
      const entry = { channels, at: request.at, bytes, file: written.catch(() => undefined) }
      line.add(entry)
      try {
        await written
      } catch (error) {
        line.remove(entry)
        return refuse(error)
      }
      metrics.spooled.add(['kept'])
      drain.wake()
      return true
    },
    figures: () => ({ deliveries: line.entries.length, oldestAt: line.entries[0]?.at ?? null }),
    stop: drain.stop,
  }
}

/** What waits, in order, and how much of it each channel has. */
type Line = {
  entries: readonly Entry[]
  bytes(): number
  holds(channels: readonly ChannelId[]): boolean
  add(entry: Entry): void
  remove(entry: Entry): void
}

function createLine(): Line {
  const entries: Entry[] = []
  const waiting = new Map<ChannelId, number>()
  let bytes = 0
  const count = ({ channels }: Entry, by: 1 | -1): void => {
    for (const channel of channels) {
      const now = (waiting.get(channel) ?? 0) + by
      if (now === 0) waiting.delete(channel)
      else waiting.set(channel, now)
    }
  }
  return {
    entries,
    bytes: () => bytes,
    holds: channels => waiting.size > 0 && channels.some(channel => waiting.has(channel)),
    add: entry => {
      entries.push(entry)
      bytes += entry.bytes
      count(entry, 1)
    },
    remove: entry => {
      const index = entries.indexOf(entry)
      if (index === -1) return
      entries.splice(index, 1)
      bytes -= entry.bytes
      count(entry, -1)
    },
  }
}

/** Empties the line into the store, from its head, whenever the store can be reached. */
function startDrain(
  options: SpoolOptions,
  folder: Folder,
  line: Line,
): { wake: () => void; stop: () => Promise<void> } {
  const { log, bounds } = options
  const redeliver = createRedeliver(options)
  const firstMs = bounds?.againMs ?? SPOOL_AGAIN_MS
  let againMs = firstMs
  let running: Promise<void> | undefined
  let timer: NodeJS.Timeout | undefined
  let stopped = false
  // Once from when it fills until it is empty.
  let told = false
  const tell = (): void => {
    if (!told) log.warn({ deliveries: line.entries.length }, 'deliveries wait in the spool for the store')
    told = true
  }
  const run = async (): Promise<void> => {
    tell()
    while (line.entries.length > 0 && !stopped) {
      if (await drainSome(options, folder, line, redeliver)) {
        againMs = firstMs
        continue
      }
      again(againMs)
      againMs = Math.min(2 * againMs, SPOOL_AGAIN_MS_MAX)
      return
    }
    if (line.entries.length > 0) return
    told = false
    log.info({}, 'the spool is empty again')
  }
  const again = (ms: number): void => {
    if (stopped || timer !== undefined) return
    timer = setTimeout(() => {
      timer = undefined
      running = run().finally(() => {
        running = undefined
        // What came while the last look was under way.
        if (line.entries.length > 0) again(againMs)
      })
    }, ms)
    timer.unref()
  }
  if (line.entries.length > 0) again(0)
  return {
    // It was just found out of reach.
    wake: () => {
      if (running === undefined) again(againMs)
    },
    stop: async () => {
      stopped = true
      clearTimeout(timer)
      await running
    },
  }
}

/** The head of the line; false if the store cannot be reached. A file goes only after its commit is durable. */
async function drainSome(
  { metrics, log }: SpoolOptions,
  folder: Folder,
  line: Line,
  redeliver: (delivery: Delivery) => Promise<Redelivered>,
): Promise<boolean> {
  const head = line.entries.slice(0, SPOOL_BATCH_MAX)
  const read = await Promise.all(head.map(entry => readOne(entry, folder)))
  let reached = true
  // All are handed over in one turn, in order.
  const drain = async ({ entry, file, delivery }: Read): Promise<void> => {
    if (file === undefined) return line.remove(entry)
    try {
      const result = delivery instanceof Error ? 'refused' : await redeliver(delivery)
      if (result === 'refused') {
        const why = delivery instanceof Error ? { err: delivery } : {}
        log.error({ file, ...why }, 'a delivery in the spool cannot be stored; it is set aside')
      }
      metrics.spooled.add([result === 'refused' ? 'aside' : result])
      line.remove(entry)
      // A file that stays is stored again by the next start, and recognised (RULES B1).
      await (result === 'refused' ? folder.setAside(file) : folder.remove(file)).catch((error: unknown) =>
        log.error({ err: error, file }, 'a file of the spool could not be put away'),
      )
    } catch (error) {
      log.debug({ err: error }, 'the spool waits on')
      reached = false
    }
  }
  await Promise.all(read.map(drain))
  return reached
}

/** `delivery` is an error when the file cannot be read; `file` is undefined when it was never written. */
type Read = { entry: Entry; file: string | undefined; delivery: Delivery | Error }

async function readOne(entry: Entry, folder: Folder): Promise<Read> {
  const file = await entry.file
  const delivery =
    file === undefined
      ? new Error('it was not written')
      : await folder.read(file).catch((error: unknown) => error as Error)
  return { entry, file, delivery }
}
