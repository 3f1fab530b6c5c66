import type { AnyConnector } from '../connectors/connector.ts'
import type { OpenChannel } from '../connectors/directory.ts'
import { listOf } from '../connectors/kit/secret.ts'
import type { Channel } from '../model/channel.ts'
import { rfc3339 } from '../model/clock.ts'
import type { StopScope } from '../model/consent.ts'
import type { ChannelId } from '../model/ids.ts'
import type { Sealer } from '../store/seal.ts'
import type { StoredChannel } from '../store/store.ts'
import { mapSecrets, REDACTED, redact, verifyingPaths } from './secrets.ts'

/** A replaced verifying secret is believed for this long, so that nothing in flight is refused (RULES G2). */
const PREDECESSOR_MS = 7 * 86_400_000
const PREDECESSORS_MAX = 8

export type Config = Record<string, unknown>

/** A verifying secret that was replaced by PATCH, and until when it still counts. */
export type Predecessor = { path: string; secret: string; until: number }

/** Predecessors are kept beside the config under this name; no connector's config key can start with `$`. */
const BESIDE = '$previous'

/** The config as the store keeps it: no secret readable without the key. */
export function sealConfig(
  connector: AnyConnector,
  sealer: Sealer,
  id: ChannelId,
  config: Config,
  predecessors: readonly Predecessor[],
): Config {
  const context = (path: string): string => `${id}.${path}`
  const sealed = mapSecrets(connector.config, config, (secret, path) => sealer.seal(secret, context(path)))
  if (predecessors.length === 0) return sealed as Config
  const beside = predecessors.map(({ path, secret, until }) => ({
    path,
    secret: sealer.seal(secret, context(path)),
    until,
  }))
  return { ...(sealed as Config), [BESIDE]: beside }
}

/**
 * The inverse. `predecessors` are those that still count at `now`.
 * @throws WrongKey if it was sealed with a key that we do not have.
 */
export function openConfig(
  connector: AnyConnector,
  sealer: Sealer,
  stored: StoredChannel,
  now: number,
): { config: Config; predecessors: Predecessor[] } {
  const { [BESIDE]: beside, ...sealed } = stored.config
  const unseal = (secret: string, path: string): string => sealer.unseal(secret, `${stored.id}.${path}`)
  const predecessors = ((beside ?? []) as Predecessor[])
    .filter(({ until }) => until > now)
    .map(({ path, secret, until }) => ({ path, secret: unseal(secret, path), until }))
  return { config: mapSecrets(connector.config, sealed, unseal) as Config, predecessors }
}

/** Whether every secret of it is sealed with this key (RULES G1). */
export function isSealedWith(keyId: string, connector: AnyConnector, { config }: StoredChannel): boolean {
  const { [BESIDE]: beside, ...sealed } = config
  const secrets = ((beside ?? []) as Predecessor[]).map(({ secret }) => secret)
  mapSecrets(connector.config, sealed, secret => {
    secrets.push(secret)
    return secret
  })
  return secrets.every(secret => secret.startsWith(`${keyId}:`))
}

/** A stored channel made ready for use: verifying secrets carry their predecessors behind them. */
export function openChannel(
  connector: AnyConnector,
  sealer: Sealer,
  stored: StoredChannel,
  now: number,
): OpenChannel {
  const { config, predecessors } = openConfig(connector, sealer, stored, now)
  for (const { path, secret } of predecessors) append(config, path.split('.'), secret)
  const { id, workspace, name, status, providerKey, senderGroup, health } = stored
  const { at: _, ...live } = stored.live ?? {}
  // The API checked it against `connector.config` before it was stored.
  const opaque = config as never
  return { id, workspace, connector, name, status, config: opaque, providerKey, senderGroup, health, live }
}

/** Where a provider calls for one channel. */
export function webhookUrlOf(publicUrl: string, connector: string, channel: ChannelId): string {
  return `${publicUrl}/in/${connector}/${channel}`
}

/** The channel as the API shows it. `connector` is undefined if this build does not have it: all config is hidden. */
export function showChannel(
  connector: AnyConnector | undefined,
  stored: StoredChannel,
  publicUrl: string,
): Channel {
  const { [BESIDE]: _beside, ...config } = stored.config
  const { health } = stored
  const { at: _at, ...live } = stored.live ?? {}
  const isPolled = connector?.poll?.enabled(config as never) === true
  const hasWebhook = connector?.receive !== undefined && !isPolled
  return {
    id: stored.id,
    workspace: stored.workspace,
    connector: stored.connector,
    name: stored.name,
    status: stored.status,
    config: redact(connector?.config, config),
    health: {
      state: health.state,
      why: health.why ?? null,
      at: health.at === undefined ? null : rfc3339(health.at),
    },
    live,
    answers: stored.answers ?? {},
    webhookUrl: hasWebhook ? webhookUrlOf(publicUrl, stored.connector, stored.id) : null,
    createdAt: rfc3339(stored.createdAt),
    updatedAt: rfc3339(stored.updatedAt),
  }
}

/** RULES C3: channels that share an account share one lease and its limits. */
export function senderGroupOf(connector: AnyConnector, config: Config, id: ChannelId): string {
  const { account } = connector.limits(config as never, {})
  return `${connector.connector}:${account ?? id}`
}

/** RULES F1: what STOP closes on a channel of this config. */
export function stopsOf(connector: AnyConnector, config: Config): StopScope {
  return connector.can(config as never).stop ?? 'marketing'
}

/**
 * The config after a PATCH: what is absent stays, `null` removes, `***` stands for the secret that was there. In a
 * list the n-th `***` is the n-th one of before, so that a new secret can be put in front of hidden ones.
 */
export function mergeConfig(old: Config, patch: Config): Config {
  const merged: Config = { ...old }
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete merged[name]
    else merged[name] = mergeValue(old[name], value)
  }
  return merged
}

function mergeValue(old: unknown, value: unknown): unknown {
  if (value === REDACTED) return old ?? value
  if (Array.isArray(value)) {
    const before: unknown[] = Array.isArray(old) ? old : [old]
    let hidden = 0
    return value.map(item => (item === REDACTED ? (before[hidden++] ?? item) : item))
  }
  return isConfig(value) && isConfig(old) ? mergeConfig(old, value) : value
}

/** Paths of secrets that read `***` although there is nothing they could stand for. */
export function unresolvedSecrets(connector: AnyConnector, config: Config): string[] {
  const paths = new Set<string>()
  mapSecrets(connector.config, config, (secret, path) => {
    if (secret === REDACTED) paths.add(path)
    return secret
  })
  return [...paths]
}

/** The predecessors after a PATCH: those that still count, and the verifying secrets that it took away (RULES G2). */
export function retire(
  connector: AnyConnector,
  before: { config: Config; predecessors: readonly Predecessor[] },
  after: Config,
  now: number,
): Predecessor[] {
  return verifyingPaths(connector.config).flatMap(path => {
    const current = secretsAt(after, path)
    const gone = secretsAt(before.config, path).map(secret => ({ path, secret, until: now + PREDECESSOR_MS }))
    const older = before.predecessors.filter(predecessor => predecessor.path === path)
    const kept = new Map([...older, ...gone].map(predecessor => [predecessor.secret, predecessor]))
    return [...kept.values()].filter(({ secret }) => !current.includes(secret)).slice(-PREDECESSORS_MAX)
  })
}

function secretsAt(config: Config, path: string): readonly string[] {
  let value: unknown = config
  for (const name of path.split('.')) value = isConfig(value) ? value[name] : undefined
  return typeof value === 'string' || Array.isArray(value) ? listOf(value) : []
}

function append(config: Config, path: string[], secret: string): void {
  const [name = '', ...rest] = path
  const value = config[name]
  if (rest.length > 0) {
    if (isConfig(value)) append(value, rest, secret)
  } else if (typeof value === 'string' || Array.isArray(value)) {
    config[name] = [...listOf(value), secret]
  }
}

function isConfig(value: unknown): value is Config {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
