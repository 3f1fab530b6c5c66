import { type Steps, sql } from './sql.ts'
import type { Store } from './store.ts'

/** A store with the small facts about itself that `open.ts` checks before anybody uses it. */
export type StoreWithMeta = Store & { meta(name: string, value?: string): Promise<string | null> }

export function* readMeta(name: string): Steps<string | null> {
  const [row] = yield sql('SELECT value FROM meta WHERE name = ?', [name])
  return (row?.['value'] as string | undefined) ?? null
}

export function* writeMeta(name: string, value: string): Steps<string> {
  yield sql(
    `INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value`,
    [name, value],
  )
  return value
}
