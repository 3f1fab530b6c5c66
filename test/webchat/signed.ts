import { createHmac } from 'node:crypto'

/** PROVIDERS H2: the secret and the id of its test vector. */
export const SECRET = 'identity-secret'
export const VECTOR = {
  id: 'user-42',
  hash: '2bdde05d54d28f6c1686a5f352227bdf69a7a114e6f1a2694f9315696e7a7962',
}

const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')

/** As a website's server makes it; an hour is left of it unless `claims` say otherwise. */
export function jwt(claims: object, { secret = SECRET, header = {}, now = Date.now() } = {}): string {
  const nowS = Math.floor(now / 1000)
  const head = encoded({ alg: 'HS256', typ: 'JWT', ...header })
  const body = `${head}.${encoded({ iat: nowS, exp: nowS + 3600, ...claims })}`
  return `${body}.${createHmac('sha256', secret).update(body).digest('base64url')}`
}
