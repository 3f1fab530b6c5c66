import { describe, expect, test } from 'vitest'
import type { ContactId, ConversationId, TagId } from '../../../model/ids.ts'
import type { Moment } from '../../../store/found/timeline.ts'
import { ANA, newId, type Trial } from './trial.ts'

const NOW = Date.parse('2026-11-24T12:00:00Z')
const FOR_EVER = { messages: null, raw: null, receipts: null, files: null }

/** Everything that happened to a person, however little the log still tells: RULES A6, F2. */
export function timelineLaws(it: Trial): void {
  const { must, inbound, message, send } = it
  const timeline = async (id: string, more: object = {}): Promise<Moment[]> => {
    const params = { workspace: it.workspace, id: id as ContactId, limit: 50, ...more }
    return (await it.store.query('contactTimeline', params)) ?? []
  }
  const typesOf = (moments: readonly Moment[]): string[] => moments.map(({ type }) => type)
  /** One thing a minute. */
  const then = <T>(what: Promise<T>): Promise<T> => {
    it.tick(60_000)
    return what
  }
  const lived = async (): Promise<{ contact: ContactId; conversation: ConversationId }> => {
    it.tick(NOW)
    const { contact, conversation } = await message(await must(inbound('m1')))
    const tag = (await must({ kind: 'tagCreated', id: newId('tag', 1), name: 'VIP' })) as TagId
    await then(must({ kind: 'contactUpdated', contact, addTags: [tag] }))
    await then(send({ contact, to: undefined }))
    await then(must({ kind: 'closed', conversation: conversation as ConversationId, by: 'agent' }))
    await then(must(inbound('m2')))
    return { contact, conversation: conversation as ConversationId }
  }
  const LIFE = [
    ...['message.created', 'conversation.opened', 'conversation.closed', 'message.created'],
    ...['contact.updated', 'contact.created', 'message.created', 'conversation.opened'],
  ]

  describe('the timeline of a contact', () => {
    test('tells what was said of it, its conversations and its messages, newest first', async () => {
      const { contact, conversation } = await lived()
      const moments = await timeline(contact)
      expect(typesOf(moments).toSorted()).toEqual(LIFE.toSorted())
      expect(moments.map(({ at }) => at)).toEqual(
        moments
          .map(({ at }) => at)
          .toSorted()
          .reverse(),
      )
      expect(moments[2]).toMatchObject({ type: 'conversation.closed', data: { id: conversation } })
      expect(moments[3]).toMatchObject({ type: 'message.created', data: { direction: 'outbound' } })
      expect(moments[4]).toMatchObject({ type: 'contact.updated', data: { changed: ['tags'] } })
    })

    test('comes in pages that join, of any length', async () => {
      const { contact } = await lived()
      const whole = await timeline(contact)
      for (const limit of [1, 2, 3, 7]) {
        const pages: Moment[] = []
        for (let after: string | undefined; ; ) {
          const page = await timeline(contact, { limit, ...(after && { after }) })
          pages.push(...page)
          after = page.at(-1)?.key
          if (page.length < limit) break
        }
        expect(pages).toEqual(whole)
      }
    })

    test('RULES A6: is there when the log is not kept any more', async () => {
      const { contact } = await lived()
      const before = await timeline(contact)
      it.tick(90 * 86_400_000)
      await it.store.sweep({ log: 86_400_000, ...FOR_EVER })
      await expect(it.store.events(it.workspace, 0, 10)).rejects.toThrow('is kept from')
      expect(await timeline(contact)).toEqual(before)
    })

    test('RULES F2: of those that were merged into it too, by any of their ids', async () => {
      it.tick(NOW)
      const user = { kind: 'webchat', value: 'w1' } as const
      const visitor = await message(await must(inbound('w1', { address: user })))
      const { contact } = await message(await then(must(inbound('m1'))))
      const identified = { kind: 'identified' as const, channel: it.channel, visitor: 'w1', externalId: 'x' }
      await then(must({ ...identified, name: null, addresses: [ANA], epoch: 0 }))
      const moments = await timeline(contact)
      expect(typesOf(moments)).toContain('contact.merged')
      expect(typesOf(moments).filter(type => type === 'message.created')).toHaveLength(2)
      expect(await timeline(visitor.contact)).toEqual(moments)
      expect(new Set(moments.map(({ key }) => key)).size).toBe(moments.length)
    })

    test('many messages over many conversations, those of an open thread among them', async () => {
      it.tick(NOW)
      const ids: string[] = []
      for (let round = 0; round < 4; round++) {
        const id = await then(must(inbound(`r${round}`)))
        ids.push(id, await then(must(inbound(`s${round}`))))
        const { conversation } = await message(id)
        await then(must({ kind: 'closed', conversation: conversation as ConversationId, by: 'api' }))
      }
      const { contact } = await message(ids[0] as string)
      const said = (await timeline(contact)).filter(({ type }) => type === 'message.created')
      expect(said.map(({ data }) => data['id' as never])).toEqual(ids.toReversed())
      expect(
        await it.store.query('contactTimeline', { workspace: newId('wks', 1), id: contact, limit: 9 }),
      ).toBeNull()
    })
  })
}
