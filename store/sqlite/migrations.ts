import { readdirSync, readFileSync } from 'node:fs'
import type { TableName } from '../tables.ts'

const FOLDER = new URL('./migrations/', import.meta.url)

/**
 * Forward only: `migrations/001.sql` and so on. Each runs once, in a transaction, in order; a database that knows more
 * of them than this code is refused, because an older program could damage what it does not understand.
 * `test/store/schema.test.ts` compares where they end with `tables.ts`.
 */
export function readMigrations(): string[] {
  const names = readdirSync(FOLDER).filter(name => name.endsWith('.sql'))
  return names.sort().map(name => readFileSync(new URL(name, FOLDER), 'utf8'))
}

/** Tables found by a hash of their key. That a key is there once is `decide`'s doing: it reads before it writes. */
export const HASHED: ReadonlySet<TableName> = new Set(['providerIds', 'seen'])
