import { describe, expect, test } from 'vitest'
import type { Change, Lane } from '../../../model/change.ts'
import { referenceOf } from '../../../model/message.ts'
import { ANA, channelOf, GROUP, newId, type Trial } from './trial.ts'

/** Leases, claims, attempts and what becomes of them: RULES C. */
export function sendingLaws(it: Trial): void {
  const { one, must, inbound, outbound, send, message, log, held, attempt, settle, accepted, told } = it
  describe('sending', () => {
    test('RULES B5: it opens a conversation; a broadcast has none', async () => {
      const mine = await message(await send())
      expect(mine).toMatchObject({
        status: 'pending',
        direction: 'outbound',
        attempts: 0,
        conversation: expect.any(String),
      })
      const bulk = await message(await send({ source: { kind: 'broadcast', id: null }, lane: 'bulk' }))
      expect(bulk.conversation).toBeNull()
      expect(it.work).toContain(GROUP)
    })

    test('RULES B4: an answer without a channel goes where the contact wrote last', async () => {
      const second = newId('chn', 1)
      await must(channelOf(second, '222'))
      await one(inbound('m1'))
      const heard = { kind: 'whatsapp', value: 'MX.1' } as const
      const last = await message(await must(inbound('m2', { channel: second, address: heard, also: [ANA] })))
      for (const to of [{ conversation: last.conversation }, { contact: last.contact }]) {
        const id = await send({ channel: undefined, to: undefined, ...to })
        expect(await message(id)).toMatchObject({ channel: second, address: heard })
      }
    })

    test('an answer to nobody is refused with its reason', async () => {
      expect(await one(outbound({ to: undefined, contact: newId('ctc', 1) }))).toMatchObject({
        code: 'notFound',
      })
      expect(await one(outbound({ channel: newId('chn', 1) }))).toMatchObject({ code: 'notFound' })
      const id = await send()
      const { contact } = await message(id)
      expect(await one(outbound({ channel: undefined, to: undefined, contact }))).toMatchObject({
        code: 'noRecipient',
      })
    })

    test('a claim brings each lane in order of enqueueing, and brings nothing twice', async () => {
      const ids = [await send(), await send({ lane: 'reply' }), await send(), await send({ lane: 'bulk' })]
      const { items } = await held()
      expect(items.map(item => item.message)).toEqual([ids[1], ids[0], ids[2], ids[3]])
      expect((await held()).items).toEqual([])
    })

    test('a claim keeps to its limits and says that there is more; paused channels are skipped', async () => {
      for (let index = 0; index < 3; index++) await send()
      const limits: Record<Lane, number> = { reply: 1, normal: 2, bulk: 1 }
      expect(await held('node-1', { limits })).toMatchObject({
        items: [{}, {}],
        more: { normal: true, reply: false },
      })
      expect((await held('node-1', { limits, skip: [it.channel] })).items).toEqual([])
      expect((await held('node-1', { limits })).items).toHaveLength(1)
    })

    test('RULES C2: claimed goes back to ready with its holder, attempted becomes uncertain', async () => {
      const [first, second] = [await send(), await send()]
      const { item } = await attempt()
      expect(item.message).toBe(first)
      await it.reopen()
      it.tick(40_000)
      const next = await held('node-2')
      expect(next.items.map(one => one.message)).toEqual([second])
      expect(await message(first)).toMatchObject({ status: 'pending', uncertain: true })
      it.tick(60_000)
      expect((await held('node-2')).overdue.map(one => one.message)).toEqual([first])
    })

    test('RULES C3: a lease given back is free at once, under a higher number', async () => {
      await send()
      const { fence } = await held('node-1')
      await it.store.release({ group: GROUP, holder: 'node-1', fence })
      const next = await held('node-2')
      expect(next.fence).toBeGreaterThan(fence)
      expect(next.items).toHaveLength(1)
    })

    test('RULES C4: after the lease is lost only an acceptance counts', async () => {
      await send()
      await send()
      const late = await attempt()
      await it.store.release({ group: GROUP, holder: 'node-1', fence: late.fence })
      await held('node-2')
      const failure = { code: 'badRequest' } as const
      expect(await settle(late, { is: 'failed', failure })).toMatchObject({ code: 'stale' })
      expect(await settle(late, { is: 'retry', failure, at: 1 })).toMatchObject({ code: 'stale' })
      expect(await settle(late, accepted('w1'))).toMatchObject({ ok: true })
      expect(await message(late.item.message)).toMatchObject({
        status: 'sent',
        uncertain: false,
        providerIds: ['w1'],
      })
    })

    test('RULES C2: nothing is attempted without the lease, or once it was cancelled', async () => {
      const id = await send()
      const { fence } = await held()
      const attempted = (lease: number): Change => ({
        kind: 'attempted',
        message: id,
        lease: { group: GROUP, fence: lease },
        part: 0,
        attempt: 1,
        parts: 1,
        queued: false,
      })
      expect(await one(attempted(fence - 1))).toMatchObject({ code: 'stale' })
      await must({ kind: 'cancelled', message: id })
      expect(await one(attempted(fence))).toMatchObject({ ok: false })
      expect(await message(id)).toMatchObject({ status: 'failed', failure: { code: 'cancelled' } })
      expect(await one({ kind: 'cancelled', message: id })).toMatchObject({ code: 'state' })
    })

    test('a retry is ready again at its time, with its attempts counted', async () => {
      const id = await send()
      await settle(await attempt(), {
        is: 'retry',
        failure: { code: 'providerFault' },
        at: it.tick(0) + 60_000,
      })
      expect((await held()).items).toEqual([])
      expect((await held()).nextAt).toBe(it.tick(0) + 60_000)
      it.tick(60_000)
      expect((await held()).items).toMatchObject([{ message: id, attempts: 1, partAttempts: 1 }])
      expect(await message(id)).toMatchObject({ status: 'pending', attempts: 1 })
    })

    test('what expires unsent is brought for failing, paused or not', async () => {
      const id = await send({ expiresAt: it.tick(0) + 5000 })
      it.tick(5001)
      const { expired, items, fence } = await held('node-1', { skip: [it.channel] })
      expect([expired.map(one => one.message), items]).toEqual([[id], []])
      const result = { is: 'failed', failure: { code: 'expired' } } as const
      await must({
        kind: 'settled',
        message: id,
        lease: { group: GROUP, fence },
        part: 0,
        attempt: 0,
        result,
      })
      expect(await message(id)).toMatchObject({
        status: 'failed',
        failure: { code: 'expired' },
        attempts: 0,
      })
    })

    test('RULES C6: an uncertain attempt is resent by policy once, or proven by a receipt', async () => {
      const id = await send()
      const first = await attempt()
      const resolveAt = it.tick(0) + 1000
      await settle(first, { is: 'uncertain', failure: { code: 'noAnswer' }, resolveAt })
      expect(await message(id)).toMatchObject({ uncertain: true, status: 'pending' })
      await one(told({ providerId: 'w1', reference: referenceOf(id, 0, 1) }, 'sent'))
      expect(await message(id)).toMatchObject({ uncertain: false, status: 'sent', providerIds: ['w1'] })
      it.tick(2000)
      expect(await held()).toMatchObject({ items: [], overdue: [] })

      const other = await send()
      const second = await attempt()
      await settle(second, { is: 'uncertain', failure: { code: 'noAnswer' }, resolveAt: it.tick(0) })
      const due = await held()
      expect(due.overdue).toMatchObject([{ message: other }])
      const resend = { is: 'resend', at: it.tick(0) } as const
      expect(await settle({ ...second, fence: due.fence }, resend)).toMatchObject({ ok: true })
      expect(await settle({ ...second, fence: due.fence }, resend)).toMatchObject({ ok: false })
      expect((await held()).items).toMatchObject([{ message: other, attempts: 1 }])
    })

    test('an early receipt settles the attempt; the answer that follows changes nothing', async () => {
      const id = await send()
      const under = await attempt()
      await one(told({ providerId: 'w1', reference: referenceOf(id, 0, 1) }, 'received'))
      expect(await settle(under, accepted('w1'))).toMatchObject({ ok: true })
      expect(await message(id)).toMatchObject({ status: 'received', providerIds: ['w1'], attempts: 1 })
      expect((await log()).filter(event => event.type === 'message.status')).toHaveLength(2)
    })

    test('parts: each has its id, a failure for good stops the rest, nothing is sent again', async () => {
      const id = await send()
      const first = await attempt(3)
      await settle(first, accepted('w1'))
      expect(await message(id)).toMatchObject({ status: 'pending', providerIds: ['w1'] })
      const part = { ...first, item: { ...first.item, part: 1 }, attempt: 2 }
      const { fence } = first
      await must({
        kind: 'attempted',
        message: id,
        lease: { group: GROUP, fence },
        part: 1,
        attempt: 2,
        parts: 3,
        queued: false,
      })
      await settle(part, { is: 'failed', failure: { code: 'undeliverable' } })
      expect(await message(id)).toMatchObject({ status: 'failed', failure: { code: 'undeliverable' } })
      expect((await held()).items).toEqual([])
      await one(told({ providerId: 'w1' }, 'read'))
      expect(await message(id)).toMatchObject({ status: 'failed' })
    })

    test('the timeline tells each step, in order', async () => {
      const id = await send()
      await settle(await attempt(), {
        is: 'retry',
        failure: { code: 'providerFault', provider: { code: '131000' } },
        at: it.tick(1),
      })
      it.tick(10)
      await settle(await attempt(), accepted('w1', it.tick(10)))
      await one(told({ providerId: 'w1' }, 'received', it.tick(10)))
      const lines = await it.store.query('timeline', { workspace: it.workspace, id })
      expect(lines.map(line => [line.kind, line.attempt, line.raw])).toEqual([
        ['created', null, null],
        ['retry', 1, '131000'],
        ['accepted', 2, 'accepted'],
        ['receipt', 2, 'received'],
      ])
    })
  })
}
