import type { AnyConnector, Reply, WebhookRequest } from '../connectors/connector.ts'
import type { Directory, OpenChannel } from '../connectors/directory.ts'
import type { ChannelId } from '../model/ids.ts'

/** The channels that hold one secret, by what payloads call them. */
export type Holder = {
  secret: string
  channels: readonly OpenChannel[]
  byKey: ReadonlyMap<string, readonly OpenChannel[]>
  /** By the account's name and by others that several may share: for what is not about a message. */
  byName: ReadonlyMap<string, readonly OpenChannel[]>
}

/** A channel's own URL: only the secrets of that channel open it, the current ones first. */
export type Named = { channel: OpenChannel; holders: readonly Holder[] }

/** All that the webhooks of one connector are checked against; made anew when the directory has changed. */
export type Gate = {
  name: string
  receive: NonNullable<AnyConnector['receive']>
  /** undefined for a provider that signs nothing. */
  check: ((request: WebhookRequest, secret: string) => boolean) | undefined
  reply: Reply
  /** Each distinct secret once, with all channels that hold it. */
  holders: readonly Holder[]
  ofChannel: ReadonlyMap<ChannelId, Named>
  /** Who verified last is tried first: most deliveries of a URL come from one app. */
  last: Holder | undefined
  /** Where the next search begins, so that a bounded search reaches every secret in time. */
  next: number
}

/** How many secrets are tried for one delivery on a URL that serves many channels (RULES B2). */
const SECRETS_TRIED_MAX = 64

const OK: Reply = { status: 200 }

/** Gates by connector. undefined: no such connector, it is never called, or it has no channel. */
export function createGates(
  directory: Directory,
  connectorOf: (name: string) => AnyConnector | undefined,
): (connector: string) => Gate | undefined {
  let gates = new Map<string, Gate | undefined>()
  let version = -1
  return name => {
    if (version !== directory.version()) {
      version = directory.version()
      gates = new Map()
    }
    const known = gates.get(name)
    if (known !== undefined) return known
    // Names come from URLs: only those of connectors are remembered.
    const connector = connectorOf(name)
    if (connector === undefined) return undefined
    const gate = makeGate(connector, directory.ofConnector(name))
    gates.set(name, gate)
    return gate
  }
}

/**
 * Who signed the delivery; undefined: nobody we know. `hurried` is for a client address with too many failures: it may
 * still bring what the last match signed, but it buys no more searches.
 */
export function verify(
  gate: Gate,
  named: Named | undefined,
  request: WebhookRequest,
  hurried: boolean,
): Holder | undefined {
  const { check } = gate
  const holders = named?.holders ?? gate.holders
  if (check === undefined) return holders[0]
  if (named === undefined && gate.last !== undefined && check(request, gate.last.secret)) return gate.last
  const tries = Math.min(holders.length, hurried ? 1 : SECRETS_TRIED_MAX)
  const from = named === undefined ? gate.next : 0
  for (let index = 0; index < tries; index++) {
    const holder = holders[(from + index) % holders.length]
    if (holder === undefined || !check(request, holder.secret)) continue
    if (named === undefined) gate.last = holder
    return holder
  }
  if (named === undefined && holders.length > SECRETS_TRIED_MAX) gate.next = (from + tries) % holders.length
  return undefined
}

function makeGate(connector: AnyConnector, channels: readonly OpenChannel[]): Gate | undefined {
  const { receive } = connector
  if (receive === undefined || channels.length === 0) return undefined
  const signed = 'check' in receive.verify ? receive.verify : undefined
  const bySecret = new Map<string, OpenChannel[]>()
  for (const channel of channels) {
    for (const secret of new Set(signed?.secrets(channel.config) ?? [''])) {
      const list = bySecret.get(secret)
      if (list === undefined) bySecret.set(secret, [channel])
      else list.push(channel)
    }
  }
  const holders = new Map([...bySecret].map(([secret, list]) => [secret, holderOf(secret, list)]))
  const namedOf = (channel: OpenChannel): Named => {
    if (signed === undefined) return { channel, holders: [holderOf('', [channel])] }
    const own = [...new Set(signed.secrets(channel.config))].flatMap(secret => holders.get(secret) ?? [])
    return { channel, holders: own }
  }
  return {
    name: connector.connector,
    receive,
    check: signed?.check,
    reply: receive.reply ?? OK,
    holders: [...holders.values()],
    ofChannel: new Map(channels.map(channel => [channel.id, namedOf(channel)])),
    last: undefined,
    next: 0,
  }
}

/** Channels that hold one secret, found by whatever payloads call them. */
export function holderOf(secret: string, channels: readonly OpenChannel[]): Holder {
  const named = channels.flatMap(channel =>
    (channel.connector.namesOf?.(channel.config) ?? []).map(name => ({ name, channel })),
  )
  const byName = new Map<string, OpenChannel[]>()
  for (const [name, all] of Map.groupBy(named, ({ name }) => name)) {
    byName.set(
      name,
      all.map(({ channel }) => channel),
    )
  }
  return { secret, channels, byKey: Map.groupBy(channels, channel => channel.providerKey), byName }
}
