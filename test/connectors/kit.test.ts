import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { retryAfterMs } from '../../connectors/kit/retry-after.ts'
import { type Segments, segmentsOf } from '../../connectors/kit/segments.ts'
import { hmacMatches, hmacOf } from '../../connectors/kit/signature.ts'
import { signedByMeta, subscribed } from '../../connectors/meta/meta.ts'

// PROVIDERS A2, the test vector: the é is an escape of six characters.
const SECRET = 'app-secret-123'
const BODY = String.raw`{"object":"page","entry":[{"id":"1","time":1700000000000,"messaging":[{"sender":{"id":"9"},"recipient":{"id":"1"},"timestamp":1700000000000,"message":{"mid":"m_1","text":"caf\u00e9"}}]}]}`
const SIGNATURE = 'sha256=c0ab2395ab0bc7f06cca3ea4d1563ccdef08a0a98a6a26a52b52b2fa36f2f3ce'

function webhook(headers: Record<string, string | undefined>, body: string, query = {}, method = 'POST') {
  return { method, url: 'https://example.com/in/whatsapp', query, headers, body: Buffer.from(body), at: 0 }
}

test('the signature vector of PROVIDERS A2 is accepted', () => {
  expect(signedByMeta(webhook({ 'x-hub-signature-256': SIGNATURE }, BODY), SECRET)).toBe(true)
})

test.each<[string, string | undefined, string]>([
  ['another secret', SIGNATURE, 'other'],
  ['no header', undefined, SECRET],
  ['an empty header', '', SECRET],
  ['the digest without its prefix', SIGNATURE.slice(7), SECRET],
  ['sha1', SIGNATURE.replace('sha256', 'sha1'), SECRET],
  ['a digit less', SIGNATURE.slice(0, -1), SECRET],
  ['a digit more', `${SIGNATURE}0`, SECRET],
  ['no hex', `sha256=${'z'.repeat(64)}`, SECRET],
])('a webhook with %s is refused', (_name, header, secret) => {
  expect(signedByMeta(webhook({ 'x-hub-signature-256': header }, BODY), secret)).toBe(false)
})

test('the same JSON written again is other bytes, and refused', () => {
  const again = JSON.stringify(JSON.parse(BODY))
  expect(signedByMeta(webhook({ 'x-hub-signature-256': SIGNATURE }, again), SECRET)).toBe(false)
})

test('an HMAC matches itself in both encodings, and nothing that differs by a bit', () => {
  fc.assert(
    fc.property(
      fc.uint8Array(),
      fc.string({ minLength: 1 }),
      fc.constantFrom('sha1' as const, 'sha256' as const, 'sha512' as const),
      fc.constantFrom('hex' as const, 'base64' as const),
      fc.nat(),
      (body, secret, algorithm, encoding, at) => {
        const hmac = { algorithm, secret, body, encoding }
        expect(hmacOf(hmac)).toBe(createHmac(algorithm, secret).update(body).digest(encoding))
        expect(hmacMatches(hmacOf(hmac), hmac)).toBe(true)
        const digest = Buffer.from(hmacOf(hmac), encoding)
        const index = at % digest.length
        digest[index] = (digest[index] ?? 0) ^ 1
        expect(hmacMatches(digest.toString(encoding), hmac)).toBe(false)
      },
    ),
  )
})

test('the handshake answers the challenge to any of the verify tokens, and to nothing else', () => {
  const ask = (query: Record<string, string>, method = 'GET') =>
    subscribed(webhook({}, '', { 'hub.mode': 'subscribe', 'hub.challenge': '115', ...query }, method), [
      'old',
      'new',
    ])
  expect(ask({ 'hub.verify_token': 'new' })).toEqual({ status: 200, contentType: 'text/plain', body: '115' })
  expect(ask({ 'hub.verify_token': 'old' })?.status).toBe(200)
  expect(ask({ 'hub.verify_token': 'neither' })?.status).toBe(403)
  expect(ask({})?.status).toBe(400)
  expect(ask({ 'hub.verify_token': 'new', 'hub.challenge': '<script>' })?.status).toBe(400)
  expect(ask({ 'hub.verify_token': 'new', 'hub.mode': 'other' })).toBeUndefined()
  expect(ask({ 'hub.verify_token': 'new' }, 'POST')).toBeUndefined()
})

// PROVIDERS E0: checked there with Twilio's sms-segments-calculator 1.3.0.
test.each<[string, string, Segments['encoding'], number]>([
  ['160 × a', 'a'.repeat(160), 'gsm7', 1],
  ['161 × a', 'a'.repeat(161), 'gsm7', 2],
  ['306 × a', 'a'.repeat(306), 'gsm7', 2],
  ['307 × a', 'a'.repeat(307), 'gsm7', 3],
  ['80 × €', '€'.repeat(80), 'gsm7', 1],
  ['81 × €', '€'.repeat(81), 'gsm7', 2],
  ['152 × a + € + 10 × a', `${'a'.repeat(152)}€${'a'.repeat(10)}`, 'gsm7', 2],
  ['70 × é', 'é'.repeat(70), 'gsm7', 1],
  ['70 × я', 'я'.repeat(70), 'ucs2', 1],
  ['71 × я', 'я'.repeat(71), 'ucs2', 2],
  ['134 × я', 'я'.repeat(134), 'ucs2', 2],
  ['35 × 😀', '😀'.repeat(35), 'ucs2', 1],
  ['36 × 😀', '😀'.repeat(36), 'ucs2', 2],
  ['66 × я + 😀 + 5 × я', `${'я'.repeat(66)}😀${'я'.repeat(5)}`, 'ucs2', 2],
  ['çÇ', 'çÇ', 'ucs2', 1],
  ['`', '`', 'ucs2', 1],
  ['It’s', 'It’s', 'ucs2', 1],
  ['nothing', '', 'gsm7', 1],
])('segments of %s', (_name, text, encoding, parts) => {
  const segments = segmentsOf(text)
  expect([segments.encoding, segments.parts.length]).toEqual([encoding, parts])
})

test('neither an extension pair nor a surrogate pair is parted', () => {
  expect(segmentsOf(`${'a'.repeat(152)}€${'a'.repeat(10)}`).parts[1]).toBe(`€${'a'.repeat(10)}`)
  expect(segmentsOf(`${'я'.repeat(66)}😀${'я'.repeat(5)}`).parts[1]).toBe(`😀${'я'.repeat(5)}`)
})

test('the parts of any text are the text, and none is longer than a part may be', () => {
  const character = fc.constantFrom(...'aé€[😀я\n`Ç')
  fc.assert(
    fc.property(fc.array(character, { maxLength: 700 }), characters => {
      const text = characters.join('')
      const { encoding, parts } = segmentsOf(text)
      expect(parts.join('')).toBe(text)
      const max = encoding === 'gsm7' ? (parts.length > 1 ? 153 : 160) : parts.length > 1 ? 67 : 70
      for (const part of parts) {
        const units = encoding === 'ucs2' ? part.length : part.length + part.replace(/[^€[]/g, '').length
        expect(units).toBeLessThanOrEqual(max)
      }
    }),
  )
})

const NOW = Date.UTC(2026, 10, 20, 12, 0, 0)

test.each<[string | undefined, number | undefined]>([
  ['120', 120_000],
  ['0', 0],
  [' 5 ', 5000],
  ['1.5', 1500],
  ['Fri, 20 Nov 2026 12:00:30 GMT', 30_000],
  ['Friday, 20-Nov-26 12:00:30 GMT', 30_000],
  ['Fri, 20 Nov 2026 11:00:00 GMT', 0],
  ['99999999', 7 * 86_400_000],
  ['', undefined],
  ['soon', undefined],
  ['-5', undefined],
  [undefined, undefined],
])('Retry-After %s', (header, expected) => {
  expect(retryAfterMs(header, NOW)).toBe(expected)
})
