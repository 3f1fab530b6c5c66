import type pg from 'pg'
import type { Clock } from '../../model/clock.ts'
import type { Schema } from '../schema.ts'
import { columnsOf, rowOf } from '../sql.ts'
import { StoreFailing } from '../store.ts'
import { told } from '../terms.ts'
import { clientOf, refusalOf, share } from './client.ts'
import { migrate, schemaVersions } from './migrations.ts'
import { updateRows } from './rows.ts'

const VERSION_MIN = 150_000

/**
 * Brings the schema up to this code's, and tells what it was.
 * @throws StoreFailing, SchemaTooNew, DatabaseInUse
 */
export async function upgradePostgres(url: string): Promise<Schema> {
  return await connected(url, async client => {
    // The schema is not changed under the hands of who moves the data.
    await share(client)
    const before = await schemaVersions(client)
    await migrate(client)
    await tellTerms(client)
    return before
  })
}

/** The terms of contacts that an older version made, which knew none. */
async function tellTerms(client: pg.Client): Promise<void> {
  for (;;) {
    const { rows } = await client.query(
      `SELECT ${columnsOf('contacts')} FROM contacts WHERE terms = '' AND deleted_at IS NULL LIMIT 500`,
    )
    if (rows.length === 0) return
    const contacts = rows.map(raw => told(rowOf('contacts', raw)))
    await client.query(updateRows('contacts', contacts))
  }
}

/** Only reads. @throws StoreFailing */
export async function postgresSchema(url: string): Promise<Schema> {
  return await connected(url, schemaVersions)
}

/** The server's clock less ours, in milliseconds, as it was in the middle of the question. */
export async function serverAhead(url: string, clock: Clock): Promise<number> {
  return await connected(url, async client => {
    const from = clock.monotonic()
    const asked = clock.now()
    const { rows } = await client.query(
      'SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now',
    )
    return Number(rows[0]?.now) - (asked + (clock.monotonic() - from) / 2)
  })
}

async function connected<T>(url: string, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = clientOf(url)
  try {
    await client.connect()
    const { rows } = await client.query(`SELECT current_setting('server_version_num')::int AS version`)
    if (Number(rows[0]?.version) < VERSION_MIN)
      throw new StoreFailing(`PostgreSQL ${VERSION_MIN / 10_000} or newer is needed`)
    return await use(client)
  } catch (error) {
    throw refusalOf(error)
  } finally {
    await client.end()
  }
}
