import { expect, test } from 'vitest'
import { crash } from './crash/crash.ts'
import { stepPlan } from './crash/plan.ts'
import { describePostgres, freshDatabase } from './postgres.ts'

/** Most of it is spent waiting for the dead one's lease to end, and that all together. */
const CRASH_MS = 100_000

/** One that needs no lease, and either side of a request. `npm run faults -- crash 30 --store postgres` makes more. */
const DEATHS = [
  ['inbound.3.committed', 1],
  ['outbound.4.attempted', 2],
  ['outbound.5.answered', 3],
] as const

describePostgres('on PostgreSQL', () => {
  test.concurrent.each(DEATHS)(
    'killed at %s: nothing promised is lost, nothing certain is sent twice (seed %i)',
    { timeout: CRASH_MS },
    async (step, seed) => {
      await using database = await freshDatabase()
      const result = await crash(stepPlan(step, seed), database.url)
      expect(result.faults).toEqual([])
      expect(result.deaths).toBe(1)
    },
  )
})
