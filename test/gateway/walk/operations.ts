import type { Running } from '../daemon.ts'

/** A route of `/openapi.json`, as much of it as the walk needs. */
export type Operation = {
  method: string
  path: string
  roles: readonly string[]
  /** Names of its query parameters, with the prefix of the id that each takes; '' for one that takes none. */
  query: Record<string, string>
  /** Prefixes of the ids that its body may name. */
  bodyIds: readonly string[]
  examples: readonly object[]
}

type Told = {
  'x-roles'?: string[]
  parameters?: { name: string; in: string; schema?: { pattern?: string } }[]
  requestBody?: { content: Record<string, Content> }
}
type Content = { schema: unknown; example?: object; examples?: Record<string, { value: object }> }

/**
 * Every route under `/v1`: what reads first, what deletes last and of that the innermost first, so that each finds what
 * it is about.
 */
export async function operationsOf(daemon: Running): Promise<Operation[]> {
  const { paths } = (await daemon.call('GET', '/openapi.json', { token: null })).body as {
    paths: Record<string, Record<string, Told>>
  }
  const operations = Object.entries(paths)
    .filter(([path]) => path.startsWith('/v1/'))
    .flatMap(([path, methods]) => Object.entries(methods).map(([method, told]) => read(method, path, told)))
  const order = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']
  const depth = ({ path }: Operation): number => path.split('/').length
  return operations.toSorted(
    (a, b) => order.indexOf(a.method) - order.indexOf(b.method) || depth(b) - depth(a),
  )
}

function read(method: string, path: string, told: Told): Operation {
  const content = told.requestBody?.content['application/json']
  const parameters = (told.parameters ?? []).filter(parameter => parameter.in === 'query')
  const single = content?.example === undefined ? [] : [content.example]
  return {
    method: method.toUpperCase(),
    path,
    roles: told['x-roles'] ?? [],
    query: Object.fromEntries(
      parameters.map(({ name, schema }) => [name, prefixesIn(schema?.pattern ?? '')[0] ?? '']),
    ),
    bodyIds: prefixesIn(JSON.stringify(content?.schema ?? {})),
    examples: [...Object.values(content?.examples ?? {}).map(({ value }) => value), ...single],
  }
}

/** `^msg_[0-9a-z]{26}$` → `msg` */
function prefixesIn(text: string): string[] {
  return [...new Set([...text.matchAll(/\^([a-z]+)_\[0-9a-z\]\{26\}\$/g)].map(match => match[1] ?? ''))]
}

/** What was made in a workspace: ids by the part of a path that they follow. */
export type Things = Readonly<Record<string, string>>

/** The path with ids of these things. @throws Error for a kind of thing that the walk cannot make yet. */
export function pathTo(path: string, things: Things): string {
  const parts = path.split('/')
  return parts
    .map((part, at) => (part.startsWith('{') ? thingAt(parts[at - 1] ?? '', path, things) : part))
    .join('/')
}

function thingAt(kind: string, path: string, things: Things): string {
  const id = things[kind]
  if (id === undefined) {
    throw new Error(`${path}: the walk makes no ${kind} yet: add it to makeThings in test/gateway/walk/`)
  }
  return id
}

/** The id among these things that starts so. @throws Error */
export function thingWith(prefix: string, things: Things): string {
  const id = Object.values(things).find(each => each.startsWith(`${prefix}_`))
  if (id === undefined)
    throw new Error(`the walk makes nothing with an id ${prefix}_ yet: add it to makeThings`)
  return id
}

const ANY_ID = /\b([a-z]{3})_[0-9a-z]{26}\b/g

/** The prefixes of the ids that an example names. */
export function idsIn(example: object): string[] {
  return [...new Set([...JSON.stringify(example).matchAll(ANY_ID)].map(match => match[1] ?? ''))]
}

/** The example with ids of these things; `foreign` takes the place of those with its prefix. */
export function filled(example: object, things: Things, foreign?: string): object {
  const text = JSON.stringify(example).replace(ANY_ID, (_, prefix: string) =>
    foreign?.startsWith(`${prefix}_`) === true ? foreign : thingWith(prefix, things),
  )
  return JSON.parse(text)
}
