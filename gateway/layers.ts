import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { nearest } from './explain.ts'
import { KEYS, type Key } from './keys.ts'

/** Values of one origin by key; `from` is what `config print` tells about it, `name` what a fault is told of. */
export type Layer = Map<string, { value: unknown; from: string; name: string }>

const FILE_DEFAULT = 'omnibus.yaml'
/** Names the file, which is read before the variables are. */
const CONFIG_VARIABLE = 'OMNIBUS_CONFIG'
/** The one key that is a list of things and has neither variable nor flag; `declared.ts` reads it. */
export const DECLARED = 'channels'

/** The file that a flag or a variable names; undefined: the default one, if it is there. */
export function fileNamed(
  env: Record<string, string | undefined>,
  flags: Readonly<Record<string, string>>,
): string | undefined {
  return flags['--config'] ?? env[CONFIG_VARIABLE]
}

/** The file's values. A named file must exist; the default one may be absent. */
export function readFile(named: string | undefined, faults: string[]): Layer {
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
    } else if (dotted === DECLARED) {
      if (value !== null) layer.set(dotted, { value, from: path, name: `${path}: ${dotted}` })
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
  const sections = [DECLARED, ...KEYS.map(key => key.key.split('.')[0] ?? '')]
  const meant = nearest(dotted, [...KEYS.map(key => key.key), ...sections])
  const hint = meant === undefined || meant === dotted ? '' : `; did you mean "${meant}"?`
  return `unknown key "${dotted}"${hint}`
}

/** What Kubernetes sets for a service that happens to be called omnibus (service links); none of it is meant for us. */
const SERVICE_LINK = /^OMNIBUS_(SERVICE_|PORT_\d)/
/** What tests and benchmarks are told, on a machine that runs them beside a daemon. */
const OF_TESTS = /^OMNIBUS_(TEST|BENCH)_/
/** What commands that ask a running daemon read (`cli/client.ts`). */
const OF_CLIENTS = ['OMNIBUS_URL', 'OMNIBUS_TOKEN', 'OMNIBUS_TOKEN_FILE']

export function readVariables(env: Record<string, string | undefined>, faults: string[]): Layer {
  const layer: Layer = new Map()
  for (const [name, text] of Object.entries(env)) {
    if (!name.startsWith('OMNIBUS_') || text === undefined || text === '') continue
    if (name === CONFIG_VARIABLE || OF_CLIENTS.includes(name)) continue
    if (SERVICE_LINK.test(name) || OF_TESTS.test(name)) continue
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

export function readFlags(flags: Readonly<Record<string, string>>): Layer {
  const layer: Layer = new Map()
  for (const key of KEYS) {
    const text = flags[key.flag]
    if (text !== undefined) layer.set(key.key, { value: read(key, text), from: key.flag, name: key.flag })
  }
  return layer
}

export function unknownFlags(flags: Readonly<Record<string, string>>): string[] {
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

export function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return text.split('\n')[0]?.replace(/:$/, '') ?? text
}
