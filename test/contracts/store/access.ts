import { expect, test } from 'vitest'
import type { TokenId } from '../../../model/ids.ts'
import { newId, type Trial } from './trial.ts'

/** Workspaces and tokens. */
export function accessLaws(it: Trial): void {
  const made = async (hash: string, more: object = {}): Promise<TokenId> => {
    const id = newId('tok', 1)
    await it.must({
      ...{ kind: 'tokenCreated', id, hash, role: 'agent', name: hash },
      createdBy: newId('tok', 1),
      ...more,
    })
    return id
  }
  const other = async (): Promise<typeof it.workspace> => {
    const workspace = newId('wks', 1)
    await it.store.commit({ workspace, changes: [{ kind: 'workspaceCreated', name: 'Other' }] })
    return workspace
  }

  test('a token is found by its hash and by its id, as it was made', async () => {
    const now = it.tick(0)
    const id = await made('h1', { expiresAt: now + 5, role: 'backend', name: 'CRM' })
    const byHash = await it.store.query('token', { hash: 'h1' })
    expect(byHash).toMatchObject({ id, role: 'backend', name: 'CRM', createdAt: now, expiresAt: now + 5 })
    expect(byHash).toMatchObject({ lastUsedAt: null, revokedAt: null, workspace: it.workspace })
    expect(await it.store.query('tokenById', { workspace: it.workspace, id })).toEqual(byHash)
    expect(await it.store.query('tokenById', { workspace: await other(), id })).toBeNull()
    expect(await it.one({ kind: 'tokenCreated', id, hash: 'h1', role: 'agent', name: 'x' })).toMatchObject({
      code: 'exists',
    })
  })

  test('a revoked token stays, and says since when; revoking it again changes nothing', async () => {
    const id = await made('h1')
    const at = it.tick(10)
    expect(await it.one({ kind: 'tokenRevoked', token: 'h1' })).toEqual({ ok: true, id })
    it.tick(10)
    expect(await it.one({ kind: 'tokenRevoked', token: 'h1' })).toEqual({ ok: true, id, duplicate: true })
    await it.reopen()
    expect(await it.store.query('token', { hash: 'h1' })).toMatchObject({ revokedAt: at })
  })

  test('its last use only moves forward', async () => {
    await made('h1')
    await it.must({ kind: 'tokenUsed', token: 'h1', at: 500 })
    await it.must({ kind: 'tokenUsed', token: 'h1', at: 400 })
    expect(await it.store.query('token', { hash: 'h1' })).toMatchObject({ lastUsedAt: 500, revokedAt: null })
  })

  test('nothing about tokens is told by the log, whose readers are not all meant to know', async () => {
    const before = await it.log()
    await made('h1')
    await it.must({ kind: 'tokenUsed', token: 'h1', at: 500 })
    await it.must({ kind: 'tokenRevoked', token: 'h1' })
    await it.must({ kind: 'workspaceRenamed', name: 'Other name' })
    expect(await it.log()).toEqual(before)
  })

  test("another workspace's token cannot be revoked or used", async () => {
    await made('h1')
    const workspace = await other()
    const { outcomes } = await it.store.commit({
      workspace,
      changes: [
        { kind: 'tokenRevoked', token: 'h1' },
        { kind: 'tokenUsed', token: 'h1', at: 500 },
      ],
    })
    expect(outcomes).toMatchObject([{ code: 'notFound' }, { code: 'notFound' }])
    expect(await it.store.query('token', { hash: 'h1' })).toMatchObject({ lastUsedAt: null, revokedAt: null })
  })

  test('tokens are listed newest first, only of the roles that were asked for', async () => {
    const ids = [await made('h1'), await made('h2', { role: 'operator' }), await made('h3')]
    const list = async (roles: ('agent' | 'operator')[], after?: TokenId): Promise<TokenId[]> => {
      const page = { workspace: it.workspace, limit: 2, roles, ...(after === undefined ? {} : { after }) }
      return (await it.store.query('tokens', page)).map(({ id }) => id)
    }
    expect(await list(['agent', 'operator'])).toEqual([ids[2], ids[1]])
    expect(await list(['agent', 'operator'], ids[1])).toEqual([ids[0]])
    expect(await list(['agent'])).toEqual([ids[2], ids[0]])
  })

  test('tokens that are not revoked have a bound; those of a start are beside it', async () => {
    const changes = Array.from({ length: 1_001 }, (_, number) => ({
      ...({ kind: 'tokenCreated', role: 'agent', name: 'x' } as const),
      ...{ id: newId('tok', 1), hash: `h${number}`, createdBy: newId('tok', 1) },
    }))
    const { outcomes } = await it.commit(changes)
    expect(outcomes.filter(({ ok }) => ok)).toHaveLength(1_000)
    expect(outcomes[1_000]).toMatchObject({ ok: false, code: 'state' })
    const id = newId('tok', 1)
    await it.must({ kind: 'tokenCreated', id, hash: 'start', role: 'operator', name: 'admin' })
    await it.must({ kind: 'tokenRevoked', token: 'h0' })
    await made('once more')
  })

  test('a workspace can be renamed and is listed, newest first', async () => {
    const second = await other()
    await it.must({ kind: 'workspaceRenamed', name: 'Acme & Co' })
    expect(await it.store.query('workspace', { id: it.workspace })).toMatchObject({ name: 'Acme & Co' })
    const page = await it.store.query('workspacesPage', { limit: 1 })
    expect(page.map(({ id }) => id)).toEqual([second])
    const next = await it.store.query('workspacesPage', { limit: 5, after: second })
    expect(next.map(({ id }) => id)).toEqual([it.workspace])
    expect(await it.store.query('workspace', { id: newId('wks', 1) })).toBeNull()
  })
}
