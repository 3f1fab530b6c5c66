import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { WebhookRequest } from '../../connectors/connector.ts'
import { hmacOf } from '../../connectors/kit/signature.ts'
import { signedByTwilio } from '../../connectors/twilio/signature.ts'

const FORM = {
  MessageSid: 'SM00000000000000000000000000000001',
  From: '+15005550006',
  To: '+15005550001',
  Body: 'Hi & bye',
  NumMedia: '0',
}
const URL_OF_VECTOR = 'https://gw.example.com/hooks/twilio?ch=7'
const SIGNATURE = 'Yv1wcF1LW79MRT33ZzR7QWKddLQ='

function request(more: Partial<WebhookRequest> & { signature?: string }): WebhookRequest {
  const { signature, ...rest } = more
  const url = rest.url ?? URL_OF_VECTOR
  return {
    method: 'POST',
    url,
    query: Object.fromEntries(new URL(url).searchParams),
    headers: { ...(signature !== undefined && { 'x-twilio-signature': signature }) },
    body: Buffer.from(new URLSearchParams(FORM).toString()),
    at: 0,
    ...rest,
  }
}

test('PROVIDERS E1: the vector of a form', () => {
  expect(signedByTwilio(request({ signature: SIGNATURE }), '12345')).toBe(true)
})

test('PROVIDERS E1: the vector of a JSON body, whose hash stands in the URL', () => {
  const body = Buffer.from('{"a":1}')
  const url = `https://gw.example.com/hooks/twilio?bodySHA256=${createHash('sha256').update(body).digest('hex')}`
  const signature = '9lvOR9HYcRvwNWC2qIvuAKEsSwM='
  expect(signedByTwilio(request({ url, body, signature }), '12345')).toBe(true)
  expect(signedByTwilio(request({ url, body: Buffer.from('{"a":2}'), signature }), '12345')).toBe(false)
})

const PLACES = [
  ['another token', { signature: SIGNATURE }, '12346'],
  ['no header', {}, '12345'],
  ['a header that is no signature', { signature: 'x' }, '12345'],
  ['the URL that a proxy calls', { url: 'http://10.0.0.7:8080/hooks/twilio?ch=7' }, '12345'],
  ['another query', { url: 'https://gw.example.com/hooks/twilio?ch=8' }, '12345'],
  ['another value', { body: Buffer.from(new URLSearchParams({ ...FORM, Body: 'x' }).toString()) }, '12345'],
  ['one parameter more', { body: Buffer.from(new URLSearchParams({ ...FORM, X: '' }).toString()) }, '12345'],
  ['no body', { body: Buffer.alloc(0) }, '12345'],
  ['the body beside a GET', { method: 'GET' }, '12345'],
] as const
test.each(PLACES)('refused: %s', (name, more, token) => {
  const signature = name === 'no header' ? {} : { signature: SIGNATURE }
  expect(signedByTwilio(request({ ...signature, ...more }), token)).toBe(false)
})

test('what the body claims to be changes nothing: what is read is what was signed', () => {
  const headers = { 'content-type': 'application/json', 'x-twilio-signature': SIGNATURE }
  expect(signedByTwilio(request({ headers }), '12345')).toBe(true)
  // A signature over the bare URL does not vouch for a body.
  const bare = hmacOf({ algorithm: 'sha1', secret: '12345', body: URL_OF_VECTOR, encoding: 'base64' })
  expect(signedByTwilio(request({ signature: bare }), '12345')).toBe(false)
  expect(signedByTwilio(request({ signature: bare, method: 'GET' }), '12345')).toBe(true)
})

const PORTS = [
  ['https://gw.example.com/in?a=1', 'https://gw.example.com:443/in?a=1'],
  ['http://gw.example.com/in', 'http://gw.example.com:80/in'],
  ['https://gw.example.com:8443/in', 'https://gw.example.com/in'],
  ['https://[2001:db8::1]:8443/in', 'https://[2001:db8::1]/in'],
  ['https://gw.example.com', 'https://gw.example.com:443'],
] as const
test.each(PORTS)('PROVIDERS E1: %s may be signed as %s', (url, signed) => {
  for (const text of [url, signed]) {
    const told = Object.entries(FORM).sort().flat().join('')
    const signature = hmacOf({ algorithm: 'sha1', secret: 't', body: text + told, encoding: 'base64' })
    expect(signedByTwilio(request({ url, signature }), 't')).toBe(true)
  }
})

test('a name that is given twice counts once a value, in their order', () => {
  const text = 'https://gw.example.com/inA1A2B3'
  const signature = hmacOf({ algorithm: 'sha1', secret: 't', body: text, encoding: 'base64' })
  const body = Buffer.from('B=3&A=2&A=1&A=2')
  expect(signedByTwilio(request({ url: 'https://gw.example.com/in', body, signature }), 't')).toBe(true)
})

test('nothing that a stranger sends throws', () => {
  fc.assert(
    fc.property(fc.string(), fc.uint8Array(), fc.string(), (signature, bytes, url) => {
      const odd = { url, query: {}, headers: { 'x-twilio-signature': signature }, body: Buffer.from(bytes) }
      expect(signedByTwilio({ method: 'POST', at: 0, ...odd }, 't')).toBe(false)
    }),
    { numRuns: 200 },
  )
})
