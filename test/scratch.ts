import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Where tests put data: in memory where the system offers that, since most of them are not about the disk. */
const ROOT = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()

/** An empty folder that is gone when it is disposed of. */
export async function scratch(): Promise<AsyncDisposable & { path: string }> {
  const path = await mkdtemp(join(ROOT, 'omnibus-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}
