import { ADDRESS_KINDS, type AddressKind } from '../../model/address.ts'
import { countryOf, languageOf, timeZoneOf } from '../../model/contact.ts'
import type { Field } from '../../model/field.ts'
import type { FilterOp } from '../../model/filter.ts'
import type { TagId } from '../../model/ids.ts'
import { fold } from '../../model/text.ts'
import { checkMark, MARKS, numberMark, textMark } from '../terms.ts'
import type { Test } from './test.ts'

/** What a workspace's filters may name. */
export type Definitions = {
  tags: readonly { id: TagId; name: string }[]
  fields: readonly Pick<Field, 'key' | 'type' | 'options'>[]
}

/** What kind of thing a field of a contact is: it decides which questions there are. */
export type Asked =
  | { kind: 'text'; mark: string }
  | { kind: 'phone' | 'email'; mark: string }
  /** A closed set of words; `term` makes the term of one. */
  | { kind: 'word'; mark: string; read: (text: string) => string | undefined; expected: string }
  | { kind: 'tags' }
  | { kind: 'addresses' }
  | { kind: 'option'; key: string; options: readonly string[] }
  | { kind: 'number' | 'date' | 'check'; key: string }
  | { kind: 'time'; field: 'seenAt' | 'createdAt' | 'updatedAt' }
  | { kind: 'flag' }

export const OPS: Record<Asked['kind'], readonly FilterOp[]> = {
  text: ['equals', 'oneOf', 'contains', 'startsWith', 'exists'],
  phone: ['equals', 'oneOf', 'contains', 'startsWith', 'exists'],
  email: ['equals', 'oneOf', 'contains', 'startsWith', 'exists'],
  word: ['equals', 'oneOf', 'exists'],
  tags: ['has', 'hasAny', 'hasNone', 'exists'],
  addresses: ['has', 'hasAny', 'hasNone', 'exists'],
  option: ['equals', 'oneOf', 'exists'],
  number: ['equals', 'oneOf', 'greater', 'less', 'exists'],
  date: ['equals', 'before', 'after', 'exists'],
  check: ['equals', 'exists'],
  time: ['before', 'after', 'exists'],
  flag: ['equals'],
}

const among =
  (...known: string[]) =>
  (text: string): string | undefined =>
    known.find(word => word === text)
const SOURCES = ['message', 'agent', 'import', 'api', 'echo']
const STATES = ['granted', 'withdrawn', 'mixed']

/** Fields that every contact has, in the order in which a mistake is told them. */
const OWN: Readonly<Record<string, Asked>> = {
  name: { kind: 'text', mark: MARKS.name },
  phone: { kind: 'phone', mark: MARKS.phone },
  email: { kind: 'email', mark: MARKS.email },
  addresses: { kind: 'addresses' },
  tags: { kind: 'tags' },
  language: {
    kind: 'word',
    mark: '#l:',
    read: languageOf,
    expected: 'a language as BCP 47 writes it, es-MX',
  },
  country: { kind: 'word', mark: '#c:', read: countryOf, expected: 'a country of two letters, MX' },
  timeZone: { kind: 'word', mark: '#z:', read: timeZoneOf, expected: 'a time zone, America/Mexico_City' },
  kind: { kind: 'word', mark: '#k:', read: among('person', 'group'), expected: 'person or group' },
  source: { kind: 'word', mark: '#s:', read: among(...SOURCES), expected: `one of ${SOURCES.join(', ')}` },
  'consent.marketing': {
    kind: 'word',
    mark: '#o:marketing=',
    read: among(...STATES),
    expected: `one of ${STATES.join(', ')}`,
  },
  'consent.service': {
    kind: 'word',
    mark: '#o:service=',
    read: among(...STATES),
    expected: `one of ${STATES.join(', ')}`,
  },
  lastSeenAt: { kind: 'time', field: 'seenAt' },
  createdAt: { kind: 'time', field: 'createdAt' },
  updatedAt: { kind: 'time', field: 'updatedAt' },
  openConversation: { kind: 'flag' },
}

export const OWN_FIELDS = Object.keys(OWN)

/** What a name in a filter stands for; undefined if there is no such field. */
export function askedOf(name: string, { fields }: Definitions): Asked | undefined {
  if (Object.hasOwn(OWN, name)) return OWN[name]
  const key = name.startsWith('fields.') ? name.slice('fields.'.length) : undefined
  const field = fields.find(one => one.key === key)
  if (field === undefined) return undefined
  const { type } = field
  if (type === 'list') return { kind: 'option', key: field.key, options: field.options ?? [] }
  if (type === 'text' || type === 'url') return { kind: 'text', mark: textMark(field.key) }
  return { kind: type, key: field.key }
}

/** That there is anything in the field at all. */
export function thereIs(asked: Asked): Test {
  switch (asked.kind) {
    case 'text':
      return { on: 'term', term: asked.mark }
    case 'phone':
    case 'email':
      return { on: 'term', term: `#a:${asked.kind}` }
    case 'word':
      return { on: 'term', term: asked.mark, begins: true }
    case 'tags':
      return { on: 'term', term: '#t:', begins: true }
    case 'addresses':
      return { on: 'term', term: '#a:', begins: true }
    case 'option':
    case 'date':
      return { on: 'term', term: textMark(asked.key) }
    case 'number':
      return { on: 'term', term: numberMark(asked.key) }
    case 'check':
      return { on: 'term', term: checkMark(asked.key), begins: true }
    case 'time':
      return asked.field === 'seenAt' ? { on: 'term', term: '#d:', begins: true } : { on: 'all', of: [] }
    case 'flag':
      return { on: 'open' }
  }
}

/** A tag by its id or its name, whatever its case and accents. */
export function tagOf(text: string, { tags }: Definitions): TagId | undefined {
  const name = fold(text)
  return tags.find(tag => tag.id === text || fold(tag.name) === name)?.id
}

export function isAddressKind(text: string): text is AddressKind {
  return (ADDRESS_KINDS as readonly string[]).includes(text)
}
