import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { LogEvent } from '../../model/event.ts'
import { migrate } from '../../store/sqlite/engine.ts'
import { openSqlite } from '../../store/sqlite/sqlite.ts'
import { type OpenThread, sameThread } from '../../store/sqlite/thread.ts'
import type { Specimen } from '../contracts/store.ts'
import { scratch } from '../scratch.ts'

type Folder = Awaited<ReturnType<typeof scratch>>

/** A SQLite store with a clock of its own, in a folder that goes with it. */
export async function openSpecimen(
  thread: OpenThread,
  folder: Folder,
  now = 1_700_000_000_000,
): Promise<Specimen> {
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
      return await openSpecimen(thread, folder, now)
    },
    dispose: async () => {
      await store.close()
      await folder[Symbol.asyncDispose]()
    },
  }
}

let migrated: Promise<Buffer> | undefined

/** A folder with a database that is empty and migrated: that takes longer than most laws, and is done once. */
export async function freshFolder(root?: string): Promise<Folder> {
  migrated ??= emptyDatabase()
  const folder = await scratch(root)
  await writeFile(join(folder.path, 'omnibus.db'), await migrated)
  return folder
}

async function emptyDatabase(): Promise<Buffer> {
  await using folder = await scratch()
  const path = join(folder.path, 'omnibus.db')
  migrate(path)
  return readFile(path)
}

/** In memory, as good as; facts are loaded as across a network, so that `want` must name what `decide` reads. */
export async function openInBulk(): Promise<Specimen> {
  return openSpecimen((path, options) => sameThread(path, { ...options, inBulk: true }), await freshFolder())
}
