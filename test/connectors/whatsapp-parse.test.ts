import { expect, test } from 'vitest'
import type { Inbound, WebhookRequest } from '../../connectors/connector.ts'
import { parse } from '../../connectors/whatsapp/parse.ts'

/** What is Meta's own; the fixtures and the totality of `parse` are laws of `test/contracts/connector.ts`. */

function requestOf(body: Buffer): WebhookRequest {
  return { method: 'POST', url: 'https://example.com/in/whatsapp', query: {}, headers: {}, body, at: 0 }
}

function parseText(text: string): Inbound[] {
  return parse(requestOf(Buffer.from(text)))
}

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

function valueWith(messages: unknown[], phone_number_id = '100') {
  return { messaging_product: 'whatsapp', metadata: { phone_number_id }, contacts: [], messages }
}

function text(id: string, body: string) {
  return { from: '5215512345678', id: `wamid.${id}`, timestamp: '1767225600', type: 'text', text: { body } }
}
