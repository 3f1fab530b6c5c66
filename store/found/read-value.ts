import { readFieldValue } from '../../model/field.ts'
import { FILTER_DAYS_MAX, FILTER_TEXT_MAX, FILTER_VALUES_MAX } from '../../model/filter.ts'
import { plainAddress, plainWords } from '../terms.ts'
import { isAddressKind, tagOf } from './fields.ts'
import { type Answer, fault, type Reader } from './read-filter.ts'
import type { Day, Match, Moment, Test } from './test.ts'

/** What a condition asks, by the kind of its field. Its value is written down as it was understood. */
export function readAnswer(answer: Answer, reader: Reader): Test | undefined {
  const { condition, asked } = answer
  switch (asked.kind) {
    case 'number':
      return readNumber(answer, asked.key, reader)
    case 'date':
      return readDate(answer, asked.key, reader)
    case 'time':
      return readTime(answer, asked.field, reader)
    case 'check':
      if (typeof answer.value !== 'boolean') return fault(reader, answer.place, 'must be true or false')
      condition.value = answer.value
      return { on: 'term', term: `#b:${asked.key}=${answer.value}` }
    case 'flag':
      if (typeof answer.value !== 'boolean') return fault(reader, answer.place, 'must be true or false')
      condition.value = answer.value
      return answer.value ? { on: 'open' } : { on: 'not', of: { on: 'open' } }
    default:
      return readTexts(answer, reader)
  }
}

type Texts = { test: Test; kept: string }

/** One text, or a list of them where the question takes several. */
function readTexts({ condition, asked, place, value }: Answer, reader: Reader): Test | undefined {
  const { op } = condition
  if (op !== 'oneOf' && op !== 'hasAny' && op !== 'hasNone') {
    const read = readText({ condition, asked, place, value }, reader)
    condition.value = read?.kept
    return read?.test
  }
  if (!Array.isArray(value) || value.length === 0 || value.length > FILTER_VALUES_MAX)
    return fault(reader, place, `must be a list of 1 to ${FILTER_VALUES_MAX}`)
  const read = value.map((one, index) =>
    readText({ condition, asked, place: `${place}[${index}]`, value: one }, reader),
  )
  condition.value = read.map(one => one?.kept)
  const anyOf: Test = { on: 'any', of: read.flatMap(one => one?.test ?? []) }
  return op === 'hasNone' ? { on: 'not', of: anyOf } : anyOf
}

function readText({ condition, asked, place, value }: Answer, reader: Reader): Texts | undefined {
  if (typeof value !== 'string' || value.trim() === '') return fault(reader, place, 'must be text')
  if (value.length > FILTER_TEXT_MAX)
    return fault(reader, place, `must have at most ${FILTER_TEXT_MAX} characters`)
  const { op } = condition
  const match: Match = op === 'contains' || op === 'startsWith' ? op : 'equals'
  switch (asked.kind) {
    case 'text': {
      const words = plainWords(value).join(' ')
      if (words === '') return fault(reader, place, 'must have a letter or a digit')
      return { kept: value, test: { on: 'words', mark: asked.mark, match, words } }
    }
    case 'phone':
    case 'email': {
      const text = asked.kind === 'phone' ? value.replace(/[^0-9]/g, '') : plainAddress(value.trim())
      if (text === '') return fault(reader, place, 'must have a digit')
      return { kept: value, test: { on: 'address', mark: asked.mark, match, text } }
    }
    case 'word': {
      const word = asked.read(value)
      if (word === undefined) return fault(reader, place, `must be ${asked.expected}`)
      return { kept: word, test: { on: 'term', term: `${asked.mark}${word}` } }
    }
    case 'tags': {
      const tag = tagOf(value, reader.definitions)
      if (tag === undefined) return fault(reader, place, `is ${value}, and there is no such tag`)
      return { kept: tag, test: { on: 'term', term: `#t:${tag}` } }
    }
    case 'addresses':
      if (!isAddressKind(value)) return fault(reader, place, 'must be a kind of address, as telegram')
      return { kept: value, test: { on: 'term', term: `#a:${value}` } }
    case 'option': {
      const read = readFieldValue({ type: 'list', options: [...asked.options] }, value)
      if ('error' in read) return fault(reader, place, read.error)
      const option = String(read.value)
      return { kept: option, test: { on: 'option', key: asked.key, value: option } }
    }
    default:
      return fault(reader, place, 'is not asked like this')
  }
}

function readNumber({ condition, place, value }: Answer, key: string, reader: Reader): Test | undefined {
  const { op } = condition
  const values = op === 'oneOf' ? value : [value]
  if (!Array.isArray(values) || values.length === 0 || values.length > FILTER_VALUES_MAX)
    return fault(reader, place, `must be a list of 1 to ${FILTER_VALUES_MAX}`)
  if (!values.every(one => typeof one === 'number' && Number.isFinite(one)))
    return fault(reader, place, op === 'oneOf' ? 'must be numbers' : 'must be a number')
  condition.value = value
  const match = op === 'greater' || op === 'less' ? op : 'equals'
  const tests = values.map((one: number): Test => ({ on: 'number', key, match, value: one }))
  return op === 'oneOf' ? { on: 'any', of: tests } : tests[0]
}

function readDate({ condition, place, value }: Answer, key: string, reader: Reader): Test | undefined {
  const days = relative(value)
  const read = days === undefined ? readFieldValue({ type: 'date', options: null }, value) : undefined
  if (days === undefined && (read === undefined || 'error' in read))
    return fault(reader, place, 'must be a date as YYYY-MM-DD, or { daysAgo } or { daysAhead }')
  const day: Day = days ?? String(read !== undefined && 'value' in read ? read.value : '')
  condition.value = typeof day === 'string' ? day : value
  return { on: 'date', key, match: condition.op as 'equals' | 'before' | 'after', value: day }
}

/** RFC 3339, as the API writes times. */
const TIME = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2}))?$/

function readTime(
  { condition, place, value }: Answer,
  field: 'seenAt' | 'createdAt' | 'updatedAt',
  reader: Reader,
): Test | undefined {
  const time = typeof value === 'string' && TIME.test(value) ? Date.parse(value) : Number.NaN
  const at: Moment | undefined = relative(value) ?? (Number.isFinite(time) ? time : undefined)
  if (at === undefined) return fault(reader, place, 'must be a time as 2026-01-31T12:00:00Z, or { daysAgo }')
  condition.value = value
  const match = condition.op as 'before' | 'after'
  const { channel } = condition
  return channel === undefined ? { on: 'time', field, match, at } : { on: 'heard', channel, match, at }
}

function relative(value: unknown): { daysAgo: number } | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const [[name, days] = [], ...others] = Object.entries(value)
  const isDays = typeof days === 'number' && days >= 0 && days <= FILTER_DAYS_MAX
  if (!isDays || others.length > 0) return undefined
  if (name === 'daysAgo') return { daysAgo: days }
  return name === 'daysAhead' ? { daysAgo: -days } : undefined
}
