import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { join, resolve } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { openFiles } from '../files.ts'
import type { SqlValue } from '../sql.ts'
import { type ColumnType, TABLES, type TableName } from '../tables.ts'
import { type Row, TransferRefused } from './depot.ts'
import { FILES_FOLDER, FILES_LIST, type Manifest, pathOfTable, readManifest } from './manifest.ts'
import { CARRIED, pageRowsOf, type Sum, sumOfLines } from './pages.ts'
import type { Source } from './source.ts'
import { contentOf } from './transfer.ts'

export type Backup = Source & {
  createdAt: string
  /**
   * Reads everything once and compares it with the manifest, so that a target is not begun with half of something.
   * @throws TransferRefused naming the file that is damaged or missing
   */
  check(): Promise<void>
}

/** A backup as something to move from. @throws TransferRefused as `readManifest` says */
export async function openBackup(path: string): Promise<Backup> {
  const directory = resolve(path)
  const manifest = await readManifest(directory)
  const files = openFiles(join(directory, FILES_FOLDER))
  const source: Source = {
    // Its content, so that it is known again where it was moved to.
    name: `backup of ${manifest.from} at ${manifest.createdAt}`,
    workspace: manifest.workspace,
    keyCheck: manifest.keyCheck,
    addressKey: manifest.addressKey ?? null,
    fields: table => manifest.tables[TABLES[table].name]?.fields ?? [],
    pages: (table, from) => rowsOf(directory, manifest, table, from?.rows ?? 0),
    files: after => listed(directory, after),
    readFile: files.read,
  }
  return { ...source, createdAt: manifest.createdAt, check: () => check(directory, manifest, source) }
}

async function* rowsOf(
  directory: string,
  { tables }: Manifest,
  table: TableName,
  skip: number,
): AsyncGenerator<Row[]> {
  const { name } = TABLES[table]
  const fields = tables[name]?.fields
  if (fields === undefined) return
  const columns = TABLES[table].columns as Record<string, ColumnType>
  const isBytes = fields.map(field => columns[field] === 'bytes')
  const limit = pageRowsOf(table)
  let page: Row[] = []
  let count = 0
  for await (const line of linesOf(join(directory, pathOfTable(name)))) {
    count += 1
    if (count <= skip) continue
    const values = JSON.parse(line) as SqlValue[]
    page.push(
      values.map((value, at) =>
        isBytes[at] && typeof value === 'string' ? Buffer.from(value, 'base64') : value,
      ),
    )
    if (page.length === limit) {
      yield page
      page = []
    }
  }
  if (page.length > 0) yield page
}

async function* listed(directory: string, after: string): AsyncGenerator<string[]> {
  for await (const { sha256 } of entriesOf(directory)) if (sha256 > after) yield [sha256]
}

async function* entriesOf(directory: string): AsyncGenerator<{ sha256: string; size: number }> {
  for await (const line of linesOf(join(directory, FILES_LIST))) {
    const [sha256, size] = JSON.parse(line) as [string, number]
    yield { sha256, size }
  }
}

/** By hand and not by `readline`, for which U+2028 ends a line too; JSON leaves it as it is. */
async function* linesOf(path: string): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of expanded(path)) {
    text += decoder.decode(chunk, { stream: true })
    const lines = text.split('\n')
    text = lines.pop() ?? ''
    yield* lines
  }
}

/** @throws TransferRefused naming the file, for whatever is wrong with it */
async function* expanded(path: string): AsyncGenerator<Uint8Array> {
  const expand = createGunzip()
  // Its failure ends the reading below, where it is told.
  pipeline(createReadStream(path), expand).catch(() => {})
  try {
    for await (const chunk of expand) yield chunk as Uint8Array
  } catch (error) {
    throw damaged(path, error instanceof Error ? error.message : String(error))
  }
}

function damaged(path: string, why: string): TransferRefused {
  return new TransferRefused(`the backup is damaged: ${path}: ${why}`)
}

async function check(directory: string, { tables, files }: Manifest, source: Source): Promise<void> {
  for (const table of CARRIED) {
    const { name } = TABLES[table]
    const told = tables[name]
    if (told !== undefined) await compare(join(directory, pathOfTable(name)), told)
  }
  await compare(join(directory, FILES_LIST), files)
  for await (const { sha256, size } of entriesOf(directory)) {
    const path = join(directory, FILES_FOLDER, sha256.slice(0, 2), sha256)
    const content = await contentOf(source, sha256)
    if (content === null) throw damaged(path, 'it is missing')
    const hash = createHash('sha256')
    let bytes = 0
    for await (const chunk of content as AsyncIterable<Buffer>) {
      hash.update(chunk)
      bytes += chunk.length
    }
    if (bytes !== size || hash.digest('hex') !== sha256) throw damaged(path, 'it is not what was written')
  }
}

async function compare(path: string, told: Sum): Promise<void> {
  const sum = sumOfLines()
  for await (const chunk of expanded(path)) sum.add(chunk, newlinesIn(chunk))
  const { rows, sha256 } = sum.end()
  if (rows !== told.rows) throw damaged(path, `${rows} lines of ${told.rows}`)
  if (sha256 !== told.sha256) throw damaged(path, 'it is not what was written')
}

function newlinesIn(bytes: Uint8Array): number {
  let count = 0
  for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) count += 1
  return count
}
const NEWLINE = 10
