import type { LogEvent } from '../../model/event.ts'
import { openPostgres } from '../../store/postgres/postgres.ts'
import { type Specimen, storeLaws } from '../contracts/store.ts'
import { describePostgres, freshDatabase } from '../postgres.ts'

type Fresh = Awaited<ReturnType<typeof freshDatabase>>

async function open(database: Fresh, now = 1_700_000_000_000): Promise<Specimen> {
  const events: LogEvent[] = []
  const work: string[] = []
  const store = await openPostgres({
    url: database.url,
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
      return await open(database, now)
    },
    dispose: async () => {
      await store.close()
      await database[Symbol.asyncDispose]()
    },
  }
}

describePostgres('the second store', () => storeLaws('PostgreSQL', async () => open(await freshDatabase())))
