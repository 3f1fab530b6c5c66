import { type ChildProcess, spawn } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { afterAll, expect, test } from 'vitest'
import { freePort } from '../../bench/daemon.ts'
import { scratch } from '../scratch.ts'
import { deliver, makeChannel, run, TOKEN, textDelivery } from './daemon.ts'

const MAIN = new URL('../../gateway/main.ts', import.meta.url).pathname
const children: ChildProcess[] = []
afterAll(() => {
  for (const child of children) child.kill('SIGKILL')
})

type Run = { child: ChildProcess; stdout: () => string; stderr: () => string; ended: Promise<number | null> }

function omnibus(args: string[], env: Record<string, string> = {}): Run {
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  children.push(child)
  const [out, err]: [string[], string[]] = [[], []]
  child.stdout?.on('data', chunk => out.push(String(chunk)))
  child.stderr?.on('data', chunk => err.push(String(chunk)))
  const ended = new Promise<number | null>(resolve => child.once('close', resolve))
  return { child, stdout: () => out.join(''), stderr: () => err.join(''), ended }
}

const SOON = { timeout: 15_000 }

test('the demo shows people who are answered, and leaves nothing behind', async () => {
  await using folder = await scratch()
  const demo = omnibus(['demo', '--port', '0', '--pace', '1'], { TMPDIR: folder.path })
  await expect.poll(() => demo.stdout() + demo.stderr(), SOON).toContain('OMNIBUS_TOKEN=')
  const env = {
    OMNIBUS_URL: /OMNIBUS_URL='([^']+)'/.exec(demo.stdout())?.[1] ?? '',
    OMNIBUS_TOKEN: /OMNIBUS_TOKEN='([^']+)'/.exec(demo.stdout())?.[1] ?? '',
  }
  const tail = omnibus(['tail', '--after', '0'], env)
  await expect.poll(tail.stdout, SOON).toMatch(/Simulated WhatsApp ← \+52.*[\s\S]*Simulated WhatsApp → \+52/)
  await expect.poll(tail.stdout, SOON).toMatch(/sent → received/)
  const site = /http:\S+\/webchat\/\S+\/demo/.exec(demo.stdout())?.[0] ?? ''
  expect((await fetch(site)).status).toBe(200)
  tail.child.kill('SIGINT')
  expect(await tail.ended).toBe(130)
  demo.child.kill('SIGINT')
  expect([await demo.ended, demo.stderr()]).toEqual([0, ''])
  expect(readdirSync(folder.path).filter(name => name.startsWith('omnibus-demo'))).toEqual([])
})

test('tail misses nothing over a restart, though nothing had come before', async () => {
  await using folder = await scratch()
  const listen = { host: '127.0.0.1', port: await freePort() }
  const start = () => run({ dataDir: folder.path, listen })
  const first = await start()
  await makeChannel(first, '1')
  const env = { OMNIBUS_URL: first.url, OMNIBUS_TOKEN: TOKEN }
  const tail = omnibus(['tail', '--json', '--type', 'message.created', '--count', '2'], env)
  await expect
    .poll(async () => (await first.call('GET', '/metrics')).text, SOON)
    .toMatch(/^omnibus_sse_readers 1$/m)
  await first.stop()
  const second = await start()
  // One before the reader is back, most likely, and one after.
  for (const id of ['wamid.1', 'wamid.2']) await deliver(second, textDelivery({ number: '1', id, text: id }))
  expect(await tail.ended).toBe(0)
  const said = tail.stdout().trim().split('\n')
  expect(said.map(line => JSON.parse(line).data.content.text)).toEqual(['wamid.1', 'wamid.2'])
  expect(tail.stderr()).toMatch(
    /^omnibus: the connection was (lost|closed); trying again\nomnibus: connected again$/m,
  )
  await second.stop()
})
