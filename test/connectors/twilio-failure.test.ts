import { expect, test } from 'vitest'
import { FAILURE, failureOf, STATUS } from '../../connectors/twilio/failure.ts'
import { FAILURES, kindOf } from '../../model/failure.ts'

/** PROVIDERS E1: every code, by the class that the page gives it. */
const CLASSES: Record<string, readonly number[]> = {
  T: [20429, 21611, 30001, 30017, 30022, 30023, 30026, 30027, 30036, 63017, 63018, 63038],
  R: [20500, 20503, 30003, 30008, 30410, 30500],
  // The account: again later, when its owner has acted.
  A: [
    20003, 21212, 21601, 21603, 21606, 21703, 21704, 30002, 30024, 30032, 30034, 63001, 63002, 63007, 63008,
    63020, 63035,
  ],
  // The account's too, but of no use to repeat this message, and others get through.
  off: [21408, 21608, 30007, 30018, 63013, 63026, 63027, 63040, 63041],
  W: [63016, 63049],
  U: [
    21211, 21214, 21217, 21614, 21610, 21612, 21635, 30004, 30005, 30006, 63003, 63024, 63014, 63032, 63033,
    63036,
  ],
  P: [
    20404, 21602, 21617, 21619, 21620, 21623, 21624, 21654, 21655, 21656, 30009, 30010, 30011, 30012, 30019,
    63005, 63006, 63019, 63021, 63028, 63030, 63034, 11200, 11205,
  ],
}
const AGAIN = new Set(['T', 'R', 'A'])
const rows = Object.entries(CLASSES).flatMap(([name, codes]) => codes.map(code => [code, name] as const))

function known(code: number) {
  return failureOf({ code: String(code) }, 'internal')
}

test.each(rows)('PROVIDERS E1: %i is of class %s', (code, name) => {
  const failure = known(code)
  const { retry, certain } = kindOf(failure)
  expect(failure.code, 'it is in the table').not.toBe('internal')
  expect(certain, 'RULES C5: the provider said no').toBe(true)
  expect(retry !== 'never', failure.code).toBe(AGAIN.has(name))
})

test('the table and PROVIDERS E1 have the same rows, each once', () => {
  expect(FAILURE.flatMap(({ errors }) => errors).sort()).toEqual(rows.map(([code]) => code).sort())
})

test('what the provider asks to wait for has a wait', () => {
  for (const row of FAILURE) {
    if (FAILURES[row.code].retry === 'after') expect(row.retryAfterMs, `${row.errors}`).toBeGreaterThan(0)
  }
})

test('a throttle stops what it is about, and nothing else', () => {
  const scopes = [20429, 63038, 21611, 30022].map(code => kindOf(known(code)).scope)
  expect(scopes).toEqual(['account', 'account', 'channel', 'channel'])
})

test('a code that nobody knows is what its place makes of it, with the words of Twilio', () => {
  const provider = { code: '7', title: 'new' }
  expect(failureOf(provider, 'badRequest')).toEqual({ code: 'badRequest', provider })
})

test('PROVIDERS E1, J: every status word is known', () => {
  const words = (ours: string) => [...STATUS].flatMap(([word, status]) => (status === ours ? [word] : []))
  expect(words('pending'), 'RULES D4: held').toEqual(['accepted', 'scheduled', 'queued'])
  expect(words('sent')).toEqual(['sending', 'sent'])
  expect(words('received')).toEqual(['delivered', 'partially_delivered'])
  expect(words('read')).toEqual(['read'])
  expect(words('failed')).toEqual(['undelivered', 'failed', 'canceled'])
})
