import { afterAll, beforeAll, expect, test } from 'vitest'
import type { AnyConnector, Inbound } from '../../connectors/connector.ts'
import { createDirectory } from '../../connectors/directory.ts'
import { connectorOf } from '../../connectors/registry.ts'
import { createReplay } from '../../gateway/replay.ts'
import type { RejectedId } from '../../model/ids.ts'
import { deliver, makeChannel, problem, type Running, run } from './daemon.ts'

let daemon: Running
let id: string
beforeAll(async () => {
  daemon = await run()
  id = (await makeChannel(daemon, '1')).id
})
afterAll(() => daemon.close())

async function rejected(body: string): Promise<RejectedId> {
  await deliver(daemon, body, `/in/whatsapp/${id}`)
  const { workspace } = daemon
  const [newest] = await daemon.store.query('rejected', { workspace, limit: 1 })
  return newest?.id as RejectedId
}

/** Replay by a version that can read more than this one. */
function withParser(
  parse: () => Inbound[],
): (rejected: RejectedId) => Promise<{ is: string; messages: number }> {
  const known = connectorOf('whatsapp') as AnyConnector
  const connector = { ...known, receive: { ...known.receive, parse } } as AnyConnector
  const directory = createDirectory()
  const config = { phoneNumberId: '1', appSecret: 'app-secret-123' } as never
  const channel = {
    ...{
      id: id as never,
      workspace: daemon.workspace,
      connector,
      config,
      name: '1',
      status: 'active' as const,
    },
    ...{ providerKey: '1', senderGroup: 'whatsapp:1', health: { state: 'ok' as const }, live: {} },
  }
  directory.set(channel)
  const replay = createReplay({ store: daemon.store, directory, connectorOf: () => connector })
  return one => replay(channel, one, 'http://x/in/whatsapp')
}

const message = (key: string, to = '1'): Inbound => ({
  ...{ kind: 'message', to, key, providerId: key, at: 1_790_000_000_000 },
  address: { kind: 'phone', value: '+5215512345678' },
  content: { type: 'text', text: key },
})

test('RULES B1, B7: what a better parser reads is stored once and kept no longer', async () => {
  const one = await rejected('[1]')
  const replay = withParser(() => [message('wamid.a'), message('wamid.b')])
  const results = await Promise.all([replay(one), replay(one)])
  expect(results.reduce((sum, { messages }) => sum + messages, 0)).toBe(2)
  expect(await replay(one)).toEqual({ is: 'gone', messages: 0 })
  const { data } = (await daemon.call('GET', '/v1/messages')).body as { data: unknown[] }
  expect(data).toHaveLength(2)
  const other = await rejected('[2]')
  expect(await replay(other)).toEqual({ is: 'read', messages: 0 })
})

test.each([
  ['half of it', () => [message('wamid.c'), { kind: 'rejected', to: '1', why: 'shape' } as const]],
  ['a number that is no channel', () => [message('wamid.d'), message('wamid.e', '999')]],
  [
    'a defect of the parser',
    () => {
      throw new Error('defect')
    },
  ],
])('RULES B7: %s stays as it is, and nothing of it is stored', async (_name, parse) => {
  const one = await rejected('[3]')
  expect(await withParser(parse)(one)).toEqual({ is: 'kept', messages: 0 })
  expect((await daemon.call('GET', '/v1/messages')).text).not.toMatch(/wamid\.[cde]/)
  expect((await daemon.call('GET', `/v1/channels/${id}/rejected/${one}`)).text).toBe('[3]')
})

test('the bytes come as a file to save, whatever they say they are', async () => {
  const one = await rejected('<script>alert(1)</script>')
  const answer = await daemon.call('GET', `/v1/channels/${id}/rejected/${one}`)
  expect(answer.headers.get('content-type')).toBe('application/octet-stream')
  expect(answer.headers.get('content-disposition')).toBe(`attachment; filename="${one}"`)
  const list = (await daemon.call('GET', `/v1/channels/${id}/rejected?limit=1`)).body as { data: object[] }
  expect(list.data).toEqual([expect.objectContaining({ id: one, channel: id, size: 25 })])
  expect(JSON.stringify(list)).not.toContain('script')
})

test('one can be replayed alone; one that is not there, or of another channel, is 404', async () => {
  const one = await rejected('[4]')
  const replay = (channel: string, body: unknown) =>
    daemon.call('POST', `/v1/channels/${channel}/replay`, { body })
  expect((await replay(id, { id: one })).body).toEqual({ read: 0, kept: 1, messages: 0 })
  const { id: other } = await makeChannel(daemon, '2')
  expect(problem(await replay(other, { id: one }))).toMatchObject({ code: 'notFound' })
  expect((await daemon.call('GET', `/v1/channels/${other}/rejected/${one}`)).status).toBe(404)
  expect(problem(await replay(id, { id: 'x' }))).toMatchObject({ errors: [{ field: 'id' }] })
  expect((await daemon.call('POST', `/v1/channels/${id}/replay`)).status).toBe(200)
})
