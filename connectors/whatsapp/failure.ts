import type { Failure, FailureCode } from '../../model/failure.ts'
import type { GraphError } from '../meta/meta.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

type Row = { from: number; to: number; code: FailureCode; retryAfterMs?: number; attemptsMax?: number }

const of = (codes: number | [number, number], code: FailureCode, hints: Partial<Row> = {}): Row => {
  const [from, to] = typeof codes === 'number' ? [codes, codes] : codes
  return { from, to, code, ...hints }
}

/**
 * PROVIDERS A13, row by row, with its class: T throttled, R transient, W window, U user, P bad request, A account.
 * Where the page names a wait or a number of attempts, so does the row. Of overlapping rows the first counts.
 */
export const FAILURE: readonly Row[] = [
  of(0, 'credentials'), // A
  of(190, 'credentials'), // A
  of(1, 'providerFault', { attemptsMax: 3 }), // R ≤ 3
  of(2, 'providerDown'), // R
  of(3, 'permission'), // A
  of(10, 'permission'), // A
  of([200, 299], 'permission'), // A
  of(4, 'throttledAccount', { retryAfterMs: MINUTE }), // T (app); section I: minutes
  of(33, 'notRegistered'), // A: the phone number id is not, or not ours
  of(100, 'badRequest'), // P
  of(368, 'accountRestricted'), // A
  of(80007, 'throttledAccount', { retryAfterMs: MINUTE }), // T (account)
  of(130403, 'blocked'), // U
  of(130429, 'throttledChannel', { retryAfterMs: 1500 }), // T (number); section I: 1–2 s
  of(130472, 'marketingLimited'), // U (marketing)
  of(130497, 'regionNotAllowed'), // U/A
  of(131000, 'providerFault'), // R
  of(131005, 'permission'), // A
  of(131008, 'badRequest'), // P
  of(131009, 'badRequest'), // P
  of(131016, 'providerDown'), // R
  of(131020, 'badRequest'), // P (groups)
  of(131041, 'badRequest'), // P (groups)
  of(131059, 'badRequest'), // P (groups)
  of(131021, 'recipientInvalid'), // P: the sender itself
  of(131026, 'undeliverable'), // U
  // A by the page, but only this recipient fails: stopping the channel would stop the allowed ones too.
  of(131030, 'recipientInvalid'),
  of(131031, 'accountRestricted'), // A
  of(131037, 'notRegistered'), // A: display name not approved
  of(131042, 'payment'), // A
  of(131044, 'payment'), // A
  of(131045, 'notRegistered'), // A
  of(131047, 'windowClosed'), // W
  of(131048, 'spamLimited', { retryAfterMs: 2 * HOUR }), // T/A: hours, not seconds
  of(131049, 'marketingLimited'), // W: repeating it costs the account (PROVIDERS L22)
  of(131050, 'optedOut'), // U
  of(131051, 'contentUnsupported'), // P
  of(131052, 'mediaFailed'), // P
  of(131053, 'providerFault', { attemptsMax: 2 }), // R once, then P
  of(131055, 'contentUnsupported'), // P: this API takes marketing templates only
  of(131056, 'throttledRecipient', { retryAfterMs: 6000 }), // T (pair): one message per 6 s (A11)
  of(131057, 'providerDown', { retryAfterMs: MINUTE }), // R, minutes: the throughput upgrade takes ≤ 1 min
  of(131062, 'recipientInvalid'), // P: not by business-scoped user id
  of(131063, 'featureDisabled'), // A: marketing templates are switched off
  of(131064, 'accountRestricted', { retryAfterMs: HOUR }), // T/A: lifts by itself
  of(131208, 'throttledChannel', { retryAfterMs: MINUTE }), // T (groups)
  of([131200, 131299], 'badRequest'), // P (groups)
  of(132000, 'templateParameters'), // P
  of(132001, 'templateMissing'), // P
  of(132005, 'templateParameters'), // P: the text became too long
  of(132007, 'templateParameters'), // P: a value breaks the format policy
  of(132008, 'templateParameters'), // P
  of(132012, 'templateParameters'), // P
  of(132015, 'templatePaused'), // A (template)
  of(132016, 'templatePaused'), // A (template)
  of(132018, 'templateParameters'), // P
  of(132068, 'featureDisabled'), // A: flow blocked
  // T, but of one flow (10 messages an hour), which no scope of ours names: only this message waits.
  of(132069, 'providerFault', { retryAfterMs: 6 * MINUTE }),
  of(133004, 'providerDown'), // R
  of(133015, 'notRegistered', { retryAfterMs: 5 * MINUTE }), // A: wait 5 min
  of(133016, 'notRegistered', { retryAfterMs: 72 * HOUR }), // A: locked 72 h
  of([133000, 133010], 'notRegistered'), // A
  of(134011, 'payment'), // A
  of(134100, 'featureDisabled'), // A (marketing messages API)
  of(134101, 'providerFault', { retryAfterMs: 10 * MINUTE }), // R: still syncing, ≤ 10 min
  of(134102, 'featureDisabled'), // A
  of(135000, 'badRequest'), // P
  of(137000, 'undeliverable'), // U: another person has the number by now
  of([138000, 138018], 'badRequest'), // P (calling)
  of([139000, 139004], 'badRequest'), // P (flows)
  of([139100, 139103], 'badRequest'), // P (block list)
  of([147001, 147004], 'badRequest'), // P (usernames)
  of([2388000, 2388999], 'badRequest'), // P (template or number management)
  of(2494100, 'providerDown', { retryAfterMs: MINUTE }), // R: maintenance
]

const BY_CODE = new Map(FAILURE.filter(row => row.from === row.to).map(row => [row.from, row]))
const RANGES = FAILURE.filter(row => row.from !== row.to)

function rowOf(code: number): Row | undefined {
  return BY_CODE.get(code) ?? RANGES.find(row => row.from <= code && code <= row.to)
}

/**
 * The failure of an error that Meta named. `otherwise` is for codes that the table does not know: it depends on
 * where the error came from.
 */
export function failureOf({ transient, ...provider }: GraphError, otherwise: FailureCode): Failure {
  const row = rowOf(Number(provider.code))
  if (row === undefined) return { code: transient ? 'providerFault' : otherwise, provider }
  return {
    code: row.code,
    provider,
    ...(row.retryAfterMs !== undefined && { retryAfterMs: row.retryAfterMs }),
    ...(row.attemptsMax !== undefined && { attemptsMax: row.attemptsMax }),
  }
}
