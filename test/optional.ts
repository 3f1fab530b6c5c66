import { describe, test } from 'vitest'

const required = (process.env['OMNIBUS_TEST_REQUIRE'] ?? '').split(',').map(name => name.trim())

/**
 * `describe` for what needs something that a machine may lack. With a `reason` why it is missing, its tests are
 * skipped, and say so; they fail instead where `OMNIBUS_TEST_REQUIRE` holds the name of what is needed, or `all`.
 */
export function describeWith(
  needed: 'postgres' | 'chromium',
  reason: string | undefined,
  name: string,
  body: () => void,
): void {
  if (reason === undefined) {
    describe(name, body)
  } else if (required.includes(needed) || required.includes('all')) {
    test(name, () => {
      throw new Error(reason)
    })
  } else {
    process.stderr.write(`skipped: ${name}: ${reason}\n`)
    describe.skip(`${name} (skipped: ${reason})`, body)
  }
}
