import type { Http, Inbound } from '../connectors/connector.ts'
import type { Directory, OpenChannel } from '../connectors/directory.ts'
import type { Clock } from '../model/clock.ts'
import type { FailureCode } from '../model/failure.ts'
import type { ChannelId, FileId, MessageId, WorkspaceId } from '../model/ids.ts'
import type { Log } from '../model/log.ts'
import type { Random } from '../model/random.ts'
import type { Probe } from '../model/steps.ts'
import type { QueuedMessage, Store } from '../store/store.ts'
import { type Flight, type Item, itemOf } from './flight.ts'
import { createLedger, type Ledger } from './ledger.ts'
import { createLine, type Line } from './line.ts'
import { createMemo, type Memo } from './memo.ts'
import { createPauses, type Pauses } from './pauses.ts'
import { createTenure, type Tenure } from './tenure.ts'

export type QueueNeeds = {
  store: Pick<Store, 'commit' | 'claim' | 'release' | 'query' | 'readFile'>
  directory: Directory
  http: Http
  clock: Clock
  random: Random
  log: Log
  /** Names this process among those that may hold leases. */
  holder: string
  /** Where the provider calls for this channel. */
  webhookUrlOf: (channel: OpenChannel) => string
  /** A signed link to a file that works without a token for this long. */
  linkOf: (workspace: WorkspaceId, file: FileId, forMs: number) => string
  /** How long a lease lasts; 30 s if absent, which only tests of takeovers change. */
  leaseMs?: number
  /** The share of every provider's rate that we use (`limits.headroom`, RULES C3). */
  headroom: number
  probe?: Probe
  listener?: QueueListener
  /** Called before there is something to send: what is loaded after a limiter said go makes the next ones crowd. */
  warm?: () => void
}

/** What the queue tells about its work, for metrics. Called for every send: must be quick and must not throw. */
export type QueueListener = {
  sent(connector: string, ms: number): void
  failed(connector: string, code: FailureCode, certain: boolean): void
  /** A limiter was the only reason for waiting. */
  waited(scope: 'channel', ms: number): void
  /** Calls beyond the first for a part, by reason. */
  resent(reason: 'retry' | 'uncertain'): void
  /** Something that polling found. */
  polled(connector: string, item: Inbound): void
}

/** Messages of a group between being made durable as attempted and being durable as settled. */
export const IN_FLIGHT_MAX = 512

/** What the stages of one pump share. */
export type Group = {
  name: string
  needs: QueueNeeds
  memo: Memo
  tenure: Tenure
  pauses: Pauses
  ledger: Ledger
  lines: Map<ChannelId, Line>
  /** Everything claimed that is in memory: in the lanes or on the way. */
  known: Map<MessageId, Item>
  /** On the way to the provider, oldest first. */
  flying: Set<Flight>
  /** See `IN_FLIGHT_MAX`. */
  inFlight: number
  claimWanted: boolean
  /** The earliest `resolveAt` of what became uncertain since the last claim, milliseconds UTC. */
  uncertainAt: number
  stopping: boolean
  /** Asks for a turn of the pump. */
  soon(): void
}

export function createGroup(name: string, needs: QueueNeeds, soon: () => void): Group {
  return {
    name,
    needs,
    memo: createMemo(needs.clock),
    tenure: createTenure(needs.store, needs.clock, name, needs.holder, needs.leaseMs),
    pauses: createPauses(needs.random),
    ledger: createLedger(needs.store, needs.log),
    lines: new Map(),
    known: new Map(),
    flying: new Set(),
    inFlight: 0,
    claimWanted: true,
    uncertainAt: Number.POSITIVE_INFINITY,
    stopping: false,
    soon,
  }
}

/** The channel's line, made at its first message. */
export function lineOf(group: Group, of: Pick<QueuedMessage, 'channel' | 'workspace'>): Line {
  const known = group.lines.get(of.channel)
  if (known !== undefined) return known
  const { headroom, clock } = group.needs
  const line = createLine(of.workspace, of.channel, headroom, clock.monotonic())
  group.lines.set(of.channel, line)
  return line
}

/** Puts a claimed message into its lane, unless it is here already. */
export function admit(group: Group, of: QueuedMessage): void {
  if (group.known.has(of.message)) return
  const item = itemOf(of)
  group.known.set(of.message, item)
  lineOf(group, of).lanes.push(item, group.needs.clock.now())
}

export function forget(group: Group, item: Item): void {
  if (group.known.get(item.message) === item) group.known.delete(item.message)
}
