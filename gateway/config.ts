import { BlockList, isIP } from 'node:net'
import ipaddr from 'ipaddr.js'
import { createEgress } from '../connectors/kit/egress.ts'
import { type Declared, readDeclared } from './declared.ts'
import { explain } from './explain.ts'
import { KEYS, type Key, type LOG_LEVELS, type PARTS } from './keys.ts'
import {
  DECLARED,
  fileNamed,
  firstLine,
  type Layer,
  readFile,
  readFlags,
  readVariables,
  unknownFlags,
} from './layers.ts'

/** What one daemon is told. Made by `loadConfig`; tests write it by hand. */
export type Config = {
  listen: { host: string; port: number }
  publicUrl: string | null
  dataDir: string
  store: string
  bus: string
  parts: (typeof PARTS)[number][]
  egress: { allow: string[] }
  trustedProxies: string[]
  metricsToken: string | null
  /** `requests`: a second, of one token; 0 is no limit. */
  limits: { headroom: number; requests: number }
  /** Days; null is for ever. */
  retention: {
    log: number | null
    messages: number | null
    raw: number | null
    receipts: number | null
    files: number | null
  }
  /** null: where the store keeps files by itself. */
  filesDir: string | null
  adminToken: string | null
  /** New, then old; null when it is kept in dataDir. */
  secretKey: string[] | null
  logLevel: (typeof LOG_LEVELS)[number]
  /** Connected at the start, or made equal to what is said here. */
  channels: Declared[]
}

export type Setting = { key: Key; value: unknown; from: string }

/** The configuration with where each value came from, in the order of the table, and where channels are declared. */
export type Loaded = { config: Config; settings: Setting[]; channelsFrom: string | null }

/** What is wrong with the configuration, one line for each fault. */
export class ConfigError extends Error {
  override name = 'ConfigError'
  readonly faults: readonly string[]
  constructor(faults: readonly string[]) {
    super(faults.join('; '))
    this.faults = faults
  }
}

export type ConfigInput = {
  env?: Record<string, string | undefined>
  /** Flags by name: `{ '--port': '8080' }`. `--config` names the file. */
  flags?: Readonly<Record<string, string>>
  /** No file is read, not even the default one. */
  withoutFile?: boolean
}

/**
 * Defaults, overridden by the file, overridden by variables, overridden by flags (DESIGN §7).
 * @throws ConfigError with every fault found, each naming its key.
 */
export function loadConfig(input: ConfigInput = {}): Loaded {
  const env = input.env ?? environment()
  const flags = input.flags ?? {}
  const faults: string[] = []
  const file: Layer = input.withoutFile === true ? new Map() : readFile(fileNamed(env, flags), faults)
  const variables = readVariables(env, faults)
  const settings = KEYS.map(key => settle(key, [file, variables, readFlags(flags)], faults))
  faults.push(...unknownFlags(flags))
  const declared = file.get(DECLARED)
  const channels = declared === undefined ? [] : readDeclared(declared.value, declared.from, env, faults)
  if (faults.length > 0) throw new ConfigError(faults)
  const config = { ...assemble(settings), channels }
  const wrong = [...wrongNetworks(config), ...wrongRetention(config)]
  if (wrong.length > 0) throw new ConfigError(wrong)
  return { config, settings, channelsFrom: declared?.from ?? null }
}

/** The variables of this process, for what is no key of a daemon. */
export function environment(): Record<string, string | undefined> {
  return process.env
}

/** Whether an address to listen on is reachable from this machine only. */
export function isLoopback(host: string): boolean {
  if (host === 'localhost') return true
  const family = isIP(host)
  return family !== 0 && LOOPBACK.check(host, family === 6 ? 'ipv6' : 'ipv4')
}

const LOOPBACK = new BlockList()
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4')
LOOPBACK.addAddress('::1', 'ipv6')
const LOOPBACK_NETWORKS = ['127.0.0.0/8', '::1/128']

/** Lists of networks are read by whoever uses them; a fault there must not wait for the start. */
function wrongNetworks({ egress, trustedProxies }: Config): string[] {
  const faults = trustedProxies
    .filter(text => !NAMED_NETWORKS.includes(text) && !ipaddr.isValid(text) && !ipaddr.isValidCIDR(text))
    .map(text => `trustedProxies: ${text} is neither an address nor a CIDR`)
  try {
    createEgress(egress.allow)
  } catch (error) {
    faults.push(firstLine(error))
  }
  return faults
}

/** `message.created` is read off the rows of its message: the log cannot reach back further than they do. */
function wrongRetention({ retention: { log, messages } }: Config): string[] {
  if (messages === null || (log !== null && log <= messages)) return []
  const found = log === null ? 'without it the log is kept for ever' : `it is ${log}`
  const bound = `must be at most retention.messages (${messages})`
  return [`retention.log: ${bound}, because the log reads messages off their rows; ${found}`]
}

/** Names that Fastify's proxy-addr knows. */
const NAMED_NETWORKS = ['loopback', 'linklocal', 'uniquelocal']

function settle(key: Key, layers: Layer[], faults: string[]): Setting {
  const found = layers.map(layer => layer.get(key.key)).findLast(entry => entry !== undefined)
  if (found === undefined) return { key, value: key.default, from: 'default' }
  for (const { field, message } of explain(key.schema, found.value)) {
    // A key such as egress.allow is named with the position in its list, a secret never with its value.
    faults.push(`${found.name}${field}: ${message}`)
  }
  return { key, value: found.value, from: found.from }
}

function assemble(settings: Setting[]): Omit<Config, 'channels'> {
  const tree: Record<string, unknown> = {}
  for (const { key, value } of settings) {
    const [first = '', second] = key.key.split('.')
    if (second === undefined) tree[first] = value
    else tree[first] = { ...(tree[first] as object | undefined), [second]: value }
  }
  const config = tree as Omit<Config, 'channels'>
  const allow = settings.find(setting => setting.key.key === 'egress.allow')
  if (allow !== undefined && allow.value === null) {
    allow.value = isLoopback(config.listen.host) ? LOOPBACK_NETWORKS : []
    config.egress = { allow: allow.value as string[] }
  }
  if (config.publicUrl !== null) config.publicUrl = config.publicUrl.replace(/\/$/, '')
  return config
}
