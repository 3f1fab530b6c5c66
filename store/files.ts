import { createHash, randomUUID } from 'node:crypto'
import { createReadStream, existsSync, readdirSync, rmSync } from 'node:fs'
import { mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Readable } from 'node:stream'
import { FileMissing, FileTooLarge, StoreFailing } from './store.ts'

/** Files in a directory, named by their content: the same bytes are kept once (RULES A9). */
export type Files = {
  put(content: Readable, bytesMax: number): Promise<{ sha256: string; size: number }>
  read(sha256: string): Promise<Readable>
}

export function openFiles(directory: string): Files {
  // Nobody else has the folder: what a process that died was writing is of no use to anyone.
  for (const name of existsSync(directory) ? readdirSync(directory) : []) {
    if (name.endsWith(PARTIAL)) rmSync(join(directory, name), { force: true })
  }
  const pathOf = (sha256: string): string => join(directory, sha256.slice(0, 2), sha256)
  return {
    put: async (content, bytesMax) => {
      const partial = join(directory, `${randomUUID()}${PARTIAL}`)
      try {
        await mkdir(directory, { recursive: true })
        const written = await write(partial, content, bytesMax)
        const path = pathOf(written.sha256)
        await mkdir(dirname(path), { recursive: true })
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
      const path = pathOf(sha256)
      const found = SHA256.test(sha256) && (await stat(path).catch(() => undefined))
      if (!found) throw new FileMissing(`no file ${sha256}`)
      return createReadStream(path)
    },
  }
}

const PARTIAL = '.partial'
const SHA256 = /^[0-9a-f]{64}$/

async function write(
  path: string,
  content: Readable,
  bytesMax: number,
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
  await file.sync()
  return { sha256: hash.digest('hex'), size }
}

async function sync(directory: string): Promise<void> {
  await using handle = await open(directory, 'r')
  await handle.sync()
}
