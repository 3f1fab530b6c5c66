import { describe, expect, test } from 'vitest'
import type { Contact } from '../../../model/contact.ts'
import type { ContactId } from '../../../model/ids.ts'
import { ANA, type Trial } from './trial.ts'

const NEW = { kind: 'phone', value: '+5215599999999' } as const
const GROUP_OF_ANA = { kind: 'group', value: 'Y2FwaV' } as const
const user = (value: string) => ({ kind: 'whatsapp', value }) as const

/** Who is who when numbers and ids change hands, and who is in a group: RULES B4, F3, D1. */
export function peopleLaws(it: Trial): void {
  const { one, must, inbound, send, message, log, attempt, settle, accepted, told } = it
  const contact = async (id: string): Promise<Contact> => {
    const found = await it.store.query('contact', { workspace: it.workspace, id: id as ContactId })
    if (found === null) throw new Error(`no contact ${id}`)
    return found
  }
  const ownerOf = (address: typeof ANA | typeof NEW): Promise<Contact | null> =>
    it.store.query('contactByAddress', { workspace: it.workspace, address })

  describe('addresses that change', () => {
    test('RULES F3: a new number joins the person, and answers go there', async () => {
      const before = await message(await must(inbound('m1', { also: [user('MX.1')] })))
      const moved = await message(await must(inbound('s1', { address: NEW, former: ANA })))
      expect(moved).toMatchObject({ contact: before.contact, conversation: before.conversation })
      expect((await contact(moved.contact)).addresses).toEqual([user('MX.1'), NEW])
      const answer = await send({ channel: undefined, to: undefined, contact: before.contact })
      expect((await message(answer)).address).toEqual(NEW)
    })

    test('RULES F3: whoever gets the old number later is somebody else', async () => {
      const ana = await message(await must(inbound('m1')))
      await must(inbound('s1', { address: NEW, former: ANA }))
      const stranger = await message(await must(inbound('m2')))
      expect(stranger.contact).not.toBe(ana.contact)
      expect((await message(await must(inbound('m3', { address: NEW })))).contact).toBe(ana.contact)
    })

    test('RULES F3: a new number that another had is taken over, and nobody is merged', async () => {
      const other = await message(await must(inbound('m1', { address: NEW, also: [user('MX.9')] })))
      const ana = await message(await must(inbound('m2', { also: [user('MX.1')] })))
      const moved = await message(await must(inbound('s1', { address: NEW, former: ANA })))
      expect(moved.contact).toBe(ana.contact)
      expect((await contact(other.contact)).addresses).toEqual([user('MX.9')])
      expect((await ownerOf(NEW))?.id).toBe(ana.contact)
    })

    test('RULES F3: an old number that had changed hands unseen takes nobody along', async () => {
      const former = await message(await must(inbound('m1', { also: [user('MX.1')] })))
      const told = { address: NEW, also: [user('MX.9')], former: ANA }
      const moved = await message(await must(inbound('s1', told)))
      expect(moved.contact).not.toBe(former.contact)
      expect((await contact(former.contact)).addresses).toEqual([user('MX.1')])
      expect((await contact(moved.contact)).addresses).toEqual([NEW, user('MX.9')])
      expect(await ownerOf(ANA)).toBeNull()
    })

    test('a new user id takes the place of the old one, with or without a phone', async () => {
      const ana = await message(await must(inbound('m1', { also: [user('MX.1')] })))
      await must(inbound('s1', { address: ANA, also: [user('MX.2')], former: user('MX.1') }))
      expect((await contact(ana.contact)).addresses).toEqual([ANA, user('MX.2')])
      await must(inbound('s2', { address: user('MX.3'), former: user('MX.2') }))
      expect((await contact(ana.contact)).addresses).toEqual([ANA, user('MX.3')])
      expect((await message(await must(inbound('m2', { also: [user('MX.3')] })))).contact).toBe(ana.contact)
    })

    test('nobody had the old one: it is a person like any other', async () => {
      const moved = await message(await must(inbound('s1', { address: NEW, former: ANA })))
      expect((await contact(moved.contact)).addresses).toEqual([NEW])
    })
  })

  describe('groups', () => {
    test('RULES B4: a group is a contact of its own, whose messages say who wrote them', async () => {
      const alone = await message(await must(inbound('m1')))
      const author = { address: ANA, name: 'Ana' }
      const group = { address: GROUP_OF_ANA, besides: { author } }
      const [a, b] = [await must(inbound('g1', group)), await must(inbound('g2', group))]
      const [first, second] = [await message(a), await message(b)]
      expect(first).toMatchObject({ author, address: GROUP_OF_ANA })
      expect(first.contact).not.toBe(alone.contact)
      expect(second).toMatchObject({ contact: first.contact, conversation: first.conversation })
      expect(await contact(first.contact)).toMatchObject({ kind: 'group', addresses: [GROUP_OF_ANA] })
      expect(alone.author).toBeNull()
      const answer = await send({ channel: undefined, to: undefined, conversation: first.conversation })
      expect((await message(answer)).address).toEqual(GROUP_OF_ANA)
    })

    test('RULES D1: members are counted; one of them who read it does not make it read', async () => {
      const id = await send({ to: GROUP_OF_ANA })
      const under = await attempt()
      const by = (member: string, status: 'received' | 'read' | 'failed') =>
        told({ providerId: 'w1' }, status, 1_700_000_002_000, { member })
      // Before the answer, and more of them than a person's message ever has.
      for (let number = 0; number < 20; number++) await one(by(`+5215500000${number}`, 'received'))
      await settle(under, accepted('w1'))
      await one(by('+52155000001', 'read'))
      await one(by('+52155000001', 'received'))
      await one(by('+52155000099', 'failed'))
      expect(await message(id)).toMatchObject({
        status: 'received',
        members: { received: 20, read: 1 },
        failure: null,
      })
      const timeline = await it.store.query('timeline', { workspace: it.workspace, id })
      expect(timeline.filter(line => line.detail?.['member'] === '+52155000001')).toHaveLength(2)
      await one(told({ providerId: 'w1' }, 'read'))
      expect(await message(id)).toMatchObject({ status: 'read', members: { received: 20, read: 1 } })
      const transitions = (await log()).filter(event => event.type === 'message.status')
      expect(transitions.map(event => (event.data as { status: string }).status)).toEqual([
        'sent',
        'received',
        'read',
      ])
    })
  })

  describe('what is told besides', () => {
    test('an advertisement stands in the message, and in the conversation that it opened', async () => {
      const referral = { sourceType: 'ad', sourceId: '120', ctwaClid: 'ARAk' }
      const context = { 'referral.sourceId': '120' }
      const first = await message(await must(inbound('m1', { context, besides: { referral } })))
      const later = { context: { 'referral.sourceId': '121' }, besides: { forwarded: 'often' as const } }
      const second = await message(await must(inbound('m2', later)))
      expect(first).toMatchObject({ referral, forwarded: null, product: null })
      expect(second).toMatchObject({ referral: null, forwarded: 'often' })
      const id = first.conversation
      const talk = id && (await it.store.query('conversation', { workspace: it.workspace, id }))
      expect(talk).toMatchObject({ context })
      expect((await log()).find(event => event.type === 'message.created')?.data).toMatchObject({ referral })
    })

    test('media that the provider could not get are failed from the start, and told so', async () => {
      const media = { ref: '', mimeType: 'video/mp4', failed: 'too large' }
      const id = await must(inbound('m1', { content: { type: 'video', media, caption: 'look' } }))
      expect(await message(id)).toMatchObject({ content: { caption: 'look', media: { state: 'failed' } } })
      expect((await log()).at(-1)).toMatchObject({
        type: 'message.media',
        data: { id, media: { state: 'failed' }, why: 'too large' },
      })
      expect(await it.store.query('mediaDue', { by: Number.MAX_SAFE_INTEGER, limit: 10 })).toEqual([])
    })
  })
}
