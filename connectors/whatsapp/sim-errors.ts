import type { SimAnswer } from '../kit/sim/answer.ts'

/** An answer of Meta's; `code` is that of the error in it. */
export type MetaAnswer = SimAnswer & { code?: number }

/** PROVIDERS A13: the HTTP status and words of the errors that the simulator gives. */
const ERRORS: ReadonlyMap<number, readonly [status: number, message: string]> = new Map([
  [1, [400, 'An unknown error occurred']],
  [2, [503, 'Service temporarily unavailable']],
  [4, [429, 'Application request limit reached']],
  [10, [403, 'Application does not have permission for this action']],
  [33, [400, 'Unsupported request. Object does not exist or cannot be loaded']],
  [100, [400, 'Invalid parameter']],
  [190, [401, 'Invalid OAuth access token - Cannot parse access token']],
  [368, [403, 'Temporarily blocked for policies violations']],
  [130429, [429, 'Rate limit hit']],
  [130472, [400, "User's number is part of an experiment"]],
  [131000, [500, 'Something went wrong']],
  [131008, [400, 'Required parameter is missing']],
  [131009, [400, 'Parameter value is not valid']],
  [131016, [500, 'Service unavailable']],
  [131026, [400, 'Message undeliverable']],
  [131042, [400, 'Business eligibility payment issue']],
  [131047, [400, 'Re-engagement message']],
  [131048, [429, 'Spam rate limit hit']],
  [131049, [400, 'This message was not delivered to maintain healthy ecosystem engagement.']],
  [131050, [400, 'User has stopped marketing messages']],
  [131051, [400, 'Unsupported message type']],
  [131053, [400, 'Media upload error']],
  [131056, [429, '(Business Account, Consumer Account) pair rate limit hit']],
  [131057, [500, 'Account in maintenance mode']],
  [132000, [400, 'Number of parameters does not match the expected number of params']],
  [132001, [404, 'Template name does not exist in the translation']],
  [132015, [400, 'Template is Paused']],
])

function errorOf(code: number): readonly [status: number, message: string] {
  return ERRORS.get(code) ?? [400, 'Error']
}

/** Meta's sync error body (A13). */
export function refusal(code: number, details?: string): MetaAnswer {
  const [status, message] = errorOf(code)
  const error = {
    message: code === 190 ? message : `(#${code}) ${message}`,
    type: 'OAuthException',
    code,
    ...(details !== undefined && { error_data: { messaging_product: 'whatsapp', details } }),
    fbtrace_id: 'AsimulatedTraceIdentifier',
  }
  return { status, body: JSON.stringify({ error }), code }
}

/** An entry of `statuses[].errors[]` (A4). */
export function statusError(code: number): Record<string, unknown> {
  const [, message] = errorOf(code)
  return {
    code,
    title: message,
    message,
    error_data: { details: message },
    href: 'https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/',
  }
}
