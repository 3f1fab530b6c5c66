import type { Clock } from '../model/clock.ts'
import type { Place } from './transfer/open.ts'

/** Steps that were taken on a store, and that this version knows. 0 found: nobody has used it yet. */
export type Schema = { found: number; known: number }

/** @throws what the engine throws when it cannot be read */
export async function schemaOf({ url, dataDir }: Pick<Place, 'url' | 'dataDir'>): Promise<Schema> {
  if (!isPostgres(url)) return (await import('./sqlite/schema.ts')).sqliteSchema(dataDir)
  return await (await import('./postgres/schema.ts')).postgresSchema(url)
}

/**
 * Makes the schema current, alone (SQLite) or beside nodes that wait for it (PostgreSQL), and tells what it was.
 * @throws DataDirInUse, SchemaTooNew, StoreFailing
 */
export async function makeCurrent({ url, dataDir }: Pick<Place, 'url' | 'dataDir'>): Promise<Schema> {
  if (!isPostgres(url)) return (await import('./sqlite/schema.ts')).upgradeSqlite(dataDir)
  return await (await import('./postgres/schema.ts')).upgradePostgres(url)
}

/** The server's clock less ours, in milliseconds; null where there is no server. */
export async function clockAhead(url: string, clock: Clock): Promise<number | null> {
  if (!isPostgres(url)) return null
  return await (await import('./postgres/schema.ts')).serverAhead(url, clock)
}

function isPostgres(url: string): boolean {
  return /^postgres(ql)?:/.test(url)
}
