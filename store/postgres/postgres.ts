import type { Clock } from '../../model/clock.ts'
import { idMaker } from '../../model/ids.ts'
import { systemRandom } from '../../model/random.ts'
import { claim, release } from '../claim.ts'
import { createCommitter, type RunGroup } from '../committer.ts'
import { openFiles } from '../files.ts'
import { events } from '../log.ts'
import { makeMeta, readMeta, type StoreWithMeta, writeMeta } from '../meta.ts'
import { type Pseudonym, pseudonymsOf } from '../pseudonym.ts'
import { cursorOf, QUERIES } from '../queries.ts'
import { dueWorkspaces, sweep, sweepStore } from '../retention.ts'
import type { Steps } from '../sql.ts'
import type { ClaimRequest, Queries, StoreListener } from '../store.ts'
import { type Blobs, openBlobs } from './blobs.ts'
import { createSharedCache } from './cache.ts'
import { type Connection, type Database, drive, openDatabase } from './client.ts'
import { runGroup } from './engine.ts'
import { dropEmptyPartitions, makePartitions } from './partitions.ts'
import { upgradePostgres } from './schema.ts'
import { statement } from './statement.ts'
import { startTail, type Tail } from './tail.ts'
import { startVacuum } from './vacuum.ts'

export type PostgresOptions = {
  /** `postgres://user:password@host:5432/database`, with what the driver takes as parameters (`sslmode`). */
  url: string
  /** A directory that every node sees; null for files as rows. */
  filesDir: string | null
  listener: StoreListener
  clock: Clock
  /** The clock that leases are judged by: the server's own if absent, since it is the only one that all share. */
  leaseClock?: () => number
}

/** The store of several nodes: everything in a database. @throws StoreFailing, SchemaTooNew, DatabaseInUse */
export async function openPostgres(options: PostgresOptions): Promise<StoreWithMeta> {
  await upgradePostgres(options.url)
  const database = openDatabase(options.url, options.clock)
  try {
    await database.transaction(connection => makePartitions(connection, options.clock.now()))
    return await openOn(database, options)
  } catch (error) {
    await database.close()
    throw error
  }
}

async function openOn(database: Database, options: PostgresOptions): Promise<StoreWithMeta> {
  const { url, filesDir, listener, clock, leaseClock } = options
  const read = <T>(steps: Steps<T>): Promise<T> => database.read(steps)
  const write = <T>(steps: Steps<T>): Promise<T> =>
    database.transaction(connection => drive(connection, steps))
  let pseudonym = pseudonymsOf(undefined)
  const tail = await startTail({
    url,
    listener,
    events: (workspace, after, limit) => read(events(workspace, after, limit)),
    heads: () => read(QUERIES.workspaces({}, pseudonym)),
    groups: () => read(QUERIES.groups({}, pseudonym)),
  })
  const committer = createCommitter({
    clock,
    listener: { events: made => tail.own(made), work: listener.work },
    run: runnerOf(database, tail, clock, (...of) => pseudonym(...of)),
  })
  const blobs = openBlobs(database, clock)
  const files = filesDir === null ? blobs : openFiles(filesDir, { clock, sole: false })
  const vacuum = startVacuum({ url, database, changes: () => committer.stats().changes })
  return {
    commit: committer.commit,
    events: (workspace, after, limit) => read(events(workspace, after, limit)),
    cursor: (follower, workspace) => read(cursorOf(follower, workspace)),
    claim: request =>
      database.transaction(async connection => {
        const leaseNow = await lockLease(connection, request.group)
        const steps = claim(request, clock.now(), { leaseNow: leaseClock?.() ?? leaseNow, sole: false })
        return await drive(connection, steps)
      }),
    release: lease =>
      database.transaction(async connection => {
        await lockLease(connection, lease.group)
        await drive(connection, release(lease))
      }),
    putFile: files.put,
    readFile: files.read,
    query: (name, params) => read(QUERIES[name](params, pseudonym) as Steps<Queries[typeof name]['result']>),
    check: async () => {
      await write(writeMeta('checkedAt', String(clock.now())))
    },
    sweep: async keep => {
      const now = clock.now()
      const swept = await sweepStore({
        due: () => read(dueWorkspaces(keep, now)),
        sweep: workspace => write(sweep(workspace, keep, now)),
        remove: files.remove,
      })
      if (!swept.more) await tidy(database, blobs, now)
      return swept
    },
    stats: committer.stats,
    meta: (name, value) => write(value === undefined ? readMeta(name) : makeMeta(name, value)),
    hideAddresses: key => {
      pseudonym = pseudonymsOf(key)
    },
    close: async () => {
      await committer.close()
      await vacuum.stop()
      await tail.close()
      await database.close()
    },
  }
}

function runnerOf(database: Database, tail: Tail, clock: Clock, pseudonym: Pseudonym): RunGroup {
  const newId = idMaker(systemRandom)
  const cache = createSharedCache()
  return async transactions => {
    const { result, durable } = await database.transaction(connection =>
      runGroup(connection, transactions, {
        now: clock.now(),
        newId,
        pseudonym,
        cache,
        also: made => {
          const word = tail.word(made)
          if (word !== undefined) void connection.send(word)
        },
      }),
    )
    durable()
    return result
  }
}

/** What no row's age tells: partitions for the time to come, those that are empty, files that were cut off. */
async function tidy(database: Database, blobs: Blobs, now: number): Promise<void> {
  await database.transaction(connection => makePartitions(connection, now))
  await database.transaction(connection => dropEmptyPartitions(connection, now))
  await blobs.sweep()
}

/** One claim at a time on a group, whichever node asks. Returns the server's time, in milliseconds. */
async function lockLease(connection: Connection, group: ClaimRequest['group']): Promise<number> {
  const text = `SELECT pg_advisory_xact_lock(hashtext('lease'), hashtext($1)),
    (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now`
  const [row] = await connection.send(statement(text, [group]))
  return Number(row?.['now'])
}
