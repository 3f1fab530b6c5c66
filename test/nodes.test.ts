import { expect, test } from 'vitest'
import { runPlan } from './nodes/nodes.ts'
import { type PlanName, planOf } from './nodes/plan.ts'
import { whyNoServer } from './nodes/server.ts'
import { describePostgres } from './postgres.ts'

/** Most of it is spent waiting for leases to end and for what goes wrong to be over. */
const PLAN_MS = 240_000

/** One fault of each kind. `npm run faults -- all 30` makes many more. */
const ONE = [
  ['nodes', 'one of them is killed'],
  ['freeze', 'RULES C4: the holder of the lease stands still until about its end or past it, and goes on'],
  ['stall', 'nothing comes through between one of them and PostgreSQL'],
] as const satisfies readonly [PlanName, string][]
const RESTART = ['restart', 'PostgreSQL stops and starts'] as const satisfies [PlanName, string]

const PROMISE = 'nothing is lost, sent twice, told twice or sent too fast'
const seed = Math.floor(Math.random() * 2 ** 31)
const missing = whyNoServer()

describePostgres('two nodes on one database', () => {
  test.concurrent.each(missing === undefined ? [...ONE, RESTART] : ONE)(
    `%s: %s: ${PROMISE} (seed ${seed})`,
    { timeout: PLAN_MS },
    async (name, _says) => {
      const { faults } = await runPlan(planOf(name, seed, 1))
      expect(faults).toEqual([])
    },
  )
})

if (missing !== undefined) describePostgres(`two nodes and ${RESTART.join(': ')}`, () => {}, missing)
