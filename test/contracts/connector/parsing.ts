import { readdirSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Inbound, WebhookRequest } from '../../../connectors/connector.ts'
import { isPhone } from '../../../model/address.ts'
import { rfc3339 } from '../../../model/clock.ts'
import type { Subject } from '../connector.ts'
import type { Laws } from './laws.ts'
import { connectorFor } from './stand.ts'

/**
 * `why` in a sentence; the body of the request as JSON, as text, or as the fields of a form, with its query and headers
 * where they say something; `channel`: the `keyOf` of the channel that the URL names; and the items that it means.
 */
type Fixture = {
  why: string
  channel?: string
  request: {
    body?: unknown
    text?: string
    form?: Record<string, string>
    query?: Record<string, string>
    headers?: Record<string, string>
    method?: string
    /** When it came; what the provider tells no time of has this. */
    at?: number
  }
  expect: Inbound[]
}

const CONNECTORS = new URL('../../../connectors/', import.meta.url)
const FIXTURES_MIN = 15
/** When every fixture came. */
const NOW = Date.UTC(2026, 0, 1)

function fixturesIn(folders: readonly string[]): [file: string, fixture: Fixture][] {
  return folders.flatMap(folder => {
    const url = new URL(`${folder}/`, CONNECTORS)
    const files = readdirSync(url).filter(file => file.endsWith('.json'))
    return files.map((file): [string, Fixture] => [
      file,
      JSON.parse(readFileSync(new URL(file, url), 'utf8')),
    ])
  })
}

/** `parse` says what the fixtures say, and answers something usable to whatever else it gets (STYLE 11). */
export function parsingLaws({ law }: Laws, subject: Subject): void {
  const { receive } = connectorFor(subject)
  const parse = (fixture: Pick<Fixture, 'request' | 'channel'>): Inbound[] =>
    receive?.parse(
      requestOf(fixture.request),
      fixture.channel === undefined ? {} : { channel: fixture.channel },
    ) ?? []
  const all = receive === undefined ? [] : fixturesIn(subject.fixtures)

  describe.skipIf(all.length === 0)('fixtures', () => {
    test.each(all)('%s', (_file, fixture) => {
      expect(parse(fixture), fixture.why).toEqual(fixture.expect)
    })
  })

  law('its fixtures are many, and each says why it is there', () => {
    expect(all.length).toBeGreaterThanOrEqual(FIXTURES_MIN)
    expect(all.filter(([, { why }]) => !/\w+ \w+/.test(why)).map(([file]) => file)).toEqual([])
  })

  law('parse is total: a payload changed at random never throws, and its items are usable', () => {
    const change = fc.record({
      fixture: fc.constantFrom(...all.map(([, fixture]) => fixture)),
      at: fc.nat(200),
      value: fc.oneof(
        fc.jsonValue(),
        fc.constantFrom(undefined, null, '', '__proto__', -1, [], {}, 1e308, 'x'),
      ),
    })
    fc.assert(
      fc.property(change, ({ fixture, at, value }) => {
        for (const item of parse({ ...fixture, request: mutated(fixture.request, at, value) }))
          checkItem(item)
      }),
      { numRuns: 1000 },
    )
  })

  law('parse is total over any bytes: what is no webhook is one rejected item', () => {
    const bytes = fc.oneof(
      fc.uint8Array(),
      fc.json().map(text => Buffer.from(text)),
    )
    fc.assert(
      fc.property(bytes, body => {
        const items = receive?.parse({ ...requestOf({}), body: Buffer.from(body) }, { channel: 'x' })
        expect(items).toMatchObject([{ kind: 'rejected' }])
      }),
    )
  })

  law('parse says the same of the same payload, and keys are told apart', () => {
    for (const [file, fixture] of all) {
      const [items, again] = [parse(fixture), parse(fixture)]
      expect(items, file).toEqual(again)
      const keys = items.flatMap(item =>
        'key' in item ? [`${item.to} ${item.kind === 'message' || item.kind === 'echo'} ${item.key}`] : [],
      )
      expect([file, keys]).toEqual([file, [...new Set(keys)]])
    }
  })
}

function requestOf({
  body,
  text,
  form,
  query = {},
  headers = {},
  method,
  at = NOW,
}: Fixture['request']): WebhookRequest {
  const isForm = form !== undefined
  const bytes = isForm ? new URLSearchParams(form).toString() : (text ?? JSON.stringify(body) ?? '')
  const contentType = isForm ? 'application/x-www-form-urlencoded' : 'application/json'
  return {
    method: method ?? 'POST',
    url: 'https://omnibus.example/in/x',
    query,
    headers: { 'content-type': contentType, ...headers },
    body: Buffer.from(bytes),
    at,
  }
}

/** A copy in which the `at`-th place of what it tells, in reading order, holds `value` instead. */
function mutated(request: Fixture['request'], at: number, value: unknown): Fixture['request'] {
  if (request.form === undefined) return { ...request, body: replaced(request.body, at, value) }
  const form = Object.entries(request.form)
  const [name = 'x'] = form[at % (form.length + 1)] ?? []
  const changed = {
    ...request.form,
    [name]: typeof value === 'string' ? value : JSON.stringify(value ?? null),
  }
  if (value === undefined) delete changed[name]
  return { ...request, form: changed }
}

function replaced(body: unknown, at: number, value: unknown): unknown {
  let count = 0
  return JSON.parse(
    JSON.stringify(body, (_key, old: unknown) => {
      count += 1
      return count === at + 1 ? value : old
    }) ?? 'null',
  )
}

function checkItem(item: Inbound): void {
  expect(typeof item.to).toBe('string')
  if ('at' in item) rfc3339(item.at)
  if ('key' in item) expect(item.key).not.toBe('')
  if (item.kind === 'edited' || item.kind === 'deleted') expect(item.of).not.toBe('')
  if (item.kind === 'ignored' || item.kind === 'rejected') expect(item.why).not.toBe('')
  if (item.kind !== 'message' && item.kind !== 'echo') return
  const author = item.besides?.author?.address
  const former = item.former === undefined ? [] : [item.former]
  const named = [item.address, ...(item.also ?? []), ...former, ...(author === undefined ? [] : [author])]
  for (const { kind, value } of named) expect(kind === 'phone' ? isPhone(value) : value !== '').toBe(true)
}
