import type { Failure, FailureCode } from '../../model/failure.ts'
import type { GraphError } from './meta.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

type Row = { error: string; code: FailureCode; retryAfterMs?: number; attemptsMax?: number }

const of = (error: string, code: FailureCode, hints: Partial<Row> = {}): Row => ({ error, code, ...hints })

/**
 * What Messenger and Instagram refuse (PROVIDERS B6 and C4, row by row): `code/subcode`, or a code for whatever
 * subcode has no row. Their subcodes are disjoint, so that one table serves both. The letters are the classes of the
 * page: T throttled, R transient, W window, U user, P bad request, A account.
 */
export const FAILURE: readonly Row[] = [
  // The window
  of('10/2018278', 'windowClosed'), // W
  of('10/2018065', 'windowClosed'), // W
  of('10/2018108', 'windowClosed'), // W
  of('10/2534022', 'windowClosed'), // W
  // The person
  of('551', 'undeliverable'), // U: blocked us, or is gone
  of('551/1545041', 'undeliverable'), // U
  of('200/1545041', 'undeliverable'), // U
  of('100/2018001', 'recipientInvalid'), // U: no matching user
  of('100/2534014', 'recipientInvalid'), // U
  of('100/2018300', 'undeliverable'), // P: not allowed for this user or thread
  of('100/2018321', 'undeliverable'), // P
  of('100/2018247', 'undeliverable'), // P
  of('200/2534041', 'undeliverable'), // U: takes no messages
  of('2534001', 'undeliverable'), // U: the thread is archived
  // The request
  of('100', 'badRequest'), // P
  of('100/2018218', 'badRequest'), // P
  of('100/2534013', 'recipientInvalid'), // P: bad recipient
  of('100/2534015', 'badRequest'), // P: bad message data
  of('100/2534025', 'badRequest'), // P: no such comment, or it has its answer
  of('10900', 'badRequest'), // P: the message is there no longer
  // The account
  of('190', 'credentials'), // A, whatever became of the token: 458, 460, 463, 467
  of('10', 'permission'), // A
  of('10/1893063', 'accountRestricted', { retryAfterMs: HOUR }), // A: for a time
  of('200', 'permission'), // A
  of('368', 'accountRestricted'), // A: by Meta's policies (A13)
  of('2534029', 'accountRestricted'), // A
  of('2534122', 'accountRestricted'), // A
  // Speed. How long is told by X-Business-Use-Case-Usage; these are for answers without it.
  of('4', 'throttledAccount', { retryAfterMs: MINUTE }), // T (app)
  of('4/2018354', 'throttledRecipient', { retryAfterMs: HOUR }), // T: marketing to this person
  of('9/2018352', 'throttledRecipient', { retryAfterMs: 30 * SECOND }), // T: too fast to this person
  of('17', 'throttledAccount', { retryAfterMs: MINUTE }), // T
  of('32', 'throttledChannel', { retryAfterMs: MINUTE }), // T (Page)
  of('613', 'throttledChannel', { retryAfterMs: 5 * SECOND }), // T
  of('613/2534040', 'throttledChannel', { retryAfterMs: 5 * SECOND }), // T
  of('80002', 'throttledChannel', { retryAfterMs: MINUTE }), // T (Instagram account)
  of('80006', 'throttledChannel', { retryAfterMs: MINUTE }), // T (Page)
  // Faults
  of('1', 'providerFault', { attemptsMax: 3 }), // R (A13: at most three)
  of('1/99', 'providerFault'), // R
  of('1/1357046', 'providerFault'), // R
  of('2', 'providerDown'), // R
  of('2/2018344', 'providerFault'), // R
  of('2/1545133', 'providerFault'), // R
  of('2300052', 'providerFault'), // R: a gap in the conversation
  of('9000001', 'providerFault'), // R
]

const ROWS = new Map(FAILURE.map(row => [row.error, row]))

/** The row of `code/subcode`: of both, of a subcode that has a row by itself (short ones are codes), of the code. */
function rowOf(error: string): Row | undefined {
  const [code = '', subcode = ''] = error.split('/')
  return ROWS.get(error) ?? (subcode.length > 6 ? ROWS.get(subcode) : undefined) ?? ROWS.get(code)
}

/** The failure of an error that Meta named; `otherwise` is for codes that the table does not know. */
export function failureOf({ transient, ...provider }: GraphError, otherwise: FailureCode): Failure {
  const row = rowOf(provider.code)
  if (row === undefined) return { code: transient ? 'providerFault' : otherwise, provider }
  const { code, retryAfterMs, attemptsMax } = row
  return {
    code,
    provider,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    ...(attemptsMax !== undefined && { attemptsMax }),
  }
}
