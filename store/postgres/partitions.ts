import { firstIdAt } from '../../model/ids.ts'
import { TABLES, type TableName } from '../tables.ts'
import type { Connection } from './client.ts'
import { MIGRATION_LOCK } from './migrations.ts'

/**
 * What grows with time, by the month: what is old leaves by dropping a table, which costs nothing and leaves no hole.
 * A month is there before it begins; what comes at another time than any of them (a clock that is years off) goes to
 * the partition `<table>_rest`, and is found there like everything else.
 */
const PARTITIONED: { [T in TableName]?: { by: string; bound: (at: number) => string; room?: number } } = {
  // An outbound message is written again as it is sent, received and read: on its own page, that changes no index.
  messages: { by: 'id', bound: messageAt, room: 50 },
  contents: { by: 'message', bound: messageAt },
  history: { by: 'message', bound: messageAt },
  events: { by: 'time', bound: String },
  seen: { by: 'at', bound: String },
}

function messageAt(at: number): string {
  return `'${firstIdAt('msg', at)}'`
}

export function isPartitioned(table: TableName): boolean {
  return PARTITIONED[table] !== undefined
}

/** By its name in SQL. */
export function isPartition(name: string): boolean {
  return Object.keys(PARTITIONED).some(table => TABLES[table as TableName].name === name)
}

/** Makes the partitions of this month and the next, where they are missing. In a transaction. */
export async function makePartitions(connection: Pick<Connection, 'send'>, now: number): Promise<void> {
  await lock(connection)
  const months = [monthOf(now, 0), monthOf(now, 1)]
  const wanted = Object.entries(PARTITIONED).flatMap(([table, how]) =>
    months.map(({ name, from, to }) => {
      const parent = TABLES[table as TableName].name
      const { by, bound, room = 100 } = how
      return { parent, name: `${parent}_${name}`, by, from: bound(from), to: bound(to), room }
    }),
  )
  const known = await connection.send({
    text: 'SELECT name FROM unnest($1::text[]) AS name WHERE to_regclass(name) IS NOT NULL',
    values: [wanted.map(({ name }) => name)],
  })
  const there = new Set(known.map(row => row['name']))
  for (const { parent, name, by, from, to, room } of wanted) {
    if (there.has(name)) continue
    for (const text of [
      `CREATE TABLE ${name} (LIKE ${parent} INCLUDING ALL) WITH (fillfactor = ${room})`,
      // What came while the month was not there, which a month cannot be made without.
      `WITH moved AS (DELETE FROM ${parent}_rest WHERE ${by} >= ${from} AND ${by} < ${to} RETURNING *)
       INSERT INTO ${name} SELECT * FROM moved`,
      `ALTER TABLE ${parent} ATTACH PARTITION ${name} FOR VALUES FROM (${from}) TO (${to})`,
    ])
      await connection.send({ text })
  }
}

/** Drops months that are over and hold nothing any more. In a transaction. */
export async function dropEmptyPartitions(connection: Connection, now: number): Promise<void> {
  await lock(connection)
  const { name: current } = monthOf(now, 0)
  const parents = Object.keys(PARTITIONED).map(table => TABLES[table as TableName].name)
  const partitions = await connection.send({
    text: `SELECT c.relname AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
           WHERE i.inhparent = ANY (SELECT to_regclass(name) FROM unnest($1::text[]) AS name)
           ORDER BY c.relname`,
    values: [parents],
  })
  for (const { name } of partitions) {
    const month = /_(\d{6})$/.exec(String(name))?.[1]
    if (month === undefined || month >= current) continue
    const [row] = await connection.send({ text: `SELECT 1 FROM ${name} LIMIT 1` })
    if (row === undefined) await connection.send({ text: `DROP TABLE ${name}` })
  }
}

/** One node at a time changes what tables there are. */
async function lock(connection: Connection): Promise<void> {
  await connection.send({ text: 'SELECT pg_advisory_xact_lock($1)', values: [MIGRATION_LOCK] })
}

function monthOf(now: number, ahead: number): { name: string; from: number; to: number } {
  const date = new Date(now)
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth() + ahead]
  const from = Date.UTC(year, month)
  return {
    name: new Date(from).toISOString().slice(0, 7).replace('-', ''),
    from,
    to: Date.UTC(year, month + 1),
  }
}
