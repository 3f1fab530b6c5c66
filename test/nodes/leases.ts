import { Client } from 'pg'

/** That a node got the lease, renewed it, or gave it back (`until` 0), by the server's clock; milliseconds UTC. */
export type Grant = { node: string; fence: number; at: number; until: number }

/** Notes every change of a lease, with the name that the node gave its connections. */
const TRIGGER = `
  CREATE TABLE IF NOT EXISTS lease_changes
    (n bigint GENERATED ALWAYS AS IDENTITY, node text, fence bigint, at bigint, ends_at bigint);
  CREATE OR REPLACE FUNCTION note_lease() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO lease_changes (node, fence, at, ends_at) VALUES (current_setting('application_name'),
      NEW.fence, extract(epoch FROM clock_timestamp()) * 1000, NEW.ends_at);
    RETURN NULL;
  END $$;
  CREATE OR REPLACE TRIGGER note_lease AFTER INSERT OR UPDATE ON leases
    FOR EACH ROW EXECUTE FUNCTION note_lease();`

/** The URL under which a node's connections can be told from the others'. */
export function namedUrl(url: string, node: string): string {
  const named = new URL(url)
  named.searchParams.set('application_name', node)
  return named.href
}

/** To be called once the schema is there. */
export async function noteLeases(url: string): Promise<void> {
  await onDatabase(url, client => client.query(TRIGGER))
}

/** The node whose lease has not ended, of the one sender group there is. */
export async function holderOf(url: string): Promise<string | undefined> {
  const { rows } = await onDatabase(url, client =>
    client.query<{ node: string }>(
      `SELECT node FROM lease_changes WHERE n = (SELECT max(n) FROM lease_changes)
       AND ends_at > extract(epoch FROM clock_timestamp()) * 1000`,
    ),
  )
  return rows[0]?.node
}

/** Everything that became of the lease, in order. */
export async function grantsOf(url: string): Promise<Grant[]> {
  const { rows } = await onDatabase(url, client =>
    client.query<Record<keyof Grant, string>>(
      'SELECT node, fence, at, ends_at AS until FROM lease_changes ORDER BY n',
    ),
  )
  return rows.map(({ node, fence, at, until }) => ({
    node,
    fence: Number(fence),
    at: Number(at),
    until: Number(until),
  }))
}

/** Attempts that an answer proved, and no receipt, after they had been made uncertain. */
export async function lateAnswers(url: string): Promise<number> {
  const { rows } = await onDatabase(url, client =>
    client.query<{ count: string }>(
      `SELECT count(*) AS count FROM history a JOIN history u
         ON u.workspace = a.workspace AND u.message = a.message AND u.attempt = a.attempt AND u.part = a.part
       WHERE a.kind = 'accepted' AND u.kind = 'uncertain' AND a.raw NOT IN ('sent', 'delivered', 'read')`,
    ),
  )
  return Number(rows[0]?.count)
}

async function onDatabase<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url })
  client.on('error', () => {})
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}
