import type { TSchema } from 'typebox'
import { isSecret } from '../connectors/kit/secret.ts'

/** What a secret reads as in every answer, log and print. */
export const REDACTED = '***'

/** Keeps a secret readable with the key only; `context` binds it to its place (see `store/seal.ts`). */
export type Seal = (text: string, context: string) => string

/**
 * The value with every secret replaced by what `each` makes of it; everything else is the same. `path` is dotted and
 * has no list positions, since a list of secrets may be reordered. Where a schema offers several branches, a field
 * that is secret in any of them counts as one: a secret shown is worse than a plain value hidden.
 */
export function mapSecrets(
  schema: TSchema,
  value: unknown,
  each: (secret: string, path: string) => string,
): unknown {
  return walk([schema as Node], value, '', each)
}

/** Replaces every secret by `***`. A config whose connector is unknown is hidden whole. */
export function redact(
  schema: TSchema | undefined,
  config: Record<string, unknown>,
): Record<string, unknown> {
  if (schema === undefined) return Object.fromEntries(Object.keys(config).map(key => [key, REDACTED]))
  return mapSecrets(schema, config, () => REDACTED) as Record<string, unknown>
}

/** Paths of the secrets that prove who calls us: those that may also be a list (RULES G2). */
export function verifyingPaths(schema: TSchema): string[] {
  return findVerifying(schema as Node, '')
}

type Node = TSchema & {
  anyOf?: Node[]
  allOf?: Node[]
  oneOf?: Node[]
  properties?: Record<string, Node>
  additionalProperties?: boolean | Node
  patternProperties?: Record<string, Node>
  items?: Node
}

function branchesOf(node: Node): Node[] {
  const inner = [...(node.anyOf ?? []), ...(node.allOf ?? []), ...(node.oneOf ?? [])]
  return inner.length === 0 ? [node] : [node, ...inner.flatMap(branchesOf)]
}

function walk(
  nodes: Node[],
  value: unknown,
  path: string,
  each: (secret: string, path: string) => string,
): unknown {
  const branches = nodes.flatMap(branchesOf)
  if (typeof value === 'string') return branches.some(isSecret) ? each(value, path) : value
  if (Array.isArray(value)) {
    const items = branches.flatMap(branch => branch.items ?? [])
    return items.length === 0 ? value : value.map(item => walk(items, item, path, each))
  }
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => {
      const fields = branches.flatMap(branch => fieldsOf(branch, name))
      return [name, fields.length === 0 ? inner : walk(fields, inner, join(path, name), each)]
    }),
  )
}

function fieldsOf(node: Node, name: string): Node[] {
  if (node.properties !== undefined && Object.hasOwn(node.properties, name)) {
    const property = node.properties[name]
    return property === undefined ? [] : [property]
  }
  const rest = Object.values(node.patternProperties ?? {})
  return typeof node.additionalProperties === 'object' ? [...rest, node.additionalProperties] : rest
}

function findVerifying(node: Node, path: string): string[] {
  const union = node.anyOf ?? []
  const isVerifying =
    union.some(isSecret) && union.some(branch => branch.items !== undefined && isSecret(branch.items))
  if (isVerifying) return [path]
  return branchesOf(node).flatMap(branch =>
    Object.entries(branch.properties ?? {}).flatMap(([name, inner]) =>
      findVerifying(inner, join(path, name)),
    ),
  )
}

function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`
}
