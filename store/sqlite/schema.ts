import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Schema } from '../schema.ts'
import { migrate } from './engine.ts'
import { readMigrations } from './migrations.ts'
import { lock } from './sqlite.ts'

export function sqliteSchema(dataDir: string): Schema {
  const known = readMigrations().length
  const path = join(dataDir, 'omnibus.db')
  if (!existsSync(path)) return { found: 0, known }
  const database = new DatabaseSync(path, { readOnly: true, timeout: 2000 })
  try {
    return { found: Number(database.prepare('PRAGMA user_version').get()?.['user_version']), known }
  } finally {
    database.close()
  }
}

/** @throws DataDirInUse, SchemaTooNew */
export function upgradeSqlite(dataDir: string): Schema {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  const unlock = lock(dataDir)
  try {
    const before = sqliteSchema(dataDir)
    migrate(join(dataDir, 'omnibus.db'))
    return before
  } finally {
    unlock()
  }
}
