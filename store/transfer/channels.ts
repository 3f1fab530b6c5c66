import { columnsOf, rowOf, sql } from '../sql.ts'
import type { StoredChannel } from '../store.ts'
import { TABLES } from '../tables.ts'
import type { Depot } from './depot.ts'

/** The channels of a store that nobody has opened, or that a daemon has: `config` is sealed. */
export async function channelsIn(depot: Pick<Depot, 'select'>): Promise<StoredChannel[]> {
  const rows = await depot.select(
    sql(`SELECT ${columnsOf('channels')} FROM channels WHERE deleted_at IS NULL ORDER BY id`),
  )
  const fields = Object.keys(TABLES.channels.columns)
  return rows.map(row => rowOf('channels', Object.fromEntries(fields.map((field, at) => [field, row[at]]))))
}
