import { readdirSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Inbound, WebhookRequest } from '../../connectors/connector.ts'
import { parse } from '../../connectors/twilio/parse.ts'
import { isPhone } from '../../model/address.ts'
import { rfc3339 } from '../../model/clock.ts'

type Fixture = {
  why: string
  request: {
    method?: 'GET'
    query?: Record<string, string>
    form?: Record<string, string>
    body?: unknown
    text?: string
    /** The key of the channel that the URL names. */
    channel?: string
  }
  expect: Inbound[]
}

const FOLDER = new URL('../../connectors/twilio/fixtures/', import.meta.url)
const fixtures = readdirSync(FOLDER).map(
  file => [file, JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8')) as Fixture] as const,
)

function requestOf({ method, query = {}, form, body, text = '' }: Fixture['request']): WebhookRequest {
  const written =
    form !== undefined
      ? new URLSearchParams(form).toString()
      : body !== undefined
        ? JSON.stringify(body)
        : text
  const url = 'https://gw.example.com/in/twilio'
  return {
    method: method ?? 'POST',
    url,
    query,
    headers: {},
    body: Buffer.from(written),
    at: 1_767_225_600_000,
  }
}

function read(request: Fixture['request']): Inbound[] {
  return parse(requestOf(request), request.channel === undefined ? {} : { channel: request.channel })
}

test.each(fixtures)('%s', (_file, fixture) => {
  expect(read(fixture.request), fixture.why).toEqual(fixture.expect)
})

test('a form means the same however its text was escaped', () => {
  const plain = 'SmsStatus=received&MessageSid=SM1&From=%2B15005550006&To=%2B15005550001&Body=1%2B1+%C3%B1'
  const other = 'SmsStatus=received&MessageSid=SM1&From=%2b15005550006&To=%2b15005550001&Body=1%2b1%20%c3%b1'
  expect(read({ text: plain })).toEqual(read({ text: other }))
  expect(read({ text: plain })).toMatchObject([{ content: { text: '1+1 ñ' } }])
})

test('STYLE 11: parse is total: whatever is in a form, it answers items whose fields are usable', () => {
  const forms = fixtures.flatMap(([, { request }]) => (request.form === undefined ? [] : [request.form]))
  const change = fc.record({
    form: fc.constantFrom(...forms),
    at: fc.nat(40),
    value: fc.oneof(
      fc.string(),
      fc.constantFrom('', '-1', '1e999', '__proto__', '+', 'whatsapp:', 'MG', '\u0000', '99999999999', 'NaN'),
    ),
  })
  fc.assert(
    fc.property(change, ({ form, at, value }) => {
      const names = Object.keys(form)
      for (const item of read({ form: { ...form, [names[at % names.length] ?? '']: value } })) checkItem(item)
    }),
    { numRuns: 1000 },
  )
})

test('parse is total over bytes that are no form, and over JSON that is no message', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array(),
        fc.json().map(text => Buffer.from(text)),
      ),
      bytes => {
        for (const query of [{}, { bodySHA256: 'x' }]) {
          const items = parse({ ...requestOf({ query }), body: Buffer.from(bytes) })
          expect(items).toEqual([{ to: '', kind: 'rejected', why: 'notAMessage' }])
        }
      },
    ),
    { numRuns: 200 },
  )
})

function checkItem(item: Inbound): void {
  expect(typeof item.to).toBe('string')
  if ('at' in item) rfc3339(item.at)
  if ('key' in item) expect(item.key).not.toBe('')
  if (item.kind === 'receipt') expect(item.raw).not.toBe('')
  if (item.kind !== 'message' && item.kind !== 'consent') return
  const { kind, value } = item.address
  expect(kind === 'phone' ? isPhone(value) : kind === 'messenger' && value !== '').toBe(true)
}
