import type { Address, AddressKind } from './address.ts'
import type { Lease } from './change.ts'
import type { ContactSet } from './contact.ts'
import type { FieldValue } from './field.ts'
import type { ContactId, FileId, ImportId, TokenId, WorkspaceId } from './ids.ts'

/** Contacts out of a file. It waits, runs, and ends in one of three ways. */
export const IMPORT_STATES = ['waiting', 'running', 'finished', 'cancelled', 'failed'] as const
export type ImportState = (typeof IMPORT_STATES)[number]

/** What a column is. `address` kinds take one each, `addresses` takes many as `kind:value`. */
export type ImportTarget =
  | 'ignore'
  | 'id'
  | 'name'
  | 'addresses'
  | Exclude<AddressKind, 'group'>
  | 'language'
  | 'country'
  | 'timeZone'
  | 'tags'
  | `fields.${string}`

/** By what a row finds the contact that it is about: `any` is its id, then its addresses, phone and e-mail first. */
export const IMPORT_MATCHES = ['any', 'phone', 'email'] as const
export type ImportMatch = (typeof IMPORT_MATCHES)[number]

/** How a file is read, settled before its first row, so that it is read the same way again after a crash. */
export type ImportPlan = {
  encoding: 'utf-8' | 'windows-1252' | 'utf-16le' | 'utf-16be'
  separator: string
  newline: '\n' | '\r'
  /** Whether the first record names the columns. */
  header: boolean
  /** One for each column of the file. */
  columns: { column: string; to: ImportTarget }[]
  match: ImportMatch
  /** Stands between the tags of a cell. */
  tagSeparator: string
  /** Tags that every row gets. The others are of contacts that are made, where neither row nor phone tells. */
  defaults: { tags: string[]; language: string | null; country: string | null; timeZone: string | null }
  /** Whether a number that is too long or too short for its country is refused. */
  checkPhones: boolean
  /** Everything is read, looked up and counted, and no contact is touched. */
  dryRun: boolean
}

/** What a row says of a person. Short names: there are millions of them on their way from thread to thread. */
export type ImportRow = {
  line: number
  /** As it stands in the file, for the report. */
  raw: string
  id?: ContactId
  /** The first `keys` of them find the contact. */
  addresses: Address[]
  keys: number
  set?: ContactSet
  /** Only of a contact that is made. */
  made?: ContactSet
  /** Places in the list of the batch. */
  tags?: number[]
  fields?: Record<string, FieldValue>
  /** An earlier row of the file had the same key. */
  again?: true
}

/** Why a row was left out; told in `docs/people.md`. The first three are of a row that cannot be read at all. */
export const REJECT_CODES = [
  ...(['tooLong', 'openQuote', 'malformed'] as const),
  ...(['columns', 'noAddress', 'phone', 'email', 'address', 'language', 'country', 'timeZone'] as const),
  ...(['name', 'tags', 'field', 'conflict', 'full'] as const),
] as const
export type RejectCode = (typeof REJECT_CODES)[number]

export type Reject = {
  line: number
  code: RejectCode
  /** The column that is to blame. */
  column: string | null
  detail: string
  raw: string
}

/** Rows by what became of them. `repeated` ones are among the others too: an earlier row of the file had their key. */
export type ImportCounts = {
  read: number
  created: number
  updated: number
  unchanged: number
  rejected: number
  repeated: number
}

/** An import as the API shows it. Times are RFC 3339. */
export type Import = {
  id: ImportId
  workspace: WorkspaceId
  state: ImportState
  /** Why it failed. */
  why: string | null
  /** Of the file. */
  name: string | null
  /** Of the file, in bytes. */
  size: number
  dryRun: boolean
  /** The share of the file that was read, from 0 to 1. */
  progress: number
  rows: ImportCounts
  /** The first rejected rows; `/rejects` has them all. */
  errors: Omit<Reject, 'raw'>[]
  columns: ImportPlan['columns']
  encoding: ImportPlan['encoding']
  separator: string
  createdBy: TokenId | null
  createdAt: string
  startedAt: string | null
  endedAt: string | null
}

export type ImportChange =
  | ImportStarted
  | ContactsImported
  /** It comes to an end before its file does. */
  | { kind: 'importEnded'; import: ImportId; as: 'cancelled' | 'failed'; why?: string }

/**
 * A file that was put into the store is to be read. The same `hash`, of its bytes and its plan, again is the import of
 * the first time (`duplicate`), unless that failed or was cancelled, or `again` says so.
 */
export type ImportStarted = {
  kind: 'importStarted'
  id: ImportId
  file: { id: FileId; sha256: string; size: number; name: string | null }
  plan: ImportPlan
  hash: string
  again: boolean
  by: TokenId | null
}

/**
 * Some rows of a file, and where it goes on: both in one commit, so that each row is applied once whenever the process
 * dies. Refused as `stale` when the import is not at `from` any more, or its lease has gone to another node.
 */
export type ContactsImported = {
  kind: 'contactsImported'
  import: ImportId
  lease: Lease
  /** Records of the file that were passed, before and after. */
  from: number
  to: number
  /** Bytes of the file that were read for it. */
  bytes: number
  /**
   * `ImportRow[]` as JSON, as the thread wrote it that read the file: whoever hands it on to the store's thread does
   * not look into it.
   */
  rows: string
  /** Names of tags that the rows mention. */
  tags: string[]
  rejected: Reject[]
  /** Nothing follows. */
  last: boolean
}
