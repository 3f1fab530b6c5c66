import { expect, test } from 'vitest'
import type { Simulator } from '../../connectors/kit/sim/simulation.ts'
import { startPeople } from '../../gateway/cli/people.ts'
import { faultsOf, mixOf } from '../../gateway/cli/traffic.ts'
import { UsageError } from '../../gateway/cli/usage.ts'

const call = (own: Record<string, string>) => ({ words: [], own, configured: {}, json: false })

test('a mix is a round of things to do, and what makes no sense is said', () => {
  expect(mixOf(call({ '--mix': 'text=2, location=1' }))).toEqual(['text', 'text', 'location'])
  expect(mixOf(call({}))).toEqual(['text', 'text', 'text', 'any'])
  for (const text of ['text', 'text=x', '=1', 'text=1000', '']) {
    expect(() => mixOf(call({ '--mix': text }))).toThrow(UsageError)
  }
})

test('faults are a change of behaviour, with values of any type', () => {
  expect(faultsOf(call({ '--faults': 'duplicates=0.5,receipts=false,hiding=empty' }))).toEqual({
    ...{ duplicates: 0.5, receipts: false, hiding: 'empty' },
  })
  expect(faultsOf(call({ '--faults': 'bad' }))).toMatchObject({ duplicates: 0.2 })
  expect(faultsOf(call({}))).toEqual({})
})

test('people do what the mix says, through every provider, and write where it has no such kind', async () => {
  const done: string[] = []
  const provider = (name: string, kinds: string[]) =>
    ({
      kinds,
      write: () => done.push(`${name} text`),
      play: (_person: object, kind: string) => done.push(`${name} ${kind}`),
    }) as unknown as Simulator
  const people = startPeople([provider('a', ['image', 'order']), provider('b', [])], 1, ['text', 'any'])
  await expect.poll(() => done.length, { interval: 2 }).toBeGreaterThanOrEqual(8)
  people.stop()
  expect(done.slice(0, 8)).toEqual([
    ...['a text', 'b text', 'a image', 'b text'],
    ...['a text', 'b text', 'a order', 'b text'],
  ])
})
