import fc from 'fast-check'
import type { Filter } from '../../../../model/filter.ts'
import { CITIES, DATES, FIELDS, NAMES, NUMBERS, TAGS } from './people.ts'

/** Filters of every kind, right ones; and things that are nearly one. */
const one = <T>(...values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values)
const condition = (field: string, op: string, value: unknown): Filter => ({ field, op, value }) as Filter
const texts = [
  ...NAMES.filter(name => name !== null && name !== '★'),
  ...CITIES,
  'an',
  'Garc',
  'jose',
  '24',
  'cía a',
]
const sought = one(...(texts as string[]))
const TEXT = ['name', 'fields.city'] as const
const ago = fc.integer({ min: 0, max: 60 }).map(daysAgo => ({ daysAgo }))
const times = fc.oneof(ago, one('2026-11-01T00:00:00Z', '2026-11-23T23:59:00+02:00', '1969-01-01'))

function conditions(channel: string): fc.Arbitrary<Filter> {
  const tag = one(...TAGS.flatMap(({ id, name }) => [id, name, name.toUpperCase()]))
  const lists = <T>(of: fc.Arbitrary<T>): fc.Arbitrary<T[]> => fc.array(of, { minLength: 1, maxLength: 3 })
  return fc.oneof(
    fc.tuple(one(...TEXT), one('equals', 'contains', 'startsWith'), sought).map(all => condition(...all)),
    fc.tuple(one(...TEXT), lists(sought)).map(([field, value]) => condition(field, 'oneOf', value)),
    fc
      .tuple(one('equals', 'contains', 'startsWith'), one('+57 300 123', '573001234', '6', '+5215512345611'))
      .map(([op, value]) => condition('phone', op, value)),
    fc
      .tuple(
        one('equals', 'contains', 'startsWith'),
        one('2ana.garcia@example.com', 'EMPRESA.co', '1', "o'x_y%"),
      )
      .map(([op, value]) => condition('email', op, value)),
    fc
      .tuple(one('equals', 'greater', 'less'), one(...NUMBERS, 12))
      .map(([op, value]) => condition('fields.score', op, value)),
    lists(one(...NUMBERS)).map(value => condition('fields.score', 'oneOf', value)),
    one(...(FIELDS[2]?.options ?? [])).map(value => condition('fields.plan', 'equals', value)),
    fc
      .tuple(one('equals', 'before', 'after'), fc.oneof(one(...DATES), ago))
      .map(([op, value]) => condition('fields.born', op, value)),
    fc.boolean().map(value => condition('fields.vip', 'equals', value)),
    fc.boolean().map(value => condition('openConversation', 'equals', value)),
    tag.map(value => condition('tags', 'has', value)),
    fc.tuple(one('hasAny', 'hasNone'), lists(tag)).map(([op, value]) => condition('tags', op, value)),
    fc
      .tuple(one('hasAny', 'hasNone'), lists(one('phone', 'telegram', 'email')))
      .map(([op, value]) => condition('addresses', op, value)),
    one(
      ['country', 'CO'],
      ['language', 'es-MX'],
      ['timeZone', 'America/Bogota'],
      ['kind', 'person'],
      ['source', 'import'],
    ).map(([field = '', value]) => condition(field, 'equals', value)),
    fc
      .tuple(
        one(
          'name',
          'phone',
          'tags',
          'addresses',
          'language',
          'lastSeenAt',
          'consent.service',
          ...FIELDS.map(({ key }) => `fields.${key}`),
        ),
        fc.boolean(),
      )
      .map(([field, value]) => condition(field, 'exists', value)),
    fc
      .tuple(one('lastSeenAt', 'createdAt', 'updatedAt'), one('before', 'after'), times)
      .map(([field, op, value]) => condition(field, op, value)),
    fc
      .tuple(one('before', 'after'), times)
      .map(([op, value]) => ({ ...condition('lastSeenAt', op, value), channel }) as Filter),
  )
}

export function filters(channel: string): fc.Arbitrary<Filter> {
  const { node } = fc.letrec<{ node: Filter }>(tie => ({
    node: fc.oneof(
      { maxDepth: 3, depthSize: 'small' },
      conditions(channel),
      fc.array(tie('node'), { maxLength: 3 }).map(all => ({ all })),
      fc.array(tie('node'), { maxLength: 3 }).map(any => ({ any })),
      tie('node').map(not => ({ not })),
    ),
  }))
  return node
}

/** One part of a filter is replaced by whatever. */
export function spoilt(channel: string): fc.Arbitrary<unknown> {
  return fc.tuple(filters(channel), fc.anything(), fc.nat()).map(([filter, anything, at]) => {
    let count = 0
    const walk = (value: unknown): unknown => {
      if (count++ === at % 7) return anything
      if (Array.isArray(value)) return value.map(walk)
      if (typeof value !== 'object' || value === null) return value
      return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, walk(inner)]))
    }
    return walk(filter)
  })
}
