import { tmpdir } from 'node:os'
import type { LogEvent } from '../../model/event.ts'
import { openSqlite } from '../../store/sqlite/sqlite.ts'
import { type OpenThread, sameThread, startThread } from '../../store/sqlite/thread.ts'
import { type Specimen, storeLaws } from '../contracts/store.ts'
import { scratch } from '../scratch.ts'

type Folder = Awaited<ReturnType<typeof scratch>>

async function open(thread: OpenThread, folder: Folder, now = 1_700_000_000_000): Promise<Specimen> {
  const events: LogEvent[] = []
  const work: string[] = []
  const store = await openSqlite({
    dataDir: folder.path,
    open: thread,
    clock: { now: () => now, monotonic: () => performance.now() },
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
      return await open(thread, folder, now)
    },
    dispose: async () => {
      await store.close()
      await folder[Symbol.asyncDispose]()
    },
  }
}

// As it runs, on the disk; the others are about what is decided.
storeLaws('SQLite in threads of its own', async () => open(startThread, await scratch(tmpdir())))
storeLaws("SQLite on the caller's thread", async () => open(sameThread, await scratch()))
storeLaws('SQLite with facts loaded in bulk', async () =>
  open((path, options) => sameThread(path, { ...options, inBulk: true }), await scratch()),
)
