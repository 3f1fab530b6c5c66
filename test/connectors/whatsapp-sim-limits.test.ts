import { expect, test } from 'vitest'
import { systemClock } from '../../model/clock.ts'
import { ANA, NUMBER } from './rig.ts'
import { refusedWith, sending, started } from './simulated.ts'

const HOUR = 3_600_000

test('131056: 45 messages to one person at once, then one in 6 s; others are not held back', async () => {
  let now = 0
  const rig = await started({
    behaviour: { pairs: true, receipts: false },
    clock: { now: systemClock.now, monotonic: () => now },
  })
  for (let i = 0; i < 45; i++) await sending(rig)
  expect(await refusedWith(sending(rig))).toBe('131056')
  expect(await refusedWith(sending(rig, { address: { kind: 'phone', value: '+573001234567' } }))).toBe(
    undefined,
  )
  now += 6000
  expect(await refusedWith(sending(rig))).toBe(undefined)
  expect(await refusedWith(sending(rig))).toBe('131056')
})

test("130429: the number's second is shared by what comes in and what goes out", async () => {
  let now = 0
  const rig = await started({
    numbers: [{ phoneNumberId: NUMBER, displayPhoneNumber: '15550783881', perSecond: 10 }],
    behaviour: { throughput: true, receipts: false },
    clock: { now: systemClock.now, monotonic: () => now },
  })
  for (let i = 0; i < 4; i++) rig.sim.inject({ from: ANA, text: 'x' })
  for (let i = 0; i < 6; i++) await sending(rig)
  expect(await refusedWith(sending(rig))).toBe('130429')
  now += 100
  expect(await refusedWith(sending(rig))).toBe(undefined)
  expect(await refusedWith(sending(rig))).toBe('130429')
})

test("131047: free-form only within 24 h of the person's last message; templates always", async () => {
  let now = Date.UTC(2026, 10, 20)
  const rig = await started({
    behaviour: { windows: true, receipts: false },
    clock: { now: () => now, monotonic: systemClock.monotonic },
  })
  expect(await refusedWith(sending(rig))).toBe('131047')
  rig.sim.inject({ from: ANA, text: 'hola' })
  expect(await refusedWith(sending(rig))).toBe(undefined)
  now += 24 * HOUR
  expect(await refusedWith(sending(rig))).toBe('131047')
  expect(await refusedWith(sending(rig, {}, { type: 'template', name: 't', language: 'es' }))).toBe(undefined)
  rig.sim.behave({ lateRefusals: true, receipts: true })
  expect(await refusedWith(sending(rig))).toBe(undefined)
  expect(await rig.sim.drained()).toBe(true)
  expect(rig.items.at(-1)).toMatchObject({ raw: 'failed', failure: { code: 'windowClosed' } })
})

test('131050 and 132001: who stopped marketing gets none, and an unknown template is none', async () => {
  const rig = await started({
    behaviour: { receipts: false },
    templates: [
      { name: 'promo', language: 'es', category: 'marketing' },
      { name: 'receipt', language: 'es', category: 'utility', bodyParameters: 1 },
    ],
  })
  const template = (name: string, body?: Record<string, string>) =>
    refusedWith(
      sending(rig, {}, { type: 'template', name, language: 'es', ...(body && { parameters: { body } }) }),
    )
  rig.sim.optOut(ANA)
  expect(await template('promo')).toBe('131050')
  expect(await template('receipt', { '1': 'x' })).toBe(undefined)
  expect(await template('receipt')).toBe('132000')
  expect(await template('nothing')).toBe('132001')
  rig.sim.resume(ANA)
  expect(await template('promo')).toBe(undefined)
})

test('131048: a portfolio reaches so many people in 24 h, counted on delivery', async () => {
  let now = Date.UTC(2026, 10, 20)
  const rig = await started({
    numbers: [{ phoneNumberId: NUMBER, displayPhoneNumber: '1', portfolio: 'p' }],
    tiers: { p: 2 },
    behaviour: { tiers: true, sentMs: [0, 0], receivedMs: [0, 0], readMs: [0, 0] },
    clock: { now: () => now, monotonic: systemClock.monotonic },
  })
  const first = async (phone: string) => {
    const address = { kind: 'phone', value: phone } as const
    const code = await refusedWith(sending(rig, { address }, { type: 'template', name: 't', language: 'es' }))
    expect(await rig.sim.drained()).toBe(true)
    return code
  }
  expect(await first('+525500000001')).toBe(undefined)
  expect(await first('+525500000002')).toBe(undefined)
  expect(await first('+525500000003')).toBe('131048')
  expect(await first('+525500000001'), 'the same person again').toBe(undefined)
  rig.sim.inject({ from: '+525500000003', text: 'hola' })
  expect(await first('+525500000003'), 'who writes is not counted').toBe(undefined)
  expect(rig.sim.stats().reached).toEqual({ p: 2 })
  now += 24 * HOUR
  expect(await first('+525500000004')).toBe(undefined)
})
