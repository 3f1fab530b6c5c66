import { changeOf } from '../connectors/changes.ts'
import type { Action, Inbound, WebhookRequest } from '../connectors/connector.ts'
import type { OpenChannel } from '../connectors/directory.ts'
import type { Change, Transaction } from '../model/change.ts'
import type { ChannelId } from '../model/ids.ts'
import type { Log } from '../model/log.ts'
import type { Gate, Holder } from './gates.ts'
import type { Metrics } from './metrics.ts'

export type AttributeOptions = {
  metrics: Pick<Metrics, 'intakeItems' | 'intakeIgnored' | 'intakeRejected'>
  log: Log
}

/** An answer that a provider waits for, to be given once what it is about is durable. */
export type Awaited = { channel: OpenChannel; action: Extract<Action, { kind: 'answer' }> }

/**
 * What a verified delivery told, as one transaction a workspace, and the answers that it asks for. An item goes to a
 * channel only if that channel holds the secret that verified, whatever URL it came by; others are counted as
 * `notThisApp` (RULES B2). `named` is the channel of the URL: what cannot be read at all is kept there.
 */
export function attribute(
  { metrics, log }: AttributeOptions,
  gate: Gate,
  holder: Holder,
  named: OpenChannel | undefined,
  request: WebhookRequest,
): { transactions: Transaction[]; awaited: Awaited[] } {
  const transactions: Transaction[] = []
  const awaited: Awaited[] = []
  let rejectedIn: Set<ChannelId> | undefined
  for (const item of read(gate, request, named ?? only(holder), log)) {
    metrics.intakeItems.add([gate.name, item.kind])
    if (item.kind === 'ignored') {
      metrics.intakeIgnored.add([gate.name, item.why])
      continue
    }
    const channels = channelsOf(item, holder) ?? strangers(item, holder, named)
    if (channels === undefined) {
      metrics.intakeIgnored.add([gate.name, 'notThisApp'])
      continue
    }
    if (item.kind !== 'rejected') {
      for (const channel of channels) {
        push(transactions, channel, changeOf(item, channel.id))
        if ('answer' in item && item.answer !== undefined) {
          awaited.push({ channel, action: { kind: 'answer', address: item.address, payload: item.answer } })
        }
      }
      continue
    }
    metrics.intakeRejected.add([gate.name, item.why])
    rejectedIn ??= new Set()
    for (const channel of channels) {
      // The raw bytes are the whole delivery: once a channel is enough.
      if (rejectedIn.has(channel.id)) continue
      rejectedIn.add(channel.id)
      push(transactions, channel, rejectedOf(item.why, channel.id, request))
    }
  }
  return { transactions, awaited }
}

/** A secret that one channel has says to whom a delivery goes, as the URL of a channel does. */
function only({ channels }: Holder): OpenChannel | undefined {
  return channels.length === 1 ? channels[0] : undefined
}

function read(gate: Gate, request: WebhookRequest, named: OpenChannel | undefined, log: Log): Inbound[] {
  try {
    return gate.receive.parse(request, named === undefined ? {} : { channel: named.providerKey })
  } catch (error) {
    // `parse` is total by contract; a defect there must not lose what the provider will not send again.
    log.error({ err: error, connector: gate.name }, 'a webhook could not be parsed')
    return [{ to: '', kind: 'rejected', why: 'parserFault' }]
  }
}

/**
 * The channels that an item names, of those that hold the secret. News of an account are of all its channels; a message
 * never is: it would be in several conversations at once.
 */
export function channelsOf(item: Inbound, { byKey, byName }: Holder): readonly OpenChannel[] | undefined {
  const own = byKey.get(item.to) ?? (item.orTo === undefined ? undefined : byKey.get(item.orTo))
  if (own !== undefined) return own
  switch (item.kind) {
    case 'channel':
    case 'limits':
    case 'template':
    case 'consent':
      return byName.get(item.to)
    // Kept where it can be found; once is enough.
    case 'rejected':
      return byName.get(item.to)?.slice(0, 1)
    default:
      return undefined
  }
}

/** A body that names nobody is kept where it can be found: by the URL's channel, or the first holder of the secret. */
function strangers(
  item: Inbound,
  holder: Holder,
  named: OpenChannel | undefined,
): readonly OpenChannel[] | undefined {
  if (item.kind !== 'rejected' || item.to !== '') return undefined
  return named === undefined ? holder.channels.slice(0, 1) : [named]
}

export function push(transactions: Transaction[], channel: OpenChannel, change: Change): void {
  for (const transaction of transactions) {
    if (transaction.workspace === channel.workspace) {
      transaction.changes.push(change)
      return
    }
  }
  transactions.push({ workspace: channel.workspace, changes: [change] })
}

function rejectedOf(why: string, channel: ChannelId, request: WebhookRequest): Change {
  const contentType = request.headers['content-type'] ?? 'application/octet-stream'
  // A copy: the buffer may be a window on a larger one, which would all be kept.
  return { kind: 'rejected', channel, why, raw: new Uint8Array(request.body), contentType }
}
