import type { Clock } from '../model/clock.ts'
import { type Sealer, WrongKey } from './seal.ts'
import { openSqlite } from './sqlite/sqlite.ts'
import type { Store, StoreListener } from './store.ts'

export type OpenOptions = {
  /** `sqlite:` for the embedded store in `dataDir`. */
  url: string
  dataDir: string
  listener: StoreListener
  clock: Clock
  sealer: Sealer
}

/** Opens the store that the URL names, brings its schema up to date and proves that the secret key fits (RULES G1). */
export async function openStore({ url, sealer, ...options }: OpenOptions): Promise<Store> {
  if (url !== 'sqlite:') throw new Error(`store: ${url.split(':')[0]}: is not supported; use "sqlite:"`)
  const store = await openSqlite(options)
  try {
    const known = await store.meta('keyCheck')
    if (known === null) await store.meta('keyCheck', sealer.seal(CHECK, CHECK))
    else if (opens(sealer, known) !== CHECK)
      throw new WrongKey('secretKey is not the key that this data was sealed with')
    return store
  } catch (error) {
    await store.close()
    throw error
  }
}

const CHECK = 'omnibus'

function opens(sealer: Sealer, sealed: string): string | undefined {
  try {
    return sealer.unseal(sealed, CHECK)
  } catch {
    return undefined
  }
}
