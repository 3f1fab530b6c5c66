import { type Failure, type FailureCode, SendFailure } from '../../model/failure.ts'
import type { Observation } from '../../model/status.ts'
import type { HttpAnswer, Io } from '../connector.ts'
import { objectOf, parseJson, textIn } from '../kit/json.ts'
import { retryAfterMs } from '../kit/retry-after.ts'

/** PROVIDERS E1 and J, word by word. `pending`: Twilio has it and holds it back (RULES D4). */
export const STATUS: ReadonlyMap<string, Observation['status'] | 'pending'> = new Map([
  ['accepted', 'pending'],
  ['scheduled', 'pending'],
  ['queued', 'pending'],
  ['sending', 'sent'],
  ['sent', 'sent'],
  ['delivered', 'received'],
  // Some of its segments, or some of a group: the timeline has the word.
  ['partially_delivered', 'received'],
  ['read', 'read'],
  ['undelivered', 'failed'],
  ['failed', 'failed'],
  ['canceled', 'failed'],
])

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

type Row = { errors: readonly number[]; code: FailureCode; retryAfterMs?: number; attemptsMax?: number }

const of = (errors: readonly number[], code: FailureCode, hints: Partial<Row> = {}): Row => {
  return { errors, code, ...hints }
}

/**
 * PROVIDERS E1, with its class: T throttled, R transient, W window, U user, P bad request, A account. An account's
 * fault that stops only some recipients does not stop the channel: the others are still reached.
 */
export const FAILURE: readonly Row[] = [
  of([20003], 'credentials'), // A
  of([20404], 'badRequest'), // P
  of([20429], 'throttledAccount', { retryAfterMs: 2 * SECOND }), // T; section I: 0.5–5 s
  of([20500], 'providerFault'), // R
  of([20503], 'providerDown'), // R
  of([21211, 21217, 21214, 21614], 'recipientInvalid'), // U
  of([21212, 21606, 21601, 21603, 21703, 21704], 'notRegistered'), // A
  of([21408], 'regionNotAllowed'), // A: this country only
  of([21608], 'featureDisabled'), // A: a trial account reaches verified numbers only
  of([21610], 'optedOut'), // U (sender or service)
  of([21611, 30001], 'throttledChannel', { retryAfterMs: 5 * MINUTE }), // T: ten hours wait in their queue
  of([21612, 21635], 'undeliverable'), // U
  of([21617, 30019], 'contentTooLarge'), // P
  of([21620], 'mediaFailed'), // P: the address of a file
  of([21602, 21619, 21623, 21624], 'badRequest'), // P
  of([21654, 21655], 'templateMissing'), // P
  of([21656], 'templateParameters'), // P
  of([30002], 'accountRestricted'), // A
  of([30003], 'providerFault', { retryAfterMs: 10 * MINUTE, attemptsMax: 3 }), // R: few, minutes to hours
  of([30004], 'blocked'), // U/A
  of([30005, 30006], 'undeliverable'), // U
  of([30007], 'filtered'), // A: the same text again makes it worse
  of([30008], 'providerFault', { attemptsMax: 2 }), // R once
  of([30009, 30010, 30012], 'badRequest'), // P
  of([30011], 'contentUnsupported'), // P: no MMS there
  // T: congestion at the carrier, the campaign's rate, their time ran out in Twilio's queue.
  of([30017, 30022, 30036], 'throttledChannel', { retryAfterMs: MINUTE }),
  // T until the next day, which begins at an hour that the carrier chooses: a few times a day is looked again.
  of([30023, 30026, 30027], 'throttledChannel', { retryAfterMs: 6 * HOUR }),
  of([30018], 'regionNotAllowed'), // A: this country wants senders registered
  of([30024, 30032, 30034], 'notRegistered'), // A: at the carrier, toll-free, A2P
  of([30410, 30500], 'providerFault'), // R (unconfirmed)
  of([11200, 11205], 'mediaFailed'), // ours: what it wanted to fetch from us
  of([63003, 63024], 'recipientInvalid'), // U
  of([63001], 'credentials'), // A
  of([63002, 63007, 63008, 63020], 'notRegistered'), // A
  of([63013, 63026], 'filtered'), // A: against the channel's policy, taken for spam
  of([63014, 63033], 'blocked'), // U
  of([63049], 'marketingLimited'), // W (unconfirmed): as WhatsApp's 131049
  of([63016], 'windowClosed'), // W
  of([63017, 63018], 'throttledChannel', { retryAfterMs: 2 * SECOND }), // T
  of([63019], 'mediaFailed'), // P
  of([63028], 'templateParameters'), // P
  of([63030], 'contentUnsupported'), // P
  of([63005, 63006, 63021, 63034], 'badRequest'), // P
  of([63027, 63040], 'templateMissing'), // A: not there, never submitted
  of([63041], 'templatePaused'), // A
  of([63032, 63036], 'undeliverable'), // U: by a rule of WhatsApp, no RCS on that phone
  of([63035], 'notRegistered'), // A: the RCS agent is not launched
  of([63038], 'throttledAccount', { retryAfterMs: 6 * HOUR }), // T: the account's day
]

const BY_ERROR = new Map(FAILURE.flatMap(row => row.errors.map(error => [String(error), row] as const)))

/** The failure of an error that Twilio named. `otherwise` is for codes that the table does not know. */
export function failureOf(provider: NonNullable<Failure['provider']>, otherwise: FailureCode): Failure {
  const { errors: _, ...row } = BY_ERROR.get(provider.code) ?? of([], otherwise)
  return { ...row, provider }
}

/** Statuses that say enough without Twilio's own body (RULES C5). */
const BARE_STATUS: ReadonlyMap<number, FailureCode> = new Map([
  [401, 'credentials'],
  [403, 'permission'],
  [404, 'badRequest'],
  [408, 'providerFault'],
  [413, 'contentTooLarge'],
  [429, 'throttledAccount'],
])

/**
 * Why an answer that is not 2xx refused the request (RULES C5): `{ code, message, more_info, status }` is certain. A
 * 5xx without it may come from something in between while Twilio took the message: `noAnswer`.
 */
export async function refusalOf(answer: HttpAnswer, io: Io): Promise<SendFailure> {
  const { status } = answer
  const error = objectOf(parseJson(await answer.text()))
  const wait = retryAfterMs(answer.headers['retry-after'], io.now())
  const bare = BARE_STATUS.get(status) ?? 'badRequest'
  const hint = wait !== undefined && { retryAfterMs: wait }
  if (typeof error?.['code'] === 'number') {
    const title = textIn(error, 'message')
    const provider = { code: String(error['code']), ...(title !== undefined && { title }) }
    return new SendFailure({ ...failureOf(provider, status >= 500 ? 'providerFault' : bare), ...hint })
  }
  const code = status < 500 ? bare : status === 503 && wait !== undefined ? 'providerDown' : 'noAnswer'
  return new SendFailure({ code, provider: { code: `HTTP ${status}` }, ...hint })
}
