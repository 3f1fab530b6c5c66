import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { type Clock, systemClock } from '../../model/clock.ts'
import type { Role, Token } from '../../model/token.ts'
import { makeChannel, problem, type Running, run, TOKEN } from './daemon.ts'

let daemon: Running
/** What the clock of `daemon` is ahead. */
let aheadMs = 0
const clock: Clock = {
  now: () => systemClock.now() + aheadMs,
  monotonic: () => systemClock.monotonic() + aheadMs,
}

beforeAll(async () => {
  daemon = await run({}, { clock })
  await makeChannel(daemon, '1')
})
afterAll(() => daemon.close())

type Made = Token & { token: string }

async function make(role: Role, more: object = {}, query = '', by = TOKEN): Promise<Made> {
  const body = { name: `a ${role}`, role, ...more }
  const answer = await daemon.call('POST', `/v1/tokens${query}`, { body, token: by })
  if (answer.status !== 201) throw new Error(answer.text)
  return answer.body
}

async function statusWith(token: string, path = '/v1/messages'): Promise<number> {
  return (await daemon.call('GET', path, { token })).status
}

describe('tokens', () => {
  test('the secret is shown once, kept as a hash, and opens the door', async () => {
    const made = await make('owner', { expiresAt: '2099-01-01T00:00:00Z' })
    expect(made.token).toMatch(/^omnibus_[\w-]{43}$/)
    const { token: secret, ...rest } = made
    expect(rest).toMatchObject({ role: 'owner', name: 'a owner', expiresAt: '2099-01-01T00:00:00.000Z' })
    expect((await daemon.call('GET', `/v1/tokens/${made.id}`)).body).toEqual(rest)
    const list = await daemon.call('GET', '/v1/tokens')
    expect(list.text).not.toContain(secret)
    expect(list.text).not.toContain('hash')
    expect(await statusWith(secret)).toBe(200)
  })

  test('lists are pages, newest first, and keep what was revoked', async () => {
    const ids = [await make('agent'), await make('agent'), await make('agent')].map(({ id }) => id)
    await daemon.call('DELETE', `/v1/tokens/${ids[2]}`)
    const first = (await daemon.call('GET', '/v1/tokens?limit=2')).body as { data: Token[]; next: string }
    expect(first.data.map(({ id }) => id)).toEqual([ids[2], ids[1]])
    expect(first.data[0]?.revokedAt).not.toBeNull()
    const second = await daemon.call('GET', `/v1/tokens?limit=1&after=${first.next}`)
    expect(second.body).toMatchObject({ data: [{ id: ids[0], revokedAt: null }] })
  })

  test('a revoked token is refused on this node at once', async () => {
    const { id, token } = await make('backend')
    expect(await statusWith(token)).toBe(200)
    expect((await daemon.call('DELETE', `/v1/tokens/${id}`)).status).toBe(204)
    expect(await statusWith(token)).toBe(401)
    expect((await daemon.call('DELETE', `/v1/tokens/${id}`)).status).toBe(204)
  })

  test('one that was revoked on another node is refused here within 5 s', async () => {
    const { id, token } = await make('backend')
    expect(await statusWith(token)).toBe(200)
    // As another node does: this one is not told.
    const stored = await daemon.store.query('tokenById', { workspace: daemon.workspace, id })
    const change = { kind: 'tokenRevoked', token: stored?.hash ?? '' } as const
    await daemon.store.commit({ workspace: daemon.workspace, changes: [change] })
    aheadMs += 5_000
    expect(await statusWith(token)).toBe(401)
  })

  test('a token ends by itself, believed or not', async () => {
    const expiresAt = new Date(clock.now() + 60_000).toISOString()
    const { token } = await make('agent', { expiresAt })
    expect(await statusWith(token)).toBe(200)
    aheadMs += 60_001
    expect(await statusWith(token)).toBe(401)
  })

  test('its last use is written behind the requests, and makes no event', async () => {
    const { id, token } = await make('agent')
    const [before] = await daemon.store.query('workspaces', {})
    const used = new Date(clock.now() - 1_000).toISOString()
    expect(await statusWith(token)).toBe(200)
    const read = async (): Promise<Token> => (await daemon.call('GET', `/v1/tokens/${id}`)).body
    await vi.waitFor(async () => expect((await read()).lastUsedAt).not.toBeNull(), { timeout: 15_000 })
    expect(((await read()).lastUsedAt ?? '') >= used).toBe(true)
    const [after] = await daemon.store.query('workspaces', {})
    expect(after?.head).toBe(before?.head)
  })

  test.each([
    ['no name', { role: 'agent' }, 'name'],
    ['an unknown role', { name: 'a', role: 'boss' }, 'role'],
    ['an end in the past', { name: 'a', role: 'agent', expiresAt: '2001-01-01T00:00:00Z' }, 'expiresAt'],
    ['an end that is no time', { name: 'a', role: 'agent', expiresAt: 'soon' }, 'expiresAt'],
    ['a field nobody knows', { name: 'a', role: 'agent', scope: 'x' }, 'scope'],
  ])('%s is refused by the name of the field', async (_name, body, field) => {
    const answer = await daemon.call('POST', '/v1/tokens', { body })
    expect(problem(answer)).toMatchObject({ code: 'invalidInput', errors: [{ field }] })
  })

  test('nobody makes, sees or revokes a token above the own role', async () => {
    const owner = await make('owner')
    const operator = await make('operator')
    const refused = { body: { name: 'x', role: 'operator' }, token: owner.token }
    expect(problem(await daemon.call('POST', '/v1/tokens', refused))).toMatchObject({ code: 'forbidden' })
    const path = `/v1/tokens/${operator.id}`
    expect((await daemon.call('GET', path, { token: owner.token })).status).toBe(404)
    expect((await daemon.call('DELETE', path, { token: owner.token })).status).toBe(404)
    const list = await daemon.call('GET', '/v1/tokens?limit=200', { token: owner.token })
    const roles = (list.body as { data: Token[] }).data.map(({ role }) => role)
    expect(roles).toContain('owner')
    expect(roles).not.toContain('operator')
    expect((await make('agent', {}, '', owner.token)).createdBy).toBe(owner.id)
    expect((await daemon.call('DELETE', path)).status).toBe(204)
  })

  test('the configured admin token cannot be revoked, and the answer says why', async () => {
    const { body } = await daemon.call('GET', '/v1/session')
    const { token } = body as { token: string }
    const refused = problem(await daemon.call('DELETE', `/v1/tokens/${token}`))
    expect(refused).toMatchObject({ code: 'state', detail: expect.stringContaining('configuration') })
    expect(await statusWith(TOKEN)).toBe(200)
  })
})

describe('roles', () => {
  test('/v1/session tells who asks and what the role may do', async () => {
    const { id, token } = await make('agent')
    expect((await daemon.call('GET', '/v1/session', { token })).body).toEqual({
      token: id,
      name: 'a agent',
      role: 'agent',
      workspace: daemon.workspace,
      may: ['read', 'work'],
      expiresAt: null,
    })
    expect((await daemon.call('GET', '/v1/session')).body).toMatchObject({
      role: 'operator',
      may: ['read', 'work', 'people', 'config', 'bulk', 'connect', 'access', 'operate'],
    })
  })

  test('RULES C9, C11: what an agent sends is an answer of a person, and waits an hour at most', async () => {
    const { id, token } = await make('agent')
    const backend = await make('backend')
    const [channel] = await daemon.store.query('channels', {})
    const body = { channel: channel?.id, to: '+5215512345678', content: { type: 'text', text: 'Hola' } }
    const sent = await daemon.call('POST', '/v1/messages', { body, token })
    expect(sent.body).toMatchObject({ source: { kind: 'agent', id } })
    const { createdAt, expiresAt } = sent.body as { createdAt: string; expiresAt: string }
    expect(Date.parse(expiresAt) - Date.parse(createdAt)).toBeLessThanOrEqual(3_600_000)
    const byProgram = await daemon.call('POST', '/v1/messages', { body, token: backend.token })
    expect(byProgram.body).toMatchObject({ source: { kind: 'api', id: backend.id } })
    const depth = await daemon.store.query('depth', {})
    expect(depth.map(({ lane }) => lane).sort()).toEqual(['normal', 'reply'])
    const { conversation } = sent.body as { conversation: string }
    const closed = await daemon.call('POST', `/v1/conversations/${conversation}/close`, { token })
    expect(closed.body).toMatchObject({ closedBy: 'agent' })
  })

  test('an agent sees channels without their configuration; a backend with it, secrets hidden', async () => {
    const read = async (role: Role): Promise<object> => {
      const { token } = await make(role)
      const { body } = await daemon.call('GET', '/v1/channels', { token })
      return (body as { data: { config: object }[] }).data[0]?.config ?? {}
    }
    expect(await read('agent')).toEqual({})
    expect(await read('backend')).toMatchObject({ phoneNumberId: '1', appSecret: '***' })
  })
})

describe('workspaces', () => {
  test('an operator makes, renames, lists and names them; others see their own', async () => {
    const made = (await daemon.call('POST', '/v1/workspaces', { body: { name: 'Second' } })).body as {
      id: string
    }
    const path = `/v1/workspaces/${made.id}`
    expect((await daemon.call('PATCH', path, { body: { name: 'Two' } })).body).toMatchObject({ name: 'Two' })
    const list = (await daemon.call('GET', '/v1/workspaces?limit=1')).body as { data: object[]; next: string }
    expect(list.data).toMatchObject([{ id: made.id, name: 'Two' }])
    const next = await daemon.call('GET', `/v1/workspaces?after=${list.next}`)
    expect(next.body).toMatchObject({ data: [{ id: daemon.workspace }], next: null })
    const { token, workspace } = await make('owner', {}, `?workspace=${made.id}`)
    expect(workspace).toBe(made.id)
    expect((await daemon.call('GET', path, { token })).body).toMatchObject({ name: 'Two' })
    expect((await daemon.call('GET', `/v1/workspaces/${daemon.workspace}`, { token })).status).toBe(404)
    expect((await daemon.call('GET', '/v1/messages', { token })).body).toEqual({ data: [], next: null })
    expect(await statusWith(token, `/v1/messages?workspace=${made.id}`)).toBe(200)
    expect(await statusWith(token, `/v1/messages?workspace=${daemon.workspace}`)).toBe(404)
  })
})

test('an admin token that was replaced opens no door; tokens that the API made stay good', async () => {
  const first = await run({ adminToken: null })
  const printed = first.newToken ?? ''
  const body = { name: 'CRM', role: 'backend' }
  const made = (await first.call('POST', '/v1/tokens', { body, token: printed })).body as Made
  const other = (
    await first.call('POST', '/v1/tokens', { body: { ...body, role: 'operator' }, token: printed })
  ).body as Made
  await first.call('GET', '/v1/session', { token: made.token })
  await first.stop()
  const dataDir = first.dataDir
  const second = await run({ dataDir, adminToken: 'another-admin-token' })
  const status = async (token: string): Promise<number> =>
    (await second.call('GET', '/v1/session', { token })).status
  expect(await status(printed)).toBe(401)
  expect(await status('another-admin-token')).toBe(200)
  // What was noted and not yet written is written by the stop.
  const path = `/v1/tokens/${made.id}`
  const kept = (await second.call('GET', path, { token: 'another-admin-token' })).body as Token
  expect(kept.lastUsedAt).not.toBeNull()
  expect(await status(made.token)).toBe(200)
  expect(await status(other.token)).toBe(200)
  await second.stop()
  // A token of the API, or one that was revoked, cannot be made the configured one.
  await expect(run({ dataDir, adminToken: made.token })).rejects.toThrow('adminToken was made by the API')
  await first.close()
})

test('wrong tokens are limited by address; who was here before is not shut out', async () => {
  const own = await run()
  const knock = (token: string): Promise<{ status: number }> =>
    own.call('GET', '/v1/session', { token, headers: {} })
  expect((await knock(TOKEN)).status).toBe(200)
  const answers = await Promise.all(Array.from({ length: 40 }, (_, number) => knock(`wrong-${number}`)))
  const statuses = answers.map(({ status }) => status)
  expect(statuses.filter(status => status === 401).length).toBeLessThanOrEqual(30)
  expect(statuses).toContain(429)
  const refused = await own.call('GET', '/v1/session', { token: 'wrong' })
  expect(problem(refused)).toMatchObject({ code: 'tooManyFailures' })
  expect(refused.headers.get('retry-after')).toBe('60')
  expect((await knock(TOKEN)).status).toBe(200)
  await own.close()
})
