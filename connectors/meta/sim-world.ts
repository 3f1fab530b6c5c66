import type { Clock } from '../../model/clock.ts'
import type { Random } from '../../model/random.ts'
import type { Json } from '../kit/json.ts'
import type { Audit, SentMessage } from '../kit/sim/audit.ts'
import { type Behaviour, GOOD_DAY as USUAL } from '../kit/sim/behaviour.ts'
import type { SimFiles } from '../kit/sim/files.ts'
import type { Receipts } from '../kit/sim/receipts.ts'
import type { Webhooks } from '../kit/sim/webhooks.ts'
import type { SimFacts } from './sim-check.ts'

/** A Page, or an Instagram account. */
export type SimAccount = { id: string; name: string }

/** One thing to tell: an item of the list of this name, of an account's entry. */
export type Update = { account: SimAccount; list: 'messaging' | 'standby' | 'changes'; item: Json }

/** What Meta does besides what every simulator can be asked for; its limits are off unless asked for. */
export type MetaBehaviour = Behaviour & {
  /** Our own sends come back (`message_echoes`). */
  echoes: boolean
  /** Deliveries name the messages, besides the watermark. */
  mids: boolean
  /** 24 hours after what a person wrote, seven days for what a human writes (B4). */
  windows: boolean
  /** 613: messages a second of one account. */
  throughput: boolean
  /** Updates in one POST at most, 1 to 1000, and how long one waits for company. */
  batchMax: number
  batchMs: number
  /** The access token ends then: seconds, as `debug_token` tells it; 0 for never. */
  tokenEnds: number
}

export const GOOD_DAY: MetaBehaviour = {
  ...USUAL,
  echoes: true,
  mids: true,
  windows: false,
  throughput: false,
  batchMax: 50,
  batchMs: 0,
  tokenEnds: 0,
}

/** A message that Meta took. */
export type Accepted = {
  id: string
  account: SimAccount
  person: string
  message: Json
  at: number
}

/** A comment that somebody wrote: it takes one private reply, for seven days (B4). */
export type Comment = { account: string; person: string; at: number; answered: boolean }

/** All that the simulated provider knows. */
export type World = {
  facts: SimFacts
  behaviour: () => MetaBehaviour
  clock: Clock
  random: Random
  accounts: ReadonlyMap<string, SimAccount>
  /** When each person wrote last to each account, by `account person`. */
  heard: Map<string, number>
  comments: Map<string, Comment>
  /** People who cannot be written to. */
  gone: Set<string>
  /** What was uploaded, by its id: for whom, and as what. */
  uploads: Map<string, { account: string; type: string }>
  templates: readonly { name: string; language: string; status: string }[] | undefined
  seconds: Map<string, { tokens: number; at: number }>
  files: SimFiles
  audit: Audit<SentMessage>
  receipts: Receipts<Accepted>
  webhooks: Webhooks<Update>
  nextId: () => string
}
