import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll } from 'vitest'
import { systemClock } from '../../../model/clock.ts'
import type { WorkspaceId } from '../../../model/ids.ts'
import type { Store } from '../../../store/store.ts'
import { writeBackup } from '../../../store/transfer/backup.ts'
import type { Depot } from '../../../store/transfer/depot.ts'
import { openDepot, type Place } from '../../../store/transfer/open.ts'
import { openBackup } from '../../../store/transfer/restore.ts'
import { storeSource } from '../../../store/transfer/source.ts'
import { type Moved, move } from '../../../store/transfer/transfer.ts'
import { GROUP } from '../../contracts/store/trial.ts'
import { scratch } from '../../scratch.ts'
import { type Furnished, furnish, openFor } from './furnish.ts'

export type World = AsyncDisposable & Furnished & { from: string; to: string; path(name: string): string }

/** To be called once in a file of tests: what it returns makes a data directory with everything in it, and room. */
export function worlds(): () => Promise<World> {
  let original: AsyncDisposable & { path: string; furnished: Furnished }
  beforeAll(async () => {
    const folder = await scratch()
    const store = await openFor('sqlite:', folder.path)
    const furnished = await furnish(store)
    await store.close()
    original = { ...folder, furnished }
  })
  afterAll(() => original[Symbol.asyncDispose]())
  return async () => {
    const folder = await scratch()
    const path = (name: string): string => join(folder.path, name)
    cpSync(original.path, path('from'), { recursive: true })
    const { [Symbol.asyncDispose]: dispose } = folder
    return { ...original.furnished, from: path('from'), to: path('to'), path, [Symbol.asyncDispose]: dispose }
  }
}

/** A data directory, or the URL of a database. */
export function place(where: string): Place {
  const common = { filesDir: null, clock: systemClock }
  return isUrl(where) ? { url: where, dataDir: '', ...common } : { url: 'sqlite:', dataDir: where, ...common }
}

/** A store as a daemon opens it. */
export function open(where: string): Promise<Store> {
  return isUrl(where) ? openFor(where, '') : openFor('sqlite:', where)
}

function isUrl(where: string): boolean {
  return where.includes('://')
}

export async function copy(
  from: string,
  to: string,
  { workspace = null as string | null, cut = Infinity } = {},
): Promise<Moved> {
  const source = await openDepot(place(from), 'source')
  try {
    const target = await openDepot(place(to), 'target')
    try {
      return await move(await storeSource(source, workspace), cutAfter(target, cut))
    } finally {
      await target.close()
    }
  } finally {
    await source.close()
  }
}

/** Everything is there, and nobody said so. */
export const LATE = -1

export const CLAIM = {
  ...{ group: GROUP, holder: 'node-2', leaseMs: 30_000, horizonMs: 0, skip: [] },
  limits: { reply: 9, normal: 9, bulk: 9 },
}

/** As a process that is killed: before its n-th write, or right after it. */
export function cutAfter(target: Depot, writes: number): Depot {
  let count = 0
  return {
    ...target,
    write: async batch => {
      if (writes === LATE) {
        if (batch.marks['copy.from'] === null) throw new Error('cut')
        return await target.write(batch)
      }
      count += 1
      if (count > writes) throw new Error('cut')
      await target.write(batch)
      if (count === writes && writes % 2 === 0) throw new Error('cut')
    },
  }
}

export async function backUp(from: string, to: string): ReturnType<typeof writeBackup> {
  const depot = await openDepot(place(from), 'snapshot')
  try {
    const source = await storeSource(depot, null)
    return await writeBackup(source, { from: depot, to, now: 1_700_000_000_000, told: () => {} })
  } finally {
    await depot.close()
  }
}

export async function restore(from: string, to: string): Promise<Moved> {
  const source = await openBackup(from)
  await source.check()
  const target = await openDepot(place(to), 'target')
  try {
    return await move(source, target)
  } finally {
    await target.close()
  }
}

/** What the API shows of a store, of all its workspaces. */
export async function seenIn(where: string, sha256: string[]): Promise<unknown> {
  const store = await open(where)
  try {
    const workspaces = await store.query('workspaces', {})
    const seen: unknown[] = [workspaces, await store.query('channels', {}), await store.query('depth', {})]
    for (const { id: workspace } of workspaces) {
      seen.push(
        await store.events(workspace, 0, 10_000),
        await store.query('messages', { workspace, limit: 3000 }),
        await store.query('contacts', { workspace, limit: 1000 }),
        await rejectedIn(store, workspace),
        await store.cursor('router', workspace),
      )
    }
    for (const name of sha256) seen.push((await text(await store.readFile(name))).length)
    return seen
  } finally {
    await store.close()
  }
}

/** Bytes are a `Buffer` from one driver and a `Uint8Array` from the other. */
async function rejectedIn(store: Store, workspace: WorkspaceId): Promise<unknown[]> {
  const found = await store.query('rejected', { workspace, limit: 10 })
  const whole = found.map(({ id }) => store.query('rejectedRaw', { workspace, id }))
  return (await Promise.all(whole)).map(one => one && { ...one, raw: Buffer.from(one.raw).toString('hex') })
}
