import type { Bus } from '../bus/bus.ts'
import { createFollower } from '../bus/follow.ts'
import type { Log } from '../model/log.ts'
import type { Store } from '../store/store.ts'

/**
 * The router decides what follows from what happened: it reads the log behind a durable cursor and answers events with
 * changes (RULES A4). It makes neither contacts nor conversations: those came with the message, in one commit
 * (RULES B3). Rules are added here as `[event type, what follows]`; there is none yet, so its cursor just moves.
 */
export type Router = {
  /** Events not yet passed, over all workspaces. */
  lag(): number
  stop(): Promise<void>
}

export function createRouter(options: { store: Store; bus: Bus; log: Log }): Router {
  return createFollower({
    ...options,
    name: 'router',
    wants: () => false,
    handle: async () => ({ changes: [] }),
  })
}
