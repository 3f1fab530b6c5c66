import { type Steps, sql } from '../sql.ts'
import { clientOf, type Database } from './client.ts'

/**
 * Keeps tables small that are written again and again. The server's own autovacuum looks once a minute at best, and in
 * a minute the queue writes half a million versions of its rows; here somebody looks every `LOOK_MS`, and several nodes
 * do not do it twice, since who finds a table being vacuumed leaves it.
 */
const HOT = [
  'queue',
  'parked',
  'workspaces',
  'leases',
  'cursors',
  'counters',
  'open_conversations',
  'contacts',
]
const LOOK_MS = 5000
/** A table is vacuumed when it has so many dead rows, and this share of the living. */
const DEAD_MIN = 10_000
const DEAD_SHARE = 0.2
const VACUUM_MS_MAX = 600_000

/** Begins to look, whenever `changes` says that something was written since it was asked last. */
export function startVacuum(options: { url: string; database: Database; changes: () => number }): {
  stop(): Promise<void>
} {
  const { url, database, changes } = options
  let last = Promise.resolve()
  let isRunning = false
  let seen = 0
  const timer = setInterval(() => {
    if (isRunning || changes() === seen) return
    seen = changes()
    isRunning = true
    // What fails is tried again in a moment; the server's own autovacuum does it otherwise.
    last = vacuum(url, database)
      .catch(() => {})
      .finally(() => {
        isRunning = false
      })
  }, LOOK_MS)
  timer.unref()
  return {
    stop: async () => {
      clearInterval(timer)
      await last
    },
  }
}

async function vacuum(url: string, database: Database): Promise<void> {
  const tables = await database.read(bloated())
  if (tables.length === 0) return
  const client = clientOf(url)
  try {
    await client.connect()
    await client.query('SET statement_timeout = 0')
    for (const table of tables) {
      const text = `VACUUM (SKIP_LOCKED, TRUNCATE false) ${table}`
      await client.query({ text, query_timeout: VACUUM_MS_MAX } as { text: string })
    }
  } finally {
    await client.end()
  }
}

function* bloated(): Steps<string[]> {
  const rows = yield sql(
    `SELECT relname AS name FROM pg_stat_user_tables
     WHERE schemaname = current_schema() AND relname IN (${HOT.map(name => `'${name}'`).join(', ')})
       AND n_dead_tup > ${DEAD_MIN} + ${DEAD_SHARE} * n_live_tup`,
  )
  return rows.map(row => row['name'] as string)
}
