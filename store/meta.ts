import { type Steps, sql } from './sql.ts'
import type { Store } from './store.ts'

/** A store as `open.ts` has it before anybody uses it. */
export type StoreWithMeta = Store & {
  /** A small fact about the store itself. With a `value`: that one, if there was none. */
  meta(name: string, value?: string): Promise<string | null>
  /** The key that hides addresses; until it is told, what needs it is refused. */
  hideAddresses(key: string): void
}

export type MetaQueries = {
  /** The text that proves the secret key; null before a daemon used the store. */
  keyCheck: { params: Record<never, never>; result: string | null }
  /** The key that hides addresses, sealed. */
  addressKey: { params: Record<never, never>; result: string | null }
}

export function* readMeta(name: string): Steps<string | null> {
  const [row] = yield sql('SELECT value FROM meta WHERE name = ?', [name])
  return (row?.['value'] as string | undefined) ?? null
}

/** Whoever comes first of several nodes decides what it is; all are told the same. */
export function* makeMeta(name: string, value: string): Steps<string | null> {
  yield sql('INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO NOTHING', [name, value])
  return yield* readMeta(name)
}

export function* writeMeta(name: string, value: string): Steps<string> {
  yield sql(
    `INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value`,
    [name, value],
  )
  return value
}
