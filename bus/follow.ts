import type { Transaction } from '../model/change.ts'
import type { LogEvent } from '../model/event.ts'
import type { WorkspaceId } from '../model/ids.ts'
import type { Log } from '../model/log.ts'
import type { Store } from '../store/store.ts'
import type { Bus } from './bus.ts'

/**
 * A reader of the log that remembers where it stands. Its cursor moves in the same commit as its effects, so a crash
 * between any two steps neither skips an event nor applies its effects twice (RULES A4).
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

export function createFollower(_options: FollowerOptions): Follower {
  throw new Error('not built yet')
}
