import { expect, test } from 'vitest'
import { type Message, readReference } from '../model/message.ts'
import { STEPS } from '../model/steps.ts'
import { crash } from './crash/crash.ts'
import { crashImport } from './crash/imports.ts'
import { type Life, startLife } from './crash/life.ts'
import { randomPlan, stepPlan } from './crash/plan.ts'
import { connect, provider } from './crash/provider.ts'
import { scratch } from './scratch.ts'

/** Long enough to say what did not settle. */
const CRASH_MS = 40_000

test.each(STEPS.map((step, index) => [step, index + 1] as const))(
  'killed at %s: nothing promised is lost, nothing certain is sent twice (seed %i)',
  { timeout: CRASH_MS },
  async (step, seed) => {
    const result = await crash(stepPlan(step, seed))
    expect(result.faults).toEqual([])
    expect(result.deaths).toBe(1)
  },
)

/** `npm run faults -- crash` makes many more. */
const seeds = Array.from({ length: 3 }, () => Math.floor(Math.random() * 2 ** 31))

test.each(seeds)(
  'killed at moments and steps that nobody chose (seed %i)',
  { timeout: CRASH_MS },
  async seed => {
    expect((await crash(randomPlan(seed))).faults).toEqual([])
  },
)

test('killed in the middle of an import: it goes on, and every row is applied once (seed 1)', {
  timeout: CRASH_MS,
}, async () => {
  expect((await crashImport(1)).faults).toEqual([])
})

const SLOW = 60_000
const SOON = 100
const SOONER = [0, 20] as const

/**
 * One attempt in flight at the crash. `left`: the provider took it and had not answered; otherwise it was durable and
 * not written. What the provider tells later is told to the next life.
 */
test.each([
  {
    name: 'a receipt with our reference proves the attempt, however late the policy',
    flight: { left: true, receipts: true, afterMs: SLOW, policy: 'resend' },
    expected: { status: 'read', accepted: [1], lines: ['uncertain'] },
  },
  {
    name: 'an attempt that never left is resent by policy',
    flight: { left: false, receipts: true, afterMs: SOON, policy: 'resend' },
    expected: { status: 'read', accepted: [2], lines: ['uncertain', 'resend'] },
  },
  {
    name: 'an attempt that nobody proves is resent by policy, once',
    flight: { left: true, receipts: false, afterMs: SOON, policy: 'resend' },
    expected: { status: 'sent', accepted: [1, 2], lines: ['uncertain', 'resend'] },
  },
  {
    name: 'where a message twice is the worse mistake, policy gives it up',
    flight: { left: true, receipts: false, afterMs: SOON, policy: 'fail' },
    expected: { status: 'failed', accepted: [1], lines: ['uncertain', 'failed'] },
  },
] as const)('RULES C2, C6: $name', async ({ flight, expected }) => {
  const { left, receipts, afterMs, policy } = flight
  await using folder = await scratch()
  // No receipt before the crash: it would settle the attempt.
  const sentMs = left ? ([1500, 1500] as const) : SOONER
  const times = { answerMs: [SLOW, SLOW], sentMs, receivedMs: SOONER, readMs: SOONER } as const
  await using sim = await provider({ receipts, ...times, readShare: 1, redeliverMs: 20 }, 1)
  const step = 'outbound.4.attempted'
  const first = await startLife(folder.path, left ? undefined : { step, nth: 1 })
  if (first === undefined) throw new Error('the first life did not start')
  const channel = await connect(first, sim, { afterMs, policy })
  const body = { channel, to: '+5215512345678', content: { type: 'text', text: 'Hola' } }
  const post = (life: Life) => life.call('POST', '/v1/messages', body, { 'idempotency-key': 'once' })
  // Its answer may go down with the process; the next life gives it again.
  await post(first).catch(() => undefined)
  if (left) {
    await expect.poll(() => sim.stats().accepted, { interval: 2 }).toBe(1)
    first.kill()
  }
  expect(await first.ended).toBe('SIGKILL')
  sim.behave({ answerMs: [0, 0] })
  const second = await startLife(folder.path)
  if (second === undefined) throw new Error('the second life did not start')
  try {
    const { id } = (await post(second)).body as Message
    // Until the receipts come, which need somewhere to go, nobody knows, and the message says so.
    if (afterMs === SLOW) {
      const unknown = { status: 'pending', uncertain: true }
      await expect.poll(() => read(second, id), { timeout: 5000 }).toMatchObject(unknown)
    }
    await connect(second, sim, { afterMs })
    await expect.poll(async () => (await read(second, id)).status, { timeout: 15_000 }).toBe(expected.status)
    expect(await read(second, id)).toMatchObject({ uncertain: false, attempts: expected.accepted.at(-1) })
    const references = sim.sent.map(({ reference }) => readReference(reference ?? '')?.attempt)
    expect(references).toEqual(expected.accepted)
    expect((await linesOf(second, id)).filter(kind => ENDS.has(kind))).toEqual(expected.lines)
  } finally {
    await second.stop()
  }
})

const ENDS = new Set(['uncertain', 'resend', 'failed', 'retry'])

async function read(life: Life, id: string): Promise<Message> {
  return (await life.call('GET', `/v1/messages/${id}`)).body as Message
}

async function linesOf(life: Life, id: string): Promise<string[]> {
  const { body } = await life.call('GET', `/v1/messages/${id}/timeline`)
  return (body as { data: { kind: string }[] }).data.map(({ kind }) => kind)
}
