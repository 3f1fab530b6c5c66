import { Readable } from 'node:stream'
import { describe, expect, test } from 'vitest'
import type { Address } from '../../../model/address.ts'
import type { Change, Identified } from '../../../model/change.ts'
import type { Contact } from '../../../model/contact.ts'
import type { ContactId, ConversationId, MessageId } from '../../../model/ids.ts'
import { newId, type Trial } from './trial.ts'

/** Visitors of a website: who they are (RULES F2), their thread, and what they hand over. */
export function visitorLaws(it: Trial): void {
  const { commit, one, must, inbound, message, log, attempt, settle, accepted } = it
  const webchat = (value: string): Address => ({ kind: 'webchat', value })
  const email = (value: string): Address => ({ kind: 'email', value })
  const identified = (visitor: string, externalId: string, more: Partial<Identified> = {}): Change => ({
    kind: 'identified',
    ...{ channel: it.channel, visitor, epoch: 0, externalId, addresses: [], name: null },
    ...more,
  })
  const write = async (key: string, value: string): Promise<string> =>
    must(inbound(key, { address: webchat(value) }))
  const at = (address: Address): Promise<Contact | null> =>
    it.store.query('contactByAddress', { workspace: it.workspace, address })
  const visitor = (id: string) =>
    it.store.query('visitor', { workspace: it.workspace, channel: it.channel, visitor: id })
  const family = (address: Address) => it.store.query('family', { workspace: it.workspace, address })
  const thread = (contacts: readonly ContactId[], more: { before?: MessageId; limit?: number } = {}) =>
    it.store.query('thread', { workspace: it.workspace, channel: it.channel, contacts, limit: 10, ...more })
  const news = (contacts: readonly ContactId[], after: number, eventsMax = 100) =>
    it.store.query('threadNews', { workspace: it.workspace, channel: it.channel, contacts, after, eventsMax })

  describe('visitors of a website', () => {
    test('an identity before the first message is remembered, and makes no contact', async () => {
      expect(await one(identified('v1', '42', { name: 'Ana', addresses: [email('a@b.co')] }))).toEqual({
        ok: true,
      })
      expect(await it.store.query('contacts', { workspace: it.workspace, limit: 10 })).toEqual([])
      expect(await visitor('v1')).toMatchObject({
        ...{ epoch: 1, externalId: '42', name: 'Ana', addresses: [email('a@b.co')] },
      })
      expect(await visitor('v2')).toBeNull()
    })

    test('the contact of a visitor gets the identity, its proven addresses and its name', async () => {
      const first = await message(await write('k1', 'v1'))
      await must(identified('v1', '42', { name: 'Ana', addresses: [email('a@b.co')] }))
      const contact = await at(webchat('user:42'))
      expect(contact).toMatchObject({ id: first.contact, name: 'Ana' })
      expect(contact?.addresses).toEqual([webchat('v1'), webchat('user:42'), email('a@b.co')])
      expect((await log()).at(-1)).toMatchObject({
        type: 'contact.updated',
        data: { id: first.contact, changed: ['addresses', 'name'] },
      })
      const answer = await message(
        await it.send({ to: undefined, channel: undefined, contact: first.contact }),
      )
      expect(answer.address).toEqual(webchat('user:42'))
    })

    test('another device joins the contact of the identity; a name that is there stays', async () => {
      const first = await message(await must(inbound('k1', { address: webchat('v1'), name: 'Anita' })))
      await must(identified('v1', '42'))
      await must(identified('v2', '42', { name: 'Ana' }))
      expect(await at(webchat('v2'))).toMatchObject({ id: first.contact, name: 'Anita' })
      expect((await message(await write('k2', 'v2'))).contact).toBe(first.contact)
    })

    test('a proven e-mail address joins whoever has it; the same again changes nothing', async () => {
      const mail = await message(await must(inbound('k1', { address: email('a@b.co') })))
      const proof = identified('v1', '42', { addresses: [email('a@b.co')] })
      await must(proof)
      expect(await at(webchat('v1'))).toMatchObject({ id: mail.contact })
      const head = (await log()).length
      await must({ ...(proof as Identified), epoch: 1 })
      expect([(await log()).length, (await visitor('v1'))?.epoch]).toEqual([head, 1])
    })

    test('RULES F2: the contact of the visitor is redirected to that of the identity', async () => {
      const known = await message(await write('k1', 'user:42'))
      it.tick(1000)
      const own = await message(await write('k2', 'v2'))
      expect(own.contact).not.toBe(known.contact)
      await must(identified('v2', '42'))
      expect((await log()).map(event => event.type)).toContain('contact.merged')
      expect(await at(webchat('v2'))).toMatchObject({ id: known.contact })
      expect(await family(webchat('v2'))).toEqual([known.contact, own.contact])
      // Rows keep their contact, and are found by either.
      expect((await message(own.id)).contact).toBe(own.contact)
      for (const contact of [known.contact, own.contact]) {
        const page = { workspace: it.workspace, contact, limit: 10 }
        expect((await it.store.query('messages', page)).map(({ id }) => id)).toEqual([own.id, known.id])
        expect(await it.store.query('conversations', page)).toHaveLength(2)
      }
      const { workspace } = it
      const contacts = await it.store.query('contacts', { workspace, limit: 10 })
      expect(contacts.map(({ id }) => id)).toEqual([known.contact])
    })

    test('RULES F2: of two open conversations the later one goes on, and can be closed', async () => {
      const known = await message(await write('k1', 'user:42'))
      it.tick(1000)
      const own = await message(await write('k2', 'v2'))
      await must(identified('v2', '42'))
      const conversation = (id: string | null) =>
        it.store.query('conversation', { workspace: it.workspace, id: id as ConversationId })
      expect(await conversation(known.conversation)).toMatchObject({ status: 'closed', closedBy: 'merge' })
      expect(await conversation(own.conversation)).toMatchObject({ status: 'open' })
      const next = await message(await write('k3', 'user:42'))
      expect(next).toMatchObject({ contact: known.contact, conversation: own.conversation })
      await must({ kind: 'closed', conversation: own.conversation as ConversationId, by: 'api' })
      const later = await message(await write('k4', 'v2'))
      expect([known.conversation, own.conversation]).not.toContain(later.conversation)
    })

    test('two identities are never one contact, and one visitor is never two', async () => {
      await write('k1', 'v1')
      await must(identified('v1', '42', { addresses: [email('shared@b.co')] }))
      expect(await one(identified('v1', '43', { epoch: 1 }))).toMatchObject({ ok: false, code: 'state' })
      await must(identified('v2', '43', { addresses: [email('shared@b.co')] }))
      await must(inbound('k2', { address: webchat('user:43'), also: [webchat('v2')] }))
      const [ana, eva] = [await at(webchat('user:42')), await at(webchat('user:43'))]
      expect(ana?.id).not.toBe(eva?.id)
      expect(await at(email('shared@b.co'))).toMatchObject({ id: ana?.id })
    })

    test('a token that was replaced proves nothing; a reset takes all of them back', async () => {
      const reset = (epoch: number): Change => ({
        kind: 'visitorReset',
        ...{ channel: it.channel, visitor: 'v1', epoch },
      })
      // Nothing is written for whoever has nothing to lose.
      expect(await one(reset(0))).toMatchObject({ duplicate: true })
      expect(await visitor('v1')).toBeNull()
      const { contact } = await message(await write('k1', 'v1'))
      await must(identified('v1', '42'))
      expect(await one(identified('v1', '42'))).toMatchObject({ ok: false, code: 'stale' })
      await must(reset(1))
      expect(await visitor('v1')).toMatchObject({ epoch: 2, externalId: null })
      expect((await log()).at(-1)).toMatchObject({ data: { id: contact, changed: ['visitors'] } })
      expect(await one(reset(1))).toMatchObject({ duplicate: true })
    })

    test('the thread holds what was written and what was sent, newest first, as of a number', async () => {
      const first = await message(await write('k1', 'v1'))
      const reply = await it.send({ to: webchat('v1') })
      expect((await thread([first.contact])).messages.map(({ id }) => id)).toEqual([first.id])
      await settle(await attempt(), accepted('p1'))
      await must(inbound('k2'))
      const page = await thread([first.contact])
      expect(page.messages.map(({ id }) => id)).toEqual([reply, first.id])
      expect(page.head).toBe((await log()).length)
      const before = { before: reply, limit: 1 }
      expect((await thread([first.contact], before)).messages.map(({ id }) => id)).toEqual([first.id])
      expect(await thread([])).toEqual({ head: page.head, messages: [] })
    })

    test('the news of a thread are what is new in it and what changed, each once', async () => {
      const first = await message(await write('k1', 'v1'))
      const from = (await log()).length
      expect(await news([first.contact], from)).toEqual({ head: from, fresh: [], changed: [] })
      const reply = await it.send({ to: webchat('v1') })
      // What waits to be sent is no news to whom it goes.
      expect((await news([first.contact], from))?.fresh).toEqual([])
      await settle(await attempt(), accepted('p1'))
      const second = await write('k2', 'v1')
      const sent = await news([first.contact], from)
      expect(sent?.fresh.map(({ id }) => id)).toEqual([reply, second])
      await must(it.told({ providerId: 'p1' }, 'read'))
      expect((await news([first.contact], sent?.head ?? 0))?.changed.map(({ id }) => id)).toEqual([reply])
      const all = await news([first.contact], 0)
      expect(all?.fresh.map(({ id }) => id)).toEqual([first.id, reply, second])
      expect(all?.changed).toEqual([])
      expect(await news([first.contact], 0, 3)).toBeNull()
      expect(await news([first.contact], 10_000)).toBeNull()
    })

    test('a file goes into one message, on its channel, of the hand that uploaded it', async () => {
      const { sha256, size } = await it.store.putFile(Readable.from([Buffer.from('hola')]), 100)
      const id = newId('fil', 1)
      const upload = { channel: it.channel, ref: 'v1' }
      await must({ kind: 'fileCreated', id, sha256, size, mimeType: 'image/png', name: 'a.png', upload })
      const said = (key: string, from: string): Change =>
        inbound(key, { address: webchat(from), content: { type: 'image', media: { id, from } } })
      expect(await one(said('k1', 'v2'))).toMatchObject({ ok: false, code: 'noUpload' })
      expect(await at(webchat('v2'))).toBeNull()
      const { content } = await message(await must(said('k2', 'v1')))
      expect(content).toMatchObject({ media: { id, state: 'stored', size: 4, name: 'a.png', sha256 } })
      // The event says so for ever: nobody waits for it to be fetched.
      expect((await log()).at(-1)).toMatchObject({
        data: { content: { media: { state: 'stored', size: 4 } } },
      })
      expect(await one(said('k3', 'v1'))).toMatchObject({ ok: false, code: 'noUpload' })
      expect(await one(said('k2', 'v1'))).toMatchObject({ ok: true, duplicate: true })
    })

    test('invariant 7: a visitor of one workspace is nobody in another', async () => {
      await write('k1', 'v1')
      await must(identified('v1', '42'))
      const workspace = newId('wks', 1)
      await it.store.commit({ workspace, changes: [{ kind: 'workspaceCreated', name: 'Other' }] })
      const { channel } = it
      expect(await it.store.query('visitor', { workspace, channel, visitor: 'v1' })).toBeNull()
      expect(await it.store.query('family', { workspace, address: webchat('v1') })).toEqual([])
      expect((await commit([identified('v1', '42')], { workspace })).outcomes[0]).toMatchObject({
        code: 'notFound',
      })
    })
  })
}
