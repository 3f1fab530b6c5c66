import { changeOf } from '../connectors/changes.ts'
import type { AnyConnector, Inbound, WebhookRequest } from '../connectors/connector.ts'
import type { Directory, OpenChannel } from '../connectors/directory.ts'
import type { Committed, Transaction } from '../model/change.ts'
import type { RejectedId } from '../model/ids.ts'
import type { RejectedDelivery } from '../store/rejected.ts'
import type { Store } from '../store/store.ts'
import { push } from './attribute.ts'
import { calledBy, createGates, type Gate, type Named } from './gates.ts'

export type ReplayOptions = {
  store: Pick<Store, 'commit' | 'query'>
  directory: Directory
  connectorOf: (name: string) => AnyConnector | undefined
}

/** What became of a delivery: `kept` could still not be read, or not all of it; `gone` was removed by another. */
export type Replayed = { is: 'read' | 'kept' | 'gone'; messages: number }

/**
 * Reads a delivery again that could not be read when it came (RULES B7), with today's `parse`. Its signature was
 * verified before it was kept. What it tells is committed as if it came now, and with that it is kept no longer;
 * what was known already does nothing (RULES B1).
 *
 * Of the request only the body and its type were kept: a provider that tells something in the URL is not read again.
 */
export function createReplay({
  store,
  directory,
  connectorOf,
}: ReplayOptions): (channel: OpenChannel, id: RejectedId, url: string) => Promise<Replayed> {
  const gateOf = createGates(directory, connectorOf)
  return async (channel, id, url) => {
    const { workspace } = channel
    const kept = await store.query('rejectedRaw', { workspace, id })
    if (kept === null || kept.channel !== channel.id) return { is: 'gone', messages: 0 }
    const gate = gateOf(channel.connector.connector)
    const named = gate?.ofChannel.get(channel.id)
    const told = gate && named && transactionsOf(gate, named, requestOf(kept, url))
    if (told === undefined) return { is: 'kept', messages: 0 }
    const others = told.filter(transaction => transaction.workspace !== workspace)
    const own = told.find(transaction => transaction.workspace === workspace)
    const removed = { kind: 'rejectedRemoved', id } as const
    // Ours last, and the delivery with it: whoever is stopped in between does all of it again.
    const last = { workspace, changes: [...(own?.changes ?? []), removed] }
    let messages = 0
    for (const transaction of [...others, last]) {
      messages += countNew(await store.commit(transaction), transaction)
    }
    return { is: 'read', messages }
  }
}

function requestOf(
  { raw, contentType, at }: RejectedDelivery & { raw: Uint8Array },
  url: string,
): WebhookRequest {
  return {
    method: 'POST',
    url,
    query: {},
    headers: { 'content-type': contentType },
    body: Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength),
    at,
  }
}

/**
 * What it tells, as one transaction a workspace; undefined if some of it still cannot be read, or is about a channel
 * that is not there: all of it stays then. An item goes to channels that hold a secret of the channel where the
 * delivery was kept (RULES B2): one of those verified it.
 */
function transactionsOf(gate: Gate, named: Named, request: WebhookRequest): Transaction[] | undefined {
  const transactions: Transaction[] = []
  for (const item of read(gate, request, named.channel)) {
    if (item.kind === 'ignored') continue
    const channels = named.holders.flatMap(holder => calledBy(holder, item) ?? [])
    if (item.kind === 'rejected' || channels.length === 0) return undefined
    for (const channel of new Set(channels)) push(transactions, channel, changeOf(item, channel.id))
  }
  return transactions
}

/** A defect in `parse` keeps the delivery, as it did when it came. */
function read(gate: Gate, request: WebhookRequest, { providerKey }: OpenChannel): Inbound[] {
  try {
    return gate.receive.parse(request, { channel: providerKey })
  } catch {
    return [{ to: '', kind: 'rejected', why: 'parserFault' }]
  }
}

function countNew({ outcomes }: Committed, { changes }: Transaction): number {
  const isNew = (at: number): boolean => {
    const outcome = outcomes[at]
    return outcome?.ok === true && outcome.duplicate !== true
  }
  return changes.filter(({ kind }, at) => kind === 'received' && isNew(at)).length
}
