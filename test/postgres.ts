import { TEST_SERVER, whyUnreachable } from './database.ts'
import { describeWith } from './optional.ts'

export { emptyDatabase, freshDatabase } from './database.ts'

const why = await whyUnreachable()

/**
 * `describe` for what needs PostgreSQL. Without the server that `OMNIBUS_TEST_POSTGRES` names its tests are skipped,
 * and say so; they fail instead where `OMNIBUS_TEST_REQUIRE` holds `postgres` or `all`.
 *
 * @param missing what else of it the tests need and do not find, if so
 */
export function describePostgres(name: string, body: () => void, missing?: string): void {
  const unreachable = `no PostgreSQL at ${withoutPassword(TEST_SERVER)} (OMNIBUS_TEST_POSTGRES): ${why}`
  describeWith('postgres', why === undefined ? missing : unreachable, name, body)
}

function withoutPassword(url: string): string {
  return url.replace(/:[^:@/]*@/, '@')
}
