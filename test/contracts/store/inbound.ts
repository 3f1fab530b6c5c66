import { describe, expect, test } from 'vitest'
import type { Change } from '../../../model/change.ts'
import type { ConversationId, MessageId, RejectedId } from '../../../model/ids.ts'
import { ANA, channelOf, newId, type Trial } from './trial.ts'

/** What comes in, and the channels by which it does: RULES B. */
export function inboundLaws(it: Trial): void {
  const { one, must, inbound, message, log, held, told } = it
  describe('inbound', () => {
    test('RULES B1: a delivery three times is one message, with or without a provider id', async () => {
      const plain = inbound('k1', { providerId: null })
      for (const change of [inbound('m1'), inbound('m1'), plain, plain, inbound('m1')]) await one(change)
      expect(await it.store.query('messages', { workspace: it.workspace, limit: 10 })).toHaveLength(2)
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
      expect(await it.store.query('contact', { workspace: it.workspace, id: a.contact })).toMatchObject({
        name: 'Ana',
        addresses: [ANA],
      })
    })

    test('RULES B4: after a closed conversation the next message opens another', async () => {
      const first = await message(await must(inbound('m1')))
      await must({ kind: 'closed', conversation: first.conversation as ConversationId, by: 'api' })
      const second = await message(await must(inbound('m2')))
      expect(second.conversation).not.toBe(first.conversation)
      const talks = await it.store.query('conversations', { workspace: it.workspace, limit: 10 })
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

    test('RULES F3: a user id and a phone join; with another user id the phone moves', async () => {
      const user = (value: string) => ({ kind: 'whatsapp', value }) as const
      const a = await message(await must(inbound('m1', { also: [user('MX.1')] })))
      const same = await message(await must(inbound('m2', { address: user('MX.1') })))
      const other = await message(await must(inbound('m3', { also: [user('MX.2')] })))
      expect(same.contact).toBe(a.contact)
      expect(other.contact).not.toBe(a.contact)
      const former = await it.store.query('contact', { workspace: it.workspace, id: a.contact })
      expect(former?.addresses).toEqual([user('MX.1')])
      const owner = await it.store.query('contactByAddress', { workspace: it.workspace, address: ANA })
      expect(owner?.id).toBe(other.contact)
    })

    test('a quote names our message if we know it, and else keeps the provider id', async () => {
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
      await must({ kind: 'channelDeleted', channel: it.channel })
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
      await must({
        kind: 'rejected',
        channel: it.channel,
        why: 'shape',
        raw,
        contentType: 'application/json',
      })
      const { workspace, channel } = it
      const [kept] = await it.store.query('rejected', { workspace, channel, limit: 10 })
      expect(kept).toMatchObject({ channel, why: 'shape', size: 14, contentType: 'application/json' })
      const whole = await it.store.query('rejectedRaw', { workspace, id: kept?.id as RejectedId })
      expect(new TextDecoder().decode(whole?.raw)).toBe('{"not":"ours"}')
      expect(await it.store.query('rejected', { workspace, channel: newId('chn', 1), limit: 10 })).toEqual([])
      const below = { workspace, channel, after: kept?.id as RejectedId, limit: 10 }
      expect(await it.store.query('rejected', below)).toEqual([])
      expect((await log()).at(-1)).toMatchObject({
        type: 'intake.rejected',
        data: { why: 'shape', size: 14 },
      })
    })
  })

  describe('deliveries that are read again', () => {
    test('RULES B7: what was read goes with what it told, once, and makes room', async () => {
      const raw = new Uint8Array(3)
      const rejected = { kind: 'rejected', channel: it.channel, why: 'shape', raw, contentType: 'x' } as const
      const id = (await must(rejected)) as RejectedId
      await it.commit(Array.from({ length: 999 }, () => rejected))
      expect(await one(rejected)).toMatchObject({ code: 'full' })
      const { outcomes } = await it.commit([inbound('m1'), { kind: 'rejectedRemoved', id }])
      expect(outcomes).toMatchObject([{ ok: true }, { ok: true, id }])
      expect(await one({ kind: 'rejectedRemoved', id })).toMatchObject({ ok: true, duplicate: true })
      expect(await it.store.query('rejectedRaw', { workspace: it.workspace, id })).toBeNull()
      await must(rejected)
      expect(await one(rejected)).toMatchObject({ code: 'full' })
    })

    test('invariant 7: another workspace removes nothing', async () => {
      const raw = new Uint8Array(3)
      const id = await must({ kind: 'rejected', channel: it.channel, why: 'shape', raw, contentType: 'x' })
      const other = newId('wks', 1)
      await it.store.commit({ workspace: other, changes: [{ kind: 'workspaceCreated', name: 'Other' }] })
      await it.store.commit({
        workspace: other,
        changes: [{ kind: 'rejectedRemoved', id: id as RejectedId }],
      })
      expect(await it.store.query('rejected', { workspace: it.workspace, limit: 10 })).toHaveLength(1)
    })
  })

  describe('secrets at rest', () => {
    test('RULES G1: a config is sealed anew only if it is what was read, and nobody is told', async () => {
      const configs = async (): Promise<unknown[]> =>
        (await it.store.query('channels', { workspace: it.workspace })).map(({ config }) => config)
      const before = await log()
      const [from] = (await configs()) as Record<string, unknown>[]
      const resealed = { kind: 'channelResealed', channel: it.channel, from: from ?? {} } as const
      expect(await one({ ...resealed, config: { sealed: 'anew' } })).toMatchObject({ ok: true })
      expect(await one({ ...resealed, config: { sealed: 'late' } })).toMatchObject({ code: 'stale' })
      expect(await configs()).toEqual([{ sealed: 'anew' }])
      expect(await log()).toEqual(before)
    })
  })

  describe('channels', () => {
    test('RULES B2: a provider id is one channel of a workspace until that is deleted', async () => {
      expect(await one(channelOf(newId('chn', 1), '111'))).toMatchObject({ ok: false, code: 'exists' })
      await must({ kind: 'channelDeleted', channel: it.channel })
      await must(channelOf(newId('chn', 1), '111'))
      expect(await it.store.query('channels', {})).toHaveLength(1)
    })

    test('an update moves the provider id, and cannot take one that is in use', async () => {
      await must(channelOf(newId('chn', 1), '222'))
      expect(
        await one({ kind: 'channelUpdated', channel: it.channel, set: { providerKey: '222' } }),
      ).toMatchObject({ code: 'exists' })
      await must({ kind: 'channelUpdated', channel: it.channel, set: { providerKey: '333', name: 'New' } })
      await must(channelOf(newId('chn', 1), '111'))
      expect((await log()).at(-2)).toMatchObject({ type: 'channel.updated', data: { name: 'New' } })
    })

    test('health is an event only when it changes', async () => {
      const health: Change = {
        kind: 'channelHealth',
        channel: it.channel,
        health: { state: 'failing', why: 'credentials', at: 1 },
      }
      await must(health)
      await must(health)
      expect((await log()).filter(event => event.type === 'channel.health')).toHaveLength(1)
    })
  })
}
