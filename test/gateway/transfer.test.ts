import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { createWhatsAppSim } from '../../connectors/whatsapp/sim.ts'
import { runCommand } from '../../gateway/cli/command.ts'
import { scratch } from '../scratch.ts'
import { deliver, makeChannel, run, TOKEN, textDelivery, whatsappConfig } from './daemon.ts'

const MAIN = new URL('../../gateway/main.ts', import.meta.url).pathname
const KEY = 'a-secret-key-of-tests'
const TO = '+5215512345678'

let folder: Awaited<ReturnType<typeof scratch>>
const children: ChildProcess[] = []
beforeAll(async () => {
  folder = await scratch()
})
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL')
  await folder[Symbol.asyncDispose]()
})

const at = (name: string): string => join(folder.path, name)

type Ended = { code: number | null; stdout: string; stderr: string }

async function omnibus(args: string[], env: Record<string, string> = {}): Promise<Ended> {
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: { PATH: process.env['PATH'], ...env },
    cwd: folder.path,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  children.push(child)
  const [out, err]: [string[], string[]] = [[], []]
  child.stdout?.on('data', chunk => out.push(String(chunk)))
  child.stderr?.on('data', chunk => err.push(String(chunk)))
  const code = await new Promise<number | null>(resolve => child.once('close', resolve))
  return { code, stdout: out.join(''), stderr: err.join('') }
}

/** On this process, since a dozen of them take a dozen starts. */
async function refused(args: string[], code: number, says: RegExp, key = KEY): Promise<void> {
  const lines: string[] = []
  const spy = vi.spyOn(console, 'error').mockImplementation((line: string) => void lines.push(line))
  try {
    expect(await runCommand([...args, '--secret-key', key, '--data-dir', at('default')])).toBe(code)
  } finally {
    spy.mockRestore()
  }
  expect(lines).toEqual([expect.stringMatching(says)])
  expect(lines.join()).not.toContain('\n')
}

test('a backup is made while the daemon runs; restored, it goes on and sends what waited once', async () => {
  const sim = await createWhatsAppSim({ ...whatsappConfig('1'), seed: 1, numbers: [NUMBER] })
  const daemon = await run({ dataDir: at('from') })
  const { id: channel } = await makeChannel(daemon, '1', { apiBase: sim.url })
  for (let n = 0; n < 5; n++) await deliver(daemon, textDelivery({ number: '1', id: `wamid.${n}` }))
  // This daemon has no queue: the message waits.
  const body = { channel, to: TO, content: { type: 'text', text: 'Hola' } }
  const waiting = (await daemon.call('POST', '/v1/messages', { body })).body as { id: string }
  const env = { OMNIBUS_SECRET_KEY: KEY, OMNIBUS_DATA_DIR: at('from') }
  const made = await omnibus(['backup', '--to', at('backup'), '--json'], env)
  expect(made.code).toBe(0)
  expect(JSON.parse(made.stdout)).toMatchObject({ files: 0, tables: { messages: { rows: 6 } } })
  expect(made.stderr).toMatch(/^copied {3}messages +6$/m)
  const read = async (from: typeof daemon): Promise<{ sequence: number; type: string }[]> =>
    ((await from.call('GET', '/v1/events?after=0&limit=1000')).body as { data: [] }).data
  const before = await read(daemon)
  await daemon.stop()
  const restored = await omnibus(['restore', '--from', at('backup'), '--data-dir', at('to')], env)
  expect([restored.stderr, restored.code]).toEqual([expect.stringMatching(/^verified messages +6$/m), 0])
  expect(restored.stdout).toMatch(/^Restored backup of sqlite:.* rows, 0 files, verified\.$/m)
  const again = await run({ dataDir: at('to'), parts: ['gateway', 'router', 'queue'] })
  await expect.poll(() => sim.sent.length, { timeout: 10_000 }).toBe(1)
  await expect
    .poll(
      async () => ((await again.call('GET', `/v1/messages/${waiting.id}`)).body as { status: string }).status,
    )
    .not.toBe('pending')
  const after = await read(again)
  expect(after.slice(0, before.length)).toEqual(before)
  expect(after.map(({ sequence }) => sequence)).toEqual(after.map((_, index) => index + 1))
  expect(sim.sent).toHaveLength(1)
  await again.stop()
  await sim.stop()
})

const NUMBER = { phoneNumberId: '1', displayPhoneNumber: '+15550783881' }

test('a data directory with its own key is copied by that key, and the key stays where it is', async () => {
  const first = await run({ dataDir: at('own'), secretKey: null, adminToken: TOKEN })
  await makeChannel(first, '1')
  await first.stop()
  const copied = await omnibus(['copy', '--from', `sqlite:${at('own')}`, '--to', `sqlite:${at('copied')}`])
  expect([copied.stderr, copied.code]).toEqual([expect.stringContaining('verified channels'), 0])
  expect(copied.stdout).toContain(`set OMNIBUS_SECRET_KEY to the contents of ${at('own/secret.key')}`)
  expect(existsSync(at('copied/secret.key'))).toBe(false)
  const key = readFileSync(at('own/secret.key'), 'utf8').trim()
  expect(copied.stdout + copied.stderr).not.toContain(key)
  const second = await run({ dataDir: at('copied'), secretKey: [key], adminToken: TOKEN })
  expect(((await second.call('GET', '/v1/channels')).body as { data: [] }).data).toHaveLength(1)
  await second.stop()
})

const WRONG = 'another-secret-key'

test('a copy that cannot be made is one clear line', async () => {
  const daemon = await run({ dataDir: at('used') })
  const from = ['copy', '--from', `sqlite:${at('used')}`, '--to']
  await refused([...from, `sqlite:${at('other')}`], 1, /used is in use by another Omnibus process$/)
  await daemon.stop()
  await refused([...from, `sqlite:${at('used')}/../used`], 1, /are both sqlite:.*used$/)
  await refused([...from, 'mysql://a/b'], 1, /"mysql:" names no store that can be moved/)
  await refused([...from, 'postgres://x@127.0.0.1:1/x'], 1, /1\/x cannot be reached: .*REFUSED/)
  await refused([...from, `sqlite:${at('o')}`, '--workspace', 'wks_x'], 1, /has no workspace wks_x$/)
  await refused([...from, `sqlite:${at('o')}`], 1, /secretKey is not the key that .*used was/, WRONG)
  await refused(['copy', '--from', `sqlite:${at('nowhere')}`], 1, /nowhere holds no data of Omnibus$/)
  writeFileSync(at('file'), '')
  await refused([...from, `sqlite:${at('file')}`], 1, /file already exists.*file'$/)
})

test('a backup that cannot be made or restored is one clear line', async () => {
  await (await run({ dataDir: at('kept') })).stop()
  const backup = ['backup', '--from', `sqlite:${at('kept')}`, '--to']
  await refused([...backup, at('b')], 1, /secretKey is not the key that .*kept was/, WRONG)
  expect(readdirSync(folder.path)).not.toContain('b')
  writeFileSync(at('taken'), '')
  await refused([...backup, at('taken')], 1, /taken is there already; name a new directory$/)
  mkdirSync(at('empty'))
  await refused(
    ['restore', '--from', at('empty'), '--to', `sqlite:${at('o')}`],
    1,
    /empty is no backup: there is no manifest/,
  )
  expect((await omnibus([...backup, at('b')], { OMNIBUS_SECRET_KEY: KEY })).code).toBe(0)
  const restore = ['restore', '--from', at('b'), '--to']
  await refused([...restore, `sqlite:${at('o')}`], 1, /secretKey is not the key that backup/, WRONG)
  await refused([...restore, `sqlite:${at('kept')}`], 1, /kept is not empty: there are workspaces in it$/)
})

test('a wrong command line is said to be one', async () => {
  await refused(['copy'], 2, /copy needs --from or --to/)
  await refused(['backup'], 2, /backup needs --to <directory>$/)
  await refused(['restore'], 2, /restore needs --from <directory>$/)
  await refused(['copy', '--from', './data'], 2, /".\/data" names no store; write sqlite:/)
  await refused(['restore', '--form', 'x'], 2, /unknown flag --form; did you mean --from\?$/)
  await refused(['backpu', '--to', 'x'], 2, /unknown command "backpu"; did you mean "backup"\?$/)
})
