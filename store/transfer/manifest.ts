import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { TABLES } from '../tables.ts'
import { TransferRefused } from './depot.ts'
import { fieldsOf, type Sum } from './pages.ts'

/**
 * What a backup is: this file, one compressed file of lines a table, a list of the files that are kept (a line each:
 * SHA-256 and size in bytes), and those files. `rows` and `sha256` of a table or of the list are of its expanded lines.
 */
export type Manifest = {
  format: number
  /** RFC 3339. */
  createdAt: string
  /** The store it was made of, and its only workspace that was taken; null for all. */
  from: string
  workspace: string | null
  /** Opens with the right secret key alone; never the key (RULES G1). */
  keyCheck: string
  /** Absent where there was none yet. */
  addressKey?: string | null
  /** By the name of the table in SQL. */
  tables: Record<string, Sum & { file: string; fields: string[] }>
  /** `lost`: how many more rows named, that the store did not have. */
  files: Sum & { file: string; bytes: number; lost: number }
}

/** Raised when an older Omnibus could not read it any more. */
export const FORMAT = 1
export const MANIFEST = 'manifest.json'
export const FILES_LIST = 'files.ndjson.gz'
export const FILES_FOLDER = 'files'

export function pathOfTable(name: string): string {
  return `tables/${name}.ndjson.gz`
}

/** @throws TransferRefused for what is no backup, a damaged one, or one of a newer version. */
export async function readManifest(directory: string): Promise<Manifest> {
  const path = join(directory, MANIFEST)
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR') throw error
    throw new TransferRefused(`${directory} is no backup: there is no ${MANIFEST} in it`)
  })
  const manifest = parsed(text)
  const format = manifest?.format
  if (typeof format === 'number' && format > FORMAT) {
    throw new TransferRefused(
      `${directory} was written by a newer Omnibus (format ${format}, known: ${FORMAT})`,
    )
  }
  if (manifest === undefined || format !== FORMAT || !isComplete(manifest)) {
    throw new TransferRefused(`${path} is damaged`)
  }
  mustBeKnown(directory, manifest)
  return manifest
}

function parsed(text: string): Manifest | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Manifest) : undefined
  } catch {
    return undefined
  }
}

function isComplete({ createdAt, from, workspace, keyCheck, tables, files }: Manifest): boolean {
  const texts = [createdAt, from, keyCheck, workspace ?? ''].every(text => typeof text === 'string')
  const isSum = (sum: Sum | null | undefined): boolean =>
    Number.isSafeInteger(sum?.rows) && typeof sum?.sha256 === 'string'
  if (!texts || typeof tables !== 'object' || tables === null || !isSum(files)) return false
  // A table without its fields would be taken for one that was empty.
  return Object.values(tables).every(
    table => isSum(table) && Array.isArray(table.fields) && table.fields.length > 0,
  )
}

/** A table or column that this version does not know cannot be kept; one that is missing was not there yet. */
function mustBeKnown(directory: string, { tables }: Manifest): void {
  const known = new Map(Object.entries(TABLES).map(([table, { name }]) => [name, fieldsOf(table as never)]))
  for (const [name, { fields }] of Object.entries(tables)) {
    const strange = known.has(name) ? fields.find(field => known.get(name)?.includes(field) !== true) : name
    if (strange !== undefined) {
      throw new TransferRefused(
        `${directory} was written by a newer Omnibus (there is no ${strange} in this one)`,
      )
    }
  }
}
