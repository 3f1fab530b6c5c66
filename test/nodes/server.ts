import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, existsSync, globSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { freePort } from '../../bench/daemon.ts'
import { whyUnreachable } from '../database.ts'

/** A PostgreSQL server of our own, which may be stopped under whoever uses it. */
export type Server = AsyncDisposable & {
  url: string
  /** Stops it (`fast`: connections are cut; `immediate`: as if it crashed) and starts it again `downMs` later. */
  restart(mode: Mode, downMs: number): Promise<void>
}

export type Mode = keyof typeof SIGNALS

/** https://www.postgresql.org/docs/15/server-shutdown.html */
const SIGNALS = { fast: 'INT', immediate: 'QUIT' } as const

const SETTINGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  shared_buffers: '16MB',
  max_connections: '60',
  fsync: 'on',
}

/**
 * The keeper of the server: it starts it, and again for each line "signal seconds". When its input ends, which it does
 * too when the test is killed, it stops the server and removes the folder.
 */
const KEEPER = `
folder=$1; shift
while :; do
  "$@" >>"$folder/log" 2>&1 </dev/null & pid=$!
  echo started
  if read -r signal down; then
    kill -"$signal" $pid; wait $pid; sleep "$down"
  else
    kill -INT $pid; wait $pid; cd /; rm -rf "$folder"; exit 0
  fi
done`

/** Where Linux distributions and `initdb` on the path keep it. */
const PLACES = ['/usr/lib/postgresql/*/bin', '/usr/pgsql-*/bin', '/opt/homebrew/opt/postgresql*/bin']

const READY_MS = 20_000

/** Why there can be no such server here, or undefined. */
export function whyNoServer(): string | undefined {
  return binaries() === undefined ? `no initdb in ${PLACES.join(', ')} or on the path` : undefined
}

/** @throws Error if the programs are missing or it does not answer in time */
export async function startServer(): Promise<Server> {
  const bin = binaries()
  if (bin === undefined) throw new Error(whyNoServer())
  const folder = await mkdtemp(join(tmpdir(), 'omnibus-postgres-'))
  const [command = '', ...before] = asPostgres(folder)
  const data = join(folder, 'data')
  execFileSync(
    ...([
      command,
      [...before, join(bin, 'initdb'), '-D', data, '-U', 'postgres', '-A', 'trust', '-N'],
    ] as const),
    { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] },
  )
  const port = await freePort()
  const options = Object.entries({ ...SETTINGS, port }).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const run = ['sh', '-c', KEEPER, 'sh', folder, join(bin, 'postgres'), '-D', data, ...options]
  const keeper = spawn(command, [...before, ...run], { cwd: folder, stdio: ['pipe', 'pipe', 'inherit'] })
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`
  await started(keeper, url)
  return {
    url,
    restart: async (mode, downMs) => {
      keeper.stdin?.write(`${SIGNALS[mode]} ${downMs / 1000}\n`)
      await started(keeper, url)
    },
    [Symbol.asyncDispose]: async () => {
      const ended = once(keeper, 'exit')
      keeper.stdin?.end()
      await ended
    },
  }
}

/** The next word of the keeper, and then an answer of the server. */
async function started(keeper: ChildProcess, url: string): Promise<void> {
  if (keeper.stdout === null) throw new Error('the keeper of the server cannot be heard')
  const lines = createInterface({ input: keeper.stdout })
  const ended = once(keeper, 'exit').then(() => {
    throw new Error('the server did not start')
  })
  await Promise.race([once(lines, 'line'), ended])
  lines.close()
  const end = performance.now() + READY_MS
  for (;;) {
    const why = await whyUnreachable(url)
    if (why === undefined) return
    if (performance.now() > end) throw new Error(`the server does not answer: ${why}`)
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}

function binaries(): string | undefined {
  const path = (process.env['PATH'] ?? '').split(':')
  const folders = [
    ...PLACES.flatMap(place => globSync(place))
      .toSorted()
      .toReversed(),
    ...path,
  ]
  return folders.find(folder => existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'postgres')))
}

/** It refuses to be root: then it is the user that its package made. */
function asPostgres(folder: string): string[] {
  if (process.getuid?.() !== 0) return ['env']
  const uid = Number(execFileSync('id', ['-u', 'postgres'], { encoding: 'utf8' }))
  const gid = Number(execFileSync('id', ['-g', 'postgres'], { encoding: 'utf8' }))
  chownSync(folder, uid, gid)
  return ['runuser', '-u', 'postgres', '--']
}
