import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Config, loadConfig } from '../../gateway/config.ts'
import { describePostgres, freshDatabase } from '../postgres.ts'
import { scratch } from '../scratch.ts'
import { command } from './command.ts'
import { deliver, type Running, run, textDelivery, whatsappConfig } from './daemon.ts'

let folder: Awaited<ReturnType<typeof scratch>>
beforeAll(async () => {
  folder = await scratch()
})
afterAll(() => folder[Symbol.asyncDispose]())

const declared = (name: string, number: string, more: object = {}): Config['channels'][number] => ({
  connector: 'whatsapp',
  name,
  config: whatsappConfig(number, more as Record<string, unknown>),
  workspace: null,
})

type Shown = { id: string; name: string; status: string; config: Record<string, unknown>; updatedAt: string }

async function channelsOf(daemon: Running): Promise<Shown[]> {
  return ((await daemon.call('GET', '/v1/channels')).body as { data: Shown[] }).data
}

async function typesOf(daemon: Running): Promise<string[]> {
  const { body } = await daemon.call('GET', '/v1/events?after=0&limit=1000')
  return (body as { data: { type: string }[] }).data.map(({ type }) => type)
}

test('declared channels are there when the door opens, and a second start changes nothing', async () => {
  const dataDir = join(folder.path, 'same')
  const publicUrl = 'https://omnibus.example.com'
  const channels = [declared('Support', '1'), declared('Sales', '2')]
  const first = await run({ dataDir, publicUrl, channels })
  expect((await deliver(first, textDelivery({ number: '1', id: 'wamid.1' }))).status).toBe(200)
  const before = await channelsOf(first)
  const types = await typesOf(first)
  await first.stop()
  const second = await run({ dataDir, publicUrl, channels })
  expect(await channelsOf(second)).toEqual(before)
  expect(await typesOf(second)).toEqual(types)
  await second.stop()
})

test('what differs is updated, by number, else by name; paused stays paused', async () => {
  const dataDir = join(folder.path, 'differs')
  const first = await run({ dataDir, channels: [declared('Support', '1'), declared('Sales', '2')] })
  const ids = new Map((await channelsOf(first)).map(({ name, id }) => [name, id]))
  await first.call('PATCH', `/v1/channels/${ids.get('Support')}`, { body: { status: 'paused' } })
  await first.stop()
  // Renamed, found by its number; then another number, found by its name; Sales is not declared any more.
  const second = await run({ dataDir, channels: [declared('Help', '1')] })
  expect((await channelsOf(second)).map(({ name }) => name).sort()).toEqual(['Help', 'Sales'])
  await second.stop()
  const third = await run({ dataDir, channels: [declared('Help', '9', { appSecret: 'another-secret' })] })
  const help = (await channelsOf(third)).find(({ name }) => name === 'Help')
  expect(help).toMatchObject({ id: ids.get('Support'), status: 'paused', config: { phoneNumberId: '9' } })
  // RULES G2: what Meta signs with the secret of before is believed for seven days more.
  expect((await deliver(third, textDelivery({ number: '9', id: 'wamid.2' }))).status).toBe(200)
  const types = await typesOf(third)
  expect(types.filter(type => type.startsWith('channel.'))).toEqual([
    ...['channel.created', 'channel.created', 'channel.updated', 'channel.updated', 'channel.updated'],
  ])
  await third.stop()
})

test('a channel that cannot be made as declared refuses the start and names its place', async () => {
  const dataDir = join(folder.path, 'refused')
  const channels = [declared('Support', '1'), { ...declared('Sales', '2'), workspace: 'Nobody' }]
  await expect(run({ dataDir, channels })).rejects.toThrow(
    'channels[1].workspace: there is no workspace Nobody',
  )
})

describePostgres('declared channels of several nodes', () => {
  test('nodes that start at once make each channel once', async () => {
    await using database = await freshDatabase()
    const channels = [declared('Support', '1'), declared('Sales', '2')]
    const start = (list = channels): Promise<Running[]> =>
      Promise.all([1, 2, 3].map(() => run({ store: database.url, channels: list })))
    const nodes = await start()
    expect(await channelsOf(nodes[0] as Running)).toHaveLength(2)
    await Promise.all(nodes.map(node => node.close()))
    const again = await start([declared('Support', '1', { accessToken: 'new' }), declared('Sales', '2')])
    const types = await typesOf(again[0] as Running)
    expect(types.filter(type => type.startsWith('channel.'))).toEqual([
      ...['channel.created', 'channel.created', 'channel.updated'],
    ])
    await Promise.all(again.map(node => node.close()))
  })
})

describe('channels in omnibus.yaml', () => {
  const file = (text: string): string => {
    const path = join(folder.path, `${file.count++}.yaml`)
    writeFileSync(path, text)
    return path
  }
  file.count = 0
  const load = (text: string, env: Record<string, string> = {}) =>
    loadConfig({ env, flags: { '--config': file(text) } })

  test('secrets come from files and variables, at any depth, and print hides them', async () => {
    writeFileSync(join(folder.path, 'token'), 'from-a-file\n')
    const text = `channels:
  - connector: whatsapp
    name: Support
    config:
      phoneNumberId: '1'
      accessToken: { file: ${join(folder.path, 'token')} }
      appSecret: [{ env: NEW_SECRET }, as-text]
      verifyToken: v
`
    const { config } = load(text, { NEW_SECRET: 'from-env' })
    expect(config.channels[0]?.config).toEqual({
      phoneNumberId: '1',
      accessToken: 'from-a-file',
      appSecret: ['from-env', 'as-text'],
      verifyToken: 'v',
    })
    const printed = await command(['config', 'print', '--config', file(text)], { NEW_SECRET: 'from-env' })
    expect(printed.stdout).toContain('"name":"Support"')
    expect(printed.stdout).not.toMatch(/from-|as-text/)
  })

  const entry = (name: string, config: string, connector = 'whatsapp'): string =>
    `  - { connector: ${connector}, name: ${name}, config: { ${config} } }\n`
  const whole = "phoneNumberId: '1', accessToken: a, appSecret: b, verifyToken: c"
  test.each([
    [
      'a missing secret',
      entry('A', "phoneNumberId: '1', accessToken: a, verifyToken: c"),
      'config.appSecret: is',
    ],
    [
      'a variable that is not set',
      entry('A', whole.replace(': b', ': { env: NONE }')),
      'config.appSecret: the var',
    ],
    [
      'a file that is not there',
      entry('A', whole.replace(': b', ': { file: /x/y }')),
      'config.appSecret: ENOENT',
    ],
    ['an unknown connector', entry('A', whole, 'watsapp'), 'connector: must be one of whatsapp, '],
    [
      'a hidden secret',
      entry('A', whole.replace(': b', ": '***'")),
      'config.appSecret: must be the secret itself',
    ],
    ['one number twice', entry('B', whole), 'config: is that of channels[0] too'],
    [
      'an unknown field',
      '  - { connector: whatsapp, nam: x }\n',
      'nam: is not known here; did you mean "name"?',
    ],
  ])('%s is named by its place', (_name, bad, says) => {
    const good = entry('First', whole)
    expect(() => load(`channels:\n${good}${bad}`)).toThrow(`channels[1].${says}`)
  })
})
