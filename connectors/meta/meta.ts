import { timingSafeEqual } from 'node:crypto'
import type { Failure } from '../../model/failure.ts'
import type { HttpAnswer, Reply, WebhookRequest } from '../connector.ts'
import { objectIn, objectOf, parseJson, textIn } from '../kit/json.ts'
import { hmacMatches } from '../kit/signature.ts'

/** What Meta's three channels share: how webhooks are signed and subscribed, and how the Graph API says no. */

/** Always pinned: without a version the app's newest one answers (PROVIDERS A1). v26.0 is of 2026-07-29. */
export const VERSION = 'v26.0'

const PREFIX = 'sha256='

/** `X-Hub-Signature-256: sha256=<hex>` over the raw body, with the app secret (PROVIDERS A2). */
export function signedByMeta(request: WebhookRequest, appSecret: string): boolean {
  const header = request.headers['x-hub-signature-256']
  if (header === undefined || !header.startsWith(PREFIX)) return false
  return hmacMatches(header.slice(PREFIX.length), {
    algorithm: 'sha256',
    secret: appSecret,
    body: request.body,
    encoding: 'hex',
  })
}

/** The handshake (PROVIDERS A2): 200 and the challenge as it came; anything else makes the subscription fail. */
export function subscribed(request: WebhookRequest, verifyTokens: readonly string[]): Reply | undefined {
  if (request.method !== 'GET' || request.query['hub.mode'] !== 'subscribe') return undefined
  const token = request.query['hub.verify_token']
  const challenge = request.query['hub.challenge']
  // "int string": nothing that a browser could be made to run is echoed.
  if (token === undefined || challenge === undefined || !/^[\w.-]{1,256}$/.test(challenge))
    return { status: 400 }
  if (!verifyTokens.some(known => sameText(known, token))) return { status: 403 }
  return { status: 200, contentType: 'text/plain', body: challenge }
}

function sameText(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}

/** What the Graph API says went wrong. `transient` is its own hint that trying again may help. */
export type GraphError = NonNullable<Failure['provider']> & { transient: boolean }

/**
 * The error of an answer's body: `{ "error": { code, message, error_data: { details }, … } }` (PROVIDERS A13).
 * `bySubcode`: its code is `code/error_subcode` where there is one, as Messenger and Instagram tell errors apart (B6).
 * undefined means that the body is not Meta's own: a proxy's page, or nothing. For a 5xx that decides between
 * certain and uncertain (RULES C5).
 */
export async function graphErrorOf(answer: HttpAnswer, bySubcode: boolean): Promise<GraphError | undefined> {
  const error = objectIn(objectOf(parseJson(await answer.text())), 'error')
  const read = error && readGraphError(error)
  const subcode = error?.['error_subcode']
  if (read === undefined || !bySubcode || (typeof subcode !== 'number' && typeof subcode !== 'string'))
    return read
  return { ...read, code: `${read.code}/${subcode}` }
}

/** An error object as it stands in an answer's body or in a webhook's `errors[]`; undefined if it has no code. */
export function readGraphError(error: Record<string, unknown>): GraphError | undefined {
  const code = error['code']
  if (typeof code !== 'number' && typeof code !== 'string') return undefined
  const title = textIn(error, 'title') ?? textIn(error, 'message')
  const detail = textIn(objectIn(error, 'error_data'), 'details') ?? textIn(error, 'error_user_msg')
  return {
    code: String(code),
    ...(title !== undefined && { title }),
    ...(detail !== undefined && { detail }),
    transient: error['is_transient'] === true,
  }
}
