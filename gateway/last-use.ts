import type { Change } from '../model/change.ts'
import type { Clock } from '../model/clock.ts'
import type { WorkspaceId } from '../model/ids.ts'
import type { Log } from '../model/log.ts'
import type { StoredToken } from '../store/access.ts'
import type { Store } from '../store/store.ts'

/** When a token was used last, written behind the requests: coarse, and never in their way. */
export type LastUse = {
  note(token: Pick<StoredToken, 'hash' | 'workspace'>): void
  /** Writes what was noted. */
  stop(): Promise<void>
}

/** A token is written at most once in this time, by each node. */
const COARSE_MS = 60_000
/** How long a first use waits for others, to be written with them. */
const GATHER_MS = 1_000
const TOKENS_MAX = 10_000

export function createLastUse(store: Pick<Store, 'commit'>, clock: Clock, log: Log): LastUse {
  const notedAt = new Map<string, number>()
  let waiting = new Map<WorkspaceId, Change[]>()
  let timer: NodeJS.Timeout | undefined
  const write = async (): Promise<void> => {
    clearTimeout(timer)
    timer = undefined
    const all = waiting
    waiting = new Map()
    for (const [workspace, changes] of all) {
      try {
        await store.commit({ workspace, changes })
      } catch (error) {
        // Not tried again: the next use is as good.
        log.debug({ err: error }, 'the last use of tokens could not be written')
      }
    }
  }
  return {
    note: ({ hash, workspace }) => {
      const now = clock.monotonic()
      const known = notedAt.get(hash)
      if (known !== undefined && now - known < COARSE_MS) return
      if (notedAt.size >= TOKENS_MAX) notedAt.clear()
      notedAt.set(hash, now)
      const changes = waiting.get(workspace) ?? []
      waiting.set(workspace, changes)
      changes.push({ kind: 'tokenUsed', token: hash, at: clock.now() })
      timer ??= setTimeout(() => void write(), GATHER_MS).unref()
    },
    stop: write,
  }
}
