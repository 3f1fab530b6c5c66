import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { describe, expect, test } from 'vitest'
import type { Change, Deleted, Edited } from '../../../model/change.ts'
import type { Content, ForeignMedia } from '../../../model/content.ts'
import type { FileId, MessageId } from '../../../model/ids.ts'
import { FileMissing } from '../../../store/store.ts'
import { FOR_EVER } from './retention.ts'
import { channelOf, newId, type Trial } from './trial.ts'

const DAY_MS = 86_400_000
const AT = 1_700_000_000_000

/** What a writer does to a message after it was written: RULES A5, B1, D6. */
export function amendmentLaws(it: Trial): void {
  const { one, must, commit, inbound, send, message, log, attempt, settle, accepted } = it
  const edited = (of: string, key: string, said: string, more: Partial<Edited> = {}): Edited => ({
    ...{ kind: 'edited', channel: it.channel, key, of, at: AT + 1, content: { type: 'text', text: said } },
    ...more,
  })
  const deleted = (of: string, key = `revoke ${of}`): Deleted => {
    return { kind: 'deleted', channel: it.channel, key, of, at: AT + 9 }
  }
  const tells = async (type: string): Promise<unknown[]> =>
    (await log()).filter(event => event.type === type).map(event => event.data)
  const photo = (ref: string): Content<ForeignMedia> => {
    return { type: 'image', media: { ref, mimeType: 'image/png' } }
  }
  const fetched = async (id: string, bytes: string): Promise<{ file: FileId; sha256: string }> => {
    const file = ((await message(id)).content as unknown as { media: { id: FileId } }).media.id
    const { sha256, size } = await it.store.putFile(Readable.from([Buffer.from(bytes)]), 1e6)
    await must({
      kind: 'mediaFetched',
      file,
      result: { is: 'stored', sha256, size, mimeType: 'image/png' },
    })
    return { file, sha256 }
  }

  describe('edits', () => {
    test('RULES A5: the message shows the newest, its first event what it said first', async () => {
      const id = await must(inbound('m1'))
      const before = await log()
      await must(edited('m1', 'e1', 'second'))
      await must(edited('m1', 'e2', 'third', { at: AT + 2 }))
      expect(await message(id)).toMatchObject({
        content: { text: 'third' },
        editedAt: new Date(AT + 2).toISOString(),
        deletedAt: null,
      })
      expect((await log()).slice(0, before.length)).toEqual(before)
      expect(await tells('message.edited')).toMatchObject([
        { id, number: 1, content: { text: 'second' } },
        { id, number: 2, content: { text: 'third' } },
      ])
      expect(it.events.map(event => JSON.parse(event.json))).toEqual(await log())
    })

    test('RULES B1: the same edit twice is one; one that comes late does not undo a later one', async () => {
      const id = await must(inbound('m1'))
      await must(edited('m1', 'e2', 'third', { at: AT + 2 }))
      expect(await one(edited('m1', 'e2', 'third', { at: AT + 2 }))).toMatchObject({ duplicate: true })
      expect(await one(edited('m1', 'e1', 'second'))).toMatchObject({ duplicate: true })
      expect(await message(id)).toMatchObject({ content: { text: 'third' } })
      expect(await tells('message.edited')).toHaveLength(1)
    })

    test('RULES D6: an edit that comes before its message waits for it, however often it comes', async () => {
      for (const change of [edited('m1', 'e1', 'second'), edited('m1', 'e1', 'second')]) {
        expect(await one(change)).toEqual({ ok: true })
      }
      await must(inbound('other'))
      const id = await must(inbound('m1'))
      expect(await message(id)).toMatchObject({ content: { text: 'second' } })
      expect((await log()).slice(-2).map(event => event.type)).toEqual(['message.created', 'message.edited'])
      expect(await one(edited('m1', 'e1', 'second'))).toMatchObject({ duplicate: true })
    })

    test('new media are fetched like those of a message', async () => {
      const id = await must(inbound('m1', { content: photo('r1') }))
      await must(edited('m1', 'e1', '', { content: photo('r2') }))
      const { file } = await fetched(id, 'second photo')
      expect(await it.store.query('file', { workspace: it.workspace, id: file })).toMatchObject({
        message: id,
        foreign: { ref: 'r2' },
      })
      expect(await message(id)).toMatchObject({ content: { media: { state: 'stored' } } })
    })

    test('a message is edited so often and no more', async () => {
      const id = await must(inbound('m1'))
      const { outcomes } = await commit(
        Array.from({ length: 101 }, (_, number) => edited('m1', `e${number}`, `text ${number}`)),
      )
      expect(outcomes.filter(outcome => !outcome.ok)).toMatchObject([{ code: 'full' }])
      expect(await message(id)).toMatchObject({ content: { text: 'text 99' } })
    })

    test('RULES A6: revisions and their media go with their message', async () => {
      const id = await must(inbound('m1', { content: photo('r1') }))
      const first = await fetched(id, 'first photo')
      await must(edited('m1', 'e1', '', { content: photo('r2') }))
      const second = await fetched(id, 'second photo')
      it.tick(40 * DAY_MS)
      await it.store.sweep({ ...FOR_EVER, log: DAY_MS, messages: 30 * DAY_MS })
      for (const { file, sha256 } of [first, second]) {
        expect(await it.store.query('file', { workspace: it.workspace, id: file })).toBeNull()
        await expect(it.store.readFile(sha256)).rejects.toThrow(FileMissing)
      }
    })
  })

  describe('deletions', () => {
    test('RULES A5: what was taken back reads as erased everywhere, and its numbers stay', async () => {
      const id = await must(inbound('m1'))
      await must(edited('m1', 'e1', 'second'))
      const before = await log()
      await must(deleted('m1'))
      expect(await message(id)).toMatchObject({
        content: { type: 'erased' },
        deletedAt: new Date(AT + 9).toISOString(),
      })
      const after = await log()
      expect(after.map(event => event.sequence)).toEqual([...before, 0].map((_, index) => index + 1))
      expect(after.at(-1)).toMatchObject({ type: 'message.deleted', subject: id })
      for (const type of ['message.created', 'message.edited']) {
        expect(await tells(type)).toMatchObject([{ id, content: { type: 'erased' } }])
      }
      expect(JSON.stringify(after)).not.toMatch(/second|"m1"}/)
    })

    test('what comes after it, or comes again, changes nothing', async () => {
      const id = await must(inbound('m1'))
      await must(deleted('m1'))
      const before = await log()
      for (const change of [deleted('m1'), edited('m1', 'e1', 'second'), inbound('m1')]) {
        expect(await one(change)).toMatchObject({ id, duplicate: true })
      }
      expect(await log()).toEqual(before)
    })

    test('PROVIDERS C2: what else was read out of the message goes with it', async () => {
      const ids = await Promise.all(['m1', 'm1#1'].map(name => must(inbound(name))))
      await must({ ...deleted('m1'), also: ['m1#1', 'm1#2'] })
      for (const id of ids) expect(await message(id)).toMatchObject({ content: { type: 'erased' } })
      expect(await one({ ...deleted('m1'), also: ['m1#1', 'm1#2'] })).toMatchObject({ duplicate: true })
    })

    test('RULES D6: one that comes before its message, or with it, erases it', async () => {
      await one(deleted('m1'))
      const early = await must(inbound('m1'))
      const together: Change[] = [inbound('m2'), edited('m2', 'e2', 'second'), deleted('m2')]
      const { outcomes } = await commit(together)
      const [id = ''] = outcomes.map(outcome => (outcome.ok ? outcome.id : ''))
      for (const taken of [early, id]) {
        expect(await message(taken)).toMatchObject({ content: { type: 'erased' } })
      }
      expect(JSON.stringify(await log())).not.toMatch(/"text":"(m1|m2|second)"/)
    })

    test('its media cannot be read any more, and their bytes go unless others have the same', async () => {
      const id = await must(inbound('m1', { content: photo('r1') }))
      const other = await must(inbound('m2', { content: photo('r2') }))
      const [alone, shared] = [await fetched(id, 'alone'), await fetched(other, 'shared')]
      await must(edited('m1', 'e1', '', { content: photo('r3') }))
      await fetched(id, 'shared')
      await must(deleted('m1'))
      const file = { workspace: it.workspace, id: alone.file }
      expect(await it.store.query('file', file)).toMatchObject({ state: 'deleted' })
      expect(await it.store.sweep(FOR_EVER)).toMatchObject({ deleted: 0 })
      it.tick(DAY_MS)
      expect(await it.store.sweep(FOR_EVER)).toMatchObject({ deleted: 2 })
      expect(await it.store.query('file', file)).toBeNull()
      await expect(it.store.readFile(alone.sha256)).rejects.toThrow(FileMissing)
      expect(await text(await it.store.readFile(shared.sha256))).toBe('shared')
    })

    test('a file that is fetched too late is not kept', async () => {
      const id = await must(inbound('m1', { content: photo('r1') }))
      const { media } = (await message(id)).content as unknown as { media: { id: FileId } }
      await must(deleted('m1'))
      const { sha256, size } = await it.store.putFile(Readable.from([Buffer.from('late')]), 1e6)
      const result = { is: 'stored', sha256, size, mimeType: 'image/png' } as const
      expect(await one({ kind: 'mediaFetched', file: media.id, result })).toMatchObject({ duplicate: true })
      it.tick(DAY_MS)
      await it.store.sweep(FOR_EVER)
      await expect(it.store.readFile(sha256)).rejects.toThrow(FileMissing)
    })

    test('what was uploaded stays when a message that names it is taken back', async () => {
      const { sha256, size } = await it.store.putFile(Readable.from([Buffer.from('library')]), 1e6)
      const id = newId('fil', it.tick(0))
      await must({ kind: 'fileCreated', id, sha256, size, mimeType: 'image/png', name: null })
      const sent = await send({ content: { type: 'image', media: { id, mimeType: 'image/png' } } })
      const under = await attempt()
      // Its id is not known yet: it waits, and what is still to be sent is not taken from under the queue.
      await one(deleted('w1'))
      await settle(under, accepted('w1'))
      expect(await message(sent)).toMatchObject({ content: { type: 'erased' }, status: 'sent' })
      it.tick(DAY_MS)
      await it.store.sweep(FOR_EVER)
      expect(await text(await it.store.readFile(sha256))).toBe('library')
    })

    test('RULES D6: what nobody ever heard of is dropped after a day', async () => {
      await one(deleted('x1'))
      await one(edited('x2', 'e1', 'second'))
      it.tick(DAY_MS + 1)
      expect(await it.store.sweep(FOR_EVER)).toMatchObject({ deleted: 2 })
      expect(await message(await must(inbound('x1')))).toMatchObject({ content: { text: 'x1' } })
    })

    test('invariant 7: another channel, or workspace, has no such message', async () => {
      const id = (await must(inbound('m1'))) as MessageId
      const channel = newId('chn', 1)
      await must(channelOf(channel, '222'))
      expect(await one({ ...deleted('m1'), channel })).toEqual({ ok: true })
      expect(await message(id)).toMatchObject({ content: { text: 'm1' } })
    })
  })
}
