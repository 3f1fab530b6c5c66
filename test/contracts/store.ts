import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Change, Committed, Lane, Outcome, Received, Settled, Transaction } from '../../model/change.ts'
import { type CloudEvent, type LogEvent, parseEvent } from '../../model/event.ts'
import {
  type ChannelId,
  type ConversationId,
  type FileId,
  idMaker,
  type MessageId,
  type WorkspaceId,
} from '../../model/ids.ts'
import { type Message, referenceOf } from '../../model/message.ts'
import { seededRandom } from '../../model/random.ts'
import { type Claim, FileMissing, type QueuedMessage, type Store } from '../../store/store.ts'

/** A store to be tested: `tick` moves its clock, `reopen` is a process that died and started again. */
export type Specimen = {
  store: Store
  events: LogEvent[]
  work: string[]
  tick(ms: number): number
  reopen(): Promise<Specimen>
  dispose(): Promise<void>
}

const GROUP = 'whatsapp:1'
const ANA = { kind: 'phone', value: '+5215512345678' } as const
const newId = idMaker(seededRandom(7))

/**
 * The laws that every store holds: RULES A to D as they show from outside. Each engine runs all of them, in
 * `test/store/`; a law that only one could hold would not belong here.
 */
export function storeLaws(name: string, open: () => Promise<Specimen>): void {
  describe(name, () => {
    let it: Specimen
    let wks: WorkspaceId
    let chn: ChannelId

    beforeEach(async () => {
      it = await open()
      wks = newId('wks', 1)
      chn = newId('chn', 1)
      await must({ kind: 'workspaceCreated', name: 'Acme' })
      await must(channelOf(chn, '111'))
    })
    afterEach(() => it.dispose())

    const commit = (changes: Change[], more: Partial<Transaction> = {}): Promise<Committed> =>
      it.store.commit({ workspace: wks, changes, ...more })
    const one = async (change: Change): Promise<Outcome> => (await commit([change])).outcomes[0] as Outcome
    const must = async (change: Change): Promise<string> => {
      const outcome = await one(change)
      if (!outcome.ok) throw new Error(`${outcome.code}: ${outcome.detail}`)
      return outcome.id ?? ''
    }
    const inbound = (key: string, more: Partial<Received> = {}): Received => ({
      kind: 'received',
      channel: chn,
      key,
      providerId: key,
      at: 1_700_000_000_000,
      echo: false,
      address: ANA,
      also: [],
      content: { type: 'text', text: key },
      ...more,
    })
    const outbound = (more: object = {}): Change => ({
      kind: 'enqueued',
      channel: chn,
      to: ANA,
      content: { type: 'text', text: 'hola' },
      source: { kind: 'api', id: null },
      category: 'service',
      lane: 'normal',
      expiresAt: it.tick(0) + 86_400_000,
      ...more,
    })
    const send = async (more: object = {}): Promise<MessageId> => (await must(outbound(more))) as MessageId
    const message = async (id: string): Promise<Message> => {
      const found = await it.store.query('message', { workspace: wks, id: id as MessageId })
      if (found === null) throw new Error(`no message ${id}`)
      return found
    }
    const log = async (after = 0): Promise<CloudEvent[]> =>
      (await it.store.events(wks, after, 10_000)).map(parseEvent)
    const claim = (holder = 'node-1', more: object = {}): Promise<Claim> =>
      it.store.claim({
        group: GROUP,
        holder,
        leaseMs: 30_000,
        limits: { reply: 100, normal: 100, bulk: 100 },
        horizonMs: 10_000,
        skip: [],
        ...more,
      })
    const held = async (holder?: string, more?: object): Promise<Extract<Claim, { held: true }>> => {
      const claimed = await claim(holder, more)
      if (!claimed.held) throw new Error('the lease is held by another')
      return claimed
    }
    /** Claims and attempts the next message; the attempt is durable. */
    const attempt = async (parts = 1): Promise<{ item: QueuedMessage; fence: number; attempt: number }> => {
      const { items, fence } = await held()
      const item = items[0]
      if (item === undefined) throw new Error('nothing to claim')
      const number = item.attempts + 1
      await must({
        kind: 'attempted',
        message: item.message,
        lease: { group: GROUP, fence },
        part: item.part,
        attempt: number,
        parts,
        queued: false,
      })
      return { item, fence, attempt: number }
    }
    const settle = (
      { item, fence, attempt: number }: { item: QueuedMessage; fence: number; attempt: number },
      result: Settled['result'],
    ): Promise<Outcome> =>
      one({
        kind: 'settled',
        message: item.message,
        lease: { group: GROUP, fence },
        part: item.part,
        attempt: number,
        result,
      })
    const accepted = (id: string, at = 1_700_000_001_000): Settled['result'] => ({
      is: 'accepted',
      providerIds: [id],
      held: false,
      at,
      raw: 'accepted',
    })
    const told = (
      of: { providerId: string; reference?: string } | { reference: string },
      status: 'sent' | 'received' | 'read' | 'failed',
      at = 1_700_000_002_000,
      more: object = {},
    ): Change => ({ kind: 'receipt', channel: chn, of, status, at, raw: status, ...more })

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

      test('RULES A5: what is read from the log is what live readers got, before and after it changed', async () => {
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
        const live = it.events.filter(event => event.workspace === wks).map(event => event.json)
        expect((await it.store.events(wks, 0, 1000)).map(event => event.json)).toEqual(live)
        const created = (await log()).filter(
          event => event.subject === id && event.type === 'message.created',
        )
        expect(created).toMatchObject([
          { data: { status: 'pending', statusTimes: { pending: expect.any(String) } } },
        ])
      })

      test('RULES A5: no event but message.created carries what a person wrote or where they are reached', async () => {
        await one(inbound('m1', { name: 'Ana María', also: [{ kind: 'whatsapp', value: 'MX.777' }] }))
        await send()
        const others = (await log()).filter(event => event.type !== 'message.created')
        expect(JSON.stringify(others)).not.toMatch(/5512345678|Ana María|MX\.777/)
      })

      test('a page of events starts after the number and keeps to its limit', async () => {
        for (const key of ['a', 'b', 'c']) await one(inbound(key))
        const events = await it.store.events(wks, 2, 2)
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
        const broken = { kind: 'received', channel: chn } as unknown as Change
        const results = await Promise.allSettled([one(inbound('m1')), one(broken), one(inbound('m2'))])
        expect(results.map(result => result.status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
        expect(await it.store.query('messages', { workspace: wks, limit: 10 })).toHaveLength(2)
      })

      test('RULES A4: the cursor moves with its effects, and not at all when it is elsewhere', async () => {
        const move = (from: number, to: number): Promise<Committed> =>
          commit([inbound(`at${from}`)], { cursor: { follower: 'f', from, to } })
        expect((await move(0, 5)).stale).toBe(false)
        expect(await it.store.cursor('f', wks)).toBe(5)
        const again = await move(0, 5)
        expect(again.stale).toBe(true)
        expect(again.outcomes).toMatchObject([{ ok: false, code: 'stale' }])
        expect(await it.store.query('messages', { workspace: wks, limit: 10 })).toHaveLength(1)
      })

      test('RULES A4: a decision on a conversation that changed since is refused whole', async () => {
        await one(inbound('m1'))
        const [talk] = await it.store.query('conversations', { workspace: wks, limit: 1 })
        const close: Change = { kind: 'closed', conversation: talk?.id as ConversationId, by: 'api' }
        const when = [{ conversation: talk?.id as ConversationId, version: 7 }]
        expect((await commit([close], { when })).stale).toBe(true)
        expect(
          (await commit([close], { when: [{ ...when[0], version: 1 } as (typeof when)[0]] })).stale,
        ).toBe(false)
      })

      test('RULES C12: an idempotency key gives the first outcomes, and refuses another body', async () => {
        const once = { scope: 'tok POST /v1/messages', key: 'k1', hash: 'h1' }
        const first = await commit([outbound()], { once })
        const second = await commit([outbound()], { once })
        expect(second).toMatchObject({ replayed: true, outcomes: first.outcomes })
        const other = await commit([outbound()], { once: { ...once, hash: 'h2' } })
        expect(other.outcomes).toMatchObject([{ ok: false, code: 'keyReused' }])
        expect(await it.store.query('messages', { workspace: wks, limit: 10 })).toHaveLength(1)
      })

      test('what was answered is there after the process died', async () => {
        await one(inbound('m1'))
        it = await it.reopen()
        expect(await it.store.query('messages', { workspace: wks, limit: 10 })).toMatchObject([
          { providerIds: ['m1'] },
        ])
        await one(inbound('m2'))
        const numbers = (await log()).map(event => event.sequence)
        expect(numbers).toEqual(numbers.map((_, index) => index + 1))
      })
    })

    describe('inbound', () => {
      test('RULES B1: the same delivery three times is one message, with or without a provider id', async () => {
        const plain = inbound('k1', { providerId: null })
        for (const change of [inbound('m1'), inbound('m1'), plain, plain, inbound('m1')]) await one(change)
        expect(await it.store.query('messages', { workspace: wks, limit: 10 })).toHaveLength(2)
      })

      test('RULES B3, B4: contact and open conversation are found or made with the message', async () => {
        const [first, second] = [await must(inbound('m1', { name: 'Ana' })), await must(inbound('m2'))]
        const [a, b] = [await message(first), await message(second)]
        expect(b).toMatchObject({ contact: a.contact, conversation: a.conversation })
        expect((await log()).map(event => event.type)).toEqual([
          'channel.created',
          'contact.created',
          'conversation.opened',
          'message.created',
          'message.created',
        ])
        expect(await it.store.query('contact', { workspace: wks, id: a.contact })).toMatchObject({
          name: 'Ana',
          addresses: [ANA],
        })
      })

      test('RULES B4: a closed conversation is not reopened; the next message opens another, of a returning contact', async () => {
        const first = await message(await must(inbound('m1')))
        await must({ kind: 'closed', conversation: first.conversation as ConversationId, by: 'api' })
        const second = await message(await must(inbound('m2')))
        expect(second.conversation).not.toBe(first.conversation)
        const talks = await it.store.query('conversations', { workspace: wks, limit: 10 })
        expect(talks.map(talk => [talk.status, talk.contactType])).toEqual([
          ['open', 'returning'],
          ['closed', 'new'],
        ])
      })

      test('RULES B4: threads of one contact are conversations of their own', async () => {
        const a = await message(await must(inbound('m1', { thread: 'root-1' })))
        const b = await message(await must(inbound('m2', { thread: 'root-2' })))
        const c = await message(await must(inbound('m3', { thread: 'root-1' })))
        expect(b.contact).toBe(a.contact)
        expect(b.conversation).not.toBe(a.conversation)
        expect(c.conversation).toBe(a.conversation)
      })

      test('RULES F3: a user id and a phone join; a phone that comes with another user id moves to the newcomer', async () => {
        const user = (value: string) => ({ kind: 'whatsapp', value }) as const
        const a = await message(await must(inbound('m1', { also: [user('MX.1')] })))
        const same = await message(await must(inbound('m2', { address: user('MX.1') })))
        const other = await message(await must(inbound('m3', { also: [user('MX.2')] })))
        expect(same.contact).toBe(a.contact)
        expect(other.contact).not.toBe(a.contact)
        const former = await it.store.query('contact', { workspace: wks, id: a.contact })
        expect(former?.addresses).toEqual([user('MX.1')])
        const owner = await it.store.query('contactByAddress', { workspace: wks, address: ANA })
        expect(owner?.id).toBe(other.contact)
      })

      test('a quote names our message where we know it, and keeps the provider id where we do not', async () => {
        const first = await must(inbound('m1'))
        expect((await message(await must(inbound('m2', { replyTo: 'm1' })))).replyTo).toEqual({
          id: first,
          providerId: 'm1',
        })
        expect((await message(await must(inbound('m3', { replyTo: 'x' })))).replyTo).toEqual({
          id: null,
          providerId: 'x',
        })
      })

      test('an echo is an outbound message that is sent already', async () => {
        await one(told({ providerId: 'e1' }, 'received'))
        const echo = await message(await must(inbound('e1', { echo: true })))
        expect(echo).toMatchObject({ direction: 'outbound', source: { kind: 'echo' }, status: 'received' })
        expect((await held()).items).toEqual([])
      })

      test('an unknown or deleted channel takes nothing', async () => {
        expect(await one(inbound('m1', { channel: newId('chn', 1) }))).toMatchObject({ code: 'notFound' })
        await must({ kind: 'channelDeleted', channel: chn })
        expect(await one(inbound('m2'))).toMatchObject({ code: 'notFound' })
      })

      test('invariant 7: a channel of another workspace is not there', async () => {
        const other = newId('wks', 1)
        await it.store.commit({ workspace: other, changes: [{ kind: 'workspaceCreated', name: 'Other' }] })
        const { outcomes } = await it.store.commit({ workspace: other, changes: [inbound('m1')] })
        expect(outcomes).toMatchObject([{ ok: false, code: 'notFound' }])
        const id = await must(inbound('m1'))
        expect(await it.store.query('message', { workspace: other, id: id as MessageId })).toBeNull()
      })

      test('RULES B7: rejected deliveries are kept with their bytes, and told', async () => {
        const raw = new TextEncoder().encode('{"not":"ours"}')
        await must({ kind: 'rejected', channel: chn, why: 'shape', raw, contentType: 'application/json' })
        const [kept] = await it.store.query('rejected', { workspace: wks, limit: 10 })
        expect(kept && new TextDecoder().decode(kept.raw)).toBe('{"not":"ours"}')
        expect((await log()).at(-1)).toMatchObject({
          type: 'intake.rejected',
          data: { why: 'shape', size: 14 },
        })
      })
    })

    describe('channels', () => {
      test('RULES B2: a provider id is one channel per workspace and connector, until it is deleted', async () => {
        expect(await one(channelOf(newId('chn', 1), '111'))).toMatchObject({ ok: false, code: 'exists' })
        await must({ kind: 'channelDeleted', channel: chn })
        await must(channelOf(newId('chn', 1), '111'))
        expect(await it.store.query('channels', {})).toHaveLength(1)
      })

      test('an update moves the provider id, and cannot take one that is in use', async () => {
        await must(channelOf(newId('chn', 1), '222'))
        expect(
          await one({ kind: 'channelUpdated', channel: chn, set: { providerKey: '222' } }),
        ).toMatchObject({ code: 'exists' })
        await must({ kind: 'channelUpdated', channel: chn, set: { providerKey: '333', name: 'New' } })
        await must(channelOf(newId('chn', 1), '111'))
        expect((await log()).at(-2)).toMatchObject({ type: 'channel.updated', data: { name: 'New' } })
      })

      test('health is an event only when it changes', async () => {
        const health: Change = {
          kind: 'channelHealth',
          channel: chn,
          health: { state: 'failing', why: 'credentials', at: 1 },
        }
        await must(health)
        await must(health)
        expect((await log()).filter(event => event.type === 'channel.health')).toHaveLength(1)
      })
    })

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
        const last = await message(
          await must(inbound('m2', { channel: second, address: heard, also: [ANA] })),
        )
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
        expect((await held('node-1', { limits, skip: [chn] })).items).toEqual([])
        expect((await held('node-1', { limits })).items).toHaveLength(1)
      })

      test('RULES C2: claimed goes back to ready with its holder, attempted becomes uncertain', async () => {
        const [first, second] = [await send(), await send()]
        const { item } = await attempt()
        expect(item.message).toBe(first)
        it = await it.reopen()
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
        const { expired, items, fence } = await held('node-1', { skip: [chn] })
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

      test('RULES C6: an uncertain attempt is resent by policy once, or proven by a receipt with our reference', async () => {
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
        const lines = await it.store.query('timeline', { workspace: wks, id })
        expect(lines.map(line => [line.kind, line.attempt, line.raw])).toEqual([
          ['created', null, null],
          ['retry', 1, '131000'],
          ['accepted', 2, 'accepted'],
          ['receipt', 2, 'received'],
        ])
      })
    })

    describe('receipts', () => {
      const sent = async (id = 'w1'): Promise<MessageId> => {
        const made = await send()
        await settle(await attempt(), accepted(id))
        return made
      }

      test('RULES D1: any order, any number of times, the same result; each transition is told once', async () => {
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
        expect((await it.store.sweep()).deleted).toBe(1)
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

      test('RULES D5: a watermark raises what was sent by then, and what is accepted later compares itself', async () => {
        const [early, late] = [await sent('w1'), await sent('w2')]
        const waiting = await send()
        const under = await attempt()
        await one({
          kind: 'receipt',
          channel: chn,
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

    describe('files', () => {
      test('RULES A9: a file is named by its content and reads back whole', async () => {
        const bytes = Buffer.alloc(300_000, 'omnibus')
        const { sha256, size } = await it.store.putFile(
          Readable.from([bytes.subarray(0, 1000), bytes.subarray(1000)]),
          1e6,
        )
        expect([sha256, size]).toEqual([createHash('sha256').update(bytes).digest('hex'), 300_000])
        expect(await text(await it.store.readFile(sha256))).toBe(bytes.toString())
        await expect(it.store.readFile('0'.repeat(64))).rejects.toThrow(FileMissing)
        await expect(it.store.putFile(Readable.from([bytes]), 1000)).rejects.toThrow('larger than 1000 bytes')
      })

      test('inbound media: pending, due, stored; the message shows the file, its event does not change', async () => {
        const content = { type: 'image', media: { ref: 'r1', mimeType: 'image/png' } } as const
        const id = await must(inbound('m1', { content }))
        const before = await log()
        const shown = (await message(id)).content as unknown as { media: { id: FileId; state: string } }
        expect(shown.media.state).toBe('pending')
        const file = shown.media.id
        await must({ kind: 'mediaFetched', file, result: { is: 'due', at: 5, deadline: 9 } })
        expect(await it.store.query('mediaDue', { by: 5, limit: 10 })).toMatchObject([
          { id: file, foreign: { ref: 'r1' } },
        ])
        await must({
          kind: 'mediaFetched',
          file,
          result: { is: 'stored', sha256: 'ab', size: 3, mimeType: 'image/jpeg' },
        })
        expect(await message(id)).toMatchObject({
          content: { media: { state: 'stored', size: 3, mimeType: 'image/jpeg' } },
        })
        expect(await it.store.query('mediaDue', { by: 99, limit: 10 })).toEqual([])
        expect((await log()).slice(0, before.length)).toEqual(before)
        expect((await log()).at(-1)).toMatchObject({
          type: 'message.media',
          subject: id,
          data: { media: { state: 'stored' } },
        })
      })
    })

    test('pages are newest first and resume below an id', async () => {
      const ids: string[] = []
      for (let index = 0; index < 5; index++) ids.push(await must(inbound(`m${index}`)))
      const first = await it.store.query('messages', { workspace: wks, limit: 2 })
      expect(first.map(one => one.id)).toEqual([ids[4], ids[3]])
      const rest = await it.store.query('messages', { workspace: wks, limit: 9, after: ids[3] as MessageId })
      expect(rest.map(one => one.id)).toEqual([ids[2], ids[1], ids[0]])
      expect(await it.store.query('messages', { workspace: wks, limit: 9, direction: 'outbound' })).toEqual(
        [],
      )
    })
  })
}

function channelOf(id: ChannelId, providerKey: string): Change {
  return {
    kind: 'channelCreated',
    id,
    connector: 'whatsapp',
    name: 'Support',
    config: { phoneNumberId: providerKey },
    providerKey,
    senderGroup: GROUP,
  }
}
