import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { claim } from '../../store/claim.ts'
import { openStore } from '../../store/open.ts'
import { createSealer, WrongKey } from '../../store/seal.ts'
import { migrate } from '../../store/sqlite/engine.ts'
import { DataDirInUse, openSqlite } from '../../store/sqlite/sqlite.ts'
import { sameThread } from '../../store/sqlite/thread.ts'
import { SchemaTooNew } from '../../store/store.ts'
import { column, TABLES } from '../../store/tables.ts'
import { scratch } from '../scratch.ts'

const clock = { now: () => 1, monotonic: () => performance.now() }
const listener = { events: () => {}, work: () => {} }

/** Columns that are SQLite's own. */
const OWN = new Set(['"key_hash"', '"doc"', '"indexed"'])

test('the migrations end at the tables that the code knows, and run once', async () => {
  await using folder = await scratch()
  const path = join(folder.path, 'a.db')
  migrate(path)
  migrate(path)
  const database = new DatabaseSync(path)
  for (const { name, columns, key } of Object.values(TABLES)) {
    const found = database.prepare(`SELECT name, pk FROM pragma_table_info('${name}')`).all()
    const fields = found.map(row => `"${row['name']}"`).filter(field => !OWN.has(field))
    expect([name, fields]).toEqual([name, Object.keys(columns).map(column)])
    const primary = found
      .filter(row => Number(row['pk']) > 0 && !OWN.has(`"${row['name']}"`))
      .sort((a, b) => Number(a['pk']) - Number(b['pk']))
    if (primary.length > 0) expect(primary.map(row => `"${row['name']}"`)).toEqual(key.map(column))
  }
  database.close()
})

test('a newer schema is refused with a word that says so, and left as it is', async () => {
  await using folder = await scratch()
  const path = join(folder.path, 'omnibus.db')
  migrate(path)
  const database = new DatabaseSync(path)
  database.exec('PRAGMA user_version = 99')
  await expect(openSqlite({ dataDir: folder.path, listener, clock })).rejects.toThrow(SchemaTooNew)
  expect(database.prepare('PRAGMA user_version').get()).toEqual({ user_version: 99 })
  database.close()
})

test('one process at a time has the data directory', async () => {
  await using folder = await scratch()
  const options = { dataDir: folder.path, listener, clock, open: sameThread }
  const first = await openSqlite(options)
  await expect(openSqlite(options)).rejects.toThrow(DataDirInUse)
  await first.close()
  await (await openSqlite(options)).close()
})

test('RULES G1: a wrong secret key is found before anything is read with it', async () => {
  await using folder = await scratch()
  const open = (key: string) =>
    openStore({
      url: 'sqlite:',
      dataDir: folder.path,
      filesDir: null,
      listener,
      clock,
      sealer: createSealer([key]),
    })
  await (await open('the right key')).close()
  await expect(open('another key')).rejects.toThrow(WrongKey)
  await (await open('the right key')).close()
})

test('a sealed value opens only in its place, with its key, unharmed; an old key still opens', () => {
  const old = createSealer(['old'])
  const sealed = old.seal('s3cret', 'chn_1 accessToken')
  expect(sealed).not.toContain('s3cret')
  expect(createSealer(['new', 'old']).unseal(sealed, 'chn_1 accessToken')).toBe('s3cret')
  expect(() => old.unseal(sealed, 'chn_2 accessToken')).toThrow(WrongKey)
  expect(() => createSealer(['new']).unseal(sealed, 'chn_1 accessToken')).toThrow(WrongKey)
  expect(() => old.unseal(`${sealed.slice(0, -4)}AAA=`, 'chn_1 accessToken')).toThrow(WrongKey)
  expect(() => old.unseal('garbage', '')).toThrow(WrongKey)
})

test('a claim reads the first entries of indexes, however much waits', async () => {
  await using folder = await scratch()
  const path = join(folder.path, 'a.db')
  migrate(path)
  const database = new DatabaseSync(path)
  const limits = { reply: 9, normal: 9, bulk: 9 }
  const request = { group: 'g', holder: 'h', leaseMs: 1, limits, horizonMs: 1, skip: [] }
  // A lease is there, so that nothing is inherited: that reads everything, once at start.
  const steps = claim(request, 1, { leaseNow: 1, sole: true })
  let answer: Record<string, unknown>[] = []
  const plans: string[] = []
  for (let step = steps.next(answer); step.done !== true; step = steps.next(answer)) {
    const { text, args } = step.value
    answer = text.includes('FROM leases') ? [{ holder: 'h', fence: 1, ends_at: 9 }] : []
    const plan = database.prepare(`EXPLAIN QUERY PLAN ${text}`).all(...args)
    plans.push(...plan.map(row => String(row['detail'])))
  }
  expect(plans.filter(plan => plan.includes('queue_')).length).toBeGreaterThan(8)
  expect(plans.filter(plan => /SCAN|TEMP B-TREE/.test(plan))).toEqual([])
  database.close()
})
