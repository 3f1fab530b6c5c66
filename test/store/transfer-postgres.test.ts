import { expect, test } from 'vitest'
import { openDepot } from '../../store/transfer/open.ts'
import { describePostgres, freshDatabase } from '../postgres.ts'
import { backUp, CLAIM, copy, open, place, restore, seenIn, worlds } from './transfer/world.ts'

describePostgres('moving to and from PostgreSQL', () => {
  const world = worlds()

  test('RULES A9: SQLite to PostgreSQL to a backup to SQLite: nothing is other than it was', async () => {
    await using it = await world()
    await using database = await freshDatabase()
    const there = await copy(it.from, database.url)
    expect([there.files, there.lost]).toEqual([2, []])
    expect(await seenIn(database.url, it.sha256)).toEqual(await seenIn(it.from, it.sha256))
    await backUp(database.url, it.path('backup'))
    expect((await restore(it.path('backup'), it.to)).tables).toEqual(there.tables)
    expect(await seenIn(it.to, it.sha256)).toEqual(await seenIn(it.from, it.sha256))
  })

  test('a backup goes into PostgreSQL, and PostgreSQL into SQLite', async () => {
    await using it = await world()
    await using database = await freshDatabase()
    await backUp(it.from, it.path('backup'))
    const there = await restore(it.path('backup'), database.url)
    expect((await copy(database.url, it.to)).tables).toEqual(there.tables)
    expect(await seenIn(it.to, it.sha256)).toEqual(await seenIn(it.from, it.sha256))
  })

  test('a copy that is cut goes on behind the last page that is durable', async () => {
    await using it = await world()
    await using database = await freshDatabase()
    for (const cut of [1, 4, 9, 6]) await expect(copy(it.from, database.url, { cut })).rejects.toThrow('cut')
    const there = await copy(it.from, database.url)
    expect(await copy(it.from, it.to)).toEqual(there)
  })

  test('a database that a daemon uses is neither copied from nor to; a backup is made of it', async () => {
    await using it = await world()
    await using database = await freshDatabase()
    await copy(it.from, database.url)
    const daemon = await open(database.url)
    await expect(copy(database.url, it.to)).rejects.toThrow(
      /^postgres:.* is in use by another Omnibus process$/,
    )
    await backUp(database.url, it.path('backup'))
    await daemon.close()
    const depot = await openDepot(place(database.url), 'source')
    await expect(open(database.url)).rejects.toThrow(/being copied or restored/)
    await depot.close()
    expect((await restore(it.path('backup'), it.to)).files).toBe(2)
  })

  test('old rows are where retention drops them by the month, and who starts goes on', async () => {
    await using it = await world()
    await using database = await freshDatabase()
    await copy(it.from, database.url)
    const store = await open(database.url)
    const claimed = await store.claim(CLAIM)
    expect(claimed).toMatchObject({ held: true, fence: 2 })
    await store.close()
    const depot = await openDepot(place(database.url), 'source')
    const rest = await depot.select({ text: 'SELECT count(*) FROM messages_rest', args: [] })
    const month = await depot.select({ text: 'SELECT count(*) FROM messages_202311', args: [] })
    await depot.close()
    expect([rest, month]).toEqual([[[0]], [[2303]]])
  })

  test('a database that cannot be reached, or holds nothing, is one clear line', async () => {
    await using it = await world()
    await using database = await freshDatabase()
    await expect(copy(it.from, 'postgres://x@127.0.0.1:1/x')).rejects.toThrow(
      /^postgres:\/\/127\.0\.0\.1:1\/x cannot be reached: connect ECONNREFUSED/,
    )
    await expect(backUp(database.url, it.path('backup'))).rejects.toThrow(/holds no data of Omnibus$/)
    await expect(copy(database.url, it.to)).rejects.toThrow(/holds no data yet/)
  })
})
