import { afterEach, beforeEach } from 'vitest'
import type {
  Change,
  Committed,
  Outcome,
  Receipt,
  Received,
  Settled,
  Transaction,
} from '../../../model/change.ts'
import { type CloudEvent, type LogEvent, parseEvent } from '../../../model/event.ts'
import { type ChannelId, idMaker, type MessageId, type WorkspaceId } from '../../../model/ids.ts'
import type { Message } from '../../../model/message.ts'
import { seededRandom } from '../../../model/random.ts'
import type { Claim, QueuedMessage, Store } from '../../../store/store.ts'

/** A store to be tested: `tick` moves its clock, `reopen` is a process that died and started again. */
export type Specimen = {
  store: Store
  events: LogEvent[]
  work: string[]
  tick(ms: number): number
  reopen(): Promise<Specimen>
  dispose(): Promise<void>
}

/** What the laws say their sentences with: a fresh store for each test, with one workspace and one channel. */
export type Trial = Readonly<Pick<Specimen, 'store' | 'events' | 'work'>> & {
  readonly workspace: WorkspaceId
  readonly channel: ChannelId
  tick(ms: number): number
  reopen(): Promise<void>
  commit(changes: Change[], more?: Partial<Transaction>): Promise<Committed>
  one(change: Change): Promise<Outcome>
  /** The id of what was made. @throws Error if it is refused */
  must(change: Change): Promise<string>
  inbound(key: string, more?: Partial<Received>): Received
  outbound(more?: object): Change
  send(more?: object): Promise<MessageId>
  message(id: string): Promise<Message>
  log(after?: number): Promise<CloudEvent[]>
  claim(holder?: string, more?: object): Promise<Claim>
  /** @throws Error if another holds the lease */
  held(holder?: string, more?: object): Promise<Extract<Claim, { held: true }>>
  /** Claims and attempts the next message; the attempt is durable. */
  attempt(parts?: number): Promise<Attempt>
  settle(attempt: Attempt, result: Settled['result']): Promise<Outcome>
  accepted(id: string, at?: number): Settled['result']
  told(of: ReceiptOf, status: 'sent' | 'received' | 'read' | 'failed', at?: number, more?: object): Change
}

type Attempt = { item: QueuedMessage; fence: number; attempt: number }
type ReceiptOf = Exclude<Receipt['of'], { upTo: number }>

export const GROUP = 'whatsapp:1'
export const ANA = { kind: 'phone', value: '+5215512345678' } as const
export const newId = idMaker(seededRandom(7))
/** To be called while tests are registered: it opens a store before each and disposes of it after. */
export function createTrial(open: () => Promise<Specimen>): Trial {
  let it: Specimen
  let workspace: WorkspaceId
  let channel: ChannelId
  beforeEach(async () => {
    it = await open()
    workspace = newId('wks', 1)
    channel = newId('chn', 1)
    await must({ kind: 'workspaceCreated', name: 'Acme' })
    await must(channelOf(channel, '111'))
  })
  afterEach(() => it.dispose())

  const commit = (changes: Change[], more: Partial<Transaction> = {}): Promise<Committed> =>
    it.store.commit({ workspace, changes, ...more })
  const one = async (change: Change): Promise<Outcome> => (await commit([change])).outcomes[0] as Outcome
  const must = async (change: Change): Promise<string> => {
    const outcome = await one(change)
    if (!outcome.ok) throw new Error(`${outcome.code}: ${outcome.detail}`)
    return outcome.id ?? ''
  }
  const inbound = (key: string, more: Partial<Received> = {}): Received => ({
    kind: 'received',
    channel,
    key,
    providerId: key,
    at: 1_700_000_000_000,
    echo: false,
    address: ANA,
    also: [],
    content: { type: 'text', text: key },
    ...more,
  })
  const outbound = (more: object = {}): Change => ({
    kind: 'enqueued',
    channel,
    to: ANA,
    content: { type: 'text', text: 'hola' },
    source: { kind: 'api', id: null },
    category: 'service',
    lane: 'normal',
    expiresAt: it.tick(0) + 86_400_000,
    ...more,
  })
  const send = async (more: object = {}): Promise<MessageId> => (await must(outbound(more))) as MessageId
  const message = async (id: string): Promise<Message> => {
    const found = await it.store.query('message', { workspace, id: id as MessageId })
    if (found === null) throw new Error(`no message ${id}`)
    return found
  }
  const log = async (after = 0): Promise<CloudEvent[]> =>
    (await it.store.events(workspace, after, 10_000)).map(parseEvent)
  const claim = (holder = 'node-1', more: object = {}): Promise<Claim> =>
    it.store.claim({
      group: GROUP,
      holder,
      leaseMs: 30_000,
      limits: { reply: 100, normal: 100, bulk: 100 },
      horizonMs: 10_000,
      skip: [],
      ...more,
    })
  const held = async (holder?: string, more?: object): Promise<Extract<Claim, { held: true }>> => {
    const claimed = await claim(holder, more)
    if (!claimed.held) throw new Error('the lease is held by another')
    return claimed
  }
  const attempt = async (parts = 1): Promise<Attempt> => {
    const { items, fence } = await held()
    const item = items[0]
    if (item === undefined) throw new Error('nothing to claim')
    const number = item.attempts + 1
    await must({
      kind: 'attempted',
      message: item.message,
      lease: { group: GROUP, fence },
      part: item.part,
      attempt: number,
      parts,
      queued: false,
    })
    return { item, fence, attempt: number }
  }
  const settle = ({ item, fence, attempt: number }: Attempt, result: Settled['result']): Promise<Outcome> =>
    one({
      kind: 'settled',
      message: item.message,
      lease: { group: GROUP, fence },
      part: item.part,
      attempt: number,
      result,
    })
  const accepted = (id: string, at = 1_700_000_001_000): Settled['result'] => ({
    is: 'accepted',
    providerIds: [id],
    held: false,
    at,
    raw: 'accepted',
  })
  const told = (
    of: ReceiptOf,
    status: 'sent' | 'received' | 'read' | 'failed',
    at = 1_700_000_002_000,
    more: object = {},
  ): Change => ({ kind: 'receipt', channel, of, status, at, raw: status, ...more })
  return {
    get store() {
      return it.store
    },
    get events() {
      return it.events
    },
    get work() {
      return it.work
    },
    get workspace() {
      return workspace
    },
    get channel() {
      return channel
    },
    tick: ms => it.tick(ms),
    reopen: async () => {
      it = await it.reopen()
    },
    ...{ commit, one, must, inbound, outbound, send, message, log },
    ...{ claim, held, attempt, settle, accepted, told },
  }
}

export function channelOf(id: ChannelId, providerKey: string): Change {
  return {
    kind: 'channelCreated',
    id,
    connector: 'whatsapp',
    name: 'Support',
    config: { phoneNumberId: providerKey },
    providerKey,
    senderGroup: GROUP,
  }
}
