import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Where tests put data: in memory where the system offers that, since most of them are not about the disk. */
const ROOT = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()

/** An empty folder that is gone when it is disposed of. `root`: `tmpdir()` for what is about the disk. */
export async function scratch(root = ROOT): Promise<AsyncDisposable & { path: string }> {
  const path = await mkdtemp(join(root, 'omnibus-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}
