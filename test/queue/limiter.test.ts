import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createLimiter } from '../../queue/limiter.ts'

const rates = fc.integer({ min: 1, max: 1000 })
const headrooms = fc.constantFrom(0.5, 0.8, 0.9, 0.95, 1)

/** The most that was written in any window of one second, by stamps in whole milliseconds. */
function busiestSecond(stamps: readonly number[]): number {
  let most = 0
  let from = 0
  stamps.forEach((stamp, index) => {
    while (stamp - (stamps[from] ?? 0) >= 1000) from += 1
    most = Math.max(most, index - from + 1)
  })
  return most
}

test('RULES E2: whatever the pattern of asking, no second holds more than the limit', () => {
  const gaps = fc.array(
    fc.oneof(
      fc.constant(0),
      fc.double({ min: 0, max: 30, noNaN: true }),
      fc.double({ min: 0, max: 3000, noNaN: true }),
    ),
    {
      minLength: 50,
      maxLength: 400,
    },
  )
  fc.assert(
    fc.property(rates, headrooms, gaps, (perSecond, headroom, waits) => {
      const limiter = createLimiter(perSecond, headroom, 0)
      const stamps: number[] = []
      let now = 0
      for (const wait of waits) {
        now += wait
        while (limiter.waitMs(now) === 0) {
          limiter.take(now)
          stamps.push(Math.floor(now))
        }
      }
      expect(busiestSecond(stamps)).toBeLessThanOrEqual(perSecond)
    }),
  )
})

test('RULES E2: with always work, 99 % of limit × headroom is reached, even with late timers', () => {
  fc.assert(
    fc.property(
      rates,
      fc.constantFrom(0.5, 0.8, 0.9),
      fc.integer({ min: 0, max: 20 }),
      (perSecond, headroom, late) => {
        const limiter = createLimiter(perSecond, headroom, 0)
        let sent = 0
        for (let now = 0; now < 60_000; ) {
          const wait = limiter.waitMs(now)
          if (wait > 0) {
            now += wait + late
            continue
          }
          limiter.take(now)
          sent += 1
        }
        expect(sent / 60).toBeGreaterThanOrEqual(perSecond * headroom * 0.99 - 2 / 60)
      },
    ),
  )
})

test('a message that costs several is charged for all of them, and the bound still holds', () => {
  const costs = fc.array(fc.integer({ min: 1, max: 10 }), { minLength: 50, maxLength: 200 })
  fc.assert(
    fc.property(fc.integer({ min: 10, max: 200 }), costs, (perSecond, list) => {
      const limiter = createLimiter(perSecond, 0.9, 0)
      const stamps: number[] = []
      let now = 0
      for (const cost of list) {
        now += limiter.waitMs(now, cost)
        limiter.take(now, cost)
        for (let i = 0; i < cost; i++) stamps.push(Math.floor(now))
      }
      expect(busiestSecond(stamps)).toBeLessThanOrEqual(perSecond)
    }),
  )
})

test('RULES C4: a new limiter, or one drained after a take-over, starts without a burst', () => {
  const limiter = createLimiter(80, 0.9, 0)
  const burst = (now: number): number => {
    let count = 0
    for (; limiter.waitMs(now) === 0; count++) limiter.take(now)
    return count
  }
  expect(burst(1)).toBeLessThanOrEqual(1)
  expect(burst(100_000)).toBeGreaterThan(5)
  limiter.drain(200_000)
  expect(burst(200_000)).toBeLessThanOrEqual(1)
})

test('a channel without a known limit never waits; a first limit starts without a burst', () => {
  const limiter = createLimiter(null, 0.9, 0)
  for (let i = 0; i < 1000; i++) {
    expect(limiter.waitMs(5)).toBe(0)
    limiter.take(5)
  }
  limiter.retune(10, 1000)
  let sent = 0
  for (; limiter.waitMs(1000) === 0; sent++) limiter.take(1000)
  expect(sent).toBeLessThanOrEqual(1)
})
