import type { Change, Received } from '../../model/change.ts'
import { systemClock } from '../../model/clock.ts'
import type { LogEvent } from '../../model/event.ts'
import { type ChannelId, idMaker, type WorkspaceId } from '../../model/ids.ts'
import { systemRandom } from '../../model/random.ts'
import type { StoreWithMeta } from '../../store/meta.ts'
import { openPostgres } from '../../store/postgres/postgres.ts'

export const newId = idMaker(systemRandom)
export const GROUP = 'whatsapp:1'
export const DAY_MS = 86_400_000

/** One of several stores on a database, and what it told. */
export type Node = AsyncDisposable & { store: StoreWithMeta; events: LogEvent[]; work: string[] }

export async function node(url: string): Promise<Node> {
  const events: LogEvent[] = []
  const work: string[] = []
  const listener = {
    events: (batch: LogEvent[]) => events.push(...batch),
    work: (groups: string[]) => work.push(...groups),
  }
  const store = await openPostgres({ url, filesDir: null, clock: systemClock, listener })
  return { store, events, work, [Symbol.asyncDispose]: () => store.close() }
}

export async function made({ store }: Node): Promise<{ workspace: WorkspaceId; channel: ChannelId }> {
  const [workspace, channel] = [newId('wks', Date.now()), newId('chn', Date.now())]
  const created: Change = {
    kind: 'channelCreated',
    id: channel,
    connector: 'whatsapp',
    name: 'Support',
    config: {},
    providerKey: '111',
    senderGroup: GROUP,
  }
  await store.commit({ workspace, changes: [{ kind: 'workspaceCreated', name: 'Acme' }, created] })
  return { workspace, channel }
}

export function inbound(channel: ChannelId, key: string, from = '+5215512345678'): Received {
  const address = { kind: 'phone', value: from } as const
  const content = { type: 'text', text: key } as const
  return { kind: 'received', channel, key, providerId: key, at: 1, echo: false, address, also: [], content }
}

export function outbound(channel: ChannelId, to: string): Change {
  return {
    kind: 'enqueued',
    channel,
    to: { kind: 'phone', value: to },
    content: { type: 'text', text: 'hola' },
    source: { kind: 'api', id: null },
    category: 'service',
    lane: 'normal',
    expiresAt: Date.now() + DAY_MS,
  }
}

export const ASK = {
  group: GROUP,
  leaseMs: 30_000,
  limits: { reply: 100, normal: 100, bulk: 100 },
  horizonMs: 0,
  skip: [],
}
export const numbers = (events: LogEvent[]): number[] => events.map(({ sequence }) => sequence)
export const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1)
