import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Clock } from '../../model/clock.ts'
import type { LogEvent } from '../../model/event.ts'
import type { WorkspaceId } from '../../model/ids.ts'
import { createCommitter } from '../committer.ts'
import type { Swept } from '../drop.ts'
import { openFiles } from '../files.ts'
import type { StoreWithMeta } from '../meta.ts'
import { sweepStore } from '../retention.ts'
import type { Claim, Queries, StoreListener } from '../store.ts'
import { type GroupResult, migrate } from './engine.ts'
import { type OpenThread, startThread } from './thread.ts'

export type SqliteOptions = {
  dataDir: string
  /** Where files are kept, if not in `dataDir`. */
  filesDir?: string | null
  listener: StoreListener
  clock: Clock
  /** Who runs SQLite: threads of its own if absent, as `docs/decisions.md` measures. */
  open?: OpenThread
}

/** The store of one node: everything in `dataDir`, which no second process can open meanwhile. */
export async function openSqlite({
  dataDir,
  filesDir = null,
  listener,
  clock,
  open = startThread,
}: SqliteOptions): Promise<StoreWithMeta> {
  // What people wrote is for nobody else on this machine; files in it need no mode of their own.
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  const unlock = lock(dataDir)
  const path = join(dataDir, 'omnibus.db')
  try {
    migrate(path)
  } catch (error) {
    unlock()
    throw error
  }
  const writer = open(path, { readOnly: false })
  const reader = open(path, { readOnly: true })
  const files = openFiles(filesDir ?? join(dataDir, 'files'), { clock, sole: filesDir === null })
  let addressKey: string | undefined
  const committer = createCommitter({
    clock,
    listener,
    run: async transactions =>
      (await writer.call({ op: 'group', transactions, now: clock.now(), addressKey })) as GroupResult,
  })
  return {
    commit: committer.commit,
    events: async (workspace, after, limit) => {
      const thread = limit <= FEW_EVENTS && !reader.isStarted() ? writer : reader
      return (await thread.call({ op: 'events', workspace, after, limit })) as LogEvent[]
    },
    cursor: async (follower, workspace) =>
      (await writer.call({ op: 'cursor', follower, workspace })) as number,
    claim: async request => (await writer.call({ op: 'claim', request, now: clock.now() })) as Claim,
    release: async lease => {
      await writer.call({ op: 'release', lease })
    },
    putFile: files.put,
    readFile: files.read,
    query: async (name, params) =>
      (await (SMALL.has(name) ? writer : reader).call({
        op: 'query',
        name,
        params,
        addressKey,
      })) as Queries[typeof name]['result'],
    check: async () => {
      await writer.call({ op: 'check', now: clock.now() })
    },
    sweep: keep => {
      const now = clock.now()
      return sweepStore({
        due: async () => (await writer.call({ op: 'sweepDue', keep, now })) as WorkspaceId[],
        sweep: async workspace => (await writer.call({ op: 'sweep', workspace, keep, now })) as Swept,
        remove: files.remove,
      })
    },
    stats: committer.stats,
    meta: async (name, value) =>
      (await writer.call(value === undefined ? { op: 'meta', name } : { op: 'meta', name, value })) as
        | string
        | null,
    hideAddresses: key => {
      addressKey = key
    },
    close: async () => {
      await committer.close()
      await reader.close()
      // Last, because the last connection that may write moves the write-ahead log into the database.
      await writer.close()
      unlock()
    },
  }
}

/**
 * What the daemon asks for itself, a few rows by their key: the writer answers it between two groups. The reader's
 * thread is for what others ask for, and starts with the first of those, because a thread is 20 MB of an idle daemon.
 */
const SMALL: ReadonlySet<keyof Queries> = new Set([
  'workspaces',
  'workspace',
  'keyCheck',
  'addressKey',
  'token',
  'channels',
  'groups',
  'mediaDue',
  'importsOpen',
])

/** What followers are behind after a first start, or a quiet night. */
const FEW_EVENTS = 10

/**
 * Holds the data directory for as long as the process lives: the lock is the operating system's, so that a killed
 * process leaves none behind. It is also why a lease left by a former process need not be waited for.
 */
export function lock(dataDir: string): () => void {
  const database = new DatabaseSync(join(dataDir, 'lock'), { timeout: 0 })
  try {
    database.exec('PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE')
  } catch (cause) {
    database.close()
    throw new DataDirInUse(`${dataDir} is in use by another Omnibus process`, { cause })
  }
  return () => database.close()
}

export class DataDirInUse extends Error {
  override name = 'DataDirInUse'
}
