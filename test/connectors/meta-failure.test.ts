import { expect, test } from 'vitest'
import { FAILURE, failureOf } from '../../connectors/meta/failure.ts'
import { FAILURES, kindOf } from '../../model/failure.ts'

/** PROVIDERS B6 and C4: every row, by the class that the page gives it. */
const CLASSES: Record<string, readonly string[]> = {
  W: ['10/2018278', '10/2018065', '10/2018108', '10/2534022'],
  U: ['551', '551/1545041', '200/1545041', '100/2018001', '100/2534014', '200/2534041', '2534001'],
  P: [
    ...['100', '100/2018218', '100/2018300', '100/2018321', '100/2018247', '10900'],
    ...['100/2534013', '100/2534015', '100/2534025'],
  ],
  A: [
    '190',
    '190/458',
    '190/460',
    '190/463',
    '190/467',
    '200',
    '10',
    '10/1893063',
    '368',
    '2534029',
    '2534122',
  ],
  T: [...['4', '17', '32', '613', '80002', '80006', '9/2018352', '4/2018354', '613/2534040'], '613/1'],
  R: ['1', '1/99', '1/1357046', '2', '2/2018344', '2/1545133', '2300052', '9000001'],
}
const AGAIN = new Set(['T', 'R', 'A'])

const rows = Object.entries(CLASSES).flatMap(([name, errors]) => errors.map(error => [error, name] as const))

test.each(rows)('PROVIDERS B6, C4: %s is of class %s', (error, name) => {
  const failure = failureOf({ code: error, transient: false }, 'internal')
  const { retry, certain } = kindOf(failure)
  expect(failure.code, 'it is in the table').not.toBe('internal')
  expect(certain, 'RULES C5: the provider said no').toBe(true)
  expect(retry !== 'never', failure.code).toBe(AGAIN.has(name))
  expect(failure.code === 'windowClosed').toBe(name === 'W')
  expect(FAILURES[failure.code].blame === 'recipient').toBe('WU'.includes(name) || RECIPIENTS.has(error))
})

/** Of bad requests, those that are about this person. */
const RECIPIENTS = new Set(['100/2018300', '100/2018321', '100/2018247', '100/2534013'])

test('every row of the table is one that the page has', () => {
  const listed = new Set(rows.map(([error]) => error))
  expect(FAILURE.filter(({ error }) => !listed.has(error))).toEqual([])
})

test('a subcode with a row of its own is found under any code; an unknown one is what its code is', () => {
  expect(failureOf({ code: '100/2534001', transient: false }, 'internal').code).toBe('undeliverable')
  expect(failureOf({ code: '190/999', transient: false }, 'internal').code).toBe('credentials')
  expect(failureOf({ code: '77/1', transient: false }, 'badRequest').code).toBe('badRequest')
  expect(failureOf({ code: '77/1', transient: true }, 'badRequest').code).toBe('providerFault')
})
