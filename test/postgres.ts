import { describe, test } from 'vitest'
import { TEST_SERVER, whyUnreachable } from './database.ts'

export { freshDatabase } from './database.ts'

const why = await whyUnreachable()
const required = (process.env['OMNIBUS_TEST_REQUIRE'] ?? '').split(',').map(name => name.trim())
const isRequired = required.includes('all') || required.includes('postgres')

/**
 * `describe` for what needs PostgreSQL. Without the server that `OMNIBUS_TEST_POSTGRES` names its tests are skipped,
 * and say so; they fail instead where `OMNIBUS_TEST_REQUIRE` holds `postgres` or `all`.
 *
 * @param missing what else of it the tests need and do not find, if so
 */
export function describePostgres(name: string, body: () => void, missing?: string): void {
  if (why === undefined && missing === undefined) {
    describe(name, body)
    return
  }
  const unreachable = `no PostgreSQL at ${withoutPassword(TEST_SERVER)} (OMNIBUS_TEST_POSTGRES): ${why}`
  const reason = why === undefined ? missing : unreachable
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
