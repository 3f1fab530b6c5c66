import { describe, test } from 'vitest'
import { TEST_SERVER, whyUnreachable } from './database.ts'

export { freshDatabase } from './database.ts'

const why = await whyUnreachable()
const required = (process.env['OMNIBUS_TEST_REQUIRE'] ?? '').split(',').map(name => name.trim())
const isRequired = required.includes('all') || required.includes('postgres')

/**
 * `describe` for what needs PostgreSQL. Without the server that `OMNIBUS_TEST_POSTGRES` names its tests are skipped,
 * and say so; they fail instead where `OMNIBUS_TEST_REQUIRE` holds `postgres` or `all`.
 */
export function describePostgres(name: string, body: () => void): void {
  if (why === undefined) {
    describe(name, body)
    return
  }
  const reason = `no PostgreSQL at ${withoutPassword(TEST_SERVER)} (OMNIBUS_TEST_POSTGRES): ${why}`
  if (isRequired) {
    test(name, () => {
      throw new Error(reason)
    })
  } else {
    process.stderr.write(`skipped: ${name}: ${reason}\n`)
    describe.skip(`${name} (skipped: ${reason})`, body)
  }
}

function withoutPassword(url: string): string {
  return url.replace(/:[^:@/]*@/, '@')
}
