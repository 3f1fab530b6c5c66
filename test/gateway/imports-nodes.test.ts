import { expect, test } from 'vitest'
import type { Import } from '../../model/import.ts'
import { describePostgres, freshDatabase } from '../postgres.ts'
import { type Running, run } from './daemon.ts'

const ROWS = 2_500

describePostgres('imports on several nodes', () => {
  test('one node runs an import, and another goes on when it stops: every row once', {
    timeout: 60_000,
  }, async () => {
    await using database = await freshDatabase()
    const node = (): Promise<Running> => run({ store: database.url, parts: ['gateway', 'router', 'queue'] })
    const [first, second] = [await node(), await node()]
    const body = `phone\n${Array.from({ length: ROWS }, (_, at) => `+5255${10_000_000 + at}`).join('\n')}\n`
    const headers = { 'content-type': 'text/csv' }
    const { id } = (await first.call('POST', '/v1/contacts/import', { body, headers })).body as Import
    const read = async (): Promise<Import> =>
      (await second.call('GET', `/v1/contacts/imports/${id}`)).body as Import
    await expect
      .poll(async () => (await read()).rows.read, { timeout: 20_000, interval: 5 })
      .toBeGreaterThan(0)
    // Whichever of the two has the lease: the other one is there.
    await first.close()
    await expect.poll(async () => (await read()).state, { timeout: 40_000, interval: 20 }).toBe('finished')
    const whole = { read: ROWS, created: ROWS, updated: 0, unchanged: 0, rejected: 0, repeated: 0 }
    expect((await read()).rows).toEqual(whole)
    await second.close()
  })
})
