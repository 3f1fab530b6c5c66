import { readFileSync } from 'node:fs'
import { BlockList, isIP } from 'node:net'
import ipaddr from 'ipaddr.js'
import { parse } from 'yaml'
import { createEgress } from '../connectors/kit/egress.ts'
import { explain, nearest } from './explain.ts'
import { KEYS, type Key, LATER, type LOG_LEVELS, type PARTS } from './keys.ts'

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
}

export type Setting = { key: Key; value: unknown; from: string }

/** The configuration with where each value came from, in the order of the table. */
export type Loaded = { config: Config; settings: Setting[] }

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
  flags?: Record<string, string>
}

const FILE_DEFAULT = 'omnibus.yaml'

/**
 * Defaults, overridden by the file, overridden by variables, overridden by flags (DESIGN §7).
 * @throws ConfigError with every fault found, each naming its key.
 */
export function loadConfig(input: ConfigInput = {}): Loaded {
  const env = input.env ?? process.env
  const flags = input.flags ?? {}
  const faults: string[] = []
  const named = flags['--config'] ?? env[CONFIG_VARIABLE]
  const file = readFile(named, faults)
  const variables = readVariables(env, faults)
  const settings = KEYS.map(key => settle(key, [file, variables, readFlags(flags)], faults))
  faults.push(...unknownFlags(flags))
  if (faults.length > 0) throw new ConfigError(faults)
  const config = assemble(settings)
  const wrong = [...wrongNetworks(config), ...wrongRetention(config)]
  if (wrong.length > 0) throw new ConfigError(wrong)
  return { config, settings }
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

/** Values of one origin by key; `from` is what `config print` tells about it. */
type Layer = Map<string, { value: unknown; from: string; name: string }>

function settle(key: Key, layers: Layer[], faults: string[]): Setting {
  const found = layers.map(layer => layer.get(key.key)).findLast(entry => entry !== undefined)
  if (found === undefined) return { key, value: key.default, from: 'default' }
  for (const { field, message } of explain(key.schema, found.value)) {
    // A key such as egress.allow is named with the position in its list, a secret never with its value.
    faults.push(`${found.name}${field}: ${message}`)
  }
  return { key, value: found.value, from: found.from }
}

function assemble(settings: Setting[]): Config {
  const tree: Record<string, unknown> = {}
  for (const { key, value } of settings) {
    const [first = '', second] = key.key.split('.')
    if (second === undefined) tree[first] = value
    else tree[first] = { ...(tree[first] as object | undefined), [second]: value }
  }
  const config = tree as Config
  const allow = settings.find(setting => setting.key.key === 'egress.allow')
  if (allow !== undefined && allow.value === null) {
    allow.value = isLoopback(config.listen.host) ? LOOPBACK_NETWORKS : []
    config.egress = { allow: allow.value as string[] }
  }
  if (config.publicUrl !== null) config.publicUrl = config.publicUrl.replace(/\/$/, '')
  return config
}

/** The file's values. A named file must exist; the default one may be absent. */
function readFile(named: string | undefined, faults: string[]): Layer {
  const path = named ?? FILE_DEFAULT
  const layer: Layer = new Map()
  let tree: unknown
  try {
    tree = parse(readFileSync(path, 'utf8'))
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT'
    if (!missing || named !== undefined) faults.push(`${path}: ${firstLine(error)}`)
    return layer
  }
  if (tree === null || tree === undefined) return layer
  if (typeof tree !== 'object' || Array.isArray(tree)) {
    faults.push(`${path}: must hold keys with values`)
    return layer
  }
  readTree(tree as Record<string, unknown>, '', path, layer, faults)
  return layer
}

function readTree(
  tree: Record<string, unknown>,
  prefix: string,
  path: string,
  layer: Layer,
  faults: string[],
): void {
  for (const [name, value] of Object.entries(tree)) {
    const dotted = `${prefix}${name}`
    const key = KEYS.find(known => known.key === dotted)
    if (key !== undefined) {
      const read = key.kind === 'list' && typeof value === 'string' ? splitList(value) : value
      // A key without a value is as good as absent.
      if (read !== null) layer.set(dotted, { value: read, from: path, name: `${path}: ${dotted}` })
    } else if (KEYS.some(known => known.key.startsWith(`${dotted}.`)) && isTree(value)) {
      readTree(value, `${dotted}.`, path, layer, faults)
    } else {
      faults.push(`${path}: ${unknownKey(dotted)}`)
    }
  }
}

function isTree(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function unknownKey(dotted: string): string {
  if (LATER.some(later => dotted === later || dotted.startsWith(`${later}.`))) {
    return `"${dotted}" is not supported by this version yet`
  }
  const sections = KEYS.map(key => key.key.split('.')[0] ?? '')
  const meant = nearest(dotted, [...KEYS.map(key => key.key), ...sections])
  const hint = meant === undefined || meant === dotted ? '' : `; did you mean "${meant}"?`
  return `unknown key "${dotted}"${hint}`
}

/** Names the file, which is read before this. */
const CONFIG_VARIABLE = 'OMNIBUS_CONFIG'
/** What Kubernetes sets for a service that happens to be called omnibus (service links); none of it is meant for us. */
const SERVICE_LINK = /^OMNIBUS_(SERVICE_|PORT_\d)/
/** What tests and benchmarks are told, on a machine that runs them beside a daemon. */
const OF_TESTS = /^OMNIBUS_(TEST|BENCH)_/

function readVariables(env: Record<string, string | undefined>, faults: string[]): Layer {
  const layer: Layer = new Map()
  for (const [name, text] of Object.entries(env)) {
    if (!name.startsWith('OMNIBUS_') || text === undefined || text === '') continue
    if (name === CONFIG_VARIABLE || SERVICE_LINK.test(name) || OF_TESTS.test(name)) continue
    const key = KEYS.find(key => key.variable === name || (key.secret && `${key.variable}_FILE` === name))
    if (key === undefined) {
      const meant = nearest(
        name,
        KEYS.map(known => known.variable),
      )
      faults.push(`unknown variable ${name}${meant === undefined ? '' : `; did you mean ${meant}?`}`)
    } else if (key.variable === name) {
      if (name === 'OMNIBUS_PORT' && text.startsWith('tcp://')) continue
      layer.set(key.key, { value: read(key, text), from: name, name })
    } else if (env[key.variable]) {
      faults.push(`${key.variable} and ${name} are both set; keep one`)
    } else {
      readSecretFile(key, name, text, layer, faults)
    }
  }
  return layer
}

function readSecretFile(key: Key, name: string, path: string, layer: Layer, faults: string[]): void {
  try {
    const text = readFileSync(path, 'utf8').trim()
    layer.set(key.key, { value: read(key, text), from: name, name: `${name} (${path})` })
  } catch (error) {
    faults.push(`${name}: ${firstLine(error)}`)
  }
}

function readFlags(flags: Record<string, string>): Layer {
  const layer: Layer = new Map()
  for (const key of KEYS) {
    const text = flags[key.flag]
    if (text !== undefined) layer.set(key.key, { value: read(key, text), from: key.flag, name: key.flag })
  }
  return layer
}

function unknownFlags(flags: Record<string, string>): string[] {
  const known = ['--config', ...KEYS.map(key => key.flag)]
  return Object.keys(flags)
    .filter(flag => !known.includes(flag))
    .map(flag => {
      const meant = nearest(flag, known)
      return `unknown flag ${flag}${meant === undefined ? '' : `; did you mean ${meant}?`}`
    })
}

/** Text as the key's kind; what does not read as a number stays text, so that the schema complains about it. */
function read(key: Key, text: string): unknown {
  if (key.kind === 'list') return splitList(text)
  if (key.kind === 'number') return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text
  return text
}

function splitList(text: string): string[] {
  return text
    .split(',')
    .map(part => part.trim())
    .filter(part => part !== '')
}

function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return text.split('\n')[0]?.replace(/:$/, '') ?? text
}
