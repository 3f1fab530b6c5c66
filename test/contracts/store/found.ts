import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Contact } from '../../../model/contact.ts'
import type { Filter } from '../../../model/filter.ts'
import type { ContactId, SegmentId } from '../../../model/ids.ts'
import { countContacts, findContacts } from '../../../store/found/found.ts'
import { readFilter } from '../../../store/found/read-filter.ts'
import { searchOf } from '../../../store/found/search.ts'
import type { Test } from '../../../store/found/test.ts'
import { filters, spoilt } from './found/filters.ts'
import { everybody, FIELDS, TAGS } from './found/people.ts'
import { isMeant } from './found/reference.ts'
import { newId, type Trial } from './trial.ts'

const NOW = Date.parse('2026-11-24T12:00:00Z')
const DEFINITIONS = { tags: TAGS, fields: FIELDS }
const tagNames = new Map<string, string>(TAGS.map(({ id, name }) => [id, name]))

/** Who is found by what, on both engines alike: filters, words, segments. */
export function foundLaws(it: Trial): void {
  const { commit, must, inbound } = it
  const asked = (test: Test) => ({ workspace: it.workspace, test, now: NOW })
  const testOf = (filter: unknown): Test => {
    const read = readFilter(filter, DEFINITIONS)
    if (!read.ok) throw new Error(JSON.stringify(read.faults))
    return read.test
  }
  const found = async (test: Test): Promise<string[]> =>
    (await findContacts(it.store, asked(test), { limit: 100 })).map(({ id }) => id)
  const named = async (q: string): Promise<(string | null)[]> => {
    const contacts = await findContacts(it.store, asked(searchOf(q) as Test), { limit: 100 })
    return contacts.map(({ name }) => name)
  }
  const furnish = async (): Promise<Contact[]> => {
    await commit([
      ...FIELDS.map(field => ({ kind: 'fieldCreated' as const, field })),
      ...TAGS.map(tag => ({ kind: 'tagCreated' as const, ...tag })),
      ...everybody(),
    ])
    it.tick(NOW)
    const days = [0, 1, 29, 31, 45]
    for (const [index, ago] of days.entries()) {
      const contacts = await it.store.query('contacts', { workspace: it.workspace, limit: 100 })
      const address = contacts.filter(one => one.phone !== null)[index * 3]?.addresses[0]
      if (address !== undefined) await must(inbound(`m${index}`, { address, at: NOW - ago * 86_400_000 }))
    }
    return it.store.query('contacts', { workspace: it.workspace, limit: 100 })
  }

  describe('filters', () => {
    test('whoever a filter means is found, by reading and by the index, counted and paged', async () => {
      const contacts = await furnish()
      const open = await it.store.query('conversations', { workspace: it.workspace, limit: 100 })
      const isOpen = new Set(open.map(({ contact }) => contact))
      await fc.assert(
        fc.asyncProperty(filters(it.channel), async filter => {
          const known = contacts.map(contact => ({ contact, open: isOpen.has(contact.id), tagNames }))
          const meant = known.filter(one => isMeant(filter, one, NOW)).map(({ contact }) => contact.id)
          const test = testOf(filter)
          const read = await it.store.query('contactsRead', { ...asked(test), rows: 1000, limit: 100 })
          expect(read.contacts.map(({ id }) => id)).toEqual(meant)
          const indexed = await it.store.query('contactsIndexed', { ...asked(test), max: 1000, limit: 100 })
          if (indexed !== null) expect(indexed.contacts.map(({ id }) => id)).toEqual(meant)
          expect(await countContacts(it.store, asked(test))).toBe(meant.length)
          const counted = await it.store.query('contactsCounted', { ...asked(test), rows: 1000 })
          expect(counted).toEqual({ count: meant.length, at: null })
          const step = await it.store.query('contactsCountedByIndex', { ...asked(test), from: 0, max: 3 })
          if (step?.at === null) expect(step.count).toBe(meant.length)
        }),
        { numRuns: 60 },
      )
    })

    test('whatever is sent as a filter is refused with its place, or can be asked', async () => {
      await fc.assert(
        fc.asyncProperty(spoilt(it.channel), async input => {
          const read = readFilter(input, DEFINITIONS)
          if (!read.ok) {
            expect(read.faults.length).toBeGreaterThan(0)
            for (const { field } of read.faults) expect(field).toMatch(/^filter/)
            return
          }
          // What was understood can be kept, and means the same.
          expect(readFilter(JSON.parse(JSON.stringify(read.filter)), DEFINITIONS)).toEqual(read)
          await it.store.query('contactsRead', { ...asked(read.test), rows: 10, limit: 10 })
          await it.store.query('contactsIndexed', { ...asked(read.test), max: 10, limit: 10 })
        }),
        { numRuns: 60 },
      )
    })

    test('pages join without a gap, however few rows a step may read', async () => {
      const contacts = await furnish()
      const all: Filter = { not: { field: 'kind', op: 'equals', value: 'group' } }
      const pages: string[] = []
      for (let after: ContactId | undefined; ; ) {
        const page = await findContacts(it.store, asked(testOf(all)), { limit: 7, ...(after && { after }) })
        pages.push(...page.map(({ id }) => id))
        after = page.at(-1)?.id
        if (page.length < 7) break
      }
      expect(pages).toEqual(contacts.map(({ id }) => id))
      const step = await it.store.query('contactsRead', { ...asked(testOf(all)), rows: 5, limit: 100 })
      expect(step).toMatchObject({ at: contacts[4]?.id })
      expect(
        await it.store.query('contactsIndexed', { ...asked(testOf(tagged())), max: 2, limit: 9 }),
      ).toBeNull()
    })

    test('nobody of another workspace, nobody deleted, and of merged ones the survivor', async () => {
      await furnish()
      const before = await found(testOf(tagged()))
      await must({ kind: 'contactDeleted', contact: before[0] as ContactId, erase: false })
      expect(await found(testOf(tagged()))).toEqual(before.slice(1))
      const other = { ...asked(testOf(tagged())), workspace: newId('wks', 1) }
      expect(await findContacts(it.store, other, { limit: 9 })).toEqual([])
      expect(await countContacts(it.store, other)).toBe(0)
    })
  })

  describe('search', () => {
    test.each([
      ['ana gar', ['ana-garcia', 'Ana García']],
      ['GARCÍA ana', ['ana-garcia', 'Ana García']],
      ['zuniga', ['Anabel Zúñiga Ltd 24']],
      ['ltd 2', ['Anabel Zúñiga Ltd 24']],
      ['ив', ['Иван']],
      ['nobody', []],
    ])('%j finds by the beginnings of words, without accents', async (q, expected) => {
      await furnish()
      expect([...new Set(await named(q))]).toEqual(expected)
    })

    test.each(['+57 300 12', '57300-12', '300 123', '3001', '(300) 1234'])(
      '%j is a number in any groups',
      async q => {
        await furnish()
        const contacts = await findContacts(it.store, asked(searchOf(q) as Test), { limit: 100 })
        expect(contacts.length).toBeGreaterThan(0)
        for (const { phone } of contacts) expect(phone).toMatch(/^\+57300/)
        const indexed = await it.store.query('contactsIndexed', {
          ...asked(searchOf(q) as Test),
          max: 99,
          limit: 99,
        })
        expect(indexed?.contacts.map(({ id }) => id)).toEqual(contacts.map(({ id }) => id))
      },
    )

    test('what changes is found by what it is now', async () => {
      const [contact] = await furnish()
      await must({ kind: 'contactUpdated', contact: contact?.id as ContactId, set: { name: 'Beatriz' } })
      expect(await named('beat')).toEqual(['Beatriz'])
      await must({ kind: 'contactUpdated', contact: contact?.id as ContactId, set: { name: 'Clara' } })
      const indexed = { ...asked(searchOf('beat') as Test), max: 9, limit: 9 }
      expect(await it.store.query('contactsIndexed', indexed)).toMatchObject({ contacts: [] })
      expect(await named('clar')).toEqual(['Clara'])
    })
  })

  test('segments have names of their own, and take a new filter', async () => {
    const [id, other] = [newId('seg', 1), newId('seg', 2)] as [SegmentId, SegmentId]
    await must({ kind: 'segmentCreated', id, name: 'Niños', filter: tagged() })
    const again = await it.one({ kind: 'segmentCreated', id: other, name: 'ninos', filter: tagged() })
    expect(again).toMatchObject({ ok: false, code: 'exists' })
    await must({ kind: 'segmentUpdated', segment: id, set: { filter: { all: [] } } })
    await must({ kind: 'segmentUpdated', segment: id, set: { name: 'niños' } })
    const query = { workspace: it.workspace, id }
    expect(await it.store.query('segment', query)).toMatchObject({ name: 'niños', filter: { all: [] } })
    await must({ kind: 'segmentDeleted', segment: id })
    expect(await it.store.query('segment', query)).toBeNull()
    await must({ kind: 'segmentCreated', id: other, name: 'NINOS', filter: tagged() })
    expect(await it.store.query('segments', { workspace: it.workspace, limit: 9 })).toHaveLength(1)
  })
}

function tagged(): Filter {
  return { field: 'tags', op: 'has', value: TAGS[0]?.id }
}
