import { constants } from 'node:fs'
import { access, mkdtemp, open, rm, statfs } from 'node:fs/promises'
import { createServer } from 'node:net'
import { dirname, join, resolve } from 'node:path'
import { type Clock, systemClock } from '../../model/clock.ts'
import { isShared } from '../../store/open.ts'
import { clockAhead } from '../../store/schema.ts'
import type { Config } from '../config.ts'
import type { Finding } from './doctor.ts'

/** What a daemon needs of the machine: its runtime, its port, its disk and its clock. */

const NODE_MIN = 26

export function findRuntime(): Finding {
  const { version, arch, platform } = process
  const isNew = Number(version.slice(1).split('.')[0]) >= NODE_MIN
  const says = `Node.js ${version} on ${platform} ${arch}`
  const todo = `Node.js ${NODE_MIN} or newer is needed.`
  return isNew ? { check: 'runtime', state: 'ok', says } : { check: 'runtime', state: 'fail', says, todo }
}

const ASK_MS = 5000

/** Whether one runs, and whether it can take work. */
export async function findDaemon(url: string): Promise<{ running: boolean; findings: Finding[] }> {
  const check = 'daemon'
  try {
    const answer = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(ASK_MS) })
    const body = (await answer.json()) as { status?: unknown; detail?: unknown }
    if (body.status === 'ready') {
      return { running: true, findings: [{ check, state: 'ok', says: `one runs at ${url} and is ready` }] }
    }
    if (answer.status !== 503) throw new Error('it is another program')
    return { running: true, findings: [{ check, state: 'fail', says: `${url}: ${String(body.detail)}` }] }
  } catch {
    return { running: false, findings: [{ check, state: 'ok', says: `none answers at ${url}` }] }
  }
}

/** Whether a daemon could listen where it is configured to. */
export async function findPort({ listen: { host, port } }: Config): Promise<Finding> {
  const check = 'port'
  const server = createServer()
  try {
    await new Promise<void>((listening, failed) => {
      server.once('error', failed)
      server.listen(port, host, listening)
    })
    return { check, state: 'ok', says: `${host}:${port} is free` }
  } catch (error) {
    const todo = 'Another program has it: choose another by listen.port, or end that one.'
    return { check, state: 'fail', says: `${host}:${port}: ${(error as Error).message}`, todo }
  } finally {
    server.close()
  }
}

const FREE_FAIL = 100 * 1024 * 1024
const FREE_WARN = 1024 * 1024 * 1024
const SYNC_WARN_MS = 100

/** The directories that are written: room, the right to write, and how long a write to the disk itself takes. */
export async function findDisk({ store, dataDir, filesDir }: Config): Promise<Finding[]> {
  const directories = [...(isShared(store) ? [] : [dataDir]), ...(filesDir === null ? [] : [filesDir])]
  return (await Promise.all(directories.map(findDirectory))).flat()
}

async function findDirectory(configured: string): Promise<Finding[]> {
  const check = 'disk'
  const directory = resolve(configured)
  const there = await nearestThere(directory)
  try {
    await access(there, constants.W_OK)
    const { bavail, bsize } = await statfs(there)
    const free = bavail * bsize
    const room = `${(free / 2 ** 30).toFixed(1)} GiB are free`
    const isMade = there === directory ? '' : ' (it will be made at the first start)'
    const syncMs = await syncTime(there)
    const says = `${directory}${isMade}: ${room}, a write to the disk takes ${syncMs.toFixed(1)} ms`
    if (free < FREE_FAIL)
      return [{ check, state: 'fail', says, todo: 'Make room: the daemon will refuse work.' }]
    if (free < FREE_WARN) return [{ check, state: 'warn', says, todo: 'Make room soon.' }]
    if (syncMs > SYNC_WARN_MS) {
      const todo = 'Each commit waits for one: take a disk that syncs more quickly.'
      return [{ check, state: 'warn', says, todo }]
    }
    return [{ check, state: 'ok', says }]
  } catch (error) {
    const todo = 'The user that runs the daemon must own it.'
    return [{ check, state: 'fail', says: `${directory}: ${(error as Error).message}`, todo }]
  }
}

async function nearestThere(directory: string): Promise<string> {
  try {
    await access(directory, constants.F_OK)
    return directory
  } catch {
    const parent = dirname(directory)
    return parent === directory ? directory : await nearestThere(parent)
  }
}

async function syncTime(directory: string): Promise<number> {
  const probe = await mkdtemp(join(directory, '.omnibus-doctor-'))
  try {
    await using file = await open(join(probe, 'probe'), 'w')
    await file.write('x')
    const from = systemClock.monotonic()
    await file.sync()
    return systemClock.monotonic() - from
  } finally {
    await rm(probe, { recursive: true, force: true })
  }
}

const DRIFT_MS = 250
const DRIFT_WARN_MS = 25
/** Leases and retries of several nodes are judged by the server's clock. */
const AHEAD_WARN_MS = 1000

export async function findClock({ store }: Config, clock: Clock): Promise<Finding[]> {
  const check = 'clock'
  const [wall, steady] = [clock.now(), clock.monotonic()]
  await new Promise(done => setTimeout(done, DRIFT_MS))
  const drift = clock.now() - wall - (clock.monotonic() - steady)
  const findings: Finding[] =
    Math.abs(drift) < DRIFT_WARN_MS
      ? [{ check, state: 'ok', says: 'the wall clock runs evenly' }]
      : [{ check, state: 'warn', says: `the wall clock jumped by ${Math.round(drift)} ms`, todo: 'Run NTP.' }]
  // A server that cannot be asked is told about where the store is.
  const ahead = await clockAhead(store, clock).catch(() => null)
  if (ahead === null) return findings
  const says = `PostgreSQL's clock is ${Math.round(Math.abs(ahead))} ms ${ahead > 0 ? 'ahead' : 'behind'}`
  const state = Math.abs(ahead) > AHEAD_WARN_MS ? 'warn' : 'ok'
  return [...findings, { check, state, says, ...(state === 'warn' ? { todo: 'Run NTP on both.' } : {}) }]
}
