import {
  type Condition,
  FILTER_CONDITIONS_MAX,
  FILTER_DEPTH_MAX,
  type Filter,
  type FilterOp,
} from '../../model/filter.ts'
import { isId } from '../../model/ids.ts'
import { type Asked, askedOf, type Definitions, OPS, OWN_FIELDS, thereIs } from './fields.ts'
import { readAnswer } from './read-value.ts'
import type { Test } from './test.ts'

/** One thing that is wrong, at its place as its author wrote it: `filter.all[2].value`. */
export type FilterFault = { field: string; message: string }

export type ReadFilter =
  /** `filter`: the same, with tags by their ids, so that it means the same when a tag is renamed. */
  { ok: true; filter: Filter; test: Test } | { ok: false; faults: FilterFault[] }

/**
 * Reads a filter: whatever it is given, it answers with what is wrong and where, or with something that both engines
 * can be asked. Pure; the fields and tags of the workspace come with it.
 */
export function readFilter(input: unknown, definitions: Definitions, place = 'filter'): ReadFilter {
  const reader: Reader = { definitions, faults: [], conditions: 0 }
  const read = readNode(input, place, 1, reader)
  if (read === undefined || reader.faults.length > 0) return { ok: false, faults: reader.faults.slice(0, 20) }
  return { ok: true, ...read }
}

export type Reader = { definitions: Definitions; faults: FilterFault[]; conditions: number }
type Read = { filter: Filter; test: Test }

function readNode(input: unknown, place: string, depth: number, reader: Reader): Read | undefined {
  if (depth > FILTER_DEPTH_MAX) return fault(reader, place, `is more than ${FILTER_DEPTH_MAX} levels deep`)
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    return fault(reader, place, 'must be { all }, { any }, { not } or { field, op, value }')
  }
  const [key = ''] = Object.keys(input)
  if (key === 'all' || key === 'any' || key === 'not') {
    const others = Object.keys(input).filter(name => name !== key)
    if (others.length > 0) return fault(reader, place, `has ${others[0]} beside ${key}`)
    const inside = (input as Record<string, unknown>)[key]
    if (key !== 'not') return readList(key, inside, `${place}.${key}`, depth, reader)
    const read = readNode(inside, `${place}.not`, depth + 1, reader)
    return read && { filter: { not: read.filter }, test: { on: 'not', of: read.test } }
  }
  return readCondition(input as Record<string, unknown>, place, reader)
}

function readList(
  key: 'all' | 'any',
  inside: unknown,
  place: string,
  depth: number,
  reader: Reader,
): Read | undefined {
  if (!Array.isArray(inside)) return fault(reader, place, 'must be a list of filters')
  if (inside.length > FILTER_CONDITIONS_MAX)
    return fault(reader, place, `has more than ${FILTER_CONDITIONS_MAX} filters`)
  const read = inside
    .map((item, index) => readNode(item, `${place}[${index}]`, depth + 1, reader))
    .filter(one => one !== undefined)
  const filters = read.map(one => one.filter)
  const filter: Filter = key === 'all' ? { all: filters } : { any: filters }
  return { filter, test: { on: key, of: read.map(one => one.test) } }
}

const CONDITION_KEYS = new Set(['field', 'op', 'value', 'channel'])

function readCondition(input: Record<string, unknown>, place: string, reader: Reader): Read | undefined {
  reader.conditions += 1
  if (reader.conditions > FILTER_CONDITIONS_MAX) {
    return reader.conditions === FILTER_CONDITIONS_MAX + 1
      ? fault(reader, place, `is more than ${FILTER_CONDITIONS_MAX} conditions`)
      : undefined
  }
  const unknown = Object.keys(input).find(name => !CONDITION_KEYS.has(name))
  if (unknown !== undefined) return fault(reader, `${place}.${unknown}`, 'is not known here')
  const { field, op } = input
  const asked = typeof field === 'string' ? askedOf(field, reader.definitions) : undefined
  if (asked === undefined) return fault(reader, `${place}.field`, unknownField(field))
  if (!OPS[asked.kind].includes(op as FilterOp)) {
    return fault(reader, `${place}.op`, `must be one of ${OPS[asked.kind].join(', ')} for ${field}`)
  }
  const condition = { field, op } as Condition
  if (input['channel'] !== undefined) {
    if (asked.kind !== 'time' || asked.field !== 'seenAt' || !isId('chn', input['channel']))
      return fault(reader, `${place}.channel`, 'must be the id of a channel, and goes with lastSeenAt only')
    condition.channel = input['channel']
  }
  const answer = { condition, asked, place: `${place}.value`, value: input['value'] }
  const test = condition.op === 'exists' ? readExists(answer, reader) : readAnswer(answer, reader)
  return test && { filter: condition, test }
}

/** A condition on its way to be a test. What is read of `value` goes into `condition` too. */
export type Answer = { condition: Condition; asked: Asked; place: string; value: unknown }

function readExists({ condition, asked, place, value }: Answer, reader: Reader): Test | undefined {
  if (value !== undefined && typeof value !== 'boolean') return fault(reader, place, 'must be true or false')
  condition.value = value ?? true
  const { channel } = condition
  const there: Test = channel === undefined ? thereIs(asked) : { on: 'heard', channel, match: 'ever', at: 0 }
  return value === false ? { on: 'not', of: there } : there
}

export function fault(reader: Reader, field: string, message: string): undefined {
  if (reader.faults.length < 100) reader.faults.push({ field, message })
}

function unknownField(field: unknown): string {
  const name = typeof field === 'string' ? field.slice(0, 60) : ''
  if (name.startsWith('fields.')) return `is ${name}, and there is no such field`
  return `must be one of ${OWN_FIELDS.join(', ')}, or fields. and the key of one`
}
