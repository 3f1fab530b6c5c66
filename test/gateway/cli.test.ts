import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createWhatsAppSim, type WhatsAppSim } from '../../connectors/whatsapp/sim.ts'
import { COMMANDS } from '../../gateway/cli/commands.ts'
import { scratch } from '../scratch.ts'
import { command, type Ended } from './command.ts'
import { deliver, makeChannel, type Running, run, TOKEN, textDelivery, whatsappConfig } from './daemon.ts'

let folder: Awaited<ReturnType<typeof scratch>>
let sim: WhatsAppSim
let daemon: Running
let id: string
const TO = '+573001234567'

beforeAll(async () => {
  folder = await scratch()
  const behaviour = { sentMs: [0, 0], receivedMs: [0, 0], readShare: 0 } as const
  const numbers = [{ phoneNumberId: '1', displayPhoneNumber: '+15550783881' }]
  sim = await createWhatsAppSim({ ...whatsappConfig('1'), numbers, behaviour })
  daemon = await run({ parts: ['gateway', 'router', 'queue'] })
  id = (await makeChannel(daemon, '1', { apiBase: sim.url })).id
  await sim.subscribe(`${daemon.url}/in/whatsapp`)
})
afterAll(async () => {
  await daemon.close()
  await sim.stop()
  await folder[Symbol.asyncDispose]()
})

/** As somebody elsewhere, who knows the daemon and a token and has no configuration. */
const ask = (...args: string[]): Promise<Ended> =>
  command(args, { OMNIBUS_URL: daemon.url, OMNIBUS_TOKEN: TOKEN })

describe('a running daemon by command', () => {
  test('a channel is made of a file, listed, and checked; its secrets are never shown', async () => {
    const path = join(folder.path, 'channel.yaml')
    writeFileSync(
      path,
      `phoneNumberId: '2'\naccessToken: t-2\nappSecret: s-2\nverifyToken: v\napiBase: ${sim.url}\n`,
    )
    const name = 'Second'
    const made = await ask(
      'channel',
      'create',
      '--connector',
      'whatsapp',
      '--name',
      name,
      '--config-file',
      path,
    )
    expect([made.code, made.stderr]).toEqual([0, ''])
    expect(made.stdout).toContain(`webhooks to ${daemon.url}/in/whatsapp/chn_`)
    const list = await ask('channel', 'list')
    expect(list.stdout).toMatch(/^chn_\S+ {2}whatsapp {3}Second +active/m)
    expect(list.stdout + made.stdout).not.toMatch(/s-2|t-2/)
    expect(await ask('channel', 'check', id)).toMatchObject({ code: 0, stdout: '1: ok' })
    const refused = await ask('channel', 'check', 'second')
    expect([refused.code, refused.stdout]).toEqual([
      1,
      expect.stringMatching(/^Second: failing \(credentials/),
    ])
    expect(await ask('channel', 'check', 'Secnd')).toMatchObject({
      code: 1,
      stderr: 'omnibus: there is no channel "Secnd"; did you mean "Second"?',
    })
  })

  test('a message is sent and its ladder printed; the same key sends nothing twice', async () => {
    const words = ['send', '--channel', '1', '--to', TO, 'Hola, Ana', '--key', 'k1', '--wait']
    const first = await ask(...words)
    expect([first.code, first.stderr]).toEqual([0, ''])
    expect(first.stdout).toMatch(/^msg_\w+\n\S+ {2}pending\n\S+ {2}sent\n\S+ {2}received$/)
    const again = await ask(...words)
    expect(again.stdout.split('\n')[0]).toBe(first.stdout.split('\n')[0])
    expect(sim.sent).toHaveLength(1)
    const late = await ask(
      'send',
      '--channel',
      id,
      '--to',
      TO,
      'x',
      '--wait',
      '--until',
      'read',
      '--timeout',
      '1',
    )
    expect([late.code, late.stderr]).toEqual([1, 'omnibus: it is received after 1 s, not read'])
  })

  test('what is wrong with a message is said by field, before or by the daemon', async () => {
    expect(await ask('send', '--to', TO, 'x')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/channel is required with `to`/),
    })
    expect(await ask('send', '--to', TO)).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/needs one of a text, --template/),
    })
    expect(await ask('send', 'x')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/needs --to <address>/),
    })
    expect(await ask('send', '--to', TO, '--channel', '1', 'a', 'b')).toMatchObject({
      code: 2,
      stderr: 'omnibus: send does not take "b"; put what has spaces into quotes',
    })
    const args = ['send', '--to', TO, 'x', '--wait', '--until', 'redd']
    expect(await ask(...args)).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/--until must be one of sent, received, read/),
    })
  })

  test('tail prints what people wrote without obeying it, and filters by type and channel', async () => {
    await deliver(daemon, textDelivery({ number: '1', id: 'wamid.t', text: 'a\u001b[2Jb\u202ec' }))
    const all = await ask(
      'tail',
      '--after',
      '0',
      '--count',
      '1',
      '--type',
      'message.created',
      '--channel',
      '1',
    )
    expect([all.code, all.stderr]).toEqual([0, ''])
    expect(all.stdout).toMatch(/message\.created +msg_\w+ {2}1 → \+573001234567 {2}Hola, Ana$/)
    const page = await daemon.call('GET', '/v1/events?after=0&limit=1000')
    const { next } = page.body as { next: number }
    const last = await ask('tail', '--after', String(next - 2), '--type', 'message.created', '--count', '1')
    expect(last.stdout).toMatch(/1 ← \+5215512345678 {2}a \[2Jb c$/)
    const json = await ask('tail', '--after', '0', '--count', '2', '--json', '--type', 'message.s*')
    expect(json.stdout.split('\n').map(line => JSON.parse(line).type)).toEqual([
      'message.status',
      'message.status',
    ])
  })

  test('RULES B7: rejected deliveries are listed and replayed; unread ones are exit code 1', async () => {
    await deliver(daemon, '[1,2]', `/in/whatsapp/${id}`)
    const list = await ask('replay', '1', '--list')
    expect(list.stdout).toMatch(/^rej_\w+ +\S+ +\w+ +5 +application\/json$/m)
    const done = await ask('replay', '1')
    expect([done.code, done.stdout]).toEqual([
      1,
      '1: 0 deliveries were read (0 new messages), 1 stay unread.',
    ])
  })

  test('nobody there, a wrong token and no token are one clear line', async () => {
    const args = ['channel', 'list']
    expect(await command(args, { OMNIBUS_URL: 'http://127.0.0.1:1', OMNIBUS_TOKEN: 'x' })).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^omnibus: nobody answers at http:\/\/127\.0\.0\.1:1: .+/),
    })
    expect(await command(args, { OMNIBUS_URL: daemon.url, OMNIBUS_TOKEN: 'wrong' })).toMatchObject({
      code: 1,
      stderr: `omnibus: ${daemon.url} does not know this token (401)`,
    })
    const nameless = await command([...args, '--data-dir', folder.path, '--config', '/dev/null'])
    expect([nameless.code, nameless.stderr]).toEqual([2, expect.stringContaining('a token is needed')])
    expect(await command([...args, '--url', 'ftp://x'])).toMatchObject({ code: 2 })
  })

  test('doctor finds the daemon, its channels, and what an operator has to look at', async () => {
    const { listen, port } = { listen: '127.0.0.1', port: new URL(daemon.url).port }
    const place = ['--host', listen, '--port', port, '--data-dir', folder.path, '--config', '/dev/null']
    const found = await command(['doctor', '--json', '--token', TOKEN, ...place])
    const { findings, failed } = JSON.parse(found.stdout) as {
      findings: { check: string; state: string; says: string }[]
      failed: number
    }
    const said = (check: string): string[] =>
      findings.filter(one => one.check === check).map(({ state, says }) => `${state} ${says}`)
    expect(said('daemon')).toEqual([`ok one runs at ${daemon.url} and is ready`])
    expect(said('public URL')[0]).toContain('publicUrl is not set')
    expect(said('provider')).toContain('ok 1 (whatsapp): it takes the credentials')
    expect([found.code, failed]).toEqual([1, said('provider').filter(text => text.startsWith('fail')).length])
  })
})

/** The routes of tokens are made elsewhere: this server stands for them, as DESIGN §6 words them. */
test('tokens are made, listed and revoked; the token alone is on stdout', async () => {
  const asked: string[] = []
  const made = { id: 'tok_1', name: 'crm', role: 'backend', createdAt: 'x', expiresAt: null }
  const token = { ...made, lastUsedAt: null, revokedAt: null }
  const server = createServer(async (request, response) => {
    const body = (await Array.fromAsync(request)).join('')
    asked.push(`${request.method} ${request.url} ${body}`.trim())
    if (request.method === 'DELETE') return response.writeHead(204).end()
    const answer =
      request.method === 'POST' ? { ...token, token: 'omnibus_secret' } : { data: [token], next: null }
    response.writeHead(request.method === 'POST' ? 201 : 200, { 'content-type': 'application/json' })
    return response.end(JSON.stringify(answer))
  }).listen(0, '127.0.0.1')
  await new Promise(resolve => server.once('listening', resolve))
  const env = {
    OMNIBUS_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    OMNIBUS_TOKEN: TOKEN,
  }
  const create = await command(['token', 'create', '--name', 'crm', '--role', 'backend'], env)
  expect(create).toMatchObject({ code: 0, stdout: 'omnibus_secret' })
  const list = await command(['token', 'list'], env)
  expect(list.stdout).toMatch(/^tok_1 +backend +crm +never +never$/m)
  expect(await command(['token', 'revoke', 'tok_1'], env)).toMatchObject({
    code: 0,
    stdout: 'tok_1 is revoked.',
  })
  expect(asked).toEqual([
    'POST /v1/tokens {"name":"crm","role":"backend"}',
    'GET /v1/tokens',
    'DELETE /v1/tokens/tok_1',
  ])
  expect(await command(['token', 'create', '--name', 'x', '--role', 'bakend'], env)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('did you mean "backend"?'),
  })
  expect(await command(['token', 'crate'], env)).toMatchObject({
    code: 2,
    stderr: 'omnibus: unknown command "token crate"; did you mean "create"?',
  })
  expect(await command(['token'], env)).toMatchObject({
    code: 2,
    stderr: 'omnibus: token needs one of create, list, revoke',
  })
  server.close()
})

describe('help and completion', () => {
  test('every command has a help with examples, however it is asked for', async () => {
    for (const { name, flags, examples } of COMMANDS) {
      const { code, stdout } = await command(['help', ...name.split(' ')])
      expect([name, code]).toEqual([name, 0])
      for (const part of [...flags.map(flag => flag.name), ...examples]) expect(stdout).toContain(part)
      expect(await command([...name.split(' '), '--help'])).toEqual({ code, stdout, stderr: '' })
    }
    const { stdout } = await command(['help'])
    expect(stdout.split('\n').length).toBeLessThan(40)
    for (const { name } of COMMANDS) expect(stdout).toContain(`\n  ${name} `)
  })

  test('bash offers commands, flags and values where they belong', async () => {
    const { stdout } = await command(['completion', 'bash'])
    const offered = (...words: string[]): string[] => {
      const list = words.map(word => `'${word}'`).join(' ')
      const script = `${stdout}\nCOMP_WORDS=(omnibus ${list}); COMP_CWORD=${words.length}; _omnibus
        printf '%s\\n' "\${COMPREPLY[@]}"`
      return execFileSync('bash', ['-c', script], { encoding: 'utf8' }).trim().split('\n')
    }
    expect(offered('se')).toEqual(['serve', 'send'])
    expect(offered('token', '')).toEqual(['create', 'list', 'revoke'])
    expect(offered('send', '--wa')).toEqual(['--wait'])
    expect(offered('token', 'create', '--role', 'b')).toEqual(['backend'])
    expect(offered('simulate', '')).toContain('whatsapp')
  })

  test.each(['zsh', 'fish'])('the script for %s names every command', async shell => {
    const { code, stdout } = await command(['completion', shell])
    expect(code).toBe(0)
    for (const word of COMMANDS.flatMap(({ name }) => name.split(' '))) expect(stdout).toContain(word)
  })
})
