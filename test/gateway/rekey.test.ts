import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describePostgres, freshDatabase } from '../postgres.ts'
import { scratch } from '../scratch.ts'
import { command } from './command.ts'
import { deliver, makeChannel, type Running, run, textDelivery } from './daemon.ts'

let folder: Awaited<ReturnType<typeof scratch>>
beforeAll(async () => {
  folder = await scratch()
})
afterAll(() => folder[Symbol.asyncDispose]())

const OLD = 'the-old-secret-key-of-tests'
const NEW = 'the-new-secret-key-of-tests'
const sealedBy = async (daemon: Running): Promise<string[]> => {
  const channels = await daemon.store.query('channels', {})
  return channels.map(({ config }) => String(config['accessToken']).split(':')[0] ?? '')
}

test('RULES G1: after rekey the old key is not needed; a second time does nothing', async () => {
  const dataDir = join(folder.path, 'moved')
  const flags = ['--data-dir', dataDir, '--config', '/dev/null']
  const first = await run({ dataDir, secretKey: [OLD] })
  const { id } = await makeChannel(first, '1')
  await makeChannel(first, '2')
  // A replaced secret is sealed too, beside the config.
  await first.call('PATCH', `/v1/channels/${id}`, { body: { config: { appSecret: 'the-next-app-secret' } } })
  await deliver(first, textDelivery({ number: '1', id: 'wamid.stop', from: '5215500000009', text: 'STOP' }))
  const events = (await first.call('GET', '/v1/events?after=0')).text
  const busy = await command(['rekey', ...flags], { OMNIBUS_SECRET_KEY: `${NEW},${OLD}` })
  expect([busy.code, busy.stderr]).toEqual([1, expect.stringContaining('in use by another Omnibus process')])
  await first.stop()

  const none = await command(['rekey', ...flags], { OMNIBUS_SECRET_KEY: NEW })
  expect([none.code, none.stderr]).toEqual([1, expect.stringContaining('secretKey is not the key')])
  const done = await command(['rekey', '--json', ...flags], { OMNIBUS_SECRET_KEY: `${NEW},${OLD}` })
  expect(JSON.parse(done.stdout)).toEqual({ resealed: 2, current: 0, checkMoved: true })
  const again = await command(['rekey', '--json', ...flags], { OMNIBUS_SECRET_KEY: `${NEW},${OLD}` })
  expect(JSON.parse(again.stdout)).toEqual({ resealed: 0, current: 2, checkMoved: false })

  await expect(run({ dataDir, secretKey: [OLD] })).rejects.toThrow('secretKey is not the key')
  const last = await run({ dataDir, secretKey: [NEW] })
  expect((await last.call('GET', '/v1/events?after=0')).text).toBe(events)
  expect((await deliver(last, textDelivery({ number: '1', id: 'wamid.old' }))).status).toBe(200)
  const next = await deliver(
    last,
    textDelivery({ number: '1', id: 'wamid.new' }),
    '/in/whatsapp',
    'the-next-app-secret',
  )
  expect(next.status).toBe(200)
  // The key that hides addresses is another one's secret now, and itself the same.
  const ad = {
    channel: id,
    to: '+5215500000009',
    category: 'marketing',
    content: { type: 'text', text: 'Ad' },
  }
  expect((await last.call('POST', '/v1/messages', { body: ad })).status).toBe(422)
  await last.stop()
})

test('RULES G1: if one value cannot be opened, nothing is changed', async () => {
  const dataDir = join(folder.path, 'refused')
  const first = await run({ dataDir, secretKey: [OLD] })
  await makeChannel(first, '1')
  const { id } = await makeChannel(first, '2')
  const before = await sealedBy(first)
  const [channel] = (await first.store.query('channels', {})).filter(one => one.id === id)
  const strange = { ...channel?.config, accessToken: 'ffffffff:AAAA' }
  await first.store.commit({
    workspace: first.workspace,
    changes: [{ kind: 'channelUpdated', channel: id as never, set: { config: strange } }],
  })
  await first.stop()
  const flags = ['--data-dir', dataDir, '--config', '/dev/null', '--secret-key', `${NEW},${OLD}`]
  const { code, stderr } = await command(['rekey', ...flags])
  expect([code, stderr]).toEqual([
    1,
    expect.stringContaining(`nothing was changed: no given key opens 1 channels: 2 (${id})`),
  ])
  await command(['rekey', ...flags])
  const sick = await command(['doctor', '--json', ...flags])
  expect(sick.code).toBe(1)
  expect(sick.stdout).toContain(`2 (${id}): it was sealed with the key ffffffff`)
  expect(sick.stdout).toContain('things are sealed with the older key')
  expect(before).toHaveLength(2)
})

describePostgres('rekey beside nodes', () => {
  test('RULES G1: nodes that know both keys go on, and start with the new one alone later', async () => {
    await using database = await freshDatabase()
    const store = database.url
    const node = await run({ store, secretKey: [OLD, NEW] })
    const { id } = await makeChannel(node, '1')
    const env = { OMNIBUS_SECRET_KEY: `${NEW},${OLD}`, OMNIBUS_STORE: store }
    const done = await command(['rekey', '--json', '--config', '/dev/null'], env)
    expect(JSON.parse(done.stdout)).toEqual({ resealed: 1, current: 0, checkMoved: true })
    expect((await deliver(node, textDelivery({ number: '1', id: 'wamid.1' }))).status).toBe(200)
    expect((await node.call('PATCH', `/v1/channels/${id}`, { body: { name: 'New' } })).status).toBe(200)
    await node.close()
    const alone = await run({ store, secretKey: [NEW] })
    expect((await alone.call('GET', '/v1/channels')).text).toContain('"New"')
    await alone.close()
  })
})

test('migrate says what would be done, does it, and has nothing to do the second time', async () => {
  const flags = ['--data-dir', join(folder.path, 'empty'), '--config', '/dev/null']
  const dry = await command(['migrate', '--dry-run', ...flags])
  expect(dry.stdout).toMatch(/would be made \(schema \d+\)\.$/)
  expect((await command(['migrate', ...flags])).stdout).toMatch(/was made \(schema \d+\)\.$/)
  const again = await command(['migrate', '--json', ...flags])
  const { from, to, done } = JSON.parse(again.stdout) as { from: number; to: number; done: boolean }
  expect([again.code, from, done]).toEqual([0, to, true])
})
