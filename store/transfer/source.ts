import type { Readable } from 'node:stream'
import { ADDRESS_KEY } from '../pseudonym.ts'
import { fits, KEY_CHECK, type Sealer, WrongKey } from '../seal.ts'
import { sql } from '../sql.ts'
import type { TableName } from '../tables.ts'
import { type Depot, type Row, TransferRefused } from './depot.ts'
import { fieldsOf, filesOf, type Position, pagesOf } from './pages.ts'

/** Where rows and files come from: a store, or a backup. */
export type Source = {
  readonly name: string
  /** The workspace that is moved alone; null for all of them. */
  readonly workspace: string | null
  /** A text that only the right secret key opens (RULES G1). */
  readonly keyCheck: string
  /** The key that hides addresses, sealed; null in what is older than it. */
  readonly addressKey: string | null
  /** What it knows of a table; empty where it has no such table. */
  fields(table: TableName): readonly string[]
  /** Rows in the order of their key, after a position. */
  pages(table: TableName, from: Position | null): AsyncIterable<Row[]>
  /** SHA-256 of every file that rows name, in order, after one. */
  files(after: string): AsyncIterable<string[]>
  /** @throws FileMissing */
  readFile(sha256: string): Promise<Readable>
}

/** Marks of a copy in the `meta` table of its target: it is half-made for as long as the first one is there. */
export const HALF_MADE = 'copy.from'

/** @throws TransferRefused for a store without data, without that workspace, or that is half-made itself. */
export async function storeSource(depot: Depot, workspace: string | null): Promise<Source> {
  if ((await metaOf(depot, HALF_MADE)) !== null) {
    throw new TransferRefused(`${depot.name} is itself a copy that was not finished`)
  }
  const keyCheck = await metaOf(depot, KEY_CHECK)
  if (keyCheck === null) throw new TransferRefused(`${depot.name} holds no data yet: no daemon has used it`)
  if (workspace !== null) {
    const [found] = await depot.select(sql('SELECT id FROM workspaces WHERE id = ?', [workspace]))
    if (found === undefined) throw new TransferRefused(`${depot.name} has no workspace ${workspace}`)
  }
  return {
    name: depot.name,
    workspace,
    keyCheck,
    addressKey: await metaOf(depot, ADDRESS_KEY),
    fields: fieldsOf,
    pages: (table, from) => pagesOf(depot, table, { fields: fieldsOf(table), from, workspace }),
    files: after => filesOf(depot, workspace, after),
    readFile: depot.readFile,
  }
}

export async function metaOf(depot: Pick<Depot, 'select'>, name: string): Promise<string | null> {
  const [row] = await depot.select(sql('SELECT value FROM meta WHERE name = ?', [name]))
  return row === undefined ? null : String(row[0])
}

/** @throws WrongKey when the source was sealed with another key (RULES G1). */
export function proveKey(sealer: Sealer, { name, keyCheck }: Source): void {
  if (!fits(sealer, keyCheck)) throw new WrongKey(`secretKey is not the key that ${name} was sealed with`)
}

/** What a daemon says that finds the mark. */
export function unfinishedCopyOf(mark: string): string {
  const { source } = JSON.parse(mark) as { source: string }
  return `the store is an unfinished copy of ${source}: run that command again, or empty it`
}
