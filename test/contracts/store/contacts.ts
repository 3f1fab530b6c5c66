import { describe, expect, test } from 'vitest'
import type { Contact } from '../../../model/contact.ts'
import type { ContactId, TagId } from '../../../model/ids.ts'
import { ANA, newId, type Trial } from './trial.ts'

const MAIL = { kind: 'email', value: 'ana@example.com' } as const
const KEEP = { log: null, messages: null, raw: null, receipts: null, files: null }

/** What is said of people by others: RULES A6, F2 as far as one contact goes. */
export function contactLaws(it: Trial): void {
  const { commit, one, must, inbound, send, message, log } = it
  const find = (id: string): Promise<Contact | null> =>
    it.store.query('contact', { workspace: it.workspace, id: id as ContactId })
  const ownerOf = (address: { kind: 'phone' | 'email'; value: string }): Promise<Contact | null> =>
    it.store.query('contactByAddress', { workspace: it.workspace, address })
  const tag = async (name: string): Promise<TagId> =>
    (await must({ kind: 'tagCreated', id: newId('tag', 1), name })) as TagId
  const made = (more: object = {}): Promise<string> =>
    must({ kind: 'contactCreated', source: 'api', addresses: [ANA], set: {}, tags: [], fields: {}, ...more })

  describe('contacts that are made', () => {
    test('what was said of them is kept, and the country is that of the phone', async () => {
      await must({ kind: 'fieldCreated', field: { key: 'plan', title: 'Plan', type: 'text', options: null } })
      const tags = [await tag('VIP')]
      const set = { name: 'Ana', language: 'es-MX', timeZone: 'America/Mexico_City' }
      const id = await made({ addresses: [ANA, MAIL], set, tags, fields: { plan: 'gold' } })
      expect(await find(id)).toMatchObject({
        ...set,
        country: 'MX',
        phone: ANA.value,
        email: MAIL.value,
        tags: ['VIP'],
        fields: { plan: 'gold' },
        source: 'api',
        lastSeenAt: null,
      })
      expect((await log()).at(-1)).toMatchObject({ type: 'contact.created', subject: id })
    })

    test('an address that is somebody makes nobody else', async () => {
      const id = await made()
      const again = await one({
        ...{ kind: 'contactCreated', source: 'api', set: {}, tags: [], fields: {} },
        addresses: [MAIL, ANA],
      })
      expect(again).toMatchObject({ ok: false, code: 'exists', detail: expect.stringContaining(id) })
      expect(await ownerOf(MAIL)).toBeNull()
    })

    test('who writes is the person who was made, and is seen', async () => {
      const id = await made()
      it.tick(90_000)
      const { contact } = await message(await must(inbound('m1', { at: 60_500 })))
      expect(contact).toBe(id)
      expect(await find(id)).toMatchObject({
        lastSeenAt: '1970-01-01T00:01:00.000Z',
        seen: [{ channel: it.channel, address: ANA, at: '1970-01-01T00:01:00.000Z' }],
      })
    })
  })

  describe('contacts that are changed', () => {
    test('what is not named stays, and what is the same is told to nobody', async () => {
      const id = (await made({ set: { name: 'Ana' } })) as ContactId
      const head = (await log()).length
      await must({ kind: 'contactUpdated', contact: id, set: { language: 'es' } })
      expect(await find(id)).toMatchObject({ name: 'Ana', language: 'es' })
      const again = await one({ kind: 'contactUpdated', contact: id, set: { language: 'es' } })
      expect(again).toMatchObject({ ok: true, duplicate: true })
      const told = (await log(head)).map(({ type, data }) => [type, data])
      expect(told).toEqual([['contact.updated', { id, changed: ['language'] }]])
    })

    test('a phone that is replaced stays the first, and its next owner is somebody new', async () => {
      const second = { kind: 'phone', value: '+5215500000002' } as const
      const third = { kind: 'phone', value: '+5215500000003' } as const
      const id = (await made({ addresses: [ANA, MAIL, second] })) as ContactId
      await must({ kind: 'contactUpdated', contact: id, removeAddresses: [ANA], addAddresses: [third] })
      expect((await find(id))?.addresses).toEqual([third, MAIL, second])
      expect(await ownerOf(ANA)).toBeNull()
      const { contact } = await message(await must(inbound('m1')))
      expect(contact).not.toBe(id)
      const taken = await one({ kind: 'contactUpdated', contact: id, addAddresses: [ANA] })
      expect(taken).toMatchObject({ ok: false, code: 'exists' })
    })

    test('tags come and go by id, a renamed one is renamed everywhere, a deleted one is gone', async () => {
      const [vip, old] = [await tag('VIP'), await tag('Old')]
      const id = (await made({ tags: [old] })) as ContactId
      await must({ kind: 'contactUpdated', contact: id, addTags: [vip, vip], removeTags: [old] })
      await must({ kind: 'tagRenamed', tag: vip, name: 'Gold' })
      expect((await find(id))?.tags).toEqual(['Gold'])
      expect(await tag('góLD')).toBe(vip)
      await must({ kind: 'tagDeleted', tag: vip })
      expect((await find(id))?.tags).toEqual([])
      const again = await one({ kind: 'contactUpdated', contact: id, addTags: [vip] })
      expect(again).toMatchObject({ ok: false, code: 'invalid' })
    })
  })

  describe('contacts that are deleted', () => {
    test('they are found no more, and whoever writes is somebody new', async () => {
      const first = await must(inbound('m1'))
      const { contact, conversation } = await message(first)
      await must({ kind: 'contactDeleted', contact, erase: false })
      expect(await find(contact)).toBeNull()
      expect(await ownerOf(ANA)).toBeNull()
      expect(await one({ kind: 'contactDeleted', contact, erase: false })).toMatchObject({ code: 'notFound' })
      const next = await message(await must(inbound('m2')))
      expect(next.contact).not.toBe(contact)
      expect(next.conversation).not.toBe(conversation)
      expect((await message(first)).content).toEqual({ type: 'text', text: 'm1' })
    })

    test('RULES A6: erased is what was said, where it went, and what could not be read', async () => {
      const media = { ref: 'r', mimeType: 'image/png' }
      const ids = [
        await must(inbound('m1')),
        await must(inbound('m2', { content: { type: 'image', media, caption: 'me' } })),
        await send(),
      ]
      await must({
        ...inbound('e1'),
        kind: 'edited',
        of: 'm1',
        content: { type: 'text', text: 'secret' },
      } as never)
      const raw = Buffer.from(`{"from":"${ANA.value.slice(1)}"}`)
      await must({ kind: 'rejected', channel: it.channel, why: 'shape', raw, contentType: 'text/plain' })
      const { contact, conversation } = await message(ids[0] as string)
      await commit([
        { kind: 'closed', conversation: conversation as never, by: 'api', note: { summary: 'hers' } },
      ])
      await must({ kind: 'cancelled', message: ids[2] as never })
      const before = await log()
      await must({ kind: 'contactDeleted', contact, erase: true })
      it.tick(1)
      for (let rounds = 0; (await it.store.sweep(KEEP)).more && rounds < 10; rounds += 1);
      for (const id of ids) {
        expect(await message(id)).toMatchObject({ content: { type: 'erased' }, address: { value: '' } })
      }
      expect(
        await it.store.query('conversation', { workspace: it.workspace, id: conversation as never }),
      ).toMatchObject({ note: null, context: null })
      expect(await it.store.query('rejected', { workspace: it.workspace, limit: 10 })).toEqual([])
      const after = await log()
      expect(after.map(({ sequence, type }) => [sequence, type]).slice(0, before.length)).toEqual(
        before.map(({ sequence, type }) => [sequence, type]),
      )
      expect(JSON.stringify(after)).not.toMatch(/secret|5512345678|"me"|hers/)
      expect(await it.store.query('erasing', { workspace: it.workspace, id: contact })).toBe(false)
    })

    test('RULES A6: what waits to be sent is erased once it is settled, not before', async () => {
      const id = await send()
      const { contact } = await message(id)
      await must({ kind: 'contactDeleted', contact, erase: true })
      it.tick(1)
      await it.store.sweep(KEEP)
      expect(await it.store.query('erasing', { workspace: it.workspace, id: contact })).toBe(true)
      expect(await it.store.query('waitingFor', { workspace: it.workspace, contact, limit: 9 })).toEqual([id])
      await must({ kind: 'cancelled', message: id })
      await it.store.sweep(KEEP)
      expect(await it.store.query('erasing', { workspace: it.workspace, id: contact })).toBe(false)
      expect(await message(id)).toMatchObject({ status: 'failed', content: { type: 'erased' } })
    })
  })
}
