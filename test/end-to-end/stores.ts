import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe } from 'vitest'
import { describePostgres, freshDatabase } from '../postgres.ts'
import { scratch } from '../scratch.ts'
import { startProxy } from './proxy.ts'

/** Where a daemon keeps everything, as its configuration names it; gone when it is disposed of. */
export type Place = AsyncDisposable & { dataDir: string; store: string }

/** A place where nothing can be made durable from `hold` to `letGo`. */
export type HeldPlace = Place & { hold(): void; letGo(): void }

export type PlaceMaker = { place(): Promise<Place>; heldPlace(): Promise<HeldPlace> }

/** The same tests on every store. They make a place and know nothing else of the engine. */
export function onEachStore(body: (stores: PlaceMaker) => void): void {
  describe('on SQLite', () => body({ place: sqlite, heldPlace: heldSqlite }))
  describePostgres('on PostgreSQL', () => body({ place: postgres, heldPlace: heldPostgres }))
}

async function sqlite(): Promise<Place> {
  const folder = await scratch()
  return {
    ...{ dataDir: folder.path, store: 'sqlite:' },
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  }
}

/** By another connection that writes. */
async function heldSqlite(): Promise<HeldPlace> {
  const place = await sqlite()
  let other: DatabaseSync | undefined
  return {
    ...place,
    hold: () => {
      other = new DatabaseSync(join(place.dataDir, 'omnibus.db'), { timeout: 1000 })
      other.exec('BEGIN IMMEDIATE')
    },
    letGo: () => {
      other?.exec('ROLLBACK')
      other?.close()
    },
  }
}

async function postgres(): Promise<Place> {
  await using made = new AsyncDisposableStack()
  const folder = made.use(await scratch())
  const database = made.use(await freshDatabase())
  const all = made.move()
  return {
    ...{ dataDir: folder.path, store: database.url },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  }
}

/**
 * On the way to the server. What lost is a lock of another connection: it is there only when the server has answered,
 * and by then the commit that it is meant for has passed.
 */
async function heldPostgres(): Promise<HeldPlace> {
  await using made = new AsyncDisposableStack()
  const { dataDir, store } = made.use(await postgres())
  const url = new URL(store)
  const proxy = made.use(await startProxy(url.hostname, Number(url.port || 5432)))
  url.host = `127.0.0.1:${proxy.port}`
  const all = made.move()
  return {
    ...{ dataDir, store: url.href, hold: proxy.hold, letGo: proxy.letGo },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  }
}
