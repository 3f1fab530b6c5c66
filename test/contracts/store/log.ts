import { describe, expect, test } from 'vitest'
import type { Change, Committed } from '../../../model/change.ts'
import type { ConversationId } from '../../../model/ids.ts'
import { channelOf, newId, type Trial } from './trial.ts'

/** Numbers, events, groups and cursors: RULES A and C12. */
export function logLaws(it: Trial): void {
  const { commit, one, must, inbound, outbound, send, message, log, attempt, settle, accepted, told } = it
  describe('the log', () => {
    test('RULES A3: numbers count per workspace from 1, without gaps, in commit order', async () => {
      const other = newId('wks', 1)
      await it.store.commit({ workspace: other, changes: [{ kind: 'workspaceCreated', name: 'Other' }] })
      await it.store.commit({ workspace: other, changes: [channelOf(newId('chn', 1), '111')] })
      await Promise.all(Array.from({ length: 50 }, (_, index) => one(inbound(`m${index}`))))
      const events = await log()
      expect(events.map(event => event.sequence)).toEqual(events.map((_, index) => index + 1))
      expect((await it.store.events(other, 0, 10)).map(event => event.sequence)).toEqual([1])
    })

    test('RULES A5: the log reads as live readers got it, before and after changes', async () => {
      await one(
        inbound('m1', {
          content: { type: 'image', media: { ref: 'x', mimeType: 'image/png' }, caption: 'c' },
        }),
      )
      const id = await send()
      await settle(await attempt(), accepted('w1'))
      await one(told({ providerId: 'w1' }, 'read'))
      await must({
        kind: 'closed',
        conversation: (await message(id)).conversation as ConversationId,
        by: 'api',
      })
      const live = it.events.filter(event => event.workspace === it.workspace).map(event => event.json)
      expect((await it.store.events(it.workspace, 0, 1000)).map(event => event.json)).toEqual(live)
      const created = (await log()).filter(event => event.subject === id && event.type === 'message.created')
      expect(created).toMatchObject([
        { data: { status: 'pending', statusTimes: { pending: expect.any(String) } } },
      ])
    })

    test("RULES A5: only message.created carries a person's words and addresses", async () => {
      await one(inbound('m1', { name: 'Ana María', also: [{ kind: 'whatsapp', value: 'MX.777' }] }))
      await send()
      const others = (await log()).filter(event => event.type !== 'message.created')
      expect(JSON.stringify(others)).not.toMatch(/5512345678|Ana María|MX\.777/)
    })

    test('a page of events starts after the number and keeps to its limit', async () => {
      for (const key of ['a', 'b', 'c']) await one(inbound(key))
      const events = await it.store.events(it.workspace, 2, 2)
      expect(events.map(event => event.sequence)).toEqual([3, 4])
    })
  })

  describe('commit', () => {
    test('RULES A2: each change sees those before it; one that is refused fails alone', async () => {
      const { outcomes } = await commit([
        inbound('m1'),
        { kind: 'closed', conversation: newId('cnv', 1), by: 'api' },
        inbound('m2'),
        inbound('m1'),
      ])
      expect(outcomes).toMatchObject([
        { ok: true },
        { ok: false, code: 'notFound' },
        { ok: true },
        { ok: true, duplicate: true },
      ])
      expect(outcomes[3]).toMatchObject({ id: (outcomes[0] as { id: string }).id })
    })

    test('RULES A2: a caller whose change breaks the group does not break the others', async () => {
      const broken = { kind: 'received', channel: it.channel } as unknown as Change
      const results = await Promise.allSettled([one(inbound('m1')), one(broken), one(inbound('m2'))])
      expect(results.map(result => result.status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
      expect(await it.store.query('messages', { workspace: it.workspace, limit: 10 })).toHaveLength(2)
    })

    test('RULES A4: the cursor moves with its effects, and not at all when it is elsewhere', async () => {
      const move = (from: number, to: number): Promise<Committed> =>
        commit([inbound(`at${from}`)], { cursor: { follower: 'f', from, to } })
      expect((await move(0, 5)).stale).toBe(false)
      expect(await it.store.cursor('f', it.workspace)).toBe(5)
      const again = await move(0, 5)
      expect(again.stale).toBe(true)
      expect(again.outcomes).toMatchObject([{ ok: false, code: 'stale' }])
      expect(await it.store.query('messages', { workspace: it.workspace, limit: 10 })).toHaveLength(1)
    })

    test('RULES A4: a decision on a conversation that changed since is refused whole', async () => {
      await one(inbound('m1'))
      const [talk] = await it.store.query('conversations', { workspace: it.workspace, limit: 1 })
      const close: Change = { kind: 'closed', conversation: talk?.id as ConversationId, by: 'api' }
      const when = [{ conversation: talk?.id as ConversationId, version: 7 }]
      expect((await commit([close], { when })).stale).toBe(true)
      expect((await commit([close], { when: [{ ...when[0], version: 1 } as (typeof when)[0]] })).stale).toBe(
        false,
      )
    })

    test('RULES C12: an idempotency key gives the first outcomes, and refuses another body', async () => {
      const once = { scope: 'tok POST /v1/messages', key: 'k1', hash: 'h1' }
      const first = await commit([outbound()], { once })
      const second = await commit([outbound()], { once })
      expect(second).toMatchObject({ replayed: true, outcomes: first.outcomes })
      const other = await commit([outbound()], { once: { ...once, hash: 'h2' } })
      expect(other.outcomes).toMatchObject([{ ok: false, code: 'keyReused' }])
      expect(await it.store.query('messages', { workspace: it.workspace, limit: 10 })).toHaveLength(1)
    })

    test('what was answered is there after the process died', async () => {
      await one(inbound('m1'))
      await it.reopen()
      expect(await it.store.query('messages', { workspace: it.workspace, limit: 10 })).toMatchObject([
        { providerIds: ['m1'] },
      ])
      await one(inbound('m2'))
      const numbers = (await log()).map(event => event.sequence)
      expect(numbers).toEqual(numbers.map((_, index) => index + 1))
    })
  })
}
