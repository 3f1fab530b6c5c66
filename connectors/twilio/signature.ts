import { createHash } from 'node:crypto'
import type { WebhookRequest } from '../connector.ts'
import { objectOf, parseJson } from '../kit/json.ts'
import { hmacMatches } from '../kit/signature.ts'

/**
 * How Twilio signs (PROVIDERS E1): HMAC-SHA1 under the account's auth token over the public URL and every parameter of
 * the form, sorted by name. A body that is no form is proven by its hash, which stands in the signed URL.
 */
export function signedByTwilio(request: WebhookRequest, authToken: string): boolean {
  const header = request.headers['x-twilio-signature']
  if (header === undefined) return false
  const hash = request.query['bodySHA256']
  if (hash !== undefined && hash.toLowerCase() !== sha256Of(request.body)) return false
  const told = hash === undefined ? signedParameters(formOf(request)) : ''
  return urlsOf(request.url).some(url =>
    hmacMatches(header, { algorithm: 'sha1', secret: authToken, body: url + told, encoding: 'base64' }),
  )
}

type Pair = [name: string, value: string]
const NO_FORM: readonly Pair[] = []
/** A delivery's form is asked for once for every secret that is tried, and once to be read. */
const forms = new WeakMap<WebhookRequest, readonly Pair[]>()

/** What stands in the body, whatever type it claims to be: what is not signed over is not read either. */
function formOf(request: WebhookRequest): readonly Pair[] {
  if (request.method === 'GET' || request.body.length === 0) return NO_FORM
  const known = forms.get(request)
  if (known !== undefined) return known
  const form = [...new URLSearchParams(request.body.toString('utf8'))]
  forms.set(request, form)
  return form
}

/** Names and values without anything in between; equal values of one name count once. */
function signedParameters(form: readonly Pair[]): string {
  let told = ''
  let last: Pair = ['', '']
  for (const pair of form.toSorted(byNameAndValue)) {
    if (byNameAndValue(pair, last) !== 0) told += pair[0] + pair[1]
    last = pair
  }
  return told
}

function byNameAndValue([a, first]: Pair, [b, second]: Pair): number {
  return a < b ? -1 : a > b ? 1 : first < second ? -1 : first > second ? 1 : 0
}

const URL_PARTS = /^(https?):\/\/([^/?#]*?)(:\d+)?([/?#].*)?$/is

/** The URL as it came, and with the port added or left out: Twilio signs either (PROVIDERS E1). */
function urlsOf(url: string): string[] {
  const [, scheme, host, port, rest = ''] = URL_PARTS.exec(url) ?? []
  if (scheme === undefined || host === undefined) return [url]
  if (port !== undefined) return [url, `${scheme}://${host}${rest}`]
  return [url, `${scheme}://${host}:${scheme.toLowerCase() === 'https' ? 443 : 80}${rest}`]
}

function sha256Of(body: Buffer): string {
  return createHash('sha256').update(body).digest('hex')
}

/** One parameter of a delivery; undefined if it is missing or empty. */
export type Parameters = (name: string) => string | undefined

/**
 * The parameters of a delivery that was verified: of a form, of the query of a GET, or of a JSON object.
 * undefined: a body that promised JSON and is none.
 */
export function parametersOf(request: WebhookRequest): Parameters | undefined {
  const { method, query } = request
  if (query['bodySHA256'] !== undefined && method !== 'GET') {
    const object = objectOf(parseJson(request.body.toString('utf8')))
    return object && (name => textOf(Object.hasOwn(object, name) ? object[name] : undefined))
  }
  if (method === 'GET') return name => textOf(Object.hasOwn(query, name) ? query[name] : undefined)
  // Of a name that is given twice the first counts.
  const form = new Map(formOf(request).toReversed())
  return name => textOf(form.get(name))
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value)
  return typeof value === 'string' && value !== '' ? value : undefined
}
