import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Lane } from '../../model/change.ts'
import { createLanes, type Laned } from '../../queue/lanes.ts'

let position = 0
function item(lane: Lane, address: string, readyAt = 0): Laned {
  position += 1
  return { message: `m${position}`, lane, address, position, readyAt }
}

test('RULES C9: an answer goes before a rule’s message, and that before a broadcast’s', () => {
  const lanes = createLanes()
  for (const lane of ['bulk', 'normal', 'reply'] as const) lanes.push(item(lane, lane), 0)
  expect([lanes.take(0), lanes.take(0), lanes.take(0)].map(taken => taken?.lane)).toEqual([
    'reply',
    'normal',
    'bulk',
  ])
  expect(lanes.take(0)).toBeUndefined()
})

test('RULES C9: bulk keeps a tenth while the higher lanes have always something to send', () => {
  const lanes = createLanes()
  for (let i = 0; i < 1000; i++)
    for (const lane of ['bulk', 'reply'] as const) lanes.push(item(lane, `${lane}${i}`), 0)
  const taken = Array.from({ length: 1000 }, () => lanes.take(0)?.lane)
  expect(taken.filter(lane => lane === 'bulk').length).toBe(100)
})

test('RULES C9: one message of an address at a time, in order of position, however they came in', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.nat(50)), { maxLength: 60 }), list => {
      const lanes = createLanes()
      const items = list.map(
        ([address, at], index): Laned => ({
          message: `m${index}`,
          lane: 'normal',
          address,
          position: at,
          readyAt: 0,
        }),
      )
      for (const one of items) lanes.push(one, 0)
      const sent: Laned[] = []
      const busy: Laned[] = []
      for (let guard = 0; guard < 1000; guard++) {
        const next = lanes.take(0)
        if (next !== undefined) {
          expect(busy.some(other => other.address === next.address)).toBe(false)
          busy.push(next)
          sent.push(next)
        } else {
          const first = busy.shift()
          if (first === undefined) break
          lanes.done(first, 0)
        }
      }
      expect(sent.length).toBe(items.length)
      for (const address of ['a', 'b', 'c']) {
        const order = sent.filter(one => one.address === address).map(one => one.position)
        expect(order).toEqual([...order].sort((x, y) => x - y))
      }
      expect(lanes.depth('normal')).toBe(0)
    }),
  )
})

test('a message to be tried again holds back its own address and nobody else', () => {
  const lanes = createLanes()
  const [first, second, other] = [item('normal', 'a'), item('normal', 'a'), item('normal', 'b')]
  for (const one of [first, second, other]) lanes.push(one, 0)
  expect(lanes.take(0)).toBe(first)
  lanes.again(first, 500, 0)
  expect(lanes.take(0)).toBe(other)
  expect(lanes.take(0)).toBeUndefined()
  expect(lanes.nextAt()).toBe(500)
  expect(lanes.take(500)).toBe(first)
  lanes.done(first, 500)
  expect(lanes.take(500)).toBe(second)
})

test('RULES C9: what steps aside lets the later ones of its address pass', () => {
  const lanes = createLanes()
  const [first, second] = [item('bulk', 'a'), item('bulk', 'a')]
  lanes.push(first, 0)
  lanes.push(second, 0)
  lanes.take(0)
  lanes.done(first, 0)
  expect(lanes.take(0)).toBe(second)
})

test('the same person is served in two lanes at once: an answer does not wait behind a broadcast', () => {
  const lanes = createLanes()
  lanes.push(item('bulk', 'a'), 0)
  expect(lanes.take(0)?.lane).toBe('bulk')
  lanes.push(item('reply', 'a'), 0)
  expect(lanes.take(0)?.lane).toBe('reply')
})

test('after the lanes were cleared, what was on the way changes nothing', () => {
  const lanes = createLanes()
  const [first, second] = [item('normal', 'a'), item('normal', 'a')]
  lanes.push(first, 0)
  lanes.push(second, 0)
  lanes.take(0)
  expect(lanes.clear()).toEqual([second])
  const again = { ...second }
  lanes.push(again, 0)
  lanes.done(first, 0)
  expect(lanes.take(0)).toBe(again)
  expect(lanes.take(0)).toBeUndefined()
})
