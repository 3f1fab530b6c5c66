import { Client } from 'pg'
import { expect, test } from 'vitest'
import type { Received } from '../../model/change.ts'
import { SchemaTooNew, StoreFailing } from '../../store/store.ts'
import { TABLES } from '../../store/tables.ts'
import { describePostgres, freshDatabase } from '../postgres.ts'
import { inbound, made, node, numbers, upTo } from './node.ts'

describePostgres('a database with faults', () => {
  test('RULES C7: a line that is cut costs what was on it; the next commit finds another', async () => {
    await using database = await freshDatabase()
    await using one = await node(database.url)
    const { workspace, channel } = await made(one)
    const admin = new Client({ connectionString: database.url })
    await admin.connect()
    for (let round = 0; round < 3; round++) {
      await admin.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND pid <> pg_backend_pid()`,
      )
      await expect
        .poll(() =>
          one.store.commit({ workspace, changes: [inbound(channel, `m${round}`)] }).catch(() => null),
        )
        .toMatchObject({ outcomes: [{ ok: true }] })
    }
    await admin.end()
    await using other = await node(database.url)
    await other.store.commit({ workspace, changes: [inbound(channel, 'from another node')] })
    // The ear was cut off too: it hears again.
    const log = await other.store.events(workspace, 0, 1000)
    await expect.poll(() => numbers(one.events), { timeout: 10_000 }).toEqual(upTo(log.length))
  })

  test('who holds a lock for too long fails the commit, which says so and can be made again', async () => {
    await using database = await freshDatabase()
    await using one = await node(database.url)
    const { workspace, channel } = await made(one)
    const admin = new Client({ connectionString: database.url })
    await admin.connect()
    await admin.query('BEGIN; LOCK TABLE workspaces')
    await expect(one.store.commit({ workspace, changes: [inbound(channel, 'm1')] })).rejects.toThrow(
      StoreFailing,
    )
    await admin.query('ROLLBACK')
    await admin.end()
    await one.store.commit({ workspace, changes: [inbound(channel, 'm1')] })
    expect(await one.store.query('messages', { workspace, limit: 9 })).toHaveLength(1)
  })

  test('text that no database holds (NUL, half a character) breaks nothing, and is found again', async () => {
    await using database = await freshDatabase()
    await using one = await node(database.url)
    const { workspace, channel } = await made(one)
    const strange: Received = { ...inbound(channel, 'a\0b\ud800', '+52\x0d5\ud800'), name: 'An\0a\udfff' }
    const first = await one.store.commit({ workspace, changes: [strange] })
    const again = await one.store.commit({ workspace, changes: [strange] })
    const other = { ...strange, key: 'c\0', providerId: 'c\0' }
    const next = await one.store.commit({ workspace, changes: [other] })
    expect([first, again, next].map(({ outcomes }) => outcomes[0])).toMatchObject([
      { ok: true },
      { ok: true, duplicate: true },
      { ok: true },
    ])
    expect(await one.store.query('contacts', { workspace, limit: 9 })).toHaveLength(1)
  })

  test('a newer schema is refused with a word that says so', async () => {
    await using database = await freshDatabase()
    await (await node(database.url)).store.close()
    const admin = new Client({ connectionString: database.url })
    await admin.connect()
    await admin.query('INSERT INTO schema_version VALUES (99)')
    await expect(node(database.url)).rejects.toThrow(SchemaTooNew)
    await admin.end()
  })

  test('the migrations end at the tables that the code knows', async () => {
    await using database = await freshDatabase()
    await (await node(database.url)).store.close()
    const admin = new Client({ connectionString: database.url })
    await admin.connect()
    for (const { name, columns } of Object.values(TABLES)) {
      const { rows } = await admin.query(
        `SELECT column_name AS name FROM information_schema.columns
         WHERE table_name = $1 ORDER BY ordinal_position`,
        [name],
      )
      const own = name === 'workspaces' ? ['version'] : ['key_hash']
      const fields = rows.map(row => row.name).filter(field => !own.includes(field))
      const wanted = Object.keys(columns).map(field =>
        field.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`),
      )
      expect([name, fields]).toEqual([name, wanted])
    }
    await admin.end()
  })
})
