import type { Readable } from 'node:stream'
import type { Sql, SqlValue } from '../sql.ts'
import type { TableName } from '../tables.ts'

/**
 * A store as the one who moves it sees it: rows as the database holds them, and files. No domain in between, so that
 * what arrives is what was there. An engine opens it on a connection of its own.
 */
export type Depot = {
  /** For people, and to know it again: never with a password. */
  readonly name: string
  /** Where this store's secret key is when none is configured; null where one must be. */
  readonly keyPath: string | null
  /** In the order of the columns asked for; JSON as its text. */
  select(query: Sql): Promise<Row[]>
  /** One transaction, durable when it answers. */
  write(batch: Batch): Promise<void>
  /** @throws FileMissing */
  readFile(sha256: string): Promise<Readable>
  putFile(content: Readable, bytesMax: number): Promise<{ sha256: string; size: number }>
  /** No row is read any more: whoever holds back the database's log for it lets go. Files are read still. */
  rowsRead(): Promise<void>
  close(): Promise<void>
}

/** Values as the database holds them, in the order of the fields that were asked for. */
export type Row = readonly SqlValue[]

/** `marks` go to `meta`; null removes one. */
export type Batch = {
  table: TableName
  fields: readonly string[]
  rows: readonly Row[]
  marks: Readonly<Record<string, string | null>>
}

/**
 * `source`: read, nobody else has it. `snapshot`: read as it is at this moment, while a daemon writes. `target`:
 * written, nobody else has it, made where it is not there.
 */
export type Use = 'source' | 'snapshot' | 'target'

/** Why something is not moved, in one line for whoever asked for it. */
export class TransferRefused extends Error {
  override name = 'TransferRefused'
}
