import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../model/clock.ts'
import type { ContactId } from '../model/ids.ts'
import { countContacts, findContacts } from '../store/found/found.ts'
import { readFilter } from '../store/found/read-filter.ts'
import { searchOf } from '../store/found/search.ts'
import type { Test } from '../store/found/test.ts'
import { openPostgresDepot } from '../store/postgres/depot.ts'
import { openPostgres } from '../store/postgres/postgres.ts'
import { openSqliteDepot } from '../store/sqlite/depot.ts'
import { openSqlite } from '../store/sqlite/sqlite.ts'
import type { Store } from '../store/store.ts'
import { freshDatabase, TEST_SERVER } from '../test/database.ts'
import { type Crowd, fill } from './contacts-people.ts'
import type { StoreName } from './daemon.ts'
import { type Check, equal, median, onStore, type Row, row } from './report.ts'

/** Bars of issue 5, with 1,000,000 people. */
const COUNT_MS = 1_000
const PAGE_MS = 50
const SEARCH_MS = 100
const TIMES = 20

/** People straight into a store of their own, then found in it as the API finds them. */
export async function readPart(store: StoreName, people: number): Promise<{ rows: Row[]; checks: Check[] }> {
  await using place = await placeOf(store)
  const filledAt = performance.now()
  const crowd = await place.fill(people)
  const opened = await place.open()
  const seconds = (performance.now() - filledAt) / 1000
  try {
    const measured = [
      row(onStore('people with their index, loaded', store), '/s', people / seconds),
      ...(await segments(opened, crowd, store)),
      ...(await searches(opened, crowd, store)),
    ]
    const asked = { workspace: crowd.workspace, test: { on: 'all', of: [] } as Test, now: crowd.now }
    const count = await countContacts(opened, asked)
    return { rows: measured, checks: [equal(onStore('people counted', store), people, count)] }
  } finally {
    await opened.close()
  }
}

type Place = AsyncDisposable & { fill(people: number): Promise<Crowd>; open(): Promise<Store> }

async function placeOf(store: StoreName): Promise<Place> {
  const listener = { events: () => {}, work: () => {} }
  if (store === 'sqlite') {
    const dataDir = mkdtempSync(join(tmpdir(), 'omnibus-bench-'))
    const depot = openSqliteDepot({ dataDir, filesDir: null }, 'target')
    return {
      fill: people => fill(depot, people).finally(depot.close),
      open: () => openSqlite({ dataDir, listener, clock: systemClock }),
      [Symbol.asyncDispose]: async () => rmSync(dataDir, { recursive: true, force: true }),
    }
  }
  const database = await freshDatabase(process.env['OMNIBUS_BENCH_POSTGRES'] || TEST_SERVER)
  const place = { url: database.url, filesDir: null, clock: systemClock }
  const depot = await openPostgresDepot(place, 'target')
  return {
    fill: people => fill(depot, people).finally(depot.close),
    open: () => openPostgres({ ...place, listener }),
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  }
}

async function segments(store: Store, { workspace, tags, now }: Crowd, name: StoreName): Promise<Row[]> {
  const rows: Row[] = []
  const cases: [string, number, object][] = [
    ['segment of many', 0, { daysAgo: 30 }],
    ['segment of some', 1, { daysAgo: 30 }],
    ['segment of few', 3, { daysAgo: 90 }],
    ['segment of many, heard today', 0, { daysAgo: 1 }],
    ['segment of hardly any', 5, { daysAgo: 365 }],
  ]
  const definitions = {
    tags: tags.map((id, at) => ({ id, name: `tag ${at}` })),
    fields: [{ key: 'plan', type: 'list' as const, options: ['basic', 'gold', 'vip'] }],
  }
  for (const [title, tag, since] of cases) {
    const read = readFilter(
      {
        all: [
          { field: 'tags', op: 'has', value: tags[tag] },
          { field: 'fields.plan', op: 'equals', value: 'gold' },
          { field: 'lastSeenAt', op: 'after', value: since },
        ],
      },
      definitions,
    )
    if (!read.ok) throw new Error(JSON.stringify(read.faults))
    const asked = { workspace, test: read.test, now }
    let after: ContactId | undefined
    rows.push(
      await timed(onStore(`${title}: count`, name), COUNT_MS, () => countContacts(store, asked)),
      await timed(onStore(`${title}: pages`, name), PAGE_MS, async () => {
        const page = await findContacts(store, asked, { limit: 50, ...(after && { after }) })
        after = page.at(-1)?.id
        return page.length
      }),
    )
  }
  return rows
}

async function searches(store: Store, { workspace, now }: Crowd, name: StoreName): Promise<Row[]> {
  const rows: Row[] = []
  for (const q of [
    'm',
    'z',
    'ma',
    'zz',
    'mar',
    'maria',
    'jose mar',
    '+57 300 1',
    '300 12',
    '99999',
    'gmail',
  ]) {
    const asked = { workspace, test: searchOf(q) as Test, now }
    rows.push(
      await timed(onStore(`search "${q}"`, name), SEARCH_MS, async () => {
        return (await findContacts(store, asked, { limit: 50 })).length
      }),
    )
  }
  return rows
}

/** The first time is left out: nobody's memory is warm then. */
async function timed(name: string, barMs: number, run: () => Promise<number>): Promise<Row> {
  const found = await run()
  const times: number[] = []
  for (let time = 0; time < TIMES; time++) {
    const from = performance.now()
    await run()
    times.push(performance.now() - from)
  }
  times.sort((a, b) => a - b)
  const [p90 = Number.NaN, worst = Number.NaN] = [times[Math.floor(TIMES * 0.9) - 1], times.at(-1)]
  const bar = `p90 < ${barMs} ms`
  return row(name, 'found', found, { p50Ms: median(times), p99Ms: worst, bar, pass: p90 < barMs })
}
