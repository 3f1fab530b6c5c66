import { describe, expect, test } from 'vitest'
import type { MessageId } from '../../../model/ids.ts'
import { FOR_EVER } from './retention.ts'
import { ANA, type Trial } from './trial.ts'

/** Statuses only climb: RULES D. */
export function receiptLaws(it: Trial): void {
  const { one, send, message, log, held, attempt, settle, accepted, told } = it
  describe('receipts', () => {
    const sent = async (id = 'w1'): Promise<MessageId> => {
      const made = await send()
      await settle(await attempt(), accepted(id))
      return made
    }

    test('RULES D1: in any order, any number of times, each transition is told once', async () => {
      const id = await sent()
      for (const status of ['read', 'sent', 'received', 'read'] as const)
        await one(told({ providerId: 'w1' }, status))
      expect(await message(id)).toMatchObject({ status: 'read' })
      const transitions = (await log()).filter(event => event.type === 'message.status')
      expect(transitions.map(event => (event.data as { status: string }).status)).toEqual(['sent', 'read'])
    })

    test('RULES D2: failed after read changes nothing, read after failed overrules it', async () => {
      const [a, b] = [await sent('w1'), await sent('w2')]
      const failure = { failure: { code: 'undeliverable' } }
      await one(told({ providerId: 'w1' }, 'read'))
      await one(told({ providerId: 'w1' }, 'failed', 1_700_000_009_000, failure))
      await one(told({ providerId: 'w2' }, 'failed', 1_700_000_009_000, failure))
      expect(await message(b)).toMatchObject({ status: 'failed', failure: { code: 'undeliverable' } })
      await one(told({ providerId: 'w2' }, 'received'))
      expect(await message(a)).toMatchObject({ status: 'read', failure: null })
      expect(await message(b)).toMatchObject({ status: 'received', failure: null })
      expect((await message(a)).statusTimes).not.toHaveProperty('failed')
      expect((await log()).filter(event => event.type === 'message.failed')).toHaveLength(1)
    })

    test('RULES D6: a receipt for an unknown id waits until its message is known', async () => {
      await one(told({ providerId: 'w1' }, 'received'))
      await one(told({ providerId: 'w1' }, 'read'))
      expect(await message(await sent('w1'))).toMatchObject({ status: 'read' })
    })

    test('RULES D6: what parked for a day is dropped', async () => {
      await one(told({ providerId: 'w1' }, 'read'))
      it.tick(86_400_001)
      expect((await it.store.sweep(FOR_EVER)).deleted).toBe(1)
      expect(await message(await sent('w1'))).toMatchObject({ status: 'sent' })
    })

    test('RULES C8: a failure that is worth a retry ends the attempt, not the part', async () => {
      const id = await sent('w1')
      const failure = { code: 'throttledRecipient', retryAfterMs: 6000 }
      await one(told({ providerId: 'w1' }, 'failed', 1_700_000_003_000, { failure }))
      expect(await message(id)).toMatchObject({ status: 'sent', failure: null })
      it.tick(6000)
      const again = await attempt()
      expect(again).toMatchObject({ item: { message: id, part: 0 }, attempt: 2 })
      await settle(again, accepted('w2'))
      await one(told({ providerId: 'w1' }, 'received'))
      expect(await message(id)).toMatchObject({
        status: 'received',
        providerIds: ['w1', 'w2'],
        attempts: 2,
      })
    })

    test('RULES D5: a watermark raises what was sent by then; later acceptances compare', async () => {
      const [early, late] = [await sent('w1'), await sent('w2')]
      const waiting = await send()
      const under = await attempt()
      await one({
        kind: 'receipt',
        channel: it.channel,
        of: { upTo: 1_700_000_001_000, address: ANA },
        status: 'read',
        at: 1,
        raw: 'read',
      })
      expect(await message(early)).toMatchObject({ status: 'read' })
      expect(await message(late)).toMatchObject({ status: 'read' })
      expect(await message(waiting)).toMatchObject({ status: 'pending' })
      await settle(under, accepted('w3', 1_700_000_000_999))
      expect(await message(waiting)).toMatchObject({ status: 'read' })
      const after = await send()
      await settle(await attempt(), accepted('w4', 1_700_000_001_001))
      expect(await message(after)).toMatchObject({ status: 'sent' })
    })

    test('RULES D5: an earlier time of sending, told by an echo, compares itself anew', async () => {
      const id = await sent('w1')
      const of = { upTo: 1_700_000_000_500, address: ANA }
      await one({ kind: 'receipt', channel: it.channel, of, status: 'read', at: 1, raw: 'read' })
      expect(await message(id)).toMatchObject({ status: 'sent' })
      await one(told({ providerId: 'w1' }, 'sent', 1_700_000_000_400))
      expect(await message(id)).toMatchObject({ status: 'read' })
    })

    test('an echo that overtook the answer and did not say whose it was is withdrawn', async () => {
      const id = await send()
      const under = await attempt()
      const echo = await one({ ...it.inbound('w1'), echo: true })
      await settle(under, accepted('w1'))
      expect(await message(id)).toMatchObject({ status: 'sent', providerIds: ['w1'] })
      expect(await message(String(echo.ok && echo.id))).toMatchObject({ content: { type: 'erased' } })
      await one(it.told({ providerId: 'w1', andBefore: ANA }, 'read'))
      expect(await message(id)).toMatchObject({ status: 'read' })
    })

    test('PROVIDERS C2: seen by message tells of all that was sent to them before it', async () => {
      const [before, seen, after] = [await sent('w1'), await sent('w2'), await send()]
      await settle(await attempt(), accepted('w3', 1_700_000_009_000))
      const of = { providerId: 'w2', andBefore: ANA }
      expect(await one(told(of, 'read'))).toMatchObject({ ok: true, id: seen })
      expect(await message(before)).toMatchObject({ status: 'read' })
      expect(await message(seen)).toMatchObject({ status: 'read' })
      expect(await message(after)).toMatchObject({ status: 'sent' })
    })

    test('RULES D3: segments of a part combine like parts', async () => {
      const id = await send()
      await settle(await attempt(), {
        is: 'accepted',
        providerIds: ['s1', 's2'],
        held: false,
        at: 1,
        raw: '0',
      })
      await one(told({ providerId: 's1' }, 'received'))
      expect(await message(id)).toMatchObject({ status: 'sent', providerIds: ['s1', 's2'] })
      await one(told({ providerId: 's2' }, 'received'))
      expect(await message(id)).toMatchObject({ status: 'received' })
    })

    test('RULES D4: what the provider holds back stays pending, with its id', async () => {
      const id = await send()
      await settle(await attempt(), { is: 'accepted', providerIds: ['w1'], held: true, at: 1, raw: 'held' })
      expect(await message(id)).toMatchObject({ status: 'pending', providerIds: ['w1'], uncertain: false })
      expect((await held()).items).toEqual([])
      await one(told({ providerId: 'w1' }, 'sent'))
      expect(await message(id)).toMatchObject({ status: 'sent' })
    })
  })
}
