import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createRateLimit, type RateLimit } from '../../gateway/rate-limit.ts'
import { type Clock, systemClock } from '../../model/clock.ts'
import { problem, type Running, run } from './daemon.ts'

describe('the limiter', () => {
  const limit = (perSecond: number): RateLimit => {
    const made = createRateLimit(perSecond)
    if (made === undefined) throw new Error('no limit')
    return made
  }

  test('0 is no limit', () => expect(createRateLimit(0)).toBeUndefined())

  test('a burst of two seconds, then the rate; each token for itself', () => {
    const { take } = limit(10)
    for (let left = 19; left >= 0; left--) {
      const { waitMs, headers } = take('a', 0)
      expect(waitMs).toBe(0)
      expect(headers).toMatchObject({ 'ratelimit-policy': '"requests";q=20;w=2' })
      expect(headers['ratelimit']).toMatch(`"requests";r=${left};t=`)
    }
    expect(take('a', 0).waitMs).toBeCloseTo(100)
    expect(take('b', 0).waitMs).toBe(0)
    expect(take('a', 100).waitMs).toBe(0)
    expect(take('a', 150)).toMatchObject({
      waitMs: expect.closeTo(50),
      headers: { ratelimit: '"requests";r=0;t=2' },
    })
    expect(take('a', 10_000).headers['ratelimit']).toBe('"requests";r=19;t=1')
  })

  test('in no time are there more than the burst and the rate allow; who waits as told gets in', () => {
    const steps = fc.array(fc.record({ pauseMs: fc.nat(400), token: fc.constantFrom('a', 'b') }), {
      minLength: 1,
      maxLength: 200,
    })
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), steps, (perSecond, asked) => {
        const { take } = limit(perSecond)
        const taken: Record<string, number[]> = { a: [], b: [] }
        let now = 0
        for (const { pauseMs, token } of asked) {
          now += pauseMs
          const { waitMs } = take(token, now)
          const times = taken[token] ?? []
          if (waitMs === 0) times.push(now)
          else {
            now += waitMs
            expect(take(token, now).waitMs).toBe(0)
            times.push(now)
          }
          const since = times.filter(time => time > now - 2_000).length
          expect(since).toBeLessThanOrEqual(perSecond * 4)
        }
      }),
    )
  })
})

describe('the API', () => {
  let daemon: Running
  let now = 0
  const clock: Clock = { now: systemClock.now, monotonic: () => now }

  beforeAll(async () => {
    daemon = await run({ limits: { headroom: 0.9, requests: 2 } }, { clock })
  })
  afterAll(() => daemon.close())

  test('tells what is left, and 429 with the time to wait', async () => {
    const ask = (path = '/v1/session'): ReturnType<Running['call']> => daemon.call('GET', path)
    const first = await ask()
    expect(first.headers.get('ratelimit-policy')).toBe('"requests";q=4;w=2')
    expect(first.headers.get('ratelimit')).toBe('"requests";r=3;t=1')
    // What is refused costs too, and tells as much.
    expect((await ask('/v1/messages/none')).headers.get('ratelimit')).toBe('"requests";r=2;t=1')
    await ask()
    await ask()
    const refused = await ask()
    expect(refused.status).toBe(429)
    expect(problem(refused)).toMatchObject({ code: 'tooManyRequests' })
    expect(refused.headers.get('retry-after')).toBe('1')
    expect(refused.headers.get('ratelimit')).toBe('"requests";r=0;t=2')
    now += 1_000
    expect((await ask()).status).toBe(200)
  })

  test('health and metrics are not counted', async () => {
    for (let time = 0; time < 10; time++) expect((await daemon.call('GET', '/livez')).status).toBe(200)
  })
})
