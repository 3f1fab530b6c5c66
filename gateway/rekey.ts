import type { AnyConnector } from '../connectors/connector.ts'
import type { Clock } from '../model/clock.ts'
import { ADDRESS_KEY } from '../store/pseudonym.ts'
import { CHECK, type Sealer, WrongKey } from '../store/seal.ts'
import type { Store, StoredChannel } from '../store/store.ts'
import { isSealedWith, openConfig, sealConfig } from './channels.ts'

export type RekeyOptions = {
  store: Pick<Store, 'query' | 'commit'>
  /** Seals with the new key, opens with both. */
  sealer: Sealer
  connectorOf: (name: string) => AnyConnector | undefined
  clock: Clock
}

/** Channels that were sealed anew, and that were already; whether the check value moved. */
export type Rekeyed = { resealed: number; current: number; checkMoved: boolean }

/** A node that still seals with the old key may add to the work while it is done; it is not to do so for ever. */
const PASSES_MAX = 10

/**
 * Seals with the current key whatever was sealed with another (RULES G1): the configs of channels, replaced secrets
 * among them, and last the value that proves the key. Nothing is written unless all can be opened. Whoever is stopped
 * goes on when called again; a channel that a node changes meanwhile is looked at again.
 * @throws WrongKey naming the channels that no given key opens
 */
export async function rekeyStore(options: RekeyOptions): Promise<Rekeyed> {
  const { store, sealer } = options
  const channels = await store.query('channels', {})
  proveAll(channels, options)
  let resealed = 0
  for (let pass = 0; ; pass++) {
    const left = (await store.query('channels', {})).filter(channel => !isCurrent(channel, options))
    if (left.length === 0) break
    if (pass === PASSES_MAX)
      throw new WrongKey('a node keeps sealing with the old key: give it "new,old" first')
    for (const channel of left) if (await reseal(channel, options)) resealed += 1
  }
  const known = [await store.query('keyCheck', {}), await store.query('addressKey', {})]
  const checkMoved = known.some(sealed => sealed !== null && !sealed.startsWith(`${sealer.keyId}:`))
  const [workspace] = await store.query('workspaces', {})
  if (checkMoved && workspace !== undefined) {
    const keyCheck = sealer.seal(CHECK, CHECK)
    const addressKey = sealer.seal(sealer.unseal(known[1] ?? '', ADDRESS_KEY), ADDRESS_KEY)
    await store.commit({ workspace: workspace.id, changes: [{ kind: 'keyReplaced', keyCheck, addressKey }] })
  }
  return { resealed, current: Math.max(0, channels.length - resealed), checkMoved }
}

function connectorFor({ id, connector }: StoredChannel, { connectorOf }: RekeyOptions): AnyConnector {
  const found = connectorOf(connector)
  if (found === undefined) throw new WrongKey(`${id}: this version has no connector ${connector}`)
  return found
}

function isCurrent(channel: StoredChannel, options: RekeyOptions): boolean {
  return isSealedWith(options.sealer.keyId, connectorFor(channel, options), channel)
}

function proveAll(channels: readonly StoredChannel[], options: RekeyOptions): void {
  const closed = channels.filter(channel => {
    try {
      // Of secrets that count no longer too: they stand in the config until it is sealed anew.
      openConfig(connectorFor(channel, options), options.sealer, channel, 0)
      return false
    } catch (error) {
      if (error instanceof WrongKey) return true
      throw error
    }
  })
  if (closed.length === 0) return
  const names = closed.map(({ id, name }) => `${name} (${id})`).join(', ')
  throw new WrongKey(`nothing was changed: no given key opens ${closed.length} channels: ${names}`)
}

/** False if somebody changed it meanwhile. */
async function reseal(channel: StoredChannel, options: RekeyOptions): Promise<boolean> {
  const { store, sealer, clock } = options
  const connector = connectorFor(channel, options)
  const { config, predecessors } = openConfig(connector, sealer, channel, clock.now())
  const change = {
    kind: 'channelResealed',
    channel: channel.id,
    from: channel.config,
    config: sealConfig(connector, sealer, channel.id, config, predecessors),
  } as const
  const { outcomes } = await store.commit({ workspace: channel.workspace, changes: [change] })
  return outcomes[0]?.ok === true
}
