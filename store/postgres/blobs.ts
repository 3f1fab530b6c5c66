import { createHash, randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import type { Clock } from '../../model/clock.ts'
import { type Files, PUT_GRACE_MS } from '../files.ts'
import { type Steps, sql } from '../sql.ts'
import { FileMissing, FileTooLarge } from '../store.ts'
import { type Database, drive } from './client.ts'

/**
 * Files as rows (RULES A9). An upload is *under way* while it has no SHA-256: its chunks are written one by one, so
 * that a large file holds up nobody. It is *whole* when it got its name, and then never changes. One that never got a
 * name was cut off, and goes with the next sweep after a day.
 */
export type Blobs = Files & {
  /** Drops uploads that were cut off. */
  sweep(): Promise<void>
}

const CHUNK_BYTES = 262_144
const CUT_OFF_MS = 86_400_000

export function openBlobs(database: Database, clock: Clock): Blobs {
  const write = <T>(steps: Steps<T>): Promise<T> =>
    database.transaction(connection => drive(connection, steps))
  return {
    put: async (content, bytesMax) => {
      const upload = randomUUID()
      const hash = createHash('sha256')
      let [size, number] = [0, 0]
      await write(begin(upload, clock.now()))
      try {
        for await (const chunk of chunksOf(content)) {
          size += chunk.length
          if (size > bytesMax) throw new FileTooLarge(`larger than ${bytesMax} bytes`)
          hash.update(chunk)
          await write(append(upload, number++, chunk))
        }
        const sha256 = hash.digest('hex')
        await write(name(upload, { sha256, size, at: clock.now() }))
        return { sha256, size }
      } catch (error) {
        await write(drop(upload)).catch(() => {})
        throw error
      }
    },
    read: async sha256 => {
      const found = await database.read(find(sha256))
      if (found === undefined) throw new FileMissing(`no file ${sha256}`)
      return Readable.from(bytesOf(database, sha256, found), { objectMode: false })
    },
    remove: sha256 => write(forget(sha256, clock.now() - PUT_GRACE_MS)),
    sweep: async () => {
      for (const upload of await database.read(cutOff(clock.now() - CUT_OFF_MS))) await write(drop(upload))
    },
  }
}

type Whole = { upload: string; size: number }

/** Chunk by chunk, each a read of its own: whoever reads slowly holds nothing (RULES A8). */
async function* bytesOf(
  database: Database,
  sha256: string,
  { upload, size }: Whole,
): AsyncGenerator<Uint8Array> {
  let at = 0
  for (let number = 0; at < size; number++) {
    const bytes = await database.read(chunk(upload, number))
    if (bytes === undefined) throw new FileMissing(`file ${sha256} was removed`)
    at += bytes.length
    yield bytes
  }
}

async function* chunksOf(content: Readable): AsyncGenerator<Buffer> {
  let waiting: Buffer[] = []
  let size = 0
  for await (const piece of content as AsyncIterable<Buffer>) {
    waiting.push(piece)
    size += piece.length
    if (size < CHUNK_BYTES) continue
    yield Buffer.concat(waiting)
    waiting = []
    size = 0
  }
  if (size > 0) yield Buffer.concat(waiting)
}

function* begin(upload: string, at: number): Steps<void> {
  yield sql('INSERT INTO uploads (upload, at) VALUES (?, ?)', [upload, at])
}

function* append(upload: string, number: number, bytes: Uint8Array): Steps<void> {
  yield sql('INSERT INTO chunks (upload, number, bytes) VALUES (?, ?, ?)', [upload, number, bytes])
}

/** If the same bytes are there already, they are as young as if they had come now, and ours go. */
function* name(
  upload: string,
  { sha256, size, at }: { sha256: string; size: number; at: number },
): Steps<void> {
  const there = yield sql('UPDATE uploads SET at = ? WHERE sha256 = ? RETURNING upload', [at, sha256])
  if (there.length > 0) yield* drop(upload)
  else
    yield sql('UPDATE uploads SET sha256 = ?, size = ?, at = ? WHERE upload = ?', [sha256, size, at, upload])
}

function* forget(sha256: string, before: number): Steps<void> {
  const gone = yield sql('DELETE FROM uploads WHERE sha256 = ? AND at < ? RETURNING upload', [sha256, before])
  for (const { upload } of gone) yield* drop(upload as string)
}

function* drop(upload: string): Steps<void> {
  yield sql('DELETE FROM chunks WHERE upload = ?', [upload])
  yield sql('DELETE FROM uploads WHERE upload = ?', [upload])
}

function* find(sha256: string): Steps<Whole | undefined> {
  const [row] = yield sql('SELECT upload, size FROM uploads WHERE sha256 = ?', [sha256])
  return row && { upload: row['upload'] as string, size: Number(row['size']) }
}

function* chunk(upload: string, number: number): Steps<Uint8Array | undefined> {
  const [row] = yield sql('SELECT bytes FROM chunks WHERE upload = ? AND number = ?', [upload, number])
  return row?.['bytes'] as Uint8Array | undefined
}

function* cutOff(before: number): Steps<string[]> {
  const rows = yield sql('SELECT upload FROM uploads WHERE sha256 IS NULL AND at < ?', [before])
  return rows.map(row => row['upload'] as string)
}
