import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { FailureCode } from '../../model/failure.ts'
import { seededRandom } from '../../model/random.ts'
import { mayRetry, pauseMs, retryDelayMs } from '../../queue/backoff.ts'
import { createPauses } from '../../queue/pauses.ts'
import type { QueueListener } from '../../queue/queue.ts'
import { advance, createRig, refuse } from './rig.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance'] })
})
afterEach(() => {
  vi.useRealTimers()
})

const STORMS: [code: FailureCode, share: number][] = [
  ['providerFault', 0.3],
  ['providerFault', 0.5],
  ['providerDown', 0.3],
  ['throttledChannel', 0.2],
  ['throttledAccount', 0.3],
  ['throttledRecipient', 0.3],
]

test.each(STORMS)(
  'RULES E4: with %s in a share of %d, calls per message stay under 1.05 / (1 − p)',
  async (code, share) => {
    const random = seededRandom(7)
    const messages = 300
    await using rig = await createRig({
      advance,
      seed: 11,
      send: async () => {
        await new Promise(resolve => setTimeout(resolve, 20))
        if (random.fraction() < share) throw refuse(code)
        return undefined
      },
    })
    const ids = await rig.enqueueMany(Array.from({ length: messages }, (_, i) => `${i}`))
    await rig.until('settled', async () => (await rig.store.query('depth', {})).length === 0, 3_500_000)
    // How many calls it takes is then up to the dice alone, which are the same in every run.
    expect(rig.calls.length / messages).toBeLessThanOrEqual(1.05 / (1 - share))
    expect(
      (await Promise.all(ids.map(rig.message))).filter(({ status }) => status === 'sent').length,
    ).toBeGreaterThan(0.98 * messages)
  },
)

test('RULES E4: no call goes to a paused channel, and exactly one ends the pause', async () => {
  const answers: { began: number; ended: number }[] = []
  let isDown = true
  await using rig = await createRig({
    advance,
    seed: 3,
    send: async () => {
      const began = performance.now()
      await new Promise(resolve => setTimeout(resolve, 10))
      answers.push({ began, ended: performance.now() })
      if (isDown) throw refuse('providerDown')
      return undefined
    },
  })
  await rig.enqueueMany(Array.from({ length: 100 }, (_, i) => `${i}`))
  await rig.until('the first refusals', () => answers.length > 0)
  await advance(50)
  const flood = answers.length
  await advance(60_000)
  const probes = answers.slice(flood)
  expect(probes.length).toBeGreaterThan(2)
  expect(probes.length).toBeLessThan(12)
  for (const [index, probe] of probes.entries()) {
    const before = answers[flood + index - 1]
    expect(probe.began - (before?.ended ?? 0)).toBeGreaterThanOrEqual(999)
  }
  isDown = false
  await rig.until('all sent', async () => (await rig.store.query('depth', {})).length === 0, 900_000)
  expect(rig.calls.length).toBe(flood + probes.length + 100)
})

test('RULES C4: without a renewal nothing is written later than leaseEnd − 22 s', async () => {
  let lost = false
  await using rig = await createRig({
    advance,
    perSecond: 10,
    needs: ({ store }) => ({
      store: {
        ...store,
        claim: async request => {
          if (lost) throw new Error('not reachable')
          return await store.claim(request)
        },
      },
    }),
  })
  await rig.enqueueMany(Array.from({ length: 300 }, (_, i) => `${i}`))
  await rig.until('under way', () => rig.calls.length > 2)
  lost = true
  const lostAt = performance.now()
  await advance(20_000)
  expect((rig.calls.at(-1)?.at ?? 0) - lostAt).toBeLessThanOrEqual(8000)
  const before = rig.calls.length
  lost = false
  await advance(5000)
  expect(rig.calls.length).toBeGreaterThan(before + 10)
})

test('RULES C4: once another process has the lease, the former one writes nothing', async () => {
  let isTaken = false
  const sent = { here: 0, there: 0 }
  const count = (who: 'here' | 'there'): QueueListener => ({
    sent: () => {
      sent[who] += 1
    },
    failed: () => {},
    waited: () => {},
    resent: () => {},
    polled: () => {},
  })
  await using rig = await createRig({
    advance,
    perSecond: 5,
    needs: ({ store }) => ({
      listener: count('here'),
      store: {
        ...store,
        // SQLite's store takes a second holder for a sign that the first is gone; another process would be told this.
        claim: async request =>
          isTaken && request.holder === 'here'
            ? { held: false, until: Infinity }
            : await store.claim(request),
      },
    }),
  })
  await rig.enqueueMany(Array.from({ length: 60 }, (_, i) => `${i}`))
  await rig.until('under way', () => sent.here > 5)
  isTaken = true
  await advance(3000)
  const former = sent.here
  // The new holder comes when the lease has ended.
  await advance(27_000)
  rig.another('there', { listener: count('there') })
  await rig.until('all sent', async () =>
    (await rig.store.query('depth', {})).every(({ state }) => state === 'uncertain'),
  )
  expect(sent.here).toBe(former)
  expect(new Set(rig.calls.map(({ part }) => part.reference)).size).toBe(rig.calls.length)
})

test('RULES C7: a send that never ends is given up after 75 s, and is uncertain', async () => {
  await using rig = await createRig({
    advance,
    send: async (_part, io) => {
      void io.http({ method: 'GET', url: 'x' }).catch(() => {})
      return await new Promise(() => {})
    },
  })
  const id = await rig.enqueue('Hola')
  await advance(74_000)
  expect((await rig.message(id)).uncertain).toBe(false)
  await advance(3000)
  expect(await rig.message(id)).toMatchObject({ uncertain: true, status: 'pending' })
})

test('the scopes back off by themselves, and a refusal that is old news changes nothing', () => {
  const pauses = createPauses(seededRandom(1))
  const keys = ['account', 'channel']
  const calls = [pauses.start(keys, 0), pauses.start(keys, 0)] as const
  const until = pauses.refused(calls[0], 'channel', { code: 'providerDown' }, 10)
  expect(pauses.refused(calls[1], 'channel', { code: 'providerDown' }, 500)).toBe(until)
  expect(pauses.waitMs(['account'], 500)).toBe(0)
  expect(pauses.waitMs(keys, 500)).toBe(until - 500)
  const probe = pauses.start(keys, until)
  expect(pauses.waitMs(keys, until)).toBe(Infinity)
  const longer = pauses.refused(probe, 'channel', { code: 'providerDown' }, until + 10) - until - 10
  expect(longer).toBeGreaterThanOrEqual(2000)
  const again = pauses.start(keys, until + 10 + longer)
  pauses.succeeded(again, until + longer + 20)
  expect(pauses.waitMs(keys, until + longer + 20)).toBe(0)
  expect(pauses.list(until + longer + 20)).toEqual([])
})

test('delays grow, are bounded, and never undercut what the provider asked for', () => {
  const random = seededRandom(5)
  for (let tries = 1; tries < 40; tries++) {
    expect(retryDelayMs({ code: 'providerFault' }, tries, random)).toBeLessThanOrEqual(300_000)
    expect(pauseMs({ code: 'providerDown' }, tries, random)).toBeLessThanOrEqual(300_000)
    expect(
      retryDelayMs({ code: 'throttledRecipient', retryAfterMs: 3000 }, tries, random),
    ).toBeGreaterThanOrEqual(3000)
  }
  expect(mayRetry({ code: 'providerFault' }, 7)).toBe(true)
  expect(mayRetry({ code: 'providerFault' }, 8)).toBe(false)
  expect(mayRetry({ code: 'providerFault', attemptsMax: 3 }, 3)).toBe(false)
  expect(mayRetry({ code: 'badRequest' }, 1)).toBe(false)
  expect(mayRetry({ code: 'unreachable' }, 30)).toBe(true)
})
