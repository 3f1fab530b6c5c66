import type { Bus } from '../../bus/bus.ts'
import type { Clock } from '../../model/clock.ts'
import type { WorkspaceId } from '../../model/ids.ts'
import type { Log } from '../../model/log.ts'
import type { OpenImport } from '../../store/imports.ts'
import type { Store } from '../../store/store.ts'
import { type CsvPool, createCsvPool } from '../csv/csv.ts'
import { createTenure } from '../tenure.ts'
import { runImport } from './run.ts'

/**
 * Runs the imports of contacts that the store holds, one after the other in a workspace: of two files about one person
 * the later one has the last word. An import is
 *
 * - `waiting`: it is in the store. Whichever node gets the workspace's lease runs it.
 * - `running`: its position moves with the rows that were applied, in one commit. A node that dies leaves it here, and
 *   the next holder of the lease goes on from that position.
 * - `finished`, `cancelled`, `failed`: its end, and the file's.
 *
 * In `queue/`, because that is where work lies that takes long, has a lease and gives way to live traffic; what reads a
 * list for a broadcast is the same (`queue/csv/`).
 */
export type Imports = {
  /** What is on its way to the store arrives there; the rest goes on with the next start, or on another node. */
  stop(): Promise<void>
}

export type ImportNeeds = {
  store: Store
  bus: Bus
  clock: Clock
  log: Log
  /** This process. */
  holder: string
  /** Another length of a lease, for tests of takeovers. */
  leaseMs?: number
}

/** Workspaces whose imports run at the same time on a node; the others wait. */
const RUNS_MAX = 2
/** Between looks, where the log tells of nothing: for a lease that ends, a store that comes back. */
const LOOK_MS = 10_000
const AGAIN_MS = 1_000

export function createImports(needs: ImportNeeds): Imports {
  const { store, bus, clock, log } = needs
  const pool = createCsvPool()
  const stopping = new AbortController()
  const running = new Map<WorkspaceId, Promise<void>>()
  let timer: NodeJS.Timeout | undefined
  let dueAt = Number.POSITIVE_INFINITY
  let looking: Promise<void> = Promise.resolve()

  /** If it is sooner than the next look. */
  const lookIn = (ms: number): void => {
    if (stopping.signal.aborted || clock.monotonic() + ms >= dueAt) return
    dueAt = clock.monotonic() + ms
    clearTimeout(timer)
    timer = setTimeout(() => {
      dueAt = Number.POSITIVE_INFINITY
      looking = look()
    }, ms)
    timer.unref()
  }
  const look = async (): Promise<void> => {
    let waitMs = LOOK_MS
    try {
      for (const next of await store.query('importsOpen', {})) {
        if (running.has(next.workspace) || running.size >= RUNS_MAX || stopping.signal.aborted) continue
        const run = runOne(next, needs, pool, stopping.signal)
          .catch(error => {
            log.warn({ err: error, import: next.id }, 'an import goes on later')
            return AGAIN_MS
          })
          .then(againMs => {
            running.delete(next.workspace)
            lookIn(againMs)
          })
        running.set(next.workspace, run)
      }
    } catch (error) {
      log.warn({ err: error }, 'the imports to be run could not be read; looking again')
      waitMs = AGAIN_MS
    }
    lookIn(waitMs)
  }
  const heard = listen(bus, () => lookIn(0))
  lookIn(0)
  return {
    stop: async () => {
      stopping.abort()
      clearTimeout(timer)
      heard.close()
      await looking
      await Promise.all(running.values())
      await pool.stop()
    },
  }
}

/** Calls when the log tells of an import; also when it was too much to listen to. */
function listen(bus: Bus, told: () => void): { close(): void } {
  let isOver = false
  let close = (): void => {}
  const hear = async (): Promise<void> => {
    while (!isOver) {
      const subscription = bus.subscribe({ name: 'imports', workspace: '*', eventsMax: EVENTS_MAX })
      close = () => subscription.close()
      for await (const batch of subscription) {
        if (batch.dropped || batch.events.some(({ type, json }) => type === 'contact.import' && isNew(json)))
          told()
      }
    }
  }
  void hear()
  return {
    close: () => {
      isOver = true
      close()
    },
  }
}

/** Those that run tell of themselves once a second; one that waits has something to do for us. */
function isNew(json: string): boolean {
  return json.includes('"state":"waiting"')
}

const EVENTS_MAX = 20_000

/** Runs an import under its workspace's lease. Tells when to look again. */
async function runOne(
  next: OpenImport,
  needs: ImportNeeds,
  pool: CsvPool,
  stopping: AbortSignal,
): Promise<number> {
  const { store, clock, holder, leaseMs } = needs
  const tenure = createTenure(store, clock, `imports ${next.workspace}`, holder, leaseMs)
  const { claim } = await tenure.claim(NOTHING_TO_SEND)
  if (!claim.held) return Math.max(AGAIN_MS, claim.until - clock.now())
  try {
    return (await runImport(next, { ...needs, pool, tenure, stopping })) ? 0 : AGAIN_MS
  } finally {
    await tenure.release()
  }
}

/** The lease alone: no message is of this group. */
export const NOTHING_TO_SEND = {
  limits: { reply: 0, normal: 0, bulk: 0 },
  horizonMs: 0,
  skip: [],
}
