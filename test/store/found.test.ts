import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { FILTER_CONDITIONS_MAX, FILTER_DEPTH_MAX } from '../../model/filter.ts'
import { FOUND_QUERIES } from '../../store/found/queries.ts'
import { readFilter } from '../../store/found/read-filter.ts'
import { searchOf } from '../../store/found/search.ts'
import { migrate } from '../../store/sqlite/engine.ts'
import { nationalOf, termsOf } from '../../store/terms.ts'
import { FIELDS, TAGS } from '../contracts/store/found/people.ts'
import { scratch } from '../scratch.ts'

const DEFINITIONS = { tags: TAGS, fields: FIELDS }
const faultsOf = (filter: unknown): string[] => {
  const read = readFilter(filter, DEFINITIONS)
  return read.ok ? [] : read.faults.map(({ field, message }) => `${field} ${message}`)
}
const named = { field: 'name', op: 'equals', value: 'Ana' }

describe('a filter that is wrong', () => {
  test.each([
    ['no filter', null, 'filter must be { all }'],
    ['a list', [named], 'filter must be { all }'],
    ['two at once', { all: [], any: [] }, 'filter has any beside all'],
    ['what is inside', { all: [named, { any: [{ not: 3 }] }] }, 'filter.all[1].any[0].not must be'],
    ['no such field', { ...named, field: 'nmae' }, 'filter.field must be one of name,'],
    [
      'no such field of the workspace',
      { ...named, field: 'fields.x' },
      'filter.field is fields.x, and there',
    ],
    ['a word of the language', { ...named, field: 'constructor' }, 'filter.field must be one of'],
    ['an op of another kind', { ...named, op: 'greater' }, 'filter.op must be one of equals, oneOf'],
    ['something else', { ...named, vale: 1 }, 'filter.vale is not known here'],
    ['no value', { field: 'name', op: 'equals' }, 'filter.value must be text'],
    ['nothing to compare', { ...named, value: '★' }, 'filter.value must have a letter'],
    [
      'no such tag',
      { field: 'tags', op: 'hasAny', value: ['Cliente', 'x'] },
      'filter.value[1] is x, and there',
    ],
    [
      'no such option',
      { field: 'fields.plan', op: 'equals', value: 'x' },
      'filter.value must be one of gold',
    ],
    ['no date', { field: 'fields.born', op: 'before', value: '2026-02-31' }, 'filter.value must be a date'],
    ['no time', { field: 'lastSeenAt', op: 'before', value: 'soon' }, 'filter.value must be a time'],
    [
      'no number of days',
      { field: 'createdAt', op: 'after', value: { daysAgo: -1 } },
      'filter.value must be a time',
    ],
    ['a channel elsewhere', { ...named, channel: 'chn_x' }, 'filter.channel must be the id of a channel'],
    ['no country', { field: 'country', op: 'equals', value: 'Mexico' }, 'filter.value must be a country'],
  ])('%s is told with its place', (_, filter, expected) => {
    expect(faultsOf(filter)[0]).toMatch(new RegExp(`^${expected.replace(/[{}[\].]/g, '\\$&')}`))
  })

  test('depth, number and length have bounds', () => {
    const deep = (levels: number): unknown => (levels === 1 ? named : { not: deep(levels - 1) })
    expect(faultsOf(deep(FILTER_DEPTH_MAX))).toEqual([])
    expect(faultsOf(deep(FILTER_DEPTH_MAX + 1))[0]).toContain('levels deep')
    const many = (count: number): unknown => ({ all: Array(count).fill(named) })
    expect(faultsOf(many(FILTER_CONDITIONS_MAX))).toEqual([])
    expect(faultsOf({ any: [many(60), many(60)] })).toEqual([expect.stringContaining('100 conditions')])
    expect(faultsOf({ ...named, value: 'x'.repeat(201) })[0]).toContain('at most 200')
  })

  test('no value at all makes it throw', () => {
    fc.assert(
      fc.property(fc.anything(), input => void readFilter(input, DEFINITIONS)),
      { numRuns: 300 },
    )
  })
})

describe('terms', () => {
  test.each([
    ['573001234567', '3001234567'],
    ['15551234567', '5551234567'],
    ['5939912345', '9912345'],
    ['57', undefined],
    ['593', undefined],
    ['59', undefined],
  ])('%s without its calling code is %s', (digits, expected) => {
    expect(nationalOf(digits)).toBe(expected)
  })

  test('what somebody is called cannot look like a mark', () => {
    const terms = termsOf({ ...NOBODY, name: '#t:tag_1 #| #name x', fields: { city: "a ' \\ #b:vip=true" } })
    expect(terms).toBe(' #k:person #s:api #name t tag 1 name x #f:city a b vip true #| #')
  })

  test('a long text costs fifty words', () => {
    expect(termsOf({ ...NOBODY, name: 'a b '.repeat(500) }).length).toBeLessThan(200)
    expect(termsOf({ ...NOBODY, name: 'x'.repeat(5000) }).length).toBeLessThan(200)
  })
})

test('the embedded store finds by its indexes, and reads the newest in order', async () => {
  await using folder = await scratch()
  const path = join(folder.path, 'a.db')
  migrate(path)
  const database = new DatabaseSync(path)
  const read = readFilter(
    { all: [named, { not: { field: 'openConversation', op: 'equals', value: true } }] },
    DEFINITIONS,
  )
  const asked = { workspace: 'w' as never, test: read.ok ? read.test : fail(), now: 1, after: 'x' as never }
  const plans: string[] = []
  const steps = [
    FOUND_QUERIES.contactsRead({ ...asked, rows: 10, limit: 10 }),
    FOUND_QUERIES.contactsIndexed({ ...asked, max: 10, limit: 10 }),
    FOUND_QUERIES.contactsCounted({ ...asked, rows: 10 }),
    FOUND_QUERIES.contactsIndexed({ ...asked, test: searchOf('ana +57300') ?? fail(), max: 9, limit: 9 }),
  ]
  for (const step of steps) {
    for (let next = step.next([]); next.done !== true; next = step.next([])) {
      const { text, args } = next.value
      plans.push(
        ...database
          .prepare(`EXPLAIN QUERY PLAN ${text}`)
          .all(...args)
          .map(row => String(row['detail'])),
      )
    }
  }
  database.close()
  expect(plans.filter(plan => /^SEARCH c USING INTEGER PRIMARY KEY/.test(plan))).toHaveLength(2)
  expect(plans.filter(plan => /TEMP B-TREE/.test(plan))).toEqual([])
  const scanned = plans.filter(
    plan => plan.startsWith('SCAN') && !/VIRTUAL TABLE|SCAN (c|d|n|f)\b/.test(plan),
  )
  expect(scanned).toEqual([])
})

function fail(): never {
  throw new Error('the filter is right')
}

const NOBODY: Parameters<typeof termsOf>[0] = {
  ...{ kind: 'person', source: 'api', name: null, country: null, language: null, timeZone: null },
  ...{ tags: [], fields: {}, seenAt: null, addresses: [], consent: {} },
}
