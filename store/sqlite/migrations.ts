import { readdirSync, readFileSync } from 'node:fs'

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
