import { createHash } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import type { AnyConnector } from '../connectors/connector.ts'
import type { ChannelUpdated, Outcome, Transaction } from '../model/change.ts'
import type { Clock } from '../model/clock.ts'
import type { IdMaker, WorkspaceId } from '../model/ids.ts'
import type { Log } from '../model/log.ts'
import type { Sealer } from '../store/seal.ts'
import type { Store, StoredChannel } from '../store/store.ts'
import { openConfig, retire, sealConfig, senderGroupOf, stopsOf } from './channels.ts'
import type { Declared } from './declared.ts'
import { StartRefused } from './setup.ts'

export type DeclareOptions = {
  store: Pick<Store, 'query' | 'commit'>
  sealer: Sealer
  connectorOf: (name: string) => AnyConnector | undefined
  clock: Clock
  ids: IdMaker
  log: Log
  /** The first one: of channels that name none. */
  workspace: WorkspaceId
}

/**
 * Makes the channels of the configuration true in the store, before anybody calls. A channel is known again by what
 * its provider calls it, else by its name; what is the same already is not written and tells no event. Its status and
 * what the file does not name are left alone.
 * @throws StartRefused naming the entry
 */
export async function applyDeclared(channels: readonly Declared[], options: DeclareOptions): Promise<void> {
  if (channels.length === 0) return
  const ours = new Set<string>()
  const workspaces = new Set<WorkspaceId>()
  for (const [at, declared] of channels.entries()) {
    const place = `channels[${at}]`
    const workspace = await workspaceOf(declared, place, options)
    workspaces.add(workspace)
    ours.add(await applyOne(declared, place, workspace, options))
  }
  for (const workspace of workspaces) {
    const all = await options.store.query('channels', { workspace })
    const others = all.filter(({ id }) => !ours.has(id)).map(({ id, name }) => `${name} (${id})`)
    if (others.length > 0) {
      options.log.info(
        { channels: others },
        'channels that the configuration does not declare are left as they are',
      )
    }
  }
}

async function workspaceOf(
  { workspace: named }: Declared,
  place: string,
  { store, workspace }: DeclareOptions,
): Promise<WorkspaceId> {
  if (named === null) return workspace
  const all = await store.query('workspaces', {})
  const found = all.filter(({ id, name }) => id === named || name === named)
  const [first] = found
  if (first === undefined) throw new StartRefused(`${place}.workspace: there is no workspace ${named}`)
  if (found.length > 1)
    throw new StartRefused(`${place}.workspace: ${found.length} are called ${named}; name its id`)
  return first.id
}

/** Nodes that start at once may both find it missing or old: whoever comes second looks again, and finds it done. */
const LOOKS_MAX = 5

/** The id of the channel, once it is as declared. */
async function applyOne(
  declared: Declared,
  place: string,
  workspace: WorkspaceId,
  options: DeclareOptions,
): Promise<string> {
  const { store, connectorOf, log } = options
  const connector = connectorOf(declared.connector)
  if (connector === undefined) throw new StartRefused(`${place}.connector: there is no ${declared.connector}`)
  let refusal: Outcome | undefined
  for (let look = 0; look < LOOKS_MAX; look++) {
    const known = await find(declared, connector, workspace, store)
    const change = known === undefined ? undefined : updateOf(declared, connector, known, options)
    if (known !== undefined && change === undefined) return known.id
    const transaction =
      known === undefined || change === undefined
        ? creation(declared, connector, workspace, options)
        : { workspace, changes: [change], once: onceFor(known, declared) }
    const { outcomes, replayed } = await store.commit(transaction)
    refusal = outcomes[0]
    if (refusal?.ok === true && !replayed) {
      const what = known === undefined ? 'created' : 'updated'
      log.info({ channel: refusal.id, name: declared.name }, `a declared channel was ${what}`)
    }
  }
  const why = refusal?.ok === false ? refusal.detail : 'other nodes declare it otherwise'
  throw new StartRefused(`${place}: the channel could not be made as declared: ${why}`)
}

async function find(
  { connector: name, name: title, config }: Declared,
  connector: AnyConnector,
  workspace: WorkspaceId,
  store: DeclareOptions['store'],
): Promise<StoredChannel | undefined> {
  const channels = (await store.query('channels', { workspace })).filter(one => one.connector === name)
  // A channel that no provider names is called by its own id, which says nothing of what is declared.
  const isNamed = ({ id, providerKey }: StoredChannel): boolean =>
    providerKey !== id && providerKey === connector.keyOf(config as never, id)
  return channels.find(isNamed) ?? channels.find(one => one.name === title)
}

function creation(
  { connector: name, name: title, config }: Declared,
  connector: AnyConnector,
  workspace: WorkspaceId,
  { sealer, ids, clock }: DeclareOptions,
): Transaction {
  const id = ids('chn', clock.now())
  const change = {
    kind: 'channelCreated',
    id,
    connector: name,
    name: title,
    config: sealConfig(connector, sealer, id, config, []),
    providerKey: connector.keyOf(config as never, id),
    senderGroup: senderGroupOf(connector, config, id),
    stops: stopsOf(connector, config),
  } as const
  return { workspace, changes: [change] }
}

/** What differs; undefined if nothing does. A verifying secret that was replaced counts on as after a PATCH. */
function updateOf(
  { name, config }: Declared,
  connector: AnyConnector,
  known: StoredChannel,
  { sealer, clock }: DeclareOptions,
): ChannelUpdated | undefined {
  const before = openConfig(connector, sealer, known, clock.now())
  const set: ChannelUpdated['set'] = known.name === name ? {} : { name }
  if (!isDeepStrictEqual(before.config, config)) {
    const predecessors = retire(connector, before, config, clock.now())
    set.config = sealConfig(connector, sealer, known.id, config, predecessors)
    set.providerKey = connector.keyOf(config as never, known.id)
    set.senderGroup = senderGroupOf(connector, config, known.id)
    set.stops = stopsOf(connector, config)
  }
  return Object.keys(set).length === 0 ? undefined : { kind: 'channelUpdated', channel: known.id, set }
}

/** Of several nodes that saw the same state and want the same, one changes it. */
function onceFor(known: StoredChannel, declared: Declared): NonNullable<Transaction['once']> {
  const hash = (value: unknown): string =>
    createHash('sha256').update(JSON.stringify(value)).digest('base64url')
  return { scope: 'declared', key: hash(known), hash: hash(declared) }
}
