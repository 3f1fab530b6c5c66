import { afterAll, beforeAll } from 'vitest'
import type { LogEvent } from '../../model/event.ts'
import { openPostgres } from '../../store/postgres/postgres.ts'
import { type Specimen, storeLaws } from '../contracts/store.ts'
import { describePostgres, emptyDatabase, freshDatabase } from '../postgres.ts'

async function open(url: string, now = 1_700_000_000_000): Promise<Specimen> {
  const events: LogEvent[] = []
  const work: string[] = []
  const store = await openPostgres({
    url,
    filesDir: null,
    clock: { now: () => now, monotonic: () => performance.now() },
    leaseClock: () => now,
    listener: { events: batch => events.push(...batch), work: groups => work.push(...groups) },
  })
  store.hideAddresses('the key of these tests')
  return {
    store,
    events,
    work,
    tick: ms => (now += ms),
    reopen: async () => {
      await store.close()
      return await open(url, now)
    },
    dispose: () => store.close(),
  }
}

describePostgres('the second store', () => {
  // One for all of them: to make and to migrate a database takes longer than most laws, to empty it does not.
  let database: Awaited<ReturnType<typeof freshDatabase>>
  beforeAll(async () => {
    database = await freshDatabase()
  })
  afterAll(() => database[Symbol.asyncDispose]())
  storeLaws('PostgreSQL', async () => {
    await emptyDatabase(database.url)
    return open(database.url)
  })
})
