import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createBus } from '../bus/memory.ts'
import type { AnyConnector } from '../connectors/connector.ts'
import { createDirectory } from '../connectors/directory.ts'
import { createHttp } from '../connectors/kit/http.ts'
import { allConnectors, finderOf } from '../connectors/registry.ts'
import { type Clock, systemClock } from '../model/clock.ts'
import { idMaker, type WorkspaceId } from '../model/ids.ts'
import { type Log, silentLog } from '../model/log.ts'
import { type Random, systemRandom } from '../model/random.ts'
import type { Probe } from '../model/steps.ts'
import { createImports } from '../queue/imports/imports.ts'
import { createMediaFetch } from '../queue/media.ts'
import { createQueue } from '../queue/queue.ts'
import { createRouter } from '../router/router.ts'
import { openStore } from '../store/open.ts'
import { createSealer } from '../store/seal.ts'
import type { Store } from '../store/store.ts'
import { webhookUrlOf } from './channels.ts'
import type { Config } from './config.ts'
import { applyDeclared } from './declare.ts'
import { createFeed } from './feed.ts'
import { closeDoor, createDoor } from './http.ts'
import { linkKeysOf, signLink } from './links.ts'
import { createLive } from './live.ts'
import { createMetrics, type Metrics, sendsOf } from './metrics.ts'
import type { Rooms } from './rooms.ts'
import { secretKeysOf, setUp } from './setup.ts'
import { createSpool, type Spool } from './spool/spool.ts'
import { keepOf, startSweep } from './sweep.ts'
import { demoUrlOf, firstSite } from './webchat/first.ts'
import { visitorKeysOf } from './webchat/tokens.ts'

export type DaemonOptions = {
  probe?: Probe
  clock?: Clock
  random?: Random
  log?: Log
  /** `QueueNeeds.leaseMs`. */
  leaseMs?: number
  /** Instead of those of the registry. */
  connectors?: readonly AnyConnector[]
  /** false: a first start makes no channel. */
  firstChannel?: false
}

export type Daemon = {
  /** Where it listens. */
  url: string
  workspace: WorkspaceId
  /** A page to try the website chat on; null if there is no channel for one. */
  demoUrl: string | null
  /** The operator's token if this start made it; never again. */
  newToken: string | null
  store: Store
  /** Drains and stops, the last started first. Once called, calls again wait for the same end. */
  stop(): Promise<void>
  /** The part that is being stopped, for whoever waits too long; null before and after. */
  stoppingAt(): string | null
}

/** Something that was started and must be stopped, in the order of starting. */
type Started = { name: string; stop: () => Promise<void> | void }

/**
 * The composition root: store, bus, directory, queue, router, door. What fails to start takes down what had started.
 * @throws what the first part to fail throws, in its own words
 */
export async function createDaemon(config: Config, options: DaemonOptions = {}): Promise<Daemon> {
  const started: Started[] = []
  let at: string | null = null
  let stopped: Promise<void> | undefined
  const { log = silentLog } = options
  const stopAll = async (): Promise<void> => {
    for (const { name, stop } of started.toReversed()) {
      at = name
      try {
        await stop()
      } catch (error) {
        log.error({ err: error }, `${name} did not stop well`)
      }
    }
    at = null
  }
  const stop = (): Promise<void> => {
    stopped ??= stopAll()
    return stopped
  }
  try {
    const made = await start(config, { ...options, log }, started)
    return { ...made, stop, stoppingAt: () => at }
  } catch (error) {
    await stop()
    throw error
  }
}

/** What exists only after whoever needs it: filled in while starting. */
type Later = {
  store?: Store
  spool?: Spool
  wake?: (groups: string[]) => void
  changed?: (groups: string[]) => void
  warm?: () => void
  /** Where it listens. */
  url?: string
  lags: (() => Record<string, number>)[]
  streams: { open: number }
  visits: { open: number }
}

type Begin = (name: string, stop: Started['stop']) => void

async function start(
  config: Config,
  options: DaemonOptions & { log: Log },
  started: Started[],
): Promise<Omit<Daemon, 'stop' | 'stoppingAt'>> {
  const begin: Begin = (name, stop) => {
    started.push({ name, stop })
  }
  const later: Later = { lags: [], streams: { open: 0 }, visits: { open: 0 } }
  const { ground, newToken } = await openGround(config, options, later, begin)
  startParts(ground, options, later, begin)
  const url = await openDoor(ground, later, begin)
  return {
    url,
    demoUrl: demoUrlOf(ground, config.publicUrl ?? url),
    workspace: ground.workspace,
    newToken,
    store: ground.store,
  }
}

/** All that the parts and the door stand on. */
type Ground = Omit<Rooms, 'publicUrl' | 'stopping'>

async function openGround(
  config: Config,
  options: DaemonOptions & { log: Log },
  later: Later,
  begin: Begin,
): Promise<{ ground: Ground; newToken: string | null }> {
  const { clock = systemClock, random = systemRandom, connectors = allConnectors() } = options
  const { log, probe, firstChannel } = options
  const connectorOf = finderOf(connectors)
  const ids = idMaker(random)
  const secretKeys = secretKeysOf(config, random)
  const sealer = createSealer(secretKeys)
  const metrics = metricsOf(later, clock)
  begin('metrics', metrics.stop)
  const bus = createBus()
  begin('bus', () => bus.close())
  const wake = (groups: string[]): void => later.wake?.(groups)
  const listener = { events: bus.publish, work: wake }
  const { store: url, dataDir, filesDir } = config
  const store = await openStore({ url, dataDir, filesDir, listener, clock, sealer })
  later.store = store
  begin('store', () => store.close())
  begin('sweep', startSweep(store, keepOf(config), log))
  const isFurnished = firstChannel === false || config.channels.length > 0
  const { newToken, ...access } = await setUp({
    ...{ store, config, clock, random, ids },
    firstChannel: id => (isFurnished ? undefined : firstSite(id)),
  })
  const declared = { store, sealer, connectorOf, clock, ids, log, workspace: access.workspace }
  await applyDeclared(config.channels, declared)
  const directory = createDirectory()
  const common = { store, bus, directory, sealer, connectorOf, clock, log }
  const feed = await createFeed({ ...common, changed: groups => later.changed?.(groups) })
  begin('channels', () => feed.stop())
  const { http, warm, close } = createHttp({ egressAllow: config.egress.allow, clock })
  later.warm = warm
  begin('http', close)
  const spool = await createSpool({ ...common, metrics, random, path: join(dataDir, 'spool') })
  later.spool = spool
  begin('spool', spool.stop)
  const ground: Ground = {
    ...common,
    ...access,
    ...{ config, feed, http, random, ids, metrics, spool, probe },
    connectors: connectors.map(({ connector }) => connector),
    linkKeys: linkKeysOf(secretKeys),
    visitorKeys: visitorKeysOf(secretKeys),
    live: createLive(),
    ...{ streams: later.streams, visits: later.visits },
  }
  return { ground, newToken }
}

/** Queue and router, where this node runs them. */
function startParts(ground: Ground, { leaseMs }: DaemonOptions, later: Later, begin: Begin): void {
  const { config, store, bus, directory, http, clock, random, log, probe } = ground
  const common = { store, bus, directory, http, clock, random, log }
  const { listen, publicUrl } = config
  // Before the door is open, the address that it will have: only a port that is not chosen yet is unknown.
  const urlNow = (): string => publicUrl ?? later.url ?? urlOf(listen.host, listen.port)
  if (config.parts.includes('queue')) {
    const holder = Buffer.from(random.fill(new Uint8Array(12))).toString('hex')
    const queue = createQueue({
      ...common,
      holder,
      headroom: config.limits.headroom,
      webhookUrlOf: ({ connector, id }) => webhookUrlOf(urlNow(), connector.connector, id),
      linkOf: (workspace, id, forMs) =>
        urlNow() + signLink(ground.linkKeys, { workspace, id }, clock.now(), forMs),
      listener: sendsOf(ground.metrics),
      warm: () => later.warm?.(),
      ...(probe === undefined ? {} : { probe }),
      ...(leaseMs === undefined ? {} : { leaseMs }),
    })
    later.wake = groups => queue.wake(groups)
    later.changed = groups => queue.changed(groups)
    begin('queue', () => queue.stop())
    const imports = createImports({ ...common, holder, ...(leaseMs === undefined ? {} : { leaseMs }) })
    begin('imports', () => imports.stop())
    const media = createMediaFetch(common)
    later.lags.push(() => ({ media: media.lag() }))
    begin('media', () => media.stop())
  }
  if (config.parts.includes('router')) {
    const router = createRouter(common)
    later.lags.push(() => ({ router: router.lag() }))
    begin('router', () => router.stop())
  }
}

/** Opens the door and tells where it listens. */
async function openDoor(ground: Ground, later: Later, begin: Begin): Promise<string> {
  const { listen, publicUrl } = ground.config
  const stopping = new AbortController()
  let url = ''
  const door = await createDoor({
    ...ground,
    publicUrl: () => publicUrl ?? url,
    stopping: stopping.signal,
  })
  begin('door', async () => {
    stopping.abort()
    await closeDoor(door)
  })
  await door.listen(listen)
  url = urlOf(listen.host, (door.server.address() as AddressInfo).port)
  later.url = url
  ground.log.info({ url }, 'listening')
  return url
}

function metricsOf(later: Later, clock: Clock): Metrics {
  return createMetrics({
    store: () => later.store,
    lags: () => Object.assign({}, ...later.lags.map(lag => lag())),
    sseReaders: () => later.streams.open,
    visits: () => later.visits.open,
    spool: () => later.spool?.figures(),
    now: clock.now,
  })
}

/** An address that listens everywhere is reached at this machine. */
function urlOf(host: string, port: number): string {
  const reached = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '[::1]' : host
  return `http://${reached.includes(':') && !reached.startsWith('[') ? `[${reached}]` : reached}:${port}`
}
