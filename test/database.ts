import { randomBytes } from 'node:crypto'
import { Client } from 'pg'

/** Where tests make their databases if they are told no other server; the role must be allowed to make some. */
export const TEST_SERVER =
  process.env['OMNIBUS_TEST_POSTGRES'] || 'postgres://postgres@127.0.0.1:5432/postgres'

const PREFIX = 'omnibus_test_'
const STALE_MS = 60 * 60_000
const CONNECT_MS = 3000

/**
 * An empty database of its own on that server, dropped with whoever is still connected when it is disposed of. What
 * runs that died left behind longer than an hour ago, and nobody is connected to, is dropped on the way.
 */
export async function freshDatabase(server = TEST_SERVER): Promise<AsyncDisposable & { url: string }> {
  const name = `${PREFIX}${Date.now()}_${randomBytes(4).toString('hex')}`
  await onServer(server, async client => {
    await dropStale(client)
    // Not template1, which must have no connection at that moment.
    await client.query(`CREATE DATABASE ${name} TEMPLATE template0 ENCODING 'UTF8'`)
  })
  const url = new URL(server)
  url.pathname = `/${name}`
  return { url: url.href, [Symbol.asyncDispose]: () => onServer(server, client => drop(client, name)) }
}

/** Takes all rows out of a database of ours; its schema stays. Tables hold few rows in tests: TRUNCATE is slower. */
export async function emptyDatabase(url: string): Promise<void> {
  await onServer(url, async client => {
    const { rows } = await client.query<{ name: string }>(
      `SELECT c.oid::regclass::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT c.relispartition
         AND c.relname <> 'schema_version'`,
    )
    await client.query(rows.map(({ name }) => `DELETE FROM ${name};`).join(' '))
  })
}

/** Why the server cannot be used, or undefined if it can. */
export async function whyUnreachable(server = TEST_SERVER): Promise<string | undefined> {
  try {
    await onServer(server, async client => void (await client.query('SELECT 1')))
    return undefined
  } catch (error) {
    // A host with several addresses is refused by all of them, and then only each one says why.
    const [first] = error instanceof AggregateError ? error.errors : [error]
    return String(first instanceof Error ? first.message : first)
  }
}

async function dropStale(client: Client): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT datname AS name FROM pg_database d WHERE datname LIKE $1
     AND NOT EXISTS (SELECT FROM pg_stat_activity a WHERE a.datid = d.oid)`,
    [`${PREFIX}%`],
  )
  for (const { name } of rows) {
    const madeAt = Number(name.slice(PREFIX.length).split('_')[0])
    // Another run may be dropping it at this moment, or it may be another role's.
    if (madeAt < Date.now() - STALE_MS) await drop(client, name).catch(() => {})
  }
}

async function drop(client: Client, name: string): Promise<void> {
  await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
}

async function onServer(server: string, work: (client: Client) => Promise<void>): Promise<void> {
  const client = new Client({ connectionString: server, connectionTimeoutMillis: CONNECT_MS })
  // A connection that the server ends fails the query that waits for it; without one nobody needs to know.
  client.on('error', () => {})
  await client.connect()
  try {
    await work(client)
  } finally {
    await client.end()
  }
}
