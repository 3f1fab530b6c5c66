import { expect, test } from 'vitest'
import { systemClock } from '../../model/clock.ts'
import { claim } from '../../store/claim.ts'
import { FOUND_QUERIES } from '../../store/found/queries.ts'
import { events } from '../../store/log.ts'
import { clientOf } from '../../store/postgres/client.ts'
import { isPartitioned } from '../../store/postgres/partitions.ts'
import { openPostgres } from '../../store/postgres/postgres.ts'
import { deleteKeys, insertRows, selectKeys, updateRows } from '../../store/postgres/rows.ts'
import { bound, type Statement } from '../../store/postgres/statement.ts'
import { type Sql, type Steps, selectRaisable } from '../../store/sql.ts'
import { TABLES, type TableName } from '../../store/tables.ts'
import { describePostgres, freshDatabase } from '../postgres.ts'

/**
 * A prepared statement keeps the plan that was right when its table was empty, and goes on with it when the table is
 * full, until the connection hears of better statistics. Vacuuming an empty table is worst: it is known to be empty.
 */
describePostgres('plans', () => {
  test.each(['new', 'vacuumed'] as const)('rows of %s, empty tables go by their whole key', async state => {
    await using plans = await planner(state)
    for (const table of Object.keys(TABLES) as TableName[]) {
      const keys = [TABLES[table].key.map(() => 'x')]
      const select = selectKeys(table, keys)
      const read = await plans.of(select)
      // Where another index would do as well, it is planned when it is known how many rows there are.
      if (select.name !== undefined) {
        expect([table, read.match(/Seq Scan|Join Filter|Materialize|Hash Join/g)]).toEqual([table, null])
        expect([table, read]).toEqual([table, expect.stringMatching(/Index Cond: \(.*= \(?u\./)])
        if (!read.includes('key_hash')) expect([table, /Filter: /.test(read)]).toEqual([table, false])
      }
      await plans.of(insertRows(table, []))
      if (TABLES[table].changes.length > 0) {
        expect(await plans.of(updateRows(table, []))).toMatch(/Conflict Arbiter Indexes: \w+_pkey/)
      }
      if (isPartitioned(table)) continue
      const deleted = await plans.of(deleteKeys(table, keys))
      expect([table, deleted]).toEqual([table, expect.stringMatching(/= \(?u\.[\s\S]*Tid Scan on/)])
    }
  })

  test('messages and conversations are found by their key, however many there are', async () => {
    await using plans = await planner('vacuumed')
    for (const [table, fields] of [
      ['messages', 'conversation, channel, direction'],
      ['conversations', 'contact, channel, status'],
    ] as const) {
      await plans.run(`INSERT INTO ${table} (workspace, id, ${fields})
        SELECT 'w', 'msg_' || n, 'c', 'c', 'o' FROM generate_series(1, 5000) n`)
      expect(await plans.of(selectKeys(table, [['w', 'x']]))).toMatch(
        /_pkey on[^\n]+\n +Index Cond: \(\(workspace = u.workspace\) AND \(id = u.id\)\)/,
      )
    }
  })

  test('what a claim takes is marked by its key, whatever is believed of the queue', async () => {
    await using plans = await planner('new')
    const many = `INSERT INTO queue (workspace, message, state, sender_group)
      SELECT 'w', 'm' || n, 'ready', 'g' FROM generate_series(1, 5000) n`
    await plans.run(many)
    await plans.run('DELETE FROM queue')
    await plans.run('VACUUM (TRUNCATE false) queue')
    await plans.run(many)
    const text = `UPDATE queue SET state = 'claimed', fence = ? WHERE (workspace, message) IN (KEYS)`
    const plan = await plans.of(bound({ text, args: [1], keys: [['w', 'm1']] }))
    expect(plan).toMatch(/Index Cond: \(\(workspace = u.a\) AND \(message = u.b\)\)[\s\S]*Tid Scan on queue/)
  })

  test('a claim reads the first entries of indexes, however much waits', async () => {
    await using plans = await planner('vacuumed')
    await plans.run(`INSERT INTO queue
        (workspace, message, state, sender_group, channel, lane, ready_at, expires_at)
      SELECT 'w', 'm' || n, 'ready', 'g', 'c', 'normal', n, n FROM generate_series(1, 5000) n`)
    const limits = { reply: 9, normal: 9, bulk: 9 }
    const request = { group: 'g', holder: 'h', leaseMs: 1, limits, horizonMs: 1, skip: [] }
    // A lease of ours is there, so that nothing is inherited: that reads everything, once at a takeover.
    const lease = { holder: 'h', fence: 1, ends_at: 9 }
    const steps = claim(request, 1, { leaseNow: 1, sole: false })
    const statements = statementsOf(steps, ({ text }) => (text.includes('FROM leases') ? [lease] : []))
    const read = (await Promise.all(statements.map(plans.of))).filter(plan => plan.includes('queue'))
    expect(read.length).toBeGreaterThan(8)
    for (const plan of read) {
      expect(plan).toMatch(/Index (Only )?Scan using queue_(ready|expires|uncertain)/)
      expect(plan.match(/Sort|Seq Scan|Materialize/g)).toBeNull()
    }
  })

  test('contacts are found by their words, and read from the newest on', async () => {
    await using plans = await planner('vacuumed')
    await plans.run(`INSERT INTO contacts (workspace, id, terms)
      SELECT 'w', 'ctc_' || n, ' ana' || n || ' #| #' FROM generate_series(1, 5000) n`)
    const begins = { on: 'begin', text: 'ana' } as const
    const asked = { workspace: 'w' as never, test: begins, now: 1, after: 'x' as never }
    const [indexed] = statementsOf(FOUND_QUERIES.contactsIndexed({ ...asked, max: 9, limit: 9 }), () => [])
    await plans.run('SET enable_bitmapscan = on')
    expect(await plans.of(indexed as Statement)).toMatch(/Bitmap Index Scan on contacts_terms/)
    await plans.run('RESET enable_bitmapscan')
    for (const steps of [
      FOUND_QUERIES.contactsRead({ ...asked, rows: 9, limit: 9 }),
      FOUND_QUERIES.contactsCounted({ ...asked, rows: 9 }),
    ]) {
      const plan = await plans.of(statementsOf(steps, () => [])[0] as Statement)
      expect(plan).toMatch(/Index Scan Backward using contacts_pkey/)
      expect(plan.match(/Seq Scan|Sort {2}/g)).toBeNull()
    }
  })

  test('the log is read by its numbers, and what it tells of by its key', async () => {
    await using plans = await planner('new')
    const [statement] = statementsOf(events('wks_1' as never, 1, 500), () => [])
    const plan = await plans.of(statement as Statement)
    expect(plan.match(/Seq Scan|Materialize|Sort {2}/g)).toBeNull()
    expect(plan).toMatch(/\(id = e\.subject\)/)
    expect(plan).toMatch(/\(message = e\.subject\)/)
    const scope = { workspace: 'w', channel: 'c', address: 'a', clock: 1 } as never
    expect(await plans.of(bound(selectRaisable(scope)))).toMatch(
      /messages_\w+workspace_channel_address_value_id_idx/,
    )
  })
})

type Planner = AsyncDisposable & {
  of(statement: Statement): Promise<string>
  run(text: string): Promise<void>
}

async function planner(state: 'new' | 'vacuumed'): Promise<Planner> {
  const database = await freshDatabase()
  const listener = { events: () => {}, work: () => {} }
  const store = await openPostgres({ url: database.url, filesDir: null, clock: systemClock, listener })
  await store.close()
  const client = clientOf(database.url)
  await client.connect()
  if (state === 'vacuumed') await client.query('VACUUM ANALYZE')
  let count = 0
  return {
    run: async text => void (await client.query(text)),
    of: async ({ text, values = [] }) => {
      const name = `plan${count++}`
      await client.query(`PREPARE ${name} AS ${text}`)
      const args = values.length === 0 ? '' : `(${values.map(() => 'NULL').join(', ')})`
      const { rows } = await client.query(`EXPLAIN EXECUTE ${name}${args}`)
      return rows.map(row => row['QUERY PLAN']).join('\n')
    },
    [Symbol.asyncDispose]: async () => {
      await client.end()
      await database[Symbol.asyncDispose]()
    },
  }
}

function statementsOf(
  steps: Steps<unknown>,
  answerTo: (step: Sql) => Record<string, unknown>[],
): Statement[] {
  const statements: Statement[] = []
  for (let step = steps.next([]); step.done !== true; step = steps.next(answerTo(step.value))) {
    statements.push(bound(step.value))
  }
  return statements
}
