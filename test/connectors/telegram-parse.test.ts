import { readdirSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Inbound } from '../../connectors/connector.ts'
import { parse } from '../../connectors/telegram/parse.ts'
import { rfc3339 } from '../../model/clock.ts'

type Fixture = { why: string; request: { body?: unknown; text?: string }; expect: Inbound[] }

const BOT = '7000000001'
/** When a delivery came: the time of what Telegram tells no time of. */
const HEARD_AT = 1767229999000
const FOLDER = new URL('../../connectors/telegram/fixtures/', import.meta.url)
const fixtures = readdirSync(FOLDER).map(
  file => [file, JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8')) as Fixture] as const,
)

function parseText(text: string, url: { channel?: string } = { channel: BOT }): Inbound[] {
  const request = {
    method: 'POST',
    url: 'https://a.example/in/telegram',
    query: {},
    headers: {},
    at: HEARD_AT,
  }
  return parse({ ...request, body: Buffer.from(text) }, url)
}

test.each(fixtures)('%s', (_file, fixture) => {
  const text = fixture.request.text ?? JSON.stringify(fixture.request.body)
  expect(parseText(text), fixture.why).toEqual(fixture.expect)
})

test('B2: on the URL of every channel nobody can tell whose an update is: it is kept, not guessed', () => {
  const text = fixtures.find(([file]) => file === 'text.json')?.[1]
  expect(parseText(JSON.stringify(text?.request.body), {})).toEqual([
    { to: '', kind: 'rejected', why: 'noChannel' },
  ])
})

test('ids of 52 bits keep every digit', () => {
  const [item] = parseText(`{"update_id":1,"message":{"message_id":2147483647,"date":1767225600,"text":"x",
    "chat":{"id":-4503599627370495,"type":"supergroup"},"from":{"id":4503599627370495}}}`)
  expect(item).toMatchObject({ key: '-4503599627370495:2147483647', address: { value: '-4503599627370495' } })
  expect(item).toMatchObject({ besides: { author: { address: { value: '4503599627370495' } } } })
})

test('STYLE 11: parse is total: whatever is in an update, it answers items whose fields are usable', () => {
  const bodies = fixtures.flatMap(([, { request }]) => (request.body === undefined ? [] : [request.body]))
  const change = fc.record({
    body: fc.constantFrom(...bodies),
    at: fc.nat(60),
    value: fc.oneof(
      fc.jsonValue(),
      fc.constantFrom(undefined, null, '', '__proto__', -1, [], {}, 1e308, 0.5),
    ),
  })
  fc.assert(
    fc.property(change, ({ body, at, value }) => {
      const items = parseText(JSON.stringify(mutated(body, at, value)) ?? '')
      expect(items).toHaveLength(1)
      for (const item of items) checkItem(item)
    }),
    { numRuns: 2000 },
  )
})

function checkItem(item: Inbound): void {
  expect(typeof item.to).toBe('string')
  if ('at' in item && item.at !== undefined) rfc3339(item.at)
  if ('key' in item) expect(item.key).not.toBe('')
  if (item.kind === 'edited') expect(item.of).toMatch(/^-?\d+:-?\d+$/)
  if (item.kind !== 'message') return
  const author = item.besides?.author?.address
  for (const { kind, value } of [
    item.address,
    ...(item.also ?? []),
    ...(author === undefined ? [] : [author]),
  ]) {
    expect(value).toMatch(kind === 'phone' ? /^\+\d{8,15}$/ : /^-?\d{1,16}$/)
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
