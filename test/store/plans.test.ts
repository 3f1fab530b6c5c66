import { expect, test } from 'vitest'
import { systemClock } from '../../model/clock.ts'
import { claim } from '../../store/claim.ts'
import { clientOf } from '../../store/postgres/client.ts'
import { openPostgres } from '../../store/postgres/postgres.ts'
import {
  bound,
  deleteKeys,
  insertRows,
  type Statement,
  selectKeys,
  updateRows,
} from '../../store/postgres/statement.ts'
import { events } from '../../store/queries.ts'
import { type Sql, type Steps, selectRaisable } from '../../store/sql.ts'
import { TABLES, type TableName } from '../../store/tables.ts'
import { describePostgres, freshDatabase } from '../postgres.ts'

/**
 * A plan is made for a table that is new and empty, and stays for as long as its connection does not hear of better
 * statistics. So it must be the right one from the beginning: with a full table a wrong one reads all of it, each time.
 */
describePostgres('plans on an empty database', () => {
  test('rows are read, changed and deleted by their whole key', async () => {
    await using plans = await planner()
    for (const table of Object.keys(TABLES) as TableName[]) {
      const keys = [TABLES[table].key.map(() => 'x')]
      const statements = [selectKeys(table, keys), deleteKeys(table, keys)]
      if (TABLES[table].changes.length > 0) statements.push(updateRows(table, [{}]))
      for (const statement of statements) {
        const plan = await plans.of(statement)
        // Every part of the key is compared in the index, or its hash is.
        expect([table, plan.match(/Seq Scan|Join Filter|Materialize|Hash Join/g)]).toEqual([table, null])
        expect(plan).toMatch(/Index Cond: \(.*= \(?u\./)
        if (!plan.includes('key_hash')) expect([table, /Filter: /.test(plan)]).toEqual([table, false])
      }
      await plans.of(insertRows(table, []))
    }
  })

  test('a claim reads the first entries of indexes, however much waits', async () => {
    await using plans = await planner()
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

  test('the log is read by its numbers, and what it tells of by its key', async () => {
    await using plans = await planner()
    const [statement] = statementsOf(events('wks_1' as never, 1, 500), () => [])
    const plan = await plans.of(statement as Statement)
    expect(plan.match(/Seq Scan|Materialize|Sort {2}/g)).toBeNull()
    expect(plan).toMatch(/\(id = e\.subject\)/)
    expect(plan).toMatch(/\(message = e\.subject\)/)
    const scope = { workspace: 'w', channel: 'c', address: 'a', clock: 1 } as never
    expect(await plans.of(bound(selectRaisable(scope)))).toMatch(/messages_\w+channel_address_value_id_idx/)
  })
})

async function planner(): Promise<AsyncDisposable & { of(statement: Statement): Promise<string> }> {
  const database = await freshDatabase()
  const listener = { events: () => {}, work: () => {} }
  const store = await openPostgres({ url: database.url, filesDir: null, clock: systemClock, listener })
  await store.close()
  const client = clientOf(database.url)
  await client.connect()
  let count = 0
  return {
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
