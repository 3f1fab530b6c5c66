import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Change } from '../../model/change.ts'
import type { MessageId, WorkspaceId } from '../../model/ids.ts'
import { seededRandom } from '../../model/random.ts'
import { createSealer, WrongKey } from '../../store/seal.ts'
import { openDepot } from '../../store/transfer/open.ts'
import { openBackup } from '../../store/transfer/restore.ts'
import { proveKey } from '../../store/transfer/source.ts'
import { type Moved, move } from '../../store/transfer/transfer.ts'
import { newId } from '../contracts/store/trial.ts'
import { KEY, outbound, SILENT } from './transfer/furnish.ts'
import {
  backUp,
  CLAIM,
  copy,
  cutAfter,
  LATE,
  open,
  place,
  restore,
  seenIn,
  worlds,
} from './transfer/world.ts'

const world = worlds()

test('RULES A9: a copy has the rows, the log and the files of its source, and no marks', async () => {
  await using it = await world()
  const moved = await copy(it.from, it.to)
  expect([moved.files, moved.lost]).toEqual([2, []])
  expect(moved.tables['messages']?.rows).toBe(2303)
  expect(moved.tables['leases']?.rows).toBe(1)
  const empty = Object.entries(moved.tables).filter(([, { rows }]) => rows === 0)
  expect(empty).toEqual([])
  expect(await seenIn(it.to, it.sha256)).toEqual(await seenIn(it.from, it.sha256))
  const target = await openDepot(place(it.to), 'source')
  const marks = await target.select({ text: "SELECT name FROM meta WHERE name LIKE 'copy%'", args: [] })
  await target.close()
  expect(marks).toEqual([])
})

test('RULES A6: who said STOP is left alone by a copy and by a restored backup', async () => {
  await using it = await world()
  await copy(it.from, it.path('copy'))
  await backUp(it.from, it.path('backup'))
  await restore(it.path('backup'), it.path('restored'))
  for (const where of ['copy', 'restored']) {
    const store = await open(it.path(where))
    const [workspace] = it.workspaces as [WorkspaceId]
    const [channel] = await store.query('channels', { workspace })
    const changes = [outbound(channel?.id ?? '', SILENT)]
    expect((await store.commit({ workspace, changes })).outcomes).toMatchObject([{ code: 'optedOut' }])
    await store.close()
  }
})

test('a copy that is cut at any write goes on behind it, and is the same in the end', async () => {
  await using it = await world()
  const whole = await copy(it.from, it.path('whole'))
  const random = seededRandom(5)
  let cuts = 0
  let moved: Moved | undefined
  while (moved === undefined) {
    // A write more or less, so that every page and both sides of its commit are met.
    const cut = 1 + ((random.fill(new Uint8Array(1))[0] ?? 0) % 4)
    moved = await copy(it.from, it.to, { cut }).catch(error => {
      expect(String(error)).toBe('Error: cut')
      cuts += 1
      return undefined
    })
  }
  expect(cuts).toBeGreaterThan(10)
  expect(moved).toEqual(whole)
  expect(await seenIn(it.to, it.sha256)).toEqual(await seenIn(it.path('whole'), it.sha256))
})

test('a target that holds something else is refused', async () => {
  await using it = await world()
  cpSync(it.from, it.path('other'), { recursive: true })
  await expect(copy(it.from, it.path('other'))).rejects.toThrow(
    /other is not empty: there are workspaces in it$/,
  )
  await expect(copy(it.from, it.to, { cut: 7 })).rejects.toThrow('cut')
  await expect(copy(it.path('other'), it.to)).rejects.toThrow(
    /to is an unfinished copy of sqlite:.*from; empty it/,
  )
  await expect(copy(it.to, it.path('third'))).rejects.toThrow(/is itself a copy that was not finished$/)
})

test('a copy asked for twice is done; a target that was used since is left alone', async () => {
  await using it = await world()
  const moved = await copy(it.from, it.to)
  expect(await copy(it.from, it.to)).toEqual(moved)
  const store = await open(it.to)
  await store.claim(CLAIM)
  await store.close()
  await expect(copy(it.from, it.to)).rejects.toThrow(
    /is not empty: it was copied from .*, and has changed since$/,
  )
})

test('a source that was used while its copy was cut off is found out', async () => {
  await using it = await world()
  await expect(copy(it.from, it.to, { cut: 7 })).rejects.toThrow('cut')
  await expect(copy(it.from, it.path('late'), { cut: LATE })).rejects.toThrow('cut')
  const store = await open(it.from)
  await store.claim(CLAIM)
  await store.close()
  await expect(copy(it.from, it.path('late'))).rejects.toThrow(/ did not arrive as it was .*empty the target/)
  const again = await open(it.from)
  const [workspace] = it.workspaces
  const changes = [{ kind: 'cancelled', message: it.waiting as MessageId }] as const
  await again.commit({ workspace: workspace as WorkspaceId, changes: [...changes] })
  await again.close()
  await expect(copy(it.from, it.to)).rejects.toThrow(/from has changed since its copy to .* was begun/)
})

test('one workspace is copied with nothing of another', async () => {
  await using it = await world()
  const [first, second] = it.workspaces
  const moved = await copy(it.from, it.to, { workspace: first as string })
  expect([moved.files, moved.tables['workspaces']?.rows]).toEqual([1, 1])
  const store = await open(it.to)
  expect(await store.query('messages', { workspace: second as never, limit: 5 })).toEqual([])
  expect((await store.events(first as never, 0, 10_000)).length).toBeGreaterThan(1150)
  await store.close()
  await expect(copy(it.from, it.path('none'), { workspace: 'wks_none' })).rejects.toThrow(
    'has no workspace wks_none',
  )
})

test('a store that a daemon uses is not copied; a backup is made of it', async () => {
  await using it = await world()
  const daemon = await open(it.from)
  await expect(copy(it.from, it.to)).rejects.toThrow(/in use by another Omnibus process/)
  const made = backUp(it.from, it.path('backup'))
  for (let number = 0; number < 20; number++) {
    const changes: Change[] = [{ kind: 'workspaceCreated', name: `other ${number}` }]
    await daemon.commit({ workspace: newId('wks', number), changes })
  }
  expect((await made).files).toBe(2)
  await daemon.close()
  await restore(it.path('backup'), it.to)
  const before = it.workspaces
  const restored = await open(it.to)
  const found = (await restored.query('workspaces', {})).map(({ id }) => id)
  expect(found).toEqual(expect.arrayContaining(before))
  await restored.close()
})

test('RULES C2: a restored store goes on; what was attempted is uncertain', async () => {
  await using it = await world()
  await backUp(it.from, it.path('backup'))
  await restore(it.path('backup'), it.to)
  const store = await open(it.to)
  const [workspace] = it.workspaces
  const head = (await store.query('workspaces', {})).find(({ id }) => id === workspace)?.head ?? 0
  const claimed = await store.claim(CLAIM)
  if (!claimed.held) throw new Error('a lease came with the backup')
  expect(claimed.fence).toBe(2)
  const ids = claimed.items.map(({ message }) => message as string)
  expect(ids).toContain(it.waiting)
  expect(ids).not.toContain(it.attempted)
  expect(await store.query('depth', {})).toContainEqual(
    expect.objectContaining({ state: 'uncertain', count: 1 }),
  )
  const { head: next } = await store.commit({
    workspace: workspace as never,
    changes: [{ kind: 'cancelled', message: it.waiting as never }],
  })
  expect(next).toBeGreaterThanOrEqual(head)
  await store.close()
})

test('RULES G1: a backup has no key in it, and is of no use without the right one', async () => {
  await using it = await world()
  await backUp(it.from, it.path('backup'))
  const manifest = readFileSync(join(it.path('backup'), 'manifest.json'), 'utf8')
  expect(manifest).not.toContain(KEY)
  expect(statSync(it.path('backup')).mode & 0o777).toBe(0o700)
  const source = await openBackup(it.path('backup'))
  expect(() => proveKey(createSealer(['another']), source)).toThrow(WrongKey)
  proveKey(createSealer(['another', KEY]), source)
})

test('a damaged backup is refused by the name of the file, before anything is written', async () => {
  await using it = await world()
  await backUp(it.from, it.path('backup'))
  const whole = readFileSync(it.path('backup/tables/messages.ndjson.gz'))
  const harm = async (name: string, damage: (path: string) => void, says: RegExp): Promise<void> => {
    const path = join(it.path('backup'), name)
    const before = readFileSync(path)
    damage(path)
    await expect(restore(it.path('backup'), it.to)).rejects.toThrow(says)
    writeFileSync(path, before)
  }
  await harm('tables/messages.ndjson.gz', path => truncateSync(path, 5000), /messages\.ndjson\.gz/)
  const flipped = Buffer.from(whole)
  flipped[4000] = (flipped[4000] ?? 0) ^ 1
  await harm('tables/messages.ndjson.gz', path => writeFileSync(path, flipped), /messages\.ndjson\.gz/)
  await harm('tables/seen.ndjson.gz', path => writeFileSync(path, ''), /seen\.ndjson\.gz/)
  const [name = ''] = it.sha256
  const file = `files/${name.slice(0, 2)}/${name}`
  await harm(file, path => writeFileSync(path, 'x'), new RegExp(`${name}: it is not what was written`))
  await harm('manifest.json', path => truncateSync(path, 99), /manifest\.json is damaged/)
  const change = (from: string | RegExp, to: string) => (path: string) =>
    writeFileSync(path, readFileSync(path, 'utf8').replace(from, to))
  await harm('manifest.json', change('"format": 1', '"format": 2'), /written by a newer Omnibus \(format 2/)
  await harm('manifest.json', change('"trimmed"', '"later"'), /newer Omnibus \(there is no later in this one/)
  await expect(restore(it.from, it.to)).rejects.toThrow(/from is no backup: there is no manifest\.json/)
  expect(existsSync(it.to)).toBe(false)
  expect((await restore(it.path('backup'), it.to)).files).toBe(2)
})

test('a backup never writes over anything, and leaves nothing behind when it fails', async () => {
  await using it = await world()
  mkdirSync(it.path('there'))
  await expect(backUp(it.from, it.path('there'))).rejects.toThrow(/there is there already/)
  mkdirSync(it.path('other.partial'))
  await expect(backUp(it.from, it.path('other'))).rejects.toThrow(/other\.partial is there: another backup/)
  await expect(backUp(it.from, it.path('no/such'))).rejects.toThrow(/there is no directory .*no$/)
  await expect(backUp(it.path('nothing'), it.path('x'))).rejects.toThrow(/holds no data of Omnibus/)
  expect(existsSync(it.path('x.partial'))).toBe(false)
})

test('a file that the store lost is told, and everything else is moved', async () => {
  await using it = await world()
  const [name = ''] = it.sha256
  writeFileSync(join(it.from, 'files', name.slice(0, 2), name), 'somebody wrote over it')
  expect((await copy(it.from, it.to)).lost).toEqual([name])
  const made = await backUp(it.from, it.path('backup'))
  expect([made.files, made.lost]).toEqual([1, [name]])
  expect(await restore(it.path('backup'), it.path('third'))).toMatchObject({ files: 1, lost: [name] })
})

test('a restore that was cut goes on, even where the backup was moved to another place', async () => {
  await using it = await world()
  await backUp(it.from, it.path('backup'))
  const source = await openBackup(it.path('backup'))
  const target = await openDepot(place(it.to), 'target')
  await expect(move(source, cutAfter(target, 12))).rejects.toThrow('cut')
  await target.close()
  renameSync(it.path('backup'), it.path('moved'))
  await restore(it.path('moved'), it.to)
  expect(await seenIn(it.to, it.sha256)).toEqual(await seenIn(it.from, it.sha256))
})

test('no daemon starts on a copy that was not finished', async () => {
  await using it = await world()
  await expect(copy(it.from, it.to, { cut: 7 })).rejects.toThrow('cut')
  await expect(open(it.to)).rejects.toThrow(/unfinished copy of sqlite:.*from/)
  await copy(it.from, it.to)
  await (await open(it.to)).close()
})
