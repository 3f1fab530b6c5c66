import type { Socket } from 'node:net'
import pg from 'pg'
import type { Clock } from '../../model/clock.ts'
import type { RawRow, Sql, Steps } from '../sql.ts'
import { StoreFailing } from '../store.ts'
import { bound, type Statement, typeParsers } from './statement.ts'

/**
 * The way to PostgreSQL: a few connections that only go by key, each statement prepared once, and sent without waiting
 * for the one before it.
 *
 * While the server cannot be reached, nobody waits for it: for a time that grows up to `AGAIN_MS_MAX` everything is
 * refused at once with the reason, then one caller tries.
 */
export type Database = {
  /**
   * One transaction. It is begun again when the server says that it lost against another one.
   * @throws StoreFailing when it cannot be made durable now; DatabaseError when it blames the statement.
   */
  transaction<T>(run: (connection: Connection) => Promise<T>): Promise<T>
  /** Outside of a transaction, each statement by itself. */
  read<T>(steps: Steps<T>): Promise<T>
  close(): Promise<void>
}

export type Connection = {
  /**
   * Sent at once, answered in order. Whoever does not wait for an answer still gets its failure: at the latest when
   * the transaction commits.
   */
  send(statement: Statement): Promise<RawRow[]>
}

/** Advisory lock: shared by every node that runs on the database, alone by what may only run while none does. */
export const IN_USE_LOCK = 7_301_002

/** At most so many connections write, and so many read; one more listens. */
const WRITERS_MAX = 6
const READERS_MAX = 4
/** RULES C7. The answer is waited for a little longer than the server may take, or the line is dead. */
const CONNECT_MS = 5000
const STATEMENT_MS = 5000
const LOCK_MS = 2000
const ANSWER_MS = 6000
/** A node that was stopped in the middle of a transaction must not hold its locks for longer. */
const IDLE_IN_TRANSACTION_MS = 5000
const AGAIN_MS_MIN = 50
const AGAIN_MS_MAX = 2000
/** How often a transaction is begun again that lost against another one. */
const ATTEMPTS_MAX = 5

/**
 * What every connection is told when it begins. Everything here goes by key, so the planner has nothing to choose and
 * must not be misled by statistics of a table that was empty a minute ago.
 */
const SETTINGS = [
  'synchronous_commit=on',
  'plan_cache_mode=force_generic_plan',
  'enable_seqscan=off',
  'enable_hashjoin=off',
  'enable_mergejoin=off',
  'enable_bitmapscan=off',
  'enable_material=off',
  'jit=off',
  `statement_timeout=${STATEMENT_MS}`,
  `lock_timeout=${LOCK_MS}`,
  `idle_in_transaction_session_timeout=${IDLE_IN_TRANSACTION_MS}`,
]

/** For one statement that goes by an index of words. The list of what it finds must not become one of pages. */
const BITMAPS = `SET enable_bitmapscan = on; SET work_mem = '32MB'`
const NO_BITMAPS = 'RESET enable_bitmapscan; RESET work_mem'

/** `alone`: nobody else may use the database, and the caller has seen to it. */
export function openDatabase(url: string, clock: Clock, { alone = false } = {}): Database {
  const gate = createGate(clock)
  const writers = poolOf(url, WRITERS_MAX, gate)
  const readers = poolOf(url, READERS_MAX, gate)
  return {
    transaction: async run => {
      for (let attempt = 1; ; attempt++) {
        try {
          return await once(writers, run, alone)
        } catch (error) {
          if (attempt === ATTEMPTS_MAX || !hasLost(error)) throw refusalOf(error)
        }
      }
    },
    read: async steps => {
      const { client, free } = await take(readers)
      try {
        return await drive({ send: statement => send(client, statement) }, steps)
      } catch (error) {
        throw refusalOf(error)
      } finally {
        free()
      }
    },
    close: async () => {
      await Promise.all([writers.pool.end(), readers.pool.end()])
    },
  }
}

/** A connection of its own, for what is neither a transaction nor a read: listening, moving data. */
export function clientOf(url: string): pg.Client {
  const client = new pg.Client(optionsOf(url))
  // Whoever waits for a statement is told by it; without a listener it would end the process as well.
  client.on('error', () => {})
  return client
}

/** Ends a connection at once, whatever is under way on it; a line that says nothing more would be waited for. */
export function hangUp(client: pg.ClientBase): void {
  connectionOf(client).stream.destroy()
}

/** Runs the statements that both engines speak, one after the other. */
export async function drive<T>(connection: Connection, steps: Steps<T>): Promise<T> {
  let answer: RawRow[] = []
  for (;;) {
    const step = steps.next(answer)
    if (step.done === true) return step.value
    const withBitmaps = step.value.postgres?.bitmaps === true
    const [, rows] = await Promise.all([
      withBitmaps ? connection.send({ text: BITMAPS }) : undefined,
      connection.send(bound(step.value satisfies Sql)),
      withBitmaps ? connection.send({ text: NO_BITMAPS }) : undefined,
    ])
    answer = rows
  }
}

async function send(client: pg.ClientBase, statement: Statement): Promise<RawRow[]> {
  // What is sent in one turn leaves in one piece: a system call for a round and not for each statement.
  const { stream } = connectionOf(client)
  stream.cork()
  process.nextTick(() => stream.uncork())
  return (await client.query(statement)).rows as RawRow[]
}

/** The driver's types leave out what is under a client. */
function connectionOf(client: pg.ClientBase): { stream: Socket } {
  return (client as unknown as { connection: { stream: Socket } }).connection
}

type Pool = { pool: pg.Pool; gate: Gate }

function poolOf(url: string, max: number, gate: Gate): Pool {
  const pool = new pg.Pool({ ...optionsOf(url), max, idleTimeoutMillis: 30_000 })
  // A connection that breaks while nobody uses it is replaced when somebody needs one.
  pool.on('error', () => {})
  pool.on('connect', client => client.on('error', () => {}))
  return { pool, gate }
}

function optionsOf(url: string) {
  // What a URL says overrules what is said beside it: its own options go in front of ours.
  const parsed = new URL(url)
  const theirs = parsed.searchParams.get('options')
  parsed.searchParams.delete('options')
  return {
    connectionString: theirs === null ? url : parsed.href,
    options: [theirs ?? '', ...SETTINGS.map(setting => `-c ${setting}`)].join(' ').trim(),
    application_name: 'omnibus',
    pipeline: true,
    keepAlive: true,
    connectionTimeoutMillis: CONNECT_MS,
    query_timeout: ANSWER_MS,
    types: typeParsers,
  }
}

async function take({ pool, gate }: Pool): Promise<{ client: pg.PoolClient; free(): void }> {
  gate.pass()
  try {
    const client = await pool.connect()
    gate.opened()
    // A connection in the middle of something unknown is of no use to the next one.
    return { client, free: () => client.release(client.getTransactionStatus() !== 'I') }
  } catch (error) {
    // One that is refused while others work waits for nobody: only without any the server counts as gone.
    throw pool.totalCount === 0 ? gate.closed(refusalOf(error)) : refusalOf(error)
  }
}

/** Says that a node runs on the database, for as long as the connection lasts. @throws DatabaseInUse */
export async function share(client: pg.Client): Promise<void> {
  const { rows } = await client.query('SELECT pg_try_advisory_lock_shared($1) AS free', [IN_USE_LOCK])
  if (rows[0]?.free !== true) throw new DatabaseInUse(MOVING)
}

class DatabaseInUse extends Error {
  override name = 'DatabaseInUse'
}

/** Why nothing is committed while `copy` or `restore` has the database. */
const MOVING = 'the database is being copied or restored'
const SHARE: Statement = {
  name: 'share',
  text: 'SELECT pg_try_advisory_xact_lock_shared($1) AS free',
  values: [IN_USE_LOCK],
}

async function once<T>(pool: Pool, run: (connection: Connection) => Promise<T>, alone: boolean): Promise<T> {
  const { client, free } = await take(pool)
  const sent: Promise<unknown>[] = []
  const post = (statement: Statement): Promise<RawRow[]> => {
    const answer = send(client, statement)
    // Its failure is told below; until then nobody may be waiting for it.
    answer.catch(() => {})
    sent.push(answer)
    return answer
  }
  try {
    post({ text: 'BEGIN' })
    // However this node may have lost its own lock, nothing is changed under the hands of who moves the data.
    const [free] = alone ? [] : [post(SHARE)]
    const result = await run({ send: post })
    if ((await free)?.[0]?.['free'] === false) throw new StoreFailing(MOVING)
    post({ text: 'COMMIT' })
    await Promise.all(sent)
    return result
  } catch (error) {
    // It fails too where the connection is gone, and then there is nothing to roll back.
    await post({ text: 'ROLLBACK' }).catch(() => {})
    throw error
  } finally {
    free()
  }
}

type Gate = { pass(): void; opened(): void; closed(error: Error): Error }

function createGate({ monotonic }: Clock): Gate {
  let waitMs = 0
  let until = 0
  let why = ''
  return {
    pass: () => {
      if (monotonic() < until) throw new StoreFailing(why)
    },
    opened: () => {
      waitMs = 0
    },
    closed: error => {
      waitMs = Math.min(AGAIN_MS_MAX, Math.max(AGAIN_MS_MIN, waitMs * 2))
      until = monotonic() + waitMs
      why = error.message
      return error
    },
  }
}

/** serialization_failure, deadlock_detected, and unique_violation: somebody made the same row at the same moment. */
const LOST = new Set(['40001', '40P01', '23505'])

/**
 * Classes and codes (https://www.postgresql.org/docs/15/errcodes-appendix.html) that blame the server or the way to it,
 * not the statement: connection, resources, intervention, system and internal errors; a lock or a statement that took
 * too long; a server that only reads; and a transaction that went on losing.
 */
const FAILING = /^(08|53|57|58|XX|40)|^(55P03|25006|25P03|3D000|28)/

function hasLost(error: unknown): boolean {
  return error instanceof pg.DatabaseError && LOST.has(error.code ?? '')
}

/** What an error of the driver means for whoever asked the store. */
export function refusalOf(error: unknown): Error {
  if (error instanceof StoreFailing) return error
  if (error instanceof pg.DatabaseError && !FAILING.test(error.code ?? '')) return error
  if (error instanceof Error && !isOfTheLine(error)) return error
  const why = error instanceof Error ? error.message : String(error)
  return new StoreFailing(`PostgreSQL: ${why}`, { cause: error })
}

/** What the driver throws has a code of the system, or one of these words; what `decide` throws has neither. */
function isOfTheLine(error: Error): boolean {
  if (error instanceof pg.DatabaseError || 'errno' in error || error instanceof AggregateError) return true
  return /^(Connection|Client|Query read timeout|timeout exceeded|Cannot use a pool)/.test(error.message)
}
