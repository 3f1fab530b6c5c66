import type { Clock } from '../../model/clock.ts'
import { nameOfSqlite, openSqliteDepot } from '../sqlite/depot.ts'
import { type Depot, TransferRefused, type Use } from './depot.ts'

/** How a store is named on a command line, and where it is when the URL leaves that open. */
export type Place = { url: string; dataDir: string; filesDir: string | null; clock: Clock }

/** @throws TransferRefused for what no engine knows; what the engine throws, such as `in use` */
export async function openDepot(place: Place, use: Use): Promise<Depot> {
  const { filesDir, clock } = place
  if (!isPostgres(place)) return openSqliteDepot({ dataDir: directoryOf(place), filesDir }, use)
  const { openPostgresDepot } = await import('../postgres/depot.ts')
  return await openPostgresDepot({ url: place.url, filesDir, clock }, use)
}

/** Two places with one name are one store. */
export async function nameOf(place: Place): Promise<string> {
  if (!isPostgres(place)) return nameOfSqlite(directoryOf(place))
  const { nameOfPostgres } = await import('../postgres/depot.ts')
  return nameOfPostgres(place.url)
}

function isPostgres({ url }: Place): boolean {
  return /^postgres(ql)?:\/\//.test(url)
}

/** `sqlite:` is the configured directory, `sqlite:<directory>` that one. */
function directoryOf({ url, dataDir }: Place): string {
  const at = url.indexOf(':')
  if (url.slice(0, at) !== 'sqlite') {
    const names = 'sqlite:, sqlite:<directory> or postgres://user@host/database'
    throw new TransferRefused(`"${url.slice(0, at)}:" names no store that can be moved; write ${names}`)
  }
  return url.slice(at + 1) || dataDir
}
