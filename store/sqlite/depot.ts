import { existsSync, mkdirSync, realpathSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { openFiles } from '../files.ts'
import { SchemaTooNew, StoreFailing } from '../store.ts'
import { column, TABLES } from '../tables.ts'
import { type Batch, type Depot, type Row, TransferRefused, type Use } from '../transfer/depot.ts'
import { migrate } from './engine.ts'
import { readMigrations } from './migrations.ts'
import { lock } from './sqlite.ts'

/** The name by which `openSqliteDepot` knows a data directory again. */
export function nameOfSqlite(dataDir: string): string {
  return `sqlite:${existsSync(dataDir) ? realpathSync(dataDir) : resolve(dataDir)}`
}

/**
 * A data directory as something to move. As a snapshot it is read while a daemon has it, in one read transaction: the
 * daemon writes on, and its write-ahead log grows until the rows are read.
 * @throws TransferRefused, DataDirInUse, SchemaTooNew
 */
export function openSqliteDepot(
  { dataDir, filesDir }: { dataDir: string; filesDir: string | null },
  use: Use,
): Depot {
  const path = join(dataDir, 'omnibus.db')
  if (use === 'target') mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  else if (!existsSync(path)) throw new TransferRefused(`${dataDir} holds no data of Omnibus`)
  const unlock = use === 'snapshot' ? () => {} : lock(dataDir)
  try {
    if (use === 'snapshot') mustBeCurrent(path)
    else migrate(path)
    const database = new DatabaseSync(path, { readOnly: use !== 'target', timeout: 2000 })
    // FULL: what was marked as done survives a power cut.
    if (use === 'target') database.exec('PRAGMA synchronous = FULL')
    if (use === 'snapshot') database.exec('BEGIN')
    return depotOf(database, dataDir, { filesDir, unlock })
  } catch (error) {
    unlock()
    throw placed(error, dataDir)
  }
}

/** SQLite does not say where its disk is full or what it cannot open. */
function placed(error: unknown, dataDir: string): unknown {
  if ((error as { code?: unknown }).code !== 'ERR_SQLITE_ERROR' || !(error instanceof Error)) return error
  return new StoreFailing(`${dataDir}: ${error.message}`, { cause: error })
}

function depotOf(
  database: DatabaseSync,
  dataDir: string,
  more: { filesDir: string | null; unlock: () => void },
): Depot {
  const files = openFiles(more.filesDir ?? join(dataDir, 'files'))
  const statements = new Map<string, StatementSync>()
  const prepared = (text: string): StatementSync => {
    const known = statements.get(text)
    if (known !== undefined) return known
    const statement = database.prepare(text)
    statement.setReturnArrays(true)
    statements.set(text, statement)
    return statement
  }
  const letGo = (): void => {
    if (database.isTransaction) database.exec('COMMIT')
  }
  return {
    name: nameOfSqlite(dataDir),
    keyPath: join(dataDir, 'secret.key'),
    select: async ({ text, args }) => prepared(text).all(...args) as unknown as Row[],
    write: async batch => {
      try {
        write(database, prepared, batch)
      } catch (error) {
        throw placed(error, dataDir)
      }
    },
    readFile: files.read,
    putFile: files.put,
    rowsRead: async () => letGo(),
    close: async () => {
      letGo()
      database.close()
      more.unlock()
    },
  }
}

function write(database: DatabaseSync, prepared: (text: string) => StatementSync, batch: Batch): void {
  const { table, fields, rows, marks } = batch
  database.exec('BEGIN IMMEDIATE')
  try {
    if (rows.length > 0) {
      const columns = fields.map(column).join(', ')
      const values = fields.map(() => '?').join(', ')
      const insert = prepared(`INSERT INTO ${TABLES[table].name} (${columns}) VALUES (${values})`)
      for (const row of rows) insert.run(...row)
    }
    for (const [name, value] of Object.entries(marks)) {
      if (value === null) prepared('DELETE FROM meta WHERE name = ?').run(name)
      else prepared(MARK).run(name, value)
    }
    database.exec('COMMIT')
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK')
    throw error
  }
}

const MARK = `INSERT INTO meta (name, value) VALUES (?, ?)
  ON CONFLICT (name) DO UPDATE SET value = excluded.value`

/** A schema is brought up to date by who has the data for itself. */
function mustBeCurrent(path: string): void {
  const database = new DatabaseSync(path, { readOnly: true, timeout: 2000 })
  const version = Number(database.prepare('PRAGMA user_version').get()?.['user_version'])
  database.close()
  const known = readMigrations().length
  const which = `schema ${version}, this one knows ${known}`
  if (version > known) throw new SchemaTooNew(`the database was written by a newer Omnibus (${which})`)
  if (version < known) {
    const instead = 'back it up with that one, or start this one on it first'
    throw new TransferRefused(`the database is of an older Omnibus (${which}): ${instead}`)
  }
}
