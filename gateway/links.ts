import { createHmac, hkdfSync } from 'node:crypto'
import { sameText } from './auth.ts'

/** How long a link to a file works. */
const LINK_MS = 300_000

type Link = { workspace: string; id: string; expires: string; signature: string }

/** Keys for signing links, one for each secret key; the sealing keys themselves sign nothing. */
export function linkKeysOf(secretKeys: readonly string[]): Uint8Array[] {
  return secretKeys.map(key => new Uint8Array(hkdfSync('sha256', key, '', 'omnibus file links', 32)))
}

/** The path of a file that works without a token, for five minutes if nobody says how long. */
export function signLink(
  keys: readonly Uint8Array[],
  file: { workspace: string; id: string },
  now: number,
  forMs = LINK_MS,
): string {
  const expires = String(now + forMs)
  const [key = new Uint8Array()] = keys
  const signature = signatureOf(key, { ...file, expires })
  return `/files/${file.id}?${new URLSearchParams({ workspace: file.workspace, expires, signature })}`
}

export function isSigned(keys: readonly Uint8Array[], link: Link, now: number): boolean {
  if (!/^\d{1,16}$/.test(link.expires) || Number(link.expires) < now) return false
  return keys.some(key => sameText(signatureOf(key, link), link.signature))
}

function signatureOf(key: Uint8Array, { workspace, id, expires }: Omit<Link, 'signature'>): string {
  return createHmac('sha256', key).update(`${workspace}\n${id}\n${expires}`).digest('base64url')
}
