import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { describe, expect, test } from 'vitest'
import { type FileId, idMaker, type MessageId } from '../../../model/ids.ts'
import { systemRandom } from '../../../model/random.ts'
import { FileMissing, type Keep, LogTrimmed, type StoredFile } from '../../../store/store.ts'
import { channelOf, newId, type Trial } from './trial.ts'

export const FOR_EVER: Keep = { log: null, messages: null, raw: null, receipts: null, files: null }
const DAY_MS = 86_400_000

/** What is dropped, what stays, and what a reader is told: RULES A6. */
export function retentionLaws(it: Trial): void {
  const { must, one, commit, inbound, send, message, log, attempt, settle, accepted, told } = it
  const sweep = async (keep: Partial<Keep>): Promise<number> => {
    let total = 0
    for (;;) {
      const { deleted, more } = await it.store.sweep({ ...FOR_EVER, ...keep })
      total += deleted
      if (!more) return total
    }
  }
  const head = async (): Promise<number> => {
    const workspaces = await it.store.query('workspaces', {})
    return workspaces.find(each => each.id === it.workspace)?.head ?? 0
  }
  const upload = async (bytes: string, workspace = it.workspace): Promise<StoredFile> => {
    const { sha256, size } = await it.store.putFile(Readable.from([Buffer.from(bytes)]), 1e6)
    // A maker of its own: one that made younger ids before would not go back to this time.
    const id = idMaker(systemRandom)('fil', it.tick(0))
    const file = { kind: 'fileCreated', id, sha256, size, mimeType: 'text/plain', name: null } as const
    await it.store.commit({ workspace, changes: [file] })
    return (await it.store.query('file', { workspace, id })) as StoredFile
  }
  const read = async (sha256: string | null): Promise<string> => text(await it.store.readFile(sha256 ?? ''))

  describe('retention', () => {
    test('RULES A6: with nothing configured nothing is dropped', async () => {
      const id = await must(inbound('m1'))
      const before = await log()
      it.tick(1000 * DAY_MS)
      expect(await sweep({})).toBe(0)
      expect(await log()).toEqual(before)
      expect(await message(id)).toMatchObject({ content: { text: 'm1' } })
    })

    test('RULES A6: who asks for what the log keeps no longer is told the oldest number', async () => {
      await must(inbound('m1'))
      const old = await head()
      it.tick(2 * DAY_MS)
      await must(inbound('m2'))
      expect(await sweep({ log: DAY_MS })).toBe(old)
      const late = it.store.events(it.workspace, old - 1, 10)
      await expect(late).rejects.toThrow(LogTrimmed)
      await expect(late).rejects.toMatchObject({ oldest: old + 1 })
      const events = await it.store.events(it.workspace, old, 10)
      expect(events.map(event => event.sequence)).toEqual([old + 1])
      expect(await sweep({ log: DAY_MS })).toBe(0)
    })

    test('RULES A3, A6: a log that is empty goes on with its next number, and has an end', async () => {
      await must(inbound('m1'))
      const last = await head()
      it.tick(2 * DAY_MS)
      await sweep({ log: DAY_MS })
      expect(await it.store.events(it.workspace, last, 10)).toEqual([])
      await expect(it.store.events(it.workspace, 0, 10)).rejects.toMatchObject({ oldest: last + 1 })
      await it.reopen()
      await must(inbound('m2'))
      expect((await log(last)).map(event => event.sequence)).toEqual([last + 1])
    })

    test('RULES A6: a message goes with all that is known of it; one that is not settled stays', async () => {
      const sent = await send()
      await settle(await attempt(), accepted('w1'))
      await one(told({ providerId: 'w1' }, 'received'))
      const received = await must(inbound('m1'))
      const waiting = await send({ expiresAt: it.tick(0) + 900 * DAY_MS })
      it.tick(40 * DAY_MS)
      const young = await must(inbound('m2'))
      await sweep({ log: DAY_MS, messages: 30 * DAY_MS })
      const left = await it.store.query('messages', { workspace: it.workspace, limit: 10 })
      expect(left.map(each => each.id)).toEqual([young, waiting])
      for (const id of [sent, received]) {
        const params = { workspace: it.workspace, id: id as MessageId }
        expect(await it.store.query('message', params)).toBeNull()
        expect(await it.store.query('timeline', params)).toEqual([])
      }
      // What it was known by is forgotten: a receipt waits for whom it may concern, a delivery is a new message.
      expect(await one(told({ providerId: 'w1' }, 'read'))).toEqual({ ok: true })
      expect(await one(inbound('m1'))).not.toHaveProperty('duplicate')
      expect(await one(inbound('m2'))).toMatchObject({ id: young, duplicate: true })
    })

    test('RULES A5: what the log still tells keeps its message', async () => {
      const id = await must(inbound('m1'))
      const before = await log()
      it.tick(40 * DAY_MS)
      await sweep({ messages: DAY_MS })
      await sweep({ messages: DAY_MS, log: 50 * DAY_MS })
      expect(await log()).toEqual(before)
      expect(await message(id)).toMatchObject({ content: { text: 'm1' } })
    })

    test('more than one sweep takes is dropped by several, and nothing else is', async () => {
      for (let batch = 0; batch < 5; batch++) {
        await commit(Array.from({ length: 500 }, (_, index) => inbound(`m${batch}.${index}`)))
      }
      const last = await head()
      it.tick(40 * DAY_MS)
      const young = await must(inbound('young'))
      const keep = { ...FOR_EVER, log: DAY_MS, messages: 30 * DAY_MS }
      expect(await it.store.sweep(keep)).toMatchObject({ more: true })
      await sweep(keep)
      expect((await log(last)).map(event => event.sequence)).toEqual([last + 1])
      const left = await it.store.query('messages', { workspace: it.workspace, limit: 10 })
      expect(left.map(each => each.id)).toEqual([young])
      expect(await one(inbound('m4.499'))).not.toHaveProperty('duplicate')
    })

    test('RULES A6: a clock that was far ahead stops neither the log nor its readers', async () => {
      const ahead = 1000 * DAY_MS
      it.tick(ahead)
      await must(inbound('future'))
      await it.reopen()
      it.tick(-ahead)
      await must(inbound('m1'))
      const last = await head()
      it.tick(2 * DAY_MS)
      expect(await sweep({ log: DAY_MS, messages: 30 * DAY_MS })).toBe(last)
      it.tick(ahead)
      const future = Array.from({ length: 2100 }, (_, index) => inbound(`future.${index}`))
      await commit(future)
      await it.reopen()
      it.tick(-ahead)
      const gone = [await must(inbound('m2')), await must(inbound('m3'))]
      const next = await must(channelOf(newId('chn', 1), '222'))
      it.tick(40 * DAY_MS)
      await sweep({ log: DAY_MS, messages: 30 * DAY_MS })
      for (const id of gone) {
        expect(await it.store.query('message', { workspace: it.workspace, id: id as MessageId })).toBeNull()
      }
      // The log is not trimmed there; two of its events cannot be read any more, and count as not kept.
      const end = await head()
      expect((await log(end - 10)).map(event => event.sequence)).toHaveLength(7)
      await expect(it.store.events(it.workspace, end - 3, 10)).rejects.toMatchObject({ oldest: end })
      expect((await log(end - 1)).map(event => event.subject)).toEqual([next])
    })

    test('timelines go before their messages, whose status stays', async () => {
      const id = await send()
      await settle(await attempt(), accepted('w1'))
      it.tick(2 * DAY_MS)
      await sweep({ receipts: DAY_MS })
      const lines = await it.store.query('timeline', { workspace: it.workspace, id })
      expect(lines.map(line => line.kind)).toEqual(['created'])
      await one(told({ providerId: 'w1' }, 'read'))
      expect(await message(id)).toMatchObject({ status: 'read' })
    })

    test('RULES B7: rejected deliveries that went make room for new ones of their channel', async () => {
      const raw = new Uint8Array([1])
      const rejected = { kind: 'rejected', channel: it.channel, why: 'shape', raw, contentType: 'x' } as const
      const { outcomes } = await commit(Array.from({ length: 1001 }, () => rejected))
      expect(outcomes.filter(outcome => !outcome.ok)).toMatchObject([{ code: 'full' }])
      it.tick(2 * DAY_MS)
      expect(await one(rejected)).toMatchObject({ code: 'full' })
      expect(await sweep({ raw: DAY_MS })).toBe(1000)
      await must(rejected)
      expect(await it.store.query('rejected', { workspace: it.workspace, limit: 10 })).toHaveLength(1)
    })
  })

  describe('retention of files', () => {
    test('RULES A6: the bytes go, the row says so', async () => {
      const old = await upload('old')
      it.tick(2 * DAY_MS)
      const young = await upload('young')
      expect(await sweep({ files: DAY_MS })).toBe(1)
      await expect(it.store.readFile(old.sha256 ?? '')).rejects.toThrow(FileMissing)
      expect(await it.store.query('file', { workspace: it.workspace, id: old.id })).toMatchObject({
        state: 'failed',
        sha256: null,
        why: 'retention',
      })
      expect(await read(young.sha256)).toBe('young')
      expect(await sweep({ files: DAY_MS })).toBe(0)
    })

    test('RULES A9: bytes stay while any file names them, of whatever workspace', async () => {
      const other = newId('wks', 1)
      await it.store.commit({ workspace: other, changes: [{ kind: 'workspaceCreated', name: 'Other' }] })
      const { sha256 } = await upload('shared')
      it.tick(2 * DAY_MS)
      await upload('shared', other)
      it.tick(DAY_MS / 2)
      expect(await sweep({ files: DAY_MS })).toBe(1)
      expect(await read(sha256)).toBe('shared')
      it.tick(DAY_MS)
      expect(await sweep({ files: DAY_MS })).toBe(1)
      await expect(it.store.readFile(sha256 ?? '')).rejects.toThrow(FileMissing)
    })

    test('bytes that were put again and are not named yet are there when they are', async () => {
      const { sha256 } = await upload('again')
      it.tick(2 * DAY_MS)
      await it.store.putFile(Readable.from([Buffer.from('again')]), 1e6)
      expect(await sweep({ files: DAY_MS })).toBe(1)
      expect(await read(sha256)).toBe('again')
    })

    test('what a provider sent goes with its message; an upload that was sent stays', async () => {
      const kept = await upload('library')
      const content = { type: 'image', media: { ref: 'r1', mimeType: 'image/png' } } as const
      const inboundId = await must(inbound('m1', { content }))
      const file = ((await message(inboundId)).content as unknown as { media: { id: FileId } }).media.id
      const { sha256, size } = await it.store.putFile(Readable.from([Buffer.from('photo')]), 1e6)
      const result = { is: 'stored', sha256, size, mimeType: 'image/png' } as const
      await must({ kind: 'mediaFetched', file, result })
      await send({ content: { type: 'image', media: { id: kept.id, mimeType: 'image/png' } } })
      await settle(await attempt(), accepted('w1'))
      it.tick(40 * DAY_MS)
      await sweep({ log: DAY_MS, messages: 30 * DAY_MS })
      expect(await it.store.query('messages', { workspace: it.workspace, limit: 10 })).toEqual([])
      expect(await it.store.query('file', { workspace: it.workspace, id: file })).toBeNull()
      await expect(it.store.readFile(sha256)).rejects.toThrow(FileMissing)
      expect(await read(kept.sha256)).toBe('library')
    })

    test("a message shows that its media is not there any more, and the log's words stay", async () => {
      const content = { type: 'image', media: { ref: 'r1', mimeType: 'image/png' } } as const
      const id = await must(inbound('m1', { content }))
      const file = ((await message(id)).content as unknown as { media: { id: FileId } }).media.id
      const { sha256, size } = await it.store.putFile(Readable.from([Buffer.from('photo')]), 1e6)
      await must({
        kind: 'mediaFetched',
        file,
        result: { is: 'stored', sha256, size, mimeType: 'image/png' },
      })
      const before = await log()
      it.tick(2 * DAY_MS)
      await sweep({ files: DAY_MS })
      expect(await message(id)).toMatchObject({
        content: { media: { id: file, state: 'failed', sha256: null } },
      })
      expect(await log()).toEqual(before)
    })
  })
}
