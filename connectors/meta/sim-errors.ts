import type { SimAnswer } from '../kit/sim/answer.ts'

/** `code` or `code/subcode`: as the connectors' table of errors has them (PROVIDERS B6, C4). */
const ERRORS: readonly (readonly [error: string, status: number, message: string])[] = [
  ['1', 500, 'An unknown error occurred'],
  ['2', 503, 'Service temporarily unavailable'],
  ['2/1545133', 500, 'Temporary send message failure'],
  ['4', 429, 'Application request limit reached'],
  ['9/2018352', 400, 'You are sending too many messages to this person'],
  ['10', 403, 'Application does not have permission for this action'],
  ['10/1893063', 403, 'The Page is temporarily restricted'],
  ['10/2018278', 400, 'This message is sent outside of allowed window.'],
  ['10/2534022', 403, 'This message is sent outside of allowed window.'],
  ['32', 429, 'Page request limit reached'],
  ['33', 400, 'Unsupported request. Object does not exist or cannot be loaded'],
  ['100', 400, 'Invalid parameter'],
  ['100/2018001', 400, 'No matching user found'],
  ['100/2018218', 400, 'Invalid parameter'],
  ['100/2534014', 400, 'The requested user cannot be found'],
  ['100/2534015', 400, 'Invalid message data'],
  ['100/2534025', 400, 'Invalid comment, or it was replied to already'],
  ['190', 401, 'Invalid OAuth access token - Cannot parse access token'],
  ['190/463', 401, 'Error validating access token: Session has expired'],
  ['200', 403, 'Requires the permission pages_messaging'],
  ['200/2534041', 403, 'The account owner does not allow messages'],
  ['368', 403, 'Temporarily blocked for policies violations'],
  ['551/1545041', 400, "This person isn't available right now."],
  ['613', 400, 'Calls to this api have exceeded the rate limit.'],
  ['10900', 400, 'Activity already replied to'],
  ['80002', 400, 'There have been too many calls to this Instagram account.'],
  ['80006', 400, 'There have been too many calls to this Page account.'],
  ['9000001', 500, 'Please retry later'],
]

/** By the whole name, and by what alone is a number: behaviour names an error by its subcode, where it has one. */
const BY_NAME = new Map(ERRORS.map(row => [row[0], row]))
const BY_NUMBER = new Map(ERRORS.map(row => [Number(row[0].split('/').at(-1)), row]))

/** Errors that say how long to wait do it in minutes, in a header (B5). */
const USAGE = new Set(['4', '32', '80002', '80006'])

export type Refusal = { answer: SimAnswer; code: number }

/** What Meta answers for an error: `10/2018278`, or its subcode or code alone. */
export function refusal(error: string | number, details?: string): Refusal {
  const row = typeof error === 'number' ? BY_NUMBER.get(error) : BY_NAME.get(error)
  const [name, status, message] = row ?? [String(error), 400, 'Error']
  const [code = 0, subcode] = name.split('/').map(Number)
  const body = {
    message: code === 190 ? message : `(#${code}) ${message}`,
    type: subcode === 2534022 ? 'IGApiException' : 'OAuthException',
    code,
    ...(subcode !== undefined && { error_subcode: subcode }),
    ...(details !== undefined && { error_user_msg: details }),
    fbtrace_id: 'AsimulatedTraceIdentifier',
  }
  const usage = { '1': [{ type: 'messenger', call_count: 100, estimated_time_to_regain_access: 1 }] }
  const headers = USAGE.has(name) ? { 'x-business-use-case-usage': JSON.stringify(usage) } : undefined
  const answer = { status, body: JSON.stringify({ error: body }), ...(headers !== undefined && { headers }) }
  return { answer, code: subcode ?? code }
}
