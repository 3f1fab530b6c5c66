import { createHmac, timingSafeEqual } from 'node:crypto'

export type Hmac = {
  algorithm: 'sha1' | 'sha256' | 'sha512'
  secret: string
  /** The raw bytes as they came: parsed and written again they are others (PROVIDERS, rule 1). */
  body: Uint8Array | string
  encoding: 'hex' | 'base64'
}

/** The signature of `body` under `secret`, as text. */
export function hmacOf({ algorithm, secret, body, encoding }: Hmac): string {
  return createHmac(algorithm, secret).update(body).digest(encoding)
}

/**
 * Whether `signature` is that of `body`, compared in constant time. Hex may be in either case; anything that is not
 * the whole digest in its encoding is simply no match.
 */
export function hmacMatches(signature: string | undefined, hmac: Hmac): boolean {
  if (signature === undefined) return false
  const digest = createHmac(hmac.algorithm, hmac.secret).update(hmac.body).digest()
  const given = Buffer.from(signature, hmac.encoding)
  // The text's length is checked too: Buffer.from stops at the first character that is not of the encoding.
  const digits = hmac.encoding === 'hex' ? digest.length * 2 : Math.ceil(digest.length / 3) * 4
  return signature.length === digits && given.length === digest.length && timingSafeEqual(given, digest)
}
