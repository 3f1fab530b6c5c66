import { readFileSync } from 'node:fs'
import { type Static, Type } from 'typebox'
import type { AnyConnector } from '../connectors/connector.ts'
import { allConnectors, connectorOf } from '../connectors/registry.ts'
import type { ChannelId } from '../model/ids.ts'
import { type Config, unresolvedSecrets } from './channels.ts'
import { explain, nearest } from './explain.ts'
import { firstLine } from './layers.ts'

/** A channel as `omnibus.yaml` declares it, its secrets read. `workspace`: an id or a name; null is the first. */
export type Declared = { connector: string; name: string; config: Config; workspace: string | null }

const strict = { additionalProperties: false }
const text = Type.String({ minLength: 1, maxLength: 200 })
const Channels = Type.Array(
  Type.Object(
    {
      connector: text,
      name: text,
      config: Type.Record(Type.String(), Type.Unknown()),
      workspace: Type.Optional(text),
    },
    strict,
  ),
  { maxItems: 1000 },
)

type Env = Readonly<Record<string, string | undefined>>

/**
 * Reads the key `channels`. A text of `config`, at any depth, may be `{ file: path }` or `{ env: NAME }` instead, so
 * that no secret has to stand in the file.
 * What is wrong goes to `faults`, each naming its place: `channels[1].config.appSecret`.
 */
export function readDeclared(value: unknown, file: string, env: Env, faults: string[]): Declared[] {
  const found = explain(Channels, value, 'channels')
  faults.push(...found.map(({ field, message }) => `${file}: ${field}: ${message}`))
  if (found.length > 0) return []
  const seen = new Map<string, number>()
  return (value as Static<typeof Channels>).map(({ connector: name, config: written, ...more }, at) => {
    const place = `channels[${at}]`
    const wrong: { field: string; message: string }[] = []
    const config = resolved(written, `${place}.config`, env, wrong) as Config
    const connector = connectorOf(name)
    if (connector === undefined) wrong.push({ field: `${place}.connector`, message: unknownConnector(name) })
    // What could not be read is told once: the connector would miss it again.
    else if (wrong.length === 0) wrong.push(...faultsOf(connector, config, place))
    const declared = { connector: name, config, name: more.name, workspace: more.workspace ?? null }
    if (wrong.length === 0 && connector !== undefined) {
      wrong.push(...twice(seen, connector, declared, at))
    }
    faults.push(...wrong.map(({ field, message }) => `${file}: ${field}: ${message}`))
    return declared
  })
}

type Fault = { field: string; message: string }

function faultsOf(connector: AnyConnector, config: Config, place: string): Fault[] {
  const hidden = unresolvedSecrets(connector, config)
  return [
    ...explain(connector.config, config, `${place}.config`),
    ...hidden.map(path => ({ field: `${place}.config.${path}`, message: 'must be the secret itself' })),
  ]
}

/** Two entries of one number would take turns at every start; two of one name could not be told apart. */
function twice(
  seen: Map<string, number>,
  connector: AnyConnector,
  { name, config, workspace }: Declared,
  at: number,
): Fault[] {
  const of = `${workspace ?? ''} ${connector.connector}`
  const marks = [
    [`${of} key ${connector.keyOf(config as never, `[${at}]` as ChannelId)}`, 'config'],
    [`${of} name ${name}`, 'name'],
  ] as const
  const faults: Fault[] = []
  for (const [mark, field] of marks) {
    const before = seen.get(mark)
    if (before === undefined) seen.set(mark, at)
    else faults.push({ field: `channels[${at}].${field}`, message: `is that of channels[${before}] too` })
  }
  return faults
}

function unknownConnector(name: string): string {
  const known = allConnectors().map(({ connector }) => connector)
  const meant = nearest(name, known)
  return `must be one of ${known.join(', ')}${meant === undefined ? '' : `; did you mean "${meant}"?`}`
}

function resolved(value: unknown, place: string, env: Env, wrong: Fault[]): unknown {
  if (Array.isArray(value)) return value.map((item, at) => resolved(item, `${place}[${at}]`, env, wrong))
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value)
  const [[kind, from] = []] = entries
  if (entries.length === 1 && typeof from === 'string' && (kind === 'file' || kind === 'env')) {
    const read = kind === 'file' ? fromFile(from) : fromVariable(env, from)
    if ('message' in read) wrong.push({ field: place, ...read })
    return 'text' in read ? read.text : ''
  }
  return Object.fromEntries(
    entries.map(([name, inner]) => [name, resolved(inner, `${place}.${name}`, env, wrong)]),
  )
}

type Read = { text: string } | { message: string }

function fromFile(path: string): Read {
  try {
    return { text: readFileSync(path, 'utf8').trim() }
  } catch (error) {
    return { message: firstLine(error) }
  }
}

function fromVariable(env: Env, name: string): Read {
  const text = env[name]
  return text === undefined || text === '' ? { message: `the variable ${name} is not set` } : { text }
}
