import { expect, test } from 'vitest'
import { defineConnector, type Limits } from '../../connectors/connector.ts'
import { createDirectory, type OpenChannel } from '../../connectors/directory.ts'
import { seededRandom } from '../../model/random.ts'
import type { Flight } from '../../queue/flight.ts'
import { createLine, go, prime, retune } from '../../queue/line.ts'
import { createPauses } from '../../queue/pauses.ts'

/** When each of these texts may be written, in milliseconds, if each is written as soon as it may be. */
function stamps(texts: readonly string[], limits: Limits): number[] {
  const connector = defineConnector({ limits: () => limits } as unknown as Parameters<
    typeof defineConnector
  >[0])
  const line = createLine('wks_1' as never, 'chn_1' as never, 1, 0)
  retune(line, { connector, config: {}, live: {} } as unknown as OpenChannel, createDirectory(), 0)
  for (const text of texts) {
    const item = { lane: 'normal', scopes: ['a', 'b', 'c'], parts: [{ type: 'text', text }] }
    prime(line, { item, part: 0 } as unknown as Flight)
  }
  const pauses = createPauses(seededRandom(1))
  const found: number[] = []
  for (let now = 0; found.length < texts.length; ) {
    const next = go(line, pauses, now)
    if (next.is === 'write') found.push(now)
    else now = (next.is === 'wait' && next.until) || Number.NaN
  }
  return found.map(Math.round)
}

test('RULES E2: a part is charged what it counts for, and the one after it waits for that', () => {
  const account = null
  const texts = ['one', 'one', 'three', 'one', 'one']
  const costOf: NonNullable<Limits['costOf']> = content =>
    content.type === 'text' && content.text === 'three' ? 3 : 1
  expect(stamps(texts, { account, perSecond: 1 })).toEqual([0, 1000, 2000, 3000, 4000])
  expect(stamps(texts, { account, perSecond: 1, costOf })).toEqual([0, 1000, 2000, 5000, 6000])
  expect(stamps(texts, { account, perSecond: null, costOf })).toEqual([0, 0, 0, 0, 0])
})
