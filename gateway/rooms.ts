import type { Bus } from '../bus/bus.ts'
import type { AnyConnector, Http } from '../connectors/connector.ts'
import type { Directory } from '../connectors/directory.ts'
import type { Clock } from '../model/clock.ts'
import type { IdMaker, WorkspaceId } from '../model/ids.ts'
import type { Log } from '../model/log.ts'
import type { Random } from '../model/random.ts'
import type { Probe } from '../model/steps.ts'
import type { Sealer } from '../store/seal.ts'
import type { Store } from '../store/store.ts'
import type { Config } from './config.ts'
import type { Feed } from './feed.ts'
import type { Live } from './live.ts'
import type { Metrics } from './metrics.ts'
import type { Spool } from './spool/spool.ts'

/** The rooms behind the door, as routes reach them. Made once by `createDaemon`. */
export type Rooms = {
  config: Config
  store: Store
  bus: Bus
  directory: Directory
  feed: Feed
  sealer: Sealer
  connectorOf: (name: string) => AnyConnector | undefined
  connectors: readonly string[]
  /** The way out. */
  http: Http
  clock: Clock
  random: Random
  ids: IdMaker
  log: Log
  metrics: Metrics
  /** Of this node: deliveries that wait for the store. */
  spool: Spool
  probe: Probe | undefined
  /** How the outside reaches us; known once we listen. */
  publicUrl: () => string
  /** The first one. */
  workspace: WorkspaceId
  /** SHA-256 of the configured admin token; null when it was made by us and only the store knows it. */
  adminTokenHash: string | null
  /** Signs links to files: the current key first. */
  linkKeys: readonly Uint8Array[]
  /** Signs the tokens of websites' visitors: the current key first. */
  visitorKeys: readonly Uint8Array[]
  live: Live
  /** Open event streams, for metrics and their bound. */
  streams: { open: number }
  /** Open sockets of websites' visitors, for metrics. */
  visits: { open: number }
  /** Fires when the daemon stops: streams end, `/readyz` says no. */
  stopping: AbortSignal
}
