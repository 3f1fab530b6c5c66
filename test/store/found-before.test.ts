import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, test } from 'vitest'
import type { WorkspaceId } from '../../model/ids.ts'
import { findContacts } from '../../store/found/found.ts'
import { searchOf } from '../../store/found/search.ts'
import type { Test } from '../../store/found/test.ts'
import { clientOf } from '../../store/postgres/client.ts'
import { openPostgres } from '../../store/postgres/postgres.ts'
import { openSqlite } from '../../store/sqlite/sqlite.ts'
import { sameThread } from '../../store/sqlite/thread.ts'
import type { Store } from '../../store/store.ts'
import { newId } from '../contracts/store/trial.ts'
import { describePostgres, freshDatabase } from '../postgres.ts'
import { scratch } from '../scratch.ts'

/** People whom a version made that knew no terms, or who were moved here, are found after the next start. */
const clock = { now: () => 1, monotonic: () => performance.now() }
const listener = { events: () => {}, work: () => {} }
const workspace = newId('wks', 1)

describe('people from before', () => {
  test('are found on the embedded store', async () => {
    await using folder = await scratch()
    const open = (): Promise<Store> => openSqlite({ dataDir: folder.path, listener, clock, open: sameThread })
    await made(open)
    const database = new DatabaseSync(join(folder.path, 'omnibus.db'))
    database.exec(`UPDATE contacts SET terms = '', indexed = NULL`)
    database.exec(`INSERT INTO contact_terms (contact_terms) VALUES ('delete-all')`)
    database.close()
    expect(await foundIn(open)).toEqual(['Ana'])
  })
})

describePostgres('people from before', () => {
  test('are found on PostgreSQL', async () => {
    await using database = await freshDatabase()
    const open = (): Promise<Store> => openPostgres({ url: database.url, filesDir: null, listener, clock })
    await made(open)
    const client = clientOf(database.url)
    await client.connect()
    await client.query(`UPDATE contacts SET terms = ''`)
    await client.end()
    expect(await foundIn(open)).toEqual(['Ana'])
  })
})

async function made(open: () => Promise<Store>): Promise<void> {
  const store = await open()
  const person = { set: { name: 'Ana' }, addresses: [], tags: [], fields: {} }
  const { outcomes } = await store.commit({
    workspace,
    changes: [
      { kind: 'workspaceCreated', name: 'w' },
      { kind: 'contactCreated', source: 'api', ...person },
    ],
  })
  expect(outcomes).toMatchObject([{ ok: true }, { ok: true }])
  await store.close()
}

async function foundIn(open: () => Promise<Store>): Promise<(string | null)[]> {
  const store = await open()
  const asked = { workspace: workspace as WorkspaceId, test: searchOf('an') as Test, now: 1 }
  const indexed = await store.query('contactsIndexed', { ...asked, max: 9, limit: 9 })
  expect(indexed?.contacts).toHaveLength(1)
  const found = await findContacts(store, asked, { limit: 9 })
  await store.close()
  return found.map(({ name }) => name)
}
