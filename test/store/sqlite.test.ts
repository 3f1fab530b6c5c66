import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LogEvent } from '../../model/event.ts'
import { openSqlite } from '../../store/sqlite/sqlite.ts'
import { type OpenThread, sameThread, startThread } from '../../store/sqlite/thread.ts'
import { type Specimen, storeLaws } from '../contracts/store.ts'

async function open(thread: OpenThread, dataDir?: string, now = 1_700_000_000_000): Promise<Specimen> {
  const directory = dataDir ?? (await mkdtemp(join(tmpdir(), 'omnibus-store-')))
  const events: LogEvent[] = []
  const work: string[] = []
  const store = await openSqlite({
    dataDir: directory,
    open: thread,
    clock: { now: () => now, monotonic: () => performance.now() },
    listener: { events: batch => events.push(...batch), work: groups => work.push(...groups) },
  })
  return {
    store,
    events,
    work,
    tick: ms => (now += ms),
    reopen: async () => {
      await store.close()
      return await open(thread, directory, now)
    },
    dispose: async () => {
      await store.close()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

storeLaws('SQLite in threads of its own', () => open(startThread))
storeLaws("SQLite on the caller's thread", () => open(sameThread))
storeLaws('SQLite with facts loaded in bulk', () =>
  open((path, options) => sameThread(path, { ...options, inBulk: true })),
)
