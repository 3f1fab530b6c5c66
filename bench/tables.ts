import { Client } from 'pg'

/** Where rows come and go all the time: what is dead there must be cleared as fast as it is made. */
export const HOT = [
  'queue',
  'workspaces',
  'leases',
  'cursors',
  'counters',
  'parked',
  'open_conversations',
  'contacts',
  'messages',
] as const

export type TableSize = { live: number; dead: number; bytes: number }

/** The hot tables by name, with their partitions, indexes and what is stored apart, as PostgreSQL counts them. */
export async function sizesOf(client: Client): Promise<Record<string, TableSize>> {
  const { rows } = await client.query<{ name: string } & Record<keyof TableSize, string>>(
    `SELECT root.relname AS name, sum(n_live_tup) AS live, sum(n_dead_tup) AS dead,
       sum(pg_total_relation_size(relid)) AS bytes
     FROM pg_stat_user_tables stat
     JOIN pg_class root ON root.oid = coalesce(pg_partition_root(stat.relid), stat.relid)
     WHERE root.relname = ANY($1) GROUP BY 1`,
    [HOT],
  )
  return Object.fromEntries(
    rows.map(({ name, live, dead, bytes }) => [
      name,
      { live: Number(live), dead: Number(dead), bytes: Number(bytes) },
    ]),
  )
}

/** A connection that a pause of the server does not end the benchmark by. */
export async function connectTo(url: string): Promise<Client> {
  const client = new Client({ connectionString: url })
  client.on('error', () => {})
  await client.connect()
  return client
}
