import type { TSchema } from 'typebox'
import { Value } from 'typebox/value'

/** One thing wrong with an input. `field` is a dotted path as its author wrote it: `content.buttons[2].title`. */
export type FieldError = { field: string; message: string }

const ERRORS_MAX = 50

/**
 * What is wrong with `value`, field by field; empty if it fits. TypeBox's own list names every branch of a union that
 * did not fit; a person wants to hear only about the branch that was meant, so unions are resolved here: by their
 * `type` where each branch has one, otherwise by the branch with the fewest complaints.
 */
export function explain(schema: TSchema, value: unknown, field = ''): FieldError[] {
  if (Value.Check(schema, value)) return []
  const errors = complaints(schema as Node, value, field)
  const found = errors.length > 0 ? errors : [{ field, message: 'is not valid' }]
  return found.slice(0, ERRORS_MAX)
}

/** The known word that is closest to a mistyped one, if any is close at all. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  let best: string | undefined
  let bestDistance = Math.max(2, Math.floor(word.length / 3)) + 1
  for (const candidate of known) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase())
    if (distance < bestDistance) {
      best = candidate
      bestDistance = distance
    }
  }
  return best
}

type Node = TSchema & {
  type?: string
  properties?: Record<string, Node>
  required?: string[]
  additionalProperties?: boolean | Node
  items?: Node
  anyOf?: Node[]
  const?: unknown
  enum?: unknown[]
  minItems?: number
  maxItems?: number
}

function complaints(schema: Node, value: unknown, field: string): FieldError[] {
  if (schema.anyOf !== undefined) return complaintsOfUnion(schema.anyOf, value, field)
  if (schema.type === 'object' && isRecord(value)) return complaintsOfObject(schema, value, field)
  if (schema.type === 'array' && Array.isArray(value) && schema.items !== undefined) {
    const items = schema.items
    const inside = value.flatMap((item, index) =>
      Value.Check(items, item) ? [] : complaints(items, item, `${field}[${index}]`),
    )
    return inside.length > 0 ? inside : own(schema, value, field)
  }
  return own(schema, value, field)
}

function complaintsOfObject(schema: Node, value: Record<string, unknown>, field: string): FieldError[] {
  const properties = schema.properties ?? {}
  const errors: FieldError[] = []
  for (const name of schema.required ?? []) {
    if (value[name] === undefined) errors.push({ field: join(field, name), message: 'is required' })
  }
  for (const [name, inner] of Object.entries(value)) {
    if (inner === undefined) continue
    const property = Object.hasOwn(properties, name) ? properties[name] : undefined
    const node = property ?? (isRecord(schema.additionalProperties) ? schema.additionalProperties : undefined)
    if (node !== undefined) {
      if (!Value.Check(node, inner)) errors.push(...complaints(node as Node, inner, join(field, name)))
    } else if (schema.additionalProperties === false) {
      const meant = nearest(name, Object.keys(properties))
      const hint = meant === undefined ? '' : `; did you mean "${meant}"?`
      errors.push({ field: join(field, name), message: `is not known here${hint}` })
    }
  }
  return errors.length > 0 ? errors : own(schema, value, field)
}

function complaintsOfUnion(branches: Node[], value: unknown, field: string): FieldError[] {
  const choices = branches.map(branch => branch.const)
  if (choices.every(choice => choice !== undefined)) {
    return [{ field, message: `must be one of ${choices.map(String).join(', ')}` }]
  }
  const tagged = branches.every(branch => tagsOf(branch) !== undefined)
  if (tagged && isRecord(value)) {
    const tag = value['type']
    const meant = branches.find(branch => tagsOf(branch)?.includes(tag))
    if (meant !== undefined) return complaints(meant, value, field)
    const known = branches.flatMap(branch => tagsOf(branch) ?? []).map(String)
    const message = tag === undefined ? 'is required' : `must be one of ${known.join(', ')}`
    return [{ field: join(field, 'type'), message }]
  }
  const lists = branches
    .filter(branch => sameShape(branch, value))
    .map(branch => complaints(branch, value, field))
  const [fewest] = lists.toSorted((a, b) => a.length - b.length)
  const types = [...new Set(branches.map(branch => branch.type ?? 'value'))]
  return fewest ?? [{ field, message: `must be ${types.join(' or ')}` }]
}

/** The values of `type` that name this branch of a union, if it is named so. */
function tagsOf(branch: Node): unknown[] | undefined {
  const tag = branch.properties?.['type']
  if (tag === undefined) return undefined
  if (tag.const !== undefined) return [tag.const]
  return tag.enum
}

function sameShape(branch: Node, value: unknown): boolean {
  if (branch.type === 'object') return isRecord(value)
  if (branch.type === 'array') return Array.isArray(value)
  return branch.type === undefined || branch.type === typeof value
}

/** What the schema says about this very value, without what lies inside it. */
function own(schema: Node, value: unknown, field: string): FieldError[] {
  if (schema.enum !== undefined) return [{ field, message: `must be one of ${schema.enum.join(', ')}` }]
  if (schema.const !== undefined) return [{ field, message: `must be ${JSON.stringify(schema.const)}` }]
  const messages = Value.Errors(schema, value).map(error => error.message)
  return [...new Set(messages)].map(message => ({ field, message }))
}

function join(field: string, name: string): string {
  return field === '' ? name : `${field}.${name}`
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Levenshtein distance; the words are short. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}
