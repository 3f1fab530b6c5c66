import { describe, expect, test } from 'vitest'
import type { Outcome } from '../../../model/change.ts'
import type { FileId, ImportId } from '../../../model/ids.ts'
import type { ContactsImported, Import, ImportPlan, ImportRow, Reject } from '../../../model/import.ts'
import { FOR_EVER } from './retention.ts'
import { ANA, newId, type Trial } from './trial.ts'

const EVA = { kind: 'email', value: 'eva@example.com' } as const
const LUIS = { kind: 'phone', value: '+573001234567' } as const
const LEASE = 'imports of the trial'
const PLAN: ImportPlan = {
  ...({ encoding: 'utf-8', separator: ',', newline: '\n', header: true, match: 'any' } as const),
  ...{ columns: [{ column: 'phone', to: 'phone' }], tagSeparator: ';', checkPhones: true, dryRun: false },
  defaults: { tags: [], language: null, country: null, timeZone: null },
}

/** Contacts out of files: each row once, whoever dies, and each row accounted for. */
export function importLaws(it: Trial): void {
  const { one, must } = it
  const file = (): { id: FileId; sha256: string; size: number; name: string } => {
    return { id: newId('fil', it.tick(0)), sha256: 'a'.repeat(64), size: 1_000, name: 'people.csv' }
  }
  const start = async (
    more: { hash?: string; again?: boolean; plan?: ImportPlan } = {},
  ): Promise<Outcome> => {
    const id = newId('imp', it.tick(0))
    return await one({
      kind: 'importStarted',
      ...{ id, file: file(), plan: PLAN, hash: 'h1', again: false, by: null },
      ...more,
    })
  }
  const begin = async (more?: Parameters<typeof start>[0]): Promise<ImportId> => {
    const outcome = await start(more)
    return (outcome.ok ? outcome.id : '') as ImportId
  }
  const fence = async (holder = 'node-1'): Promise<number> => (await it.held(holder, { group: LEASE })).fence
  const row = (line: number, more: Partial<ImportRow> = {}): ImportRow => {
    const addresses = more.addresses ?? [ANA]
    return { line, raw: `row ${line}`, addresses, keys: addresses.length, ...more }
  }
  const change = async (
    id: ImportId,
    rows: ImportRow[],
    more: Partial<ContactsImported> = {},
  ): Promise<ContactsImported> => {
    const lease = more.lease ?? { group: LEASE, fence: await fence() }
    const to = (more.from ?? 0) + rows.length
    return {
      kind: 'contactsImported',
      ...{ import: id, lease, from: 0, to, bytes: 100, tags: [], rejected: [], last: false },
      rows: JSON.stringify(rows),
      ...more,
    }
  }
  const apply = async (...args: Parameters<typeof change>): Promise<Outcome> => one(await change(...args))
  const found = async (id: ImportId): Promise<Import> => {
    const known = await it.store.query('import', { workspace: it.workspace, id })
    if (known === null) throw new Error(`no import ${id}`)
    return known
  }
  const person = (address: typeof ANA | typeof EVA | typeof LUIS) =>
    it.store.query('contactByAddress', { workspace: it.workspace, address })
  const reject = (line: number): Reject => {
    return { line, code: 'phone', column: 'phone', detail: 'no phone', raw: `row ${line}` }
  }

  describe('imports', () => {
    test('rows make and update people, and the log tells of each', async () => {
      await must({ kind: 'fieldCreated', field: { key: 'city', title: 'City', type: 'text', options: null } })
      const id = await begin()
      const before = (await it.log()).length
      const ana = { set: { name: 'Ana' }, made: { country: 'MX' }, tags: [0], fields: { city: 'Puebla' } }
      await apply(id, [row(2, ana), row(3, { addresses: [LUIS] })], { tags: ['VIP'] })
      expect(await person(ANA)).toMatchObject({
        ...{ name: 'Ana', country: 'MX', tags: ['VIP'], fields: { city: 'Puebla' }, source: 'import' },
      })
      const later = {
        set: { name: 'Ana G.' },
        made: { country: 'CO' },
        tags: [0],
        fields: { city: 'Puebla' },
      }
      await apply(id, [row(4, later), row(5, { addresses: [LUIS] })], { from: 2, tags: ['víp'] })
      expect(await person(ANA)).toMatchObject({ name: 'Ana G.', country: 'MX', tags: ['VIP'] })
      expect((await found(id)).rows).toMatchObject({ read: 4, created: 2, updated: 1, unchanged: 1 })
      const told = (await it.log(before)).map(({ type }) => type)
      expect(told).toEqual(['contact.created', 'contact.created', 'contact.updated'])
    })

    test('position and rows are one commit: who comes from elsewhere is refused, and applies nothing', async () => {
      const id = await begin()
      const first = await change(id, [row(2)])
      expect((await one(first)).ok).toBe(true)
      expect(await one(first)).toMatchObject({ ok: false, code: 'stale' })
      await fence('node-2').catch(() => it.tick(60_000))
      const other = await fence('node-2')
      const late = await change(id, [row(3, { addresses: [LUIS] })], {
        from: 1,
        lease: { group: LEASE, fence: other - 1 },
      })
      expect(await one(late)).toMatchObject({ ok: false, code: 'stale' })
      expect(await person(LUIS)).toBeNull()
      expect((await found(id)).rows.read).toBe(1)
    })

    test('of rows about one person the later one has the last word, in one commit as over several', async () => {
      const id = await begin()
      const names = ['A', 'B', 'C']
      await apply(
        id,
        names.map((name, at) => row(at + 2, { set: { name }, ...(at > 0 ? { again: true } : {}) })),
      )
      expect((await person(ANA))?.name).toBe('C')
      expect((await found(id)).rows).toMatchObject({ created: 1, updated: 2, repeated: 2 })
    })

    test('an address that is somebody else is reported, and nobody is merged', async () => {
      const id = await begin()
      await apply(id, [row(2), row(3, { addresses: [EVA] }), row(4, { addresses: [ANA, EVA] })])
      const known = await found(id)
      expect(known).toMatchObject({
        rows: { created: 2, rejected: 1 },
        errors: [{ line: 4, code: 'conflict' }],
      })
      expect((await person(ANA))?.addresses).toEqual([ANA])
    })

    test('what could not be read is counted, listed and paged', async () => {
      const id = await begin()
      const rejected = Array.from({ length: 30 }, (_, at) => reject(at + 3))
      await apply(id, [row(2)], { rejected, to: 31 })
      const known = await found(id)
      expect(known).toMatchObject({ rows: { read: 31, created: 1, rejected: 30 } })
      expect(known.errors).toHaveLength(20)
      const page = (after: number) =>
        it.store.query('importRejects', { workspace: it.workspace, import: id, after, limit: 20 })
      expect((await page(0)).map(({ line }) => line)).toEqual(rejected.slice(0, 20).map(({ line }) => line))
      expect(await page(22)).toEqual(rejected.slice(20))
      it.tick(31 * 86_400_000)
      await it.store.sweep(FOR_EVER)
      expect(await page(0)).toEqual([])
    })

    test('a dry run counts and touches nobody', async () => {
      await must(it.inbound('m1'))
      const before = await it.store.query('contacts', { workspace: it.workspace, limit: 10 })
      const id = await begin({ plan: { ...PLAN, dryRun: true } })
      const rows = [
        row(2),
        row(3, { set: { name: 'Ana' }, again: true }),
        row(4, { addresses: [LUIS], tags: [0] }),
      ]
      await apply(id, [...rows, row(5, { addresses: [ANA, LUIS] })], { tags: ['VIP'] })
      expect((await found(id)).rows).toMatchObject({ created: 1, updated: 2, unchanged: 1 })
      expect(await it.store.query('contacts', { workspace: it.workspace, limit: 10 })).toEqual(before)
      expect(await it.store.query('tags', { workspace: it.workspace })).toEqual([])
    })

    test('the same file in the same way is its first import, unless that came to nothing or is told so', async () => {
      const id = await begin()
      expect(await start()).toMatchObject({ ok: true, id, duplicate: true })
      const other = await begin({ hash: 'h2' })
      const again = await begin({ again: true })
      expect(new Set([id, other, again]).size).toBe(3)
      expect(await start()).toMatchObject({ id: again })
      await must({ kind: 'importEnded', import: again, as: 'cancelled' })
      expect(await start()).not.toMatchObject({ duplicate: true })
    })

    test('its end is told, its file goes, and nothing more is taken', async () => {
      const { id: kept, ...upload } = file()
      const id = newId('imp', it.tick(0))
      const started = { plan: PLAN, hash: 'h3', again: false, by: null }
      await must({ kind: 'importStarted', id, file: { id: kept, ...upload }, ...started })
      await apply(id, [row(2)])
      await apply(id, [], { from: 1, last: true })
      expect(await found(id)).toMatchObject({ state: 'finished', progress: 1, endedAt: expect.any(String) })
      expect(await apply(id, [row(3)], { from: 1 })).toMatchObject({ ok: false, code: 'state' })
      expect(await one({ kind: 'importEnded', import: id, as: 'cancelled' })).toMatchObject({ code: 'state' })
      const stored = await it.store.query('file', { workspace: it.workspace, id: kept })
      expect(stored?.state).toBe('deleted')
      expect(await it.store.query('importsOpen', {})).toEqual([])
      const told = (await it.log()).filter(({ type }) => type === 'contact.import')
      expect(told.map(({ data }) => (data as Import).state)).toEqual(['waiting', 'finished'])
    })

    test('how far it is, is told at most once a second', async () => {
      const id = await begin()
      for (let at = 0; at < 6; at++) {
        it.tick(400)
        await apply(id, [row(at + 2)], { from: at })
      }
      const told = (await it.log()).filter(({ type }) => type === 'contact.import')
      expect(told.map(({ data }) => (data as Import).rows.read)).toEqual([0, 3, 6])
      expect(await it.store.query('importsOpen', {})).toMatchObject([{ id, position: 6 }])
    })

    test('a bound of the contact is a report for its row', async () => {
      const id = await begin()
      const tags = Array.from({ length: 60 }, (_, at) => `tag ${at}`)
      await apply(id, [row(2, { tags: tags.map((_, at) => at) })], { tags })
      const more = tags.map(tag => `more ${tag}`)
      await apply(id, [row(3, { tags: more.map((_, at) => at) }), row(4, { addresses: [LUIS] })], {
        from: 1,
        tags: more,
      })
      expect(await found(id)).toMatchObject({ rows: { created: 2, rejected: 1 }, errors: [{ code: 'full' }] })
    })
  })
}
