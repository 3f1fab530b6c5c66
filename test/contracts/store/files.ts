import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { describe, expect, test } from 'vitest'
import type { FileId, MessageId } from '../../../model/ids.ts'
import { FileMissing } from '../../../store/store.ts'
import type { Trial } from './trial.ts'

/** Files and pages: RULES A9. */
export function fileLaws(it: Trial): void {
  const { must, inbound, message, log } = it
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

    test('inbound media: pending, due, stored; the message shows it, its event stays', async () => {
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
    const first = await it.store.query('messages', { workspace: it.workspace, limit: 2 })
    expect(first.map(one => one.id)).toEqual([ids[4], ids[3]])
    const rest = await it.store.query('messages', {
      workspace: it.workspace,
      limit: 9,
      after: ids[3] as MessageId,
    })
    expect(rest.map(one => one.id)).toEqual([ids[2], ids[1], ids[0]])
    expect(
      await it.store.query('messages', { workspace: it.workspace, limit: 9, direction: 'outbound' }),
    ).toEqual([])
  })
}
