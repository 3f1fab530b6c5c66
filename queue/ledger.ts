import type { Change, Outcome } from '../model/change.ts'
import type { WorkspaceId } from '../model/ids.ts'
import type { Log } from '../model/log.ts'
import type { Store } from '../store/store.ts'

/**
 * What the queue writes: changes that come up in the same turn of the event loop go to the store as one transaction per
 * workspace. A change stays here until the store has answered it: an acceptance is a fact that must not be lost, so a
 * store that is busy or failing is asked again until it takes it. How much waits is bounded by the writer, who has no
 * more than `IN_FLIGHT_MAX` messages on the way.
 */
export type Ledger = {
  /** `done` gets the outcome when it is durable, or was refused. It must not throw. */
  write(workspace: WorkspaceId, change: Change, done?: (outcome: Outcome) => void): void
  /** Changes not answered yet. */
  depth(): number
  /** Gives up on what the store does not take. */
  close(): void
}

/** Changes in one transaction. */
const CHANGES_MAX = 256
/**
 * Commits on the way at once. One would leave the store idle while the answer travels; many would be small, and every
 * commit costs the event loop a message to the store and back.
 */
const COMMITS_MAX = 2
const AGAIN_MIN_MS = 50
const AGAIN_MAX_MS = 2000

type Line = { workspace: WorkspaceId; change: Change; done: ((outcome: Outcome) => void) | undefined }

export function createLedger(store: Pick<Store, 'commit'>, log: Log): Ledger {
  let waiting: Line[] = []
  let depth = 0
  let commits = 0
  let scheduled = false
  let closed = false
  let failures = 0

  const flush = (): void => {
    scheduled = false
    while (waiting.length > 0 && commits < COMMITS_MAX && !closed) {
      const lines = takeBatch()
      commits += 1
      void commit(lines)
    }
  }
  /** As many as fit in one transaction of the first one's workspace, in order. */
  const takeBatch = (): Line[] => {
    const workspace = waiting[0]?.workspace
    if (waiting.length <= CHANGES_MAX && waiting.every(line => line.workspace === workspace)) {
      const all = waiting
      waiting = []
      return all
    }
    const batch: Line[] = []
    waiting = waiting.filter(line => {
      if (line.workspace !== workspace || batch.length === CHANGES_MAX) return true
      batch.push(line)
      return false
    })
    return batch
  }
  const commit = async (lines: Line[]): Promise<void> => {
    const workspace = lines[0]?.workspace
    const outcomes = workspace === undefined ? [] : await insist(workspace, lines)
    commits -= 1
    depth -= lines.length
    for (const [index, line] of outcomes === undefined ? [] : lines.entries())
      line.done?.(outcomes?.[index] ?? LOST)
    flush()
  }
  const insist = async (workspace: WorkspaceId, lines: Line[]): Promise<Outcome[] | undefined> => {
    for (let waitMs = AGAIN_MIN_MS; !closed; waitMs = Math.min(waitMs * 2, AGAIN_MAX_MS)) {
      try {
        const { outcomes } = await store.commit({ workspace, changes: lines.map(({ change }) => change) })
        failures = 0
        return outcomes
      } catch (error) {
        failures += 1
        if (failures === 1)
          log.warn({ err: error }, 'the store does not take what the queue tells; asking again')
        await new Promise<void>(resolve => setTimeout(resolve, waitMs))
      }
    }
    return undefined
  }
  return {
    write: (workspace, change, done) => {
      waiting.push({ workspace, change, done })
      depth += 1
      if (scheduled || closed) return
      scheduled = true
      setImmediate(flush)
    },
    depth: () => depth,
    close: () => {
      closed = true
    },
  }
}

const LOST: Outcome = { ok: false, code: 'state', detail: 'the store gave no outcome' }
