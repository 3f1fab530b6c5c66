import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { openFiles } from '../../store/files.ts'
import { FileMissing } from '../../store/store.ts'
import { scratch } from '../scratch.ts'

const HOUR_MS = 3_600_000
const START = 1_700_000_000_000

function clockAt(time: { now: number }) {
  return { now: () => time.now, monotonic: () => performance.now() }
}

const bytes = (): Readable => Readable.from([Buffer.from('bytes')])

test('what is half written is removed: in a folder of our own at once, in others after a day', async () => {
  await using folder = await scratch()
  const write = async (name: string, at: number): Promise<void> => {
    await writeFile(join(folder.path, name), 'half')
    await utimes(join(folder.path, name), at / 1000, at / 1000)
  }
  await write('old.partial', START - 25 * HOUR_MS)
  await write('young.partial', START - 23 * HOUR_MS)
  await mkdir(join(folder.path, 'ab'))
  const clock = clockAt({ now: START })
  openFiles(folder.path, { clock })
  expect(await readdir(folder.path)).toEqual(['ab', 'young.partial'])
  openFiles(folder.path, { clock, sole: true })
  expect(await readdir(folder.path)).toEqual(['ab'])
})

test('bytes are removed an hour after they were last put, and not before', async () => {
  await using folder = await scratch()
  const time = { now: START }
  const files = openFiles(folder.path, { clock: clockAt(time), sole: true })
  const { sha256 } = await files.put(bytes(), 100)
  time.now += 2 * HOUR_MS
  await files.put(bytes(), 100)
  time.now += HOUR_MS - 1
  await files.remove(sha256)
  expect(await text(await files.read(sha256))).toBe('bytes')
  time.now += 2
  await files.remove(sha256)
  await expect(files.read(sha256)).rejects.toThrow(FileMissing)
  await files.remove(sha256)
  expect((await readdir(folder.path)).filter(name => name.endsWith('.partial'))).toEqual([])
})

test('a removal and a put at the same moment: whoever put finds the bytes', async () => {
  await using folder = await scratch()
  const time = { now: START }
  const files = openFiles(folder.path, { clock: clockAt(time), sole: true })
  const { sha256 } = await files.put(bytes(), 100)
  for (let round = 0; round < 20; round++) {
    time.now += 2 * HOUR_MS
    await Promise.all([files.remove(sha256), files.put(bytes(), 100), files.remove(sha256)])
    expect(await text(await files.read(sha256))).toBe('bytes')
  }
})
