import { readdirSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Inbound, WebhookRequest } from '../../connectors/connector.ts'
import { parse } from '../../connectors/whatsapp/parse.ts'
import { isPhone } from '../../model/address.ts'
import { rfc3339 } from '../../model/clock.ts'

type Fixture = { why: string; request: { body?: unknown; text?: string }; expect: Inbound[] }

const FOLDER = new URL('../../connectors/whatsapp/fixtures/', import.meta.url)
const fixtures = readdirSync(FOLDER).map(
  file => [file, JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8')) as Fixture] as const,
)

function requestOf(body: Buffer): WebhookRequest {
  return { method: 'POST', url: 'https://example.com/in/whatsapp', query: {}, headers: {}, body }
}

function parseText(text: string): Inbound[] {
  return parse(requestOf(Buffer.from(text)))
}

test.each(fixtures)('%s', (_file, fixture) => {
  const text = fixture.request.text ?? JSON.stringify(fixture.request.body)
  expect(parseText(text), fixture.why).toEqual(fixture.expect)
})

test('a payload means the same with its non-ASCII escaped, as Meta writes it', () => {
  const body = {
    object: 'whatsapp_business_account',
    entry: [{ id: '1', changes: [{ field: 'messages', value: valueWith([text('1', 'ñandú 👍')]) }] }],
  }
  const plain = JSON.stringify(body)
  const escaped = plain.replace(
    /[\u0080-\uffff]/g,
    unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
  expect(escaped).not.toBe(plain)
  expect(parseText(escaped)).toEqual(parseText(plain))
})

test('a batch of 1,000 updates is read whole, in order, each under its own number', () => {
  const changes = Array.from({ length: 10 }, (_, n) => ({
    field: 'messages',
    value: valueWith(
      Array.from({ length: 100 }, (_, i) => text(`${n}-${i}`, `text ${i}`)),
      `10${n}`,
    ),
  }))
  const items = parseText(
    JSON.stringify({ object: 'whatsapp_business_account', entry: [{ id: '1', changes }] }),
  )
  expect(items).toHaveLength(1000)
  expect(items.map(item => item.to)).toEqual(
    Array.from({ length: 1000 }, (_, i) => `10${Math.floor(i / 100)}`),
  )
  expect(new Set(items.map(item => ('key' in item ? item.key : ''))).size).toBe(1000)
})

test('STYLE 11: parse is total: whatever is in a payload, it answers items whose fields are usable', () => {
  const bodies = fixtures.flatMap(([, { request }]) => (request.body === undefined ? [] : [request.body]))
  const change = fc.record({
    body: fc.constantFrom(...bodies),
    at: fc.nat(400),
    value: fc.oneof(fc.jsonValue(), fc.constantFrom(undefined, null, '', '__proto__', -1, [], {}, 1e308)),
  })
  fc.assert(
    fc.property(change, ({ body, at, value }) => {
      for (const item of parseText(JSON.stringify(mutated(body, at, value)))) checkItem(item)
    }),
    { numRuns: 3000 },
  )
})

test('parse is total over bytes that are no JSON, and over JSON that is no webhook', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array(),
        fc.json().map(text => Buffer.from(text)),
      ),
      bytes => {
        const items = parse(requestOf(Buffer.from(bytes)))
        expect(items).toHaveLength(1)
        expect(items[0]?.kind).toBe('rejected')
      },
    ),
  )
})

function checkItem(item: Inbound): void {
  expect(typeof item.to).toBe('string')
  if ('at' in item) rfc3339(item.at)
  if ('key' in item) expect(item.key).not.toBe('')
  if (item.kind === 'edited' || item.kind === 'deleted') expect(item.of).not.toBe('')
  if (item.kind === 'channel') expect(['ok', 'failing']).toContain(item.health.state)
  if (item.kind === 'limits') expect(Object.keys(item.live)).not.toEqual([])
  if (item.kind === 'template') expect([item.template.name, item.template.language]).not.toContain('')
  if (item.kind === 'receipt') expect(item.member).not.toBe('')
  if (item.kind !== 'message' && item.kind !== 'echo') return
  const author = item.besides?.author?.address
  const addresses = [item.address, ...(item.also ?? []), ...(item.former === undefined ? [] : [item.former])]
  for (const { kind, value } of author === undefined ? addresses : [...addresses, author]) {
    expect(kind === 'phone' ? isPhone(value) : ['whatsapp', 'group'].includes(kind) && value !== '').toBe(
      true,
    )
  }
}

/** A copy of `body` in which the `at`-th place, in reading order, holds `value` instead. */
function mutated(body: unknown, at: number, value: unknown): unknown {
  let count = 0
  return JSON.parse(
    JSON.stringify(body, (_key, old: unknown) => {
      count += 1
      return count === at + 1 ? value : old
    }) ?? 'null',
  )
}

function valueWith(messages: unknown[], phone_number_id = '100') {
  return { messaging_product: 'whatsapp', metadata: { phone_number_id }, contacts: [], messages }
}

function text(id: string, body: string) {
  return { from: '5215512345678', id: `wamid.${id}`, timestamp: '1767225600', type: 'text', text: { body } }
}
