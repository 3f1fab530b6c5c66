import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freshDatabase, TEST_SERVER } from '../test/database.ts'
import { owned } from './parts.ts'

/** The daemon as an operator runs it: `gateway/start.js serve` in a process and a data directory of its own. */
export type Daemon = {
  store: StoreName
  /** The database that was made for it; null on the embedded store. */
  database: string | null
  port: number
  token: string
  /** From its start to its first answer at `/livez`. */
  startMs: number
  memory(): number
  cpuMs(): number
  /** A figure of `/metrics`, summed over its labels; 0 if there is none. */
  metric(name: string, labels?: string): Promise<number>
  api<T>(method: string, path: string, body?: object): Promise<T>
  stop(): Promise<void>
}

export const STORES = ['sqlite', 'postgres'] as const
export type StoreName = (typeof STORES)[number]

const START_MAX_MS = 20_000
const TOKEN = 'bench-admin-token-0123456789'
/** RULES G1: with PostgreSQL it must be given. */
const SECRET_KEY = 'bench-secret-key-0123456789'

/** On PostgreSQL over a database of its own, which `stop` drops. */
export async function startDaemon(
  store: StoreName = 'sqlite',
  more: Record<string, string> = {},
): Promise<Daemon> {
  const server = process.env['OMNIBUS_BENCH_POSTGRES'] || TEST_SERVER
  const database = store === 'postgres' ? await freshDatabase(server) : undefined
  const directory = mkdtempSync(join(tmpdir(), 'omnibus-bench-'))
  const port = await freePort()
  const startedAt = performance.now()
  const main = fileURLToPath(new URL('../gateway/start.js', import.meta.url))
  const child = owned(
    spawn(process.execPath, [main, 'serve'], {
      cwd: directory,
      stdio: ['ignore', 'ignore', 'inherit'],
      env: {
        ...withoutOurs(process.env),
        ...(database && { OMNIBUS_STORE: database.url, OMNIBUS_SECRET_KEY: SECRET_KEY }),
        OMNIBUS_HOST: '127.0.0.1',
        OMNIBUS_PORT: String(port),
        OMNIBUS_DATA_DIR: directory,
        OMNIBUS_ADMIN_TOKEN: TOKEN,
        OMNIBUS_LOG_LEVEL: 'error',
        ...more,
      },
    }),
  )
  const gone = new Promise<void>(resolve => child.once('exit', () => resolve()))
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }))
  const base = `http://127.0.0.1:${port}`
  const startMs = await firstAnswer(`${base}/livez`, startedAt, () => child.exitCode !== null)
  const pid = child.pid ?? 0
  return {
    store,
    database: database?.url ?? null,
    port,
    token: TOKEN,
    startMs,
    memory: () => residentBytes(pid),
    cpuMs: () => cpuMs(pid),
    metric: async (name, labels = '') => {
      const text = await (await fetch(`${base}/metrics`)).text()
      const lines = text
        .split('\n')
        .filter(line => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
      const values = lines.filter(line => line.includes(labels)).map(line => Number(line.split(' ').at(-1)))
      return values.reduce((sum, value) => sum + value, 0)
    },
    api: <T>(method: string, path: string, body?: object) => callApi<T>(base, method, path, body),
    stop: async () => {
      child.kill('SIGTERM')
      await gone
      rmSync(directory, { recursive: true, force: true })
      await database?.[Symbol.asyncDispose]()
    },
  }
}

/** The daemon refuses variables that it does not know. */
function withoutOurs(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !/^OMNIBUS_(BENCH|TEST)_/.test(name)))
}

async function callApi<T>(base: string, method: string, path: string, body?: object): Promise<T> {
  const answer = await fetch(`${base}${path}`, {
    method,
    headers: { authorization: `Bearer ${TOKEN}`, ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
  })
  if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${await answer.text()}`)
  return (await answer.json()) as T
}

async function firstAnswer(url: string, startedAt: number, hasEnded: () => boolean): Promise<number> {
  while (performance.now() - startedAt < START_MAX_MS) {
    const isUp = await fetch(url).then(
      answer => answer.ok,
      () => false,
    )
    if (isUp) return performance.now() - startedAt
    if (hasEnded()) throw new Error('the daemon ended instead of listening; what it said is above')
    await new Promise(resolve => setTimeout(resolve, 10))
  }
  throw new Error(`the daemon did not listen within ${START_MAX_MS} ms`)
}

/** A port that nobody listens on at this moment. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise(resolve => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('no free port')
  return address.port
}

/** Linux tells a process's memory and time in /proc; elsewhere these figures are NaN and read `n/a`. */
function residentBytes(pid: number): number {
  const match = /VmRSS:\s+(\d+) kB/.exec(readProc(pid, 'status'))
  return match === null ? Number.NaN : Number(match[1]) * 1024
}

/** Clock ticks are 10 ms on every Linux that Node.js runs on (USER_HZ is 100). */
function cpuMs(pid: number): number {
  // The second field is a name that may hold spaces; what follows its `)` is numbers from the third field on.
  const fields = readProc(pid, 'stat').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) * 10
}

function readProc(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return ''
  }
}
