import { createHash, randomUUID } from 'node:crypto'
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs'
import { mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Readable } from 'node:stream'
import { type Clock, systemClock } from '../model/clock.ts'
import { FileMissing, FileTooLarge, StoreFailing } from './store.ts'

/** Files in a directory, named by their content: the same bytes are kept once (RULES A9). */
export type Files = {
  put(content: Readable, bytesMax: number): Promise<{ sha256: string; size: number }>
  read(sha256: string): Promise<Readable>
  /** Removes bytes that no row names, unless they were put within the last `PUT_GRACE_MS`. Absent ones are no error. */
  remove(sha256: string): Promise<void>
}

/**
 * How long bytes are left alone after they were put. Whoever puts a file names it in a commit that comes after; if the
 * same bytes lose their last name just then, that one must still find them. Every put renews the time of the bytes.
 */
export const PUT_GRACE_MS = 3_600_000

/** In a folder that several processes write, what is half written for longer than this was left by one that died. */
const PARTIAL_MS = 86_400_000

/** `sole`: no other process has the folder. */
export function openFiles(
  directory: string,
  { clock = systemClock, sole = false }: { clock?: Clock; sole?: boolean } = {},
): Files {
  for (const name of existsSync(directory) ? readdirSync(directory) : []) {
    const path = join(directory, name)
    if (!name.endsWith(PARTIAL)) continue
    const modified = sole ? undefined : statSync(path, { throwIfNoEntry: false })?.mtimeMs
    if (modified === undefined || modified < clock.now() - PARTIAL_MS) rmSync(path, { force: true })
  }
  /** False if it is not there. */
  const isOlder = async (path: string): Promise<boolean> => {
    const found = await stat(path).catch(() => undefined)
    return found !== undefined && found.mtimeMs < clock.now() - PUT_GRACE_MS
  }
  const pathOf = (sha256: string): string => join(directory, sha256.slice(0, 2), sha256)
  return {
    put: async (content, bytesMax) => {
      const partial = join(directory, `${randomUUID()}${PARTIAL}`)
      try {
        await mkdir(directory, { recursive: true, mode: 0o700 })
        const written = await write(partial, content, bytesMax, clock.now)
        const path = pathOf(written.sha256)
        await mkdir(dirname(path), { recursive: true, mode: 0o700 })
        await rename(partial, path)
        // A rename is durable when its directory is.
        await sync(dirname(path))
        await sync(directory)
        return written
      } catch (error) {
        await rm(partial, { force: true })
        // What the system refuses is no fault of the file: a full disk, a folder that may not be written.
        if (error instanceof Error && 'errno' in error)
          throw new StoreFailing(error.message, { cause: error })
        throw error
      }
    },
    read: async sha256 => {
      // Opened before it is answered: what is removed from now on is still read to its end.
      const found = SHA256.test(sha256) && (await open(pathOf(sha256), 'r').catch(absent))
      if (!found) throw new FileMissing(`no file ${sha256}`)
      return found.createReadStream()
    },
    remove: async sha256 => {
      const path = pathOf(sha256)
      if (!(await isOlder(path))) return
      // Moved away and looked at again: between a look and a removal another process may put it anew.
      const aside = join(directory, `${randomUUID()}${PARTIAL}`)
      const isOurs = await rename(path, aside).then(() => true, absent)
      if (!isOurs) return
      if (await isOlder(aside)) return await rm(aside)
      await rename(aside, path)
      await sync(dirname(path))
    },
  }
}

/** For what may be removed by another node at any moment. */
function absent(error: NodeJS.ErrnoException): false {
  if (error.code !== 'ENOENT') throw error
  return false
}

const PARTIAL = '.partial'
const SHA256 = /^[0-9a-f]{64}$/

async function write(
  path: string,
  content: Readable,
  bytesMax: number,
  now: () => number,
): Promise<{ sha256: string; size: number }> {
  const hash = createHash('sha256')
  let size = 0
  await using file = await open(path, 'wx', 0o600)
  for await (const chunk of content as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > bytesMax) throw new FileTooLarge(`larger than ${bytesMax} bytes`)
    hash.update(chunk)
    await file.write(chunk)
  }
  // By the clock that `remove` asks, whoever keeps the time of the disk.
  const at = now() / 1000
  await file.utimes(at, at)
  await file.sync()
  return { sha256: hash.digest('hex'), size }
}

async function sync(directory: string): Promise<void> {
  await using handle = await open(directory, 'r')
  await handle.sync()
}
