import { readdirSync, readFileSync } from 'node:fs'
import type pg from 'pg'
import { SchemaTooNew } from '../store.ts'

const FOLDER = new URL('./migrations/', import.meta.url)
/** Advisory locks, all in one space of ours: who migrates, and who has the database in use. */
export const MIGRATION_LOCK = 7_301_001

/**
 * Brings the schema up to this code's, one step a transaction. Of several nodes that start at once one does it and the
 * others wait, until its work is done or its connection is gone.
 * @throws SchemaTooNew
 */
export async function migrate(client: pg.ClientBase): Promise<void> {
  const steps = namesOf().map(name => readFileSync(new URL(name, FOLDER), 'utf8'))
  await client.query('SET lock_timeout = 0; SET statement_timeout = 0')
  await client.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK])
  try {
    await client.query('CREATE TABLE IF NOT EXISTS schema_version (version bigint NOT NULL)')
    const { found, known } = await schemaVersions(client)
    if (found > known) {
      const which = `schema ${found}, this one knows ${known}`
      throw new SchemaTooNew(`the database was written by a newer Omnibus (${which})`)
    }
    for (const [index, step] of steps.entries()) {
      if (index < found) continue
      // Several statements sent as one are one transaction.
      await client.query(`${step}; INSERT INTO schema_version VALUES (${index + 1})`)
    }
  } finally {
    await client.query('SELECT pg_advisory_unlock($1)', [MIGRATION_LOCK])
    await client.query('RESET lock_timeout; RESET statement_timeout')
  }
}

/** Steps that were taken on the database, and that there are. */
export async function schemaVersions(client: pg.ClientBase): Promise<{ found: number; known: number }> {
  const known = namesOf().length
  const { rows: tables } = await client.query("SELECT to_regclass('schema_version') IS NOT NULL AS is_there")
  if (tables[0]?.is_there !== true) return { found: 0, known }
  const { rows } = await client.query('SELECT max(version) AS version FROM schema_version')
  return { found: Number(rows[0]?.version ?? 0), known }
}

function namesOf(): string[] {
  return readdirSync(FOLDER)
    .filter(name => name.endsWith('.sql'))
    .sort()
}
