import { spawnSync } from 'node:child_process'
import { appendFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'

/**
 * A disk of a few megabytes that a test can fill and clear: a tmpfs in a mount namespace of its own, which needs no
 * rights where Linux lets users have namespaces. The process in it is reached through `/proc`.
 */
const MOUNT = 'mount -t tmpfs -o size=6m tmpfs'

/** Whether this machine can make one; false on other systems and in most containers. */
export const canMount = spawnSync('unshare', ['-rm', 'sh', '-c', `${MOUNT} "$0"`, tmpdir()]).status === 0

/** Runs Node.js with the arguments that follow; the second of them, the data directory, becomes the small disk. */
export const onSmallDisk = [
  'unshare',
  '-rm',
  'sh',
  '-c',
  `${MOUNT} "$1" && exec "${process.execPath}" "$0" "$@"`,
]

export type Ballast = { fill(): void; clear(): void }

export function ballastOf(pid: number, dataDir: string): Ballast {
  const path = `/proc/${pid}/root${dataDir}/ballast`
  return {
    fill: () => {
      for (const size of [1 << 20, 1 << 12, 1]) fillBy(path, Buffer.alloc(size))
    },
    clear: () => rmSync(path),
  }
}

/** Until not even one more of them fits. */
function fillBy(path: string, bytes: Buffer): void {
  try {
    for (;;) appendFileSync(path, bytes)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
  }
}
