import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, expect, test } from 'vitest'
import { linesToTry } from '../../gateway/cli/try.ts'

const folder = mkdtempSync(join(tmpdir(), 'omnibus-start-'))
const children: ChildProcess[] = []
afterAll(() => {
  for (const child of children) child.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

const MAIN = new URL('../../gateway/main.ts', import.meta.url).pathname

type Run = { child: ChildProcess; stdout: () => string; stderr: () => string; ended: Promise<number | null> }

function omnibus(args: string[], env: Record<string, string> = {}): Run {
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: { PATH: process.env['PATH'], ...env },
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  children.push(child)
  const out: string[] = []
  const err: string[] = []
  child.stdout?.on('data', chunk => out.push(String(chunk)))
  child.stderr?.on('data', chunk => err.push(String(chunk)))
  const ended = new Promise<number | null>(resolve => child.once('close', resolve))
  return { child, stdout: () => out.join(''), stderr: () => err.join(''), ended }
}

function quiet(dataDir: string, ...more: string[]): string[] {
  return ['serve', '--port', '0', '--log-level', 'error', '--data-dir', dataDir, ...more]
}

async function started(run: Run): Promise<string> {
  await expect.poll(() => run.stdout() + run.stderr(), { timeout: 10_000 }).toMatch(/listens at http:\S+/)
  return /listens at (http:\S+)/.exec(run.stdout())?.[1] ?? ''
}

test('the first start prints a token that works, the second none; only the owner reads the key', async () => {
  const dataDir = join(folder, 'first')
  const first = omnibus(quiet(dataDir))
  const url = await started(first)
  const token = /TOKEN='(\S+)'/.exec(first.stdout())?.[1]
  const answer = await fetch(`${url}/v1/channels`, { headers: { authorization: `Bearer ${token}` } })
  expect(answer.status).toBe(200)
  expect(statSync(join(dataDir, 'secret.key')).mode & 0o777).toBe(0o600)
  first.child.kill('SIGTERM')
  expect(await first.ended).toBe(0)
  const second = omnibus(quiet(dataDir))
  const again = await fetch(`${await started(second)}/v1/channels`, {
    headers: { authorization: `Bearer ${token}` },
  })
  expect(again.status).toBe(200)
  expect(second.stdout()).not.toContain(String(token))
  expect(second.stderr()).toBe('')
  second.child.kill('SIGINT')
  expect(await second.ended).toBe(0)
})

test('a configured admin token shuts out the one it replaces', async () => {
  const dataDir = join(folder, 'replaced')
  const status = async (url: string, token: string): Promise<number> =>
    (await fetch(`${url}/v1/channels`, { headers: { authorization: `Bearer ${token}` } })).status
  for (const [token, other] of [
    ['the-first-admin-token', 'the-second-admin-token'],
    ['the-second-admin-token', 'the-first-admin-token'],
  ] as const) {
    const run = omnibus(quiet(dataDir), { OMNIBUS_ADMIN_TOKEN: token })
    const url = await started(run)
    expect([await status(url, token), await status(url, other)]).toEqual([200, 401])
    run.child.kill('SIGTERM')
    await run.ended
  }
})

async function refused(run: Run, code: number, pattern: RegExp): Promise<void> {
  expect(await run.ended).toBe(code)
  const lines = run.stderr().trimEnd().split('\n')
  expect(lines).toHaveLength(1)
  expect(lines[0]).toMatch(pattern)
}

test('a port in use is one clear line', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise(resolve => server.once('listening', resolve))
  const { port } = server.address() as { port: number }
  await refused(
    omnibus(['serve', '--port', String(port), '--data-dir', join(folder, 'port')]),
    1,
    /^omnibus: port \d+ of 127\.0\.0\.1 is in use/,
  )
  server.close()
})

test('an unknown key, flag or command is one clear line that names it', async () => {
  const path = join(folder, 'wrong.yaml')
  writeFileSync(path, 'dataDirr: x\n')
  await refused(omnibus(['--config', path]), 2, /unknown key "dataDirr"; did you mean "dataDir"\?$/)
  await refused(omnibus(['serve', '--prot', '1']), 2, /unknown flag --prot; did you mean --port\?$/)
  await refused(omnibus(['srve']), 2, /unknown command "srve"; did you mean "serve"\?$/)
  await refused(omnibus(['serve', '--port']), 2, /--port needs a value$/)
})

test('a data directory that cannot be used is one clear line', async () => {
  const file = join(folder, 'a-file')
  writeFileSync(file, 'x')
  await refused(omnibus(quiet(file)), 1, /the data directory .*a-file cannot be used/)
  const locked = join(folder, 'locked')
  mkdirSync(locked)
  chmodSync(locked, 0o000)
  // Root may read everything; then there is nothing to refuse.
  if (process.getuid?.() !== 0)
    await refused(omnibus(quiet(locked)), 1, /the data directory .*locked cannot be used/)
  chmodSync(locked, 0o700)
})

test('a data directory in use by another process is one clear line', async () => {
  const dataDir = join(folder, 'shared')
  const first = omnibus(quiet(dataDir))
  await started(first)
  await refused(omnibus(quiet(dataDir)), 1, /in use by another Omnibus process$/)
  first.child.kill('SIGTERM')
  expect(await first.ended).toBe(0)
})

test('RULES G1: a wrong secret key is one clear line', async () => {
  const dataDir = join(folder, 'key')
  const first = omnibus(quiet(dataDir), { OMNIBUS_SECRET_KEY: 'the-first-secret-key' })
  await started(first)
  first.child.kill('SIGTERM')
  await first.ended
  await refused(
    omnibus(quiet(dataDir), { OMNIBUS_SECRET_KEY: 'another-secret-key' }),
    1,
    /secretKey is not the key/,
  )
  const rotated = omnibus(quiet(dataDir), { OMNIBUS_SECRET_KEY: 'another-secret-key,the-first-secret-key' })
  await started(rotated)
  rotated.child.kill('SIGTERM')
  expect(await rotated.ended).toBe(0)
})

test('data of a newer version is one clear line', async () => {
  const dataDir = join(folder, 'newer')
  const first = omnibus(quiet(dataDir))
  await started(first)
  first.child.kill('SIGTERM')
  await first.ended
  const database = new DatabaseSync(join(dataDir, 'omnibus.db'))
  database.exec('PRAGMA user_version = 999')
  database.close()
  await refused(omnibus(quiet(dataDir)), 1, /written by a newer Omnibus/)
})

test('config print and check, help and version answer and end', async () => {
  const env = { OMNIBUS_ADMIN_TOKEN: 'a-token-of-some-length' }
  const print = omnibus(['config', 'print', '--port', '9'], env)
  expect(await print.ended).toBe(0)
  expect(print.stdout()).toMatch(/listen\.port: 9 +# --port/)
  expect(print.stdout()).not.toContain('a-token-of-some-length')
  const check = omnibus(['config', 'check'], { OMNIBUS_PORT: 'x', OMNIBUS_BUS: 'y' })
  expect(await check.ended).toBe(2)
  expect(check.stderr().trimEnd().split('\n')).toHaveLength(2)
  const version = omnibus(['version'])
  expect(await version.ended).toBe(0)
  const { version: expected } = JSON.parse(
    readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
  )
  expect(version.stdout().trim()).toBe(expected)
  const help = omnibus(['help'])
  expect(await help.ended).toBe(0)
  expect(help.stdout()).toContain('OMNIBUS_SECRET_KEY')
})

test('the lines it prints for trying work when they are pasted', async () => {
  const sim = omnibus(['simulate', 'whatsapp', '--port', '0'])
  await expect.poll(() => sim.stdout(), { timeout: 10_000 }).toContain('A simulated WhatsApp at')
  const simUrl = /at (http:\S+),/.exec(sim.stdout())?.[1] ?? ''
  const run = omnibus(quiet(join(folder, 'try')))
  const url = await started(run)
  const token = /TOKEN='(\S+)'/.exec(run.stdout())?.[1] ?? ''
  await fetch(`${simUrl}/sim/subscribe`, {
    method: 'POST',
    body: JSON.stringify({ url: `${url}/in/whatsapp` }),
  })
  expect(run.stdout()).toContain(linesToTry(url, token))
  const lines = linesToTry(url, token)
    .replaceAll('http://127.0.0.1:9100', simUrl)
    // The last one has no end of its own.
    .replace(/^curl -N .*$/m, '$& --max-time 1 || true')
  const shell = spawn('bash', ['-e', '-c', lines], { stdio: ['ignore', 'pipe', 'ignore'] })
  const out: string[] = []
  shell.stdout.on('data', chunk => out.push(String(chunk)))
  expect(await new Promise(resolve => shell.once('close', resolve))).toBe(0)
  const said = out.join('')
  expect(said).toContain('HTTP/1.1 200 OK')
  expect(said).toContain('Hola a mano')
  expect(said).toMatch(/"direction":"outbound".*"Hola, Ana"/s)
  expect(said).toContain('event: message.created')
  for (const { child } of [run, sim]) child.kill('SIGTERM')
  expect(await run.ended).toBe(0)
  expect(await sim.ended).toBe(0)
})
