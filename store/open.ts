import type { Clock } from '../model/clock.ts'
import type { StoreWithMeta } from './meta.ts'
import { ADDRESS_KEY, newAddressKey } from './pseudonym.ts'
import { CHECK, fits, KEY_CHECK, type Sealer, WrongKey } from './seal.ts'
import { openSqlite } from './sqlite/sqlite.ts'
import type { Store, StoreListener } from './store.ts'
import { HALF_MADE, unfinishedCopyOf } from './transfer/source.ts'

export type OpenOptions = {
  /** `sqlite:` for the embedded store in `dataDir`, or `postgres://user:password@host:5432/database`. */
  url: string
  dataDir: string
  /** Where files are kept; null is where the store keeps them by itself. */
  filesDir: string | null
  listener: StoreListener
  clock: Clock
  sealer: Sealer
}

/** Opens the store that the URL names, brings its schema up to date and proves that the secret key fits (RULES G1). */
export async function openStore({ url, sealer, ...options }: OpenOptions): Promise<Store> {
  const store = await openEngine(url, options)
  try {
    const unfinished = await store.meta(HALF_MADE)
    if (unfinished !== null) throw new HalfMade(unfinishedCopyOf(unfinished))
    const check = await known(store, KEY_CHECK, () => sealer.seal(CHECK, CHECK))
    if (!fits(sealer, check)) throw new WrongKey('secretKey is not the key that this data was sealed with')
    const addressKey = await known(store, ADDRESS_KEY, () => sealer.seal(newAddressKey(), ADDRESS_KEY))
    store.hideAddresses(sealer.unseal(addressKey, ADDRESS_KEY))
    return store
  } catch (error) {
    await store.close()
    throw error
  }
}

/** What the store knows under a name, made if it is not there. */
async function known(store: StoreWithMeta, name: string, make: () => string): Promise<string> {
  const value = (await store.meta(name)) ?? (await store.meta(name, make()))
  if (value === null) throw new Error(`the store keeps no ${name}`)
  return value
}

/** Whether other nodes may use the same store, so that what one of them makes up, all must be told. */
export function isShared(url: string): boolean {
  return url !== 'sqlite:'
}

async function openEngine(url: string, options: Omit<OpenOptions, 'url' | 'sealer'>): Promise<StoreWithMeta> {
  if (url === 'sqlite:') return await openSqlite(options)
  if (!/^postgres(ql)?:/.test(url))
    throw new Error(`store: ${url.split(':')[0]}: is not supported; use "sqlite:" or "postgres://…"`)
  // A daemon on the embedded store has no use for the other one in its memory.
  const { openPostgres } = await import('./postgres/postgres.ts')
  return await openPostgres({ url, ...options })
}

/** The store is a copy that was not finished: some of the data is not there. */
class HalfMade extends Error {
  override name = 'HalfMade'
}
