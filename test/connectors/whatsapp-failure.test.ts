import { expect, test } from 'vitest'
import { FAILURE, failureOf } from '../../connectors/whatsapp/failure.ts'
import { FAILURES, type FailureCode, kindOf } from '../../model/failure.ts'

/** PROVIDERS A13: every code, and for ranges their ends; by the class that the page gives it. */
const CLASSES: Record<string, readonly number[]> = {
  // Throttled, transient: certainly not taken, again later.
  T: [4, 80007, 130429, 131048, 131056, 131208, 132069],
  R: [1, 2, 131000, 131016, 131053, 131057, 133004, 134101, 2494100],
  // The account: again later, when its owner has acted.
  A: [
    0, 190, 3, 10, 200, 250, 299, 33, 368, 131005, 131031, 131037, 131042, 131044, 131045, 131064, 133000,
    133005, 133008, 133009, 133010, 133015, 133016, 134011,
  ],
  // The account has this switched off, or this template stopped: of no use to repeat this message.
  off: [131063, 132015, 132016, 132068, 134100, 134102],
  W: [131047, 131049],
  U: [130403, 130472, 130497, 131026, 131030, 131050, 137000],
  P: [
    100, 131008, 131009, 131020, 131041, 131059, 131021, 131051, 131052, 131055, 131062, 131200, 131299,
    132000, 132001, 132005, 132007, 132008, 132012, 132018, 135000, 138000, 138018, 139000, 139004, 139100,
    139103, 147001, 147004, 2388000, 2388093, 2388999,
  ],
}
const AGAIN = new Set(['T', 'R', 'A'])

const rows = Object.entries(CLASSES).flatMap(([name, codes]) => codes.map(code => [code, name] as const))

function known(code: number) {
  return failureOf({ code: String(code), transient: false }, 'internal')
}

test.each(rows)('PROVIDERS A13: %i is of class %s', (code, name) => {
  const failure = known(code)
  const { retry, certain } = kindOf(failure)
  expect(failure.code, 'it is in the table').not.toBe('internal')
  expect(certain, 'RULES C5: the provider said no').toBe(true)
  expect(retry !== 'never', failure.code).toBe(AGAIN.has(name))
})

test('every row of the table is one that PROVIDERS A13 has', () => {
  const listed = rows.map(([code]) => code)
  for (const { from, to } of FAILURE) {
    expect(
      listed.some(code => from <= code && code <= to),
      `${from}–${to}`,
    ).toBe(true)
  }
})

test('what the provider asks to wait for has a wait', () => {
  for (const row of FAILURE) {
    if (FAILURES[row.code].retry === 'after') expect(row.retryAfterMs, `${row.from}`).toBeGreaterThan(0)
  }
})

test('a throttle stops what it is about, and nothing else', () => {
  const scopes = [4, 80007, 130429, 131056, 131048].map(code => kindOf(known(code)).scope)
  expect(scopes).toEqual(['account', 'account', 'channel', 'recipient', 'channel'])
})

test.each<[number, FailureCode, Partial<{ retryAfterMs: number; attemptsMax: number }>]>([
  [1, 'providerFault', { attemptsMax: 3 }],
  [131053, 'providerFault', { attemptsMax: 2 }],
  [131056, 'throttledRecipient', { retryAfterMs: 6000 }],
  [133015, 'notRegistered', { retryAfterMs: 300_000 }],
  [133016, 'notRegistered', { retryAfterMs: 72 * 3_600_000 }],
  [134101, 'providerFault', { retryAfterMs: 600_000 }],
  [131208, 'throttledChannel', { retryAfterMs: 60_000 }],
])('PROVIDERS A13: %i says how often or how late', (code, ours, hints) => {
  expect(known(code)).toEqual({ code: ours, provider: { code: String(code) }, ...hints })
})

test('a code that nobody knows is what its place makes of it, or transient if Meta says so', () => {
  expect(failureOf({ code: '7777', transient: false }, 'badRequest').code).toBe('badRequest')
  expect(failureOf({ code: '7777', transient: true }, 'badRequest').code).toBe('providerFault')
  expect(failureOf({ code: 'x', transient: false }, 'undeliverable').code).toBe('undeliverable')
})
