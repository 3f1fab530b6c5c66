import pg from 'pg'
import type { Clock } from '../../model/clock.ts'
import { timeOfId } from '../../model/ids.ts'
import { openFiles } from '../files.ts'
import type { Sql, SqlValue } from '../sql.ts'
import { SchemaTooNew, StoreFailing } from '../store.ts'
import { type ColumnType, column, TABLES, type TableName } from '../tables.ts'
import { type Batch, type Depot, type Row, TransferRefused, type Use } from '../transfer/depot.ts'
import { storable, TYPES } from './array.ts'
import { openBlobs } from './blobs.ts'
import { clientOf, IN_USE_LOCK, openDatabase } from './client.ts'
import { migrate, schemaVersions } from './migrations.ts'
import { makePartitions } from './partitions.ts'
import { bound } from './statement.ts'

/** The name by which `openPostgresDepot` knows a database again; without user and password. */
export function nameOfPostgres(url: string): string {
  const { host, port, database } = new pg.Client({ connectionString: url })
  return `postgres://${host}:${port}/${database}`
}

export type PostgresPlace = { url: string; filesDir: string | null; clock: Clock }

/** A page may be large, and the disk slow: only a line that is dead takes longer. */
const ANSWER_MS = 600_000

/**
 * A database as something to move. A snapshot is one read-only transaction, and daemons write on; otherwise it is had
 * alone, by a lock that every daemon shares for as long as it runs.
 * @throws TransferRefused when it cannot be reached or is in use, SchemaTooNew
 */
export async function openPostgresDepot(place: PostgresPlace, use: Use): Promise<Depot> {
  const { url, filesDir, clock } = place
  const name = nameOfPostgres(url)
  const client = clientOf(url)
  try {
    await client.connect().catch((error: unknown) => {
      throw new TransferRefused(`${name} cannot be reached: ${reasonOf(error)}`, { cause: error })
    })
    if (use === 'snapshot') await beginSnapshot(client, name)
    else await haveAlone(client, name)
  } catch (error) {
    await client.end().catch(() => {})
    throw error
  }
  const database = openDatabase(url, clock, { alone: true })
  const files = filesDir === null ? openBlobs(database, clock) : openFiles(filesDir)
  return {
    name,
    keyPath: null,
    select: query => select(client, query).catch(placed(name)),
    write: batch => write(client, batch).catch(placed(name)),
    readFile: files.read,
    putFile: files.put,
    rowsRead: async () => {},
    close: async () => {
      await Promise.all([database.close(), client.end()])
    },
  }
}

/** A host with several addresses is refused by all of them, and then only each one says why. */
function reasonOf(error: unknown): string {
  const [first] = error instanceof AggregateError ? error.errors : [error]
  return first instanceof Error ? first.message : String(first)
}

/** The server does not say which one it is. */
function placed(name: string): (error: unknown) => never {
  return error => {
    throw new StoreFailing(`${name}: ${reasonOf(error)}`, { cause: error })
  }
}

/** Nobody waits for these, and a transaction lasts as long as it takes to read everything. */
const PATIENT = 'SET statement_timeout = 0; SET lock_timeout = 0; SET idle_in_transaction_session_timeout = 0'

/** https://www.postgresql.org/docs/15/errcodes-appendix.html: lock_not_available */
const LOCK_NOT_AVAILABLE = '55P03'

async function haveAlone(client: pg.Client, name: string): Promise<void> {
  // Waited for, as long as for any lock: the server gives one up a moment after its holder hung up.
  await client.query('SELECT pg_advisory_lock($1)', [IN_USE_LOCK]).catch((error: pg.DatabaseError) => {
    if (error.code !== LOCK_NOT_AVAILABLE) throw error
    throw new TransferRefused(`${name} is in use by another Omnibus process`, { cause: error })
  })
  await migrate(client)
  await client.query(PATIENT)
}

async function beginSnapshot(client: pg.Client, name: string): Promise<void> {
  const { found, known } = await schemaVersions(client)
  const which = `schema ${found}, this one knows ${known}`
  if (found === 0) throw new TransferRefused(`${name} holds no data of Omnibus`)
  if (found > known) throw new SchemaTooNew(`the database was written by a newer Omnibus (${which})`)
  if (found < known) {
    const instead = 'back it up with that one, or start this one on it first'
    throw new TransferRefused(`the database is of an older Omnibus (${which}): ${instead}`)
  }
  await client.query(PATIENT)
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
}

async function select(client: pg.Client, query: Sql): Promise<Row[]> {
  return (await ask(client, bound(query))).rows as Row[]
}

function ask(
  client: pg.Client,
  statement: { text: string; values?: unknown[] },
): Promise<pg.QueryArrayResult> {
  const config = { ...statement, rowMode: 'array' as const, query_timeout: ANSWER_MS }
  return client.query(config)
}

async function write(client: pg.Client, { table, fields, rows, marks }: Batch): Promise<void> {
  await ask(client, { text: 'BEGIN' })
  try {
    if (rows.length > 0) {
      await makeMonths(client, table, fields, rows)
      await ask(client, insert(table, fields, rows))
    }
    for (const [name, value] of Object.entries(marks)) {
      if (value === null) await ask(client, { text: 'DELETE FROM meta WHERE name = $1', values: [name] })
      else await ask(client, { text: MARK, values: [name, value] })
    }
    await ask(client, { text: 'COMMIT' })
  } catch (error) {
    // It fails too where the connection is gone, and then there is nothing to roll back.
    await ask(client, { text: 'ROLLBACK' }).catch(() => {})
    throw error
  }
}

const MARK = `INSERT INTO meta (name, value) VALUES ($1, $2)
  ON CONFLICT (name) DO UPDATE SET value = excluded.value`

function insert(table: TableName, fields: readonly string[], rows: readonly Row[]) {
  const columns = TABLES[table].columns as Record<string, ColumnType>
  // What is no column of the table is the hash of its key.
  const lists = fields.map((field, at) => `$${at + 1}::${TYPES[columns[field] ?? 'int']}[]`)
  return {
    text: `INSERT INTO ${TABLES[table].name} (${fields.map(column).join(', ')})
           SELECT * FROM unnest(${lists.join(', ')})`,
    values: fields.map((_, at) => rows.map(row => held(row[at] ?? null))),
  }
}

function held(value: SqlValue): SqlValue {
  return typeof value === 'string' ? storable(value) : value
}

/** What tells the time of a row in a table that is kept by the month: a time, or an id that holds one. */
const TIMES: { [T in TableName]?: string } = {
  messages: 'id',
  contents: 'message',
  history: 'message',
  events: 'time',
  seen: 'at',
}

/** Makes the months that rows are of: once there are rows of it in the rest, a month cannot be made any more. */
async function makeMonths(
  client: pg.Client,
  table: TableName,
  fields: readonly string[],
  rows: readonly Row[],
): Promise<void> {
  const at = fields.indexOf(TIMES[table] ?? '')
  if (at < 0) return
  const months = new Map<number, number>()
  for (const row of rows) {
    const value = row[at]
    const time = typeof value === 'number' ? value : timeOfId(String(value))
    const date = new Date(time)
    months.set(date.getUTCFullYear() * 12 + date.getUTCMonth(), time)
  }
  const connection = { send: async (statement: { text: string }) => (await client.query(statement)).rows }
  for (const time of months.values()) await makePartitions(connection, time)
}
