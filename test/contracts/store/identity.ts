import { describe, expect, test } from 'vitest'
import type { Address } from '../../../model/address.ts'
import type { Change } from '../../../model/change.ts'
import type { Contact } from '../../../model/contact.ts'
import type { ContactId, ConversationId } from '../../../model/ids.ts'
import { ANA, newId, type Trial } from './trial.ts'

const EVA: Address = { kind: 'phone', value: '+34600000001' }
const LEO: Address = { kind: 'phone', value: '+34600000002' }
export const BY = { kind: 'api', id: null } as const

/** Who is who: merges that can be taken back, and who may be one person. RULES F2, B4, B6. */
export function identityLaws(it: Trial): void {
  const { one, must, inbound, message, log, tick } = it
  const contact = async (id: string): Promise<Contact> => {
    const found = await it.store.query('contact', { workspace: it.workspace, id: id as ContactId })
    if (found === null) throw new Error(`no contact ${id}`)
    return found
  }
  const conversation = (id: string | null) =>
    it.store.query('conversation', { workspace: it.workspace, id: id as ConversationId })
  const write = async (key: string, address: Address, more: object = {}) =>
    message(await must(inbound(key, { address, at: tick(60_000), ...more })))
  const merge = (from: ContactId, into: ContactId): Change => ({ kind: 'contactMerged', from, into, by: BY })
  const split = (id: ContactId): Change => ({ kind: 'contactSplit', contact: id, by: BY })
  const told = async (type: string) => (await log()).filter(event => event.type === type)

  describe('merging and splitting', () => {
    test('RULES F2: the survivor has all, its own first; a split gives each what was theirs', async () => {
      const tag = newId('tag', 1)
      await must({ kind: 'tagCreated', id: tag, name: 'VIP' })
      const [ana, eva] = [await write('m1', ANA, { name: 'Ana' }), await write('m2', EVA)]
      const set = { language: 'es' }
      await must({ kind: 'contactUpdated', contact: ana.contact, set, addTags: [tag] })
      await must({ kind: 'contactUpdated', contact: eva.contact, set: { language: 'pt' } })
      const before = [await contact(ana.contact), await contact(eva.contact)]
      await must(merge(ana.contact, eva.contact))
      const one = await contact(ana.contact)
      expect(one).toMatchObject({ id: eva.contact, name: 'Ana', language: 'pt', tags: ['VIP'] })
      expect(one.addresses).toEqual([EVA, ANA])
      expect(one.merged).toMatchObject([{ id: ana.contact, into: eva.contact, by: BY }])
      expect(await must(split(ana.contact))).toBe(ana.contact)
      const after = [await contact(ana.contact), await contact(eva.contact)]
      const still = ({ updatedAt, ...rest }: Contact) => rest
      expect(after.map(still)).toEqual(before.map(still))
      expect(await told('contact.merged')).toMatchObject([{ data: { into: eva.contact, by: BY } }])
      expect(await told('contact.split')).toMatchObject([{ data: { id: ana.contact, from: eva.contact } }])
    })

    test('RULES B4, F2: the less recent conversation is closed, and goes on after a split', async () => {
      const [ana, eva] = [await write('m1', ANA), await write('m2', EVA)]
      await write('m3', ANA)
      await must(merge(ana.contact, eva.contact))
      expect(await conversation(eva.conversation)).toMatchObject({ status: 'closed', closedBy: 'merge' })
      const since = await write('m4', EVA)
      expect(since).toMatchObject({ contact: eva.contact, conversation: ana.conversation })
      await must(split(ana.contact))
      expect(await conversation(eva.conversation)).toMatchObject({ status: 'open', closedBy: null })
      expect((await write('m5', EVA)).conversation).toBe(eva.conversation)
      expect((await write('m6', ANA)).conversation).toBe(ana.conversation)
      expect(await told('conversation.reopened')).toMatchObject([{ subject: eva.conversation }])
    })

    test('a closed conversation stays closed if its person has another since', async () => {
      const [ana, eva] = [await write('m1', ANA), await write('m2', EVA)]
      await must(merge(ana.contact, eva.contact))
      const id = eva.conversation as ConversationId
      await must({ kind: 'closed', conversation: id, by: 'agent' })
      const next = await write('m3', ANA)
      expect(next).toMatchObject({ contact: ana.contact })
      await must(split(ana.contact))
      expect(await conversation(ana.conversation)).toMatchObject({ status: 'closed', closedBy: 'merge' })
      expect((await write('m4', ANA)).conversation).toBe(next.conversation)
      expect((await write('m5', EVA)).conversation).not.toBe(next.conversation)
    })

    test('RULES F2: what was said since goes with its address, what was set since stays', async () => {
      const [ana, eva] = [await write('m1', ANA, { name: 'Ana' }), await write('m2', EVA)]
      await must(merge(ana.contact, eva.contact))
      await must({ kind: 'contactUpdated', contact: eva.contact, set: { name: 'Eva', country: 'ES' } })
      const since = [await write('m3', ANA), await write('m4', EVA)]
      const user: Address = { kind: 'whatsapp', value: 'MX.1' }
      await write('m5', ANA, { also: [user] })
      expect((await contact(eva.contact)).lastSeenAt).toBe((await contact(ana.contact)).lastSeenAt)
      await must(split(ana.contact))
      const page = (id: ContactId) => ({ workspace: it.workspace, contact: id, limit: 9 })
      const said = async (id: ContactId) => (await it.store.query('messages', page(id))).map(each => each.id)
      expect(await said(eva.contact)).toEqual([since[1]?.id, eva.id])
      expect(await said(ana.contact)).toHaveLength(3)
      expect(await contact(eva.contact)).toMatchObject({ name: 'Eva', country: 'ES', addresses: [EVA] })
      expect(await contact(ana.contact)).toMatchObject({ name: 'Ana', addresses: [ANA, user] })
      const answer = await message(await it.send({ to: undefined, channel: undefined, contact: ana.contact }))
      expect(answer.address).toEqual(ANA)
    })

    test('chains are taken apart in any order', async () => {
      const people = [await write('m1', ANA, { name: 'Ana' }), await write('m2', EVA), await write('m3', LEO)]
      const [ana, eva, leo] = people.map(each => each.contact) as [ContactId, ContactId, ContactId]
      const before = await Promise.all([ana, eva, leo].map(contact))
      await must(merge(ana, eva))
      await must(merge(eva, leo))
      expect((await contact(ana)).merged.map(each => each.id)).toEqual([eva, ana])
      await must(split(ana))
      expect(await contact(leo)).toMatchObject({ name: null, addresses: [LEO, EVA] })
      expect((await write('m4', EVA)).contact).toBe(eva)
      await must(split(eva))
      const after = await Promise.all([ana, eva, leo].map(contact))
      expect(after.map(each => [each.name, each.addresses, each.merged])).toEqual(
        before.map(each => [each.name, each.addresses, each.merged]),
      )
    })

    test('what cannot be merged or split says why', async () => {
      const [ana, eva] = [(await write('m1', ANA)).contact, (await write('m2', EVA)).contact]
      const group = (await write('m3', { kind: 'group', value: 'g' })).contact
      const leo = (await write('m4', LEO)).contact
      await must({ kind: 'contactDeleted', contact: leo, erase: false })
      expect(await one(merge(ana, ana))).toMatchObject({ code: 'invalid' })
      expect(await one(merge(ana, group))).toMatchObject({ code: 'invalid' })
      expect(await one(merge(leo, ana))).toMatchObject({ code: 'notFound' })
      expect(await one(merge(newId('ctc', 1), ana))).toMatchObject({ code: 'notFound' })
      expect(await one(split(ana))).toMatchObject({ code: 'state' })
      await must(merge(ana, eva))
      expect(await one(merge(ana, group))).toMatchObject({ code: 'state' })
      expect(await one(merge(eva, ana))).toMatchObject({ code: 'state' })
      await must({ kind: 'contactDeleted', contact: eva, erase: true })
      expect(await one(split(ana))).toMatchObject({ code: 'notFound' })
      expect(await it.store.query('contact', { workspace: it.workspace, id: ana })).toBeNull()
    })
  })

  describe('candidates', () => {
    const candidates = (more: object = {}) =>
      it.store.query('candidates', { workspace: it.workspace, limit: 10, ...more })
    const pairs = async (more?: object) =>
      (await candidates(more)).map(each => [each.reason, ...each.contacts.map(known => known.id)])
    const made = (addresses: Address[], more: object = {}): Change => ({
      ...{ kind: 'contactCreated', source: 'api', addresses, set: {}, tags: [], fields: {} },
      ...more,
    })
    const phone = (value: string): Address => ({ kind: 'phone', value })

    test.each([
      ['Mexico', '+525512345678', '+5215512345678'],
      ['Argentina', '+5491123456789', '+541123456789'],
      ['Brazil', '+551187654321', '+5511987654321'],
    ])('RULES B6: a hit through a variant alone proposes a merge (%s)', async (_name, first, second) => {
      const own = await must(made([phone(first)]))
      const { contact: other } = await write('m1', phone(second))
      expect(other).not.toBe(own)
      await write('m2', phone(second))
      expect(await pairs()).toEqual([['phone', own, other]])
    })

    test('the same e-mail address in another case, the same external id', async () => {
      await must({
        ...{ kind: 'fieldCreated', field: { key: 'externalId', title: 'Id', type: 'text', options: null } },
      })
      const a = await must(made([{ kind: 'email', value: 'Ana@Example.com' }]))
      const b = await must(made([{ kind: 'email', value: 'ana@example.com' }]))
      const c = await must(made([], { fields: { externalId: '42' } }))
      const { contact: d } = await write('m1', { kind: 'webchat', value: 'user:42' })
      expect(await pairs()).toEqual([
        ['externalId', c, d],
        ['email', a, b],
      ])
      expect(await pairs({ contact: b })).toEqual([['email', a, b]])
    })

    test('a pair is gone once it is one, comes back with a split, and is dismissed for good', async () => {
      const a = (await must(made([phone('+525512345678')]))) as ContactId
      const b = (await must(made([phone('+5215512345678')]))) as ContactId
      await must(merge(b, a))
      expect(await pairs()).toEqual([])
      await must(split(b))
      const [pair] = await candidates()
      const id = pair?.id ?? newId('cnd', 1)
      await must({ kind: 'candidateDismissed', id, one: a, other: b })
      expect(await pairs()).toEqual([])
      await must({ kind: 'contactUpdated', contact: a, removeAddresses: [phone('+525512345678')] })
      await must({ kind: 'contactUpdated', contact: a, addAddresses: [phone('+525512345678')] })
      expect(await pairs()).toEqual([])
      const [one, other] = [b, a]
      expect(await it.one({ kind: 'candidateDismissed', id, one, other })).toMatchObject({ code: 'notFound' })
    })
  })
}
