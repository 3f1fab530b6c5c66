import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { ADDRESS_KEY } from '../pseudonym.ts'
import { sql } from '../sql.ts'
import { FileMissing } from '../store.ts'
import { TABLES, type TableName } from '../tables.ts'
import { type Depot, TransferRefused } from './depot.ts'
import { CARRIED, fieldsOf, filesOf, type Position, pagesOf, positionOf, type Sum, sumOf } from './pages.ts'
import { HALF_MADE, metaOf, type Source } from './source.ts'

/**
 * Moving a store as a whole, from one engine to another or out of a backup.
 *
 * The target is *empty*, then *half-made*, then *whole*. Half-made begins with the mark `copy.from` in its `meta` table
 * and ends with the removal of that mark, in one transaction with the value that proves the secret key; until then no
 * daemon starts on it. Every page of rows is written together with `copy.<table>`, the position after it: whoever is
 * stopped anywhere goes on behind what is durable, and writes no row twice.
 */
export type Moved = {
  tables: Record<string, Sum>
  files: number
  /** Files that rows name and the source has no more, or not whole: they cannot be moved. */
  lost: string[]
}

/** `copied` and `verified` of a table or of `files`: how many of them by now, and whether that is all. */
export type Progress = { what: 'copied' | 'verified'; of: string; count: number; done: boolean }

/**
 * @throws TransferRefused when the target holds something else, or does not hold in the end what the source does;
 *   what the engines throw: full disks, lost connections. Called again it goes on.
 */
export async function move(
  source: Source,
  target: Depot,
  told: (progress: Progress) => void = () => {},
): Promise<Moved> {
  const begun = await begunOf(source)
  if ((await metaOf(target, MOVED)) === begun) return await again(source, target, told)
  await begin(source, target, begun)
  for (const table of CARRIED) await moveTable(source, target, table, told)
  await moveFiles(source, target, told)
  const moved = await verify(source, target, told)
  await finish(source, target, begun)
  return moved
}

/** Who was stopped right at the end, or asks twice, is told the same as the first time. */
async function again(source: Source, target: Depot, told: (progress: Progress) => void): Promise<Moved> {
  try {
    return await verify(source, target, told)
  } catch (error) {
    if (!(error instanceof TransferRefused)) throw error
    const why = `it was copied from ${source.name} before, and has changed since`
    throw new TransferRefused(`${target.name} is not empty: ${why}`, { cause: error })
  }
}

async function verify(source: Source, target: Depot, told: (progress: Progress) => void): Promise<Moved> {
  const tables: Record<string, Sum> = {}
  for (const table of CARRIED) tables[TABLES[table].name] = await verifyTable(source, target, table, told)
  return { tables, ...(await verifyFiles(source, target, told)) }
}

/** Files' bytes are bounded where they come in; what is in a store may be moved. */
const FILE_BYTES_MAX = Number.MAX_SAFE_INTEGER
/** After how many files the place is kept. */
const FILES_MARKED = 100

/** Stays in a whole target: of what it is a copy. */
const MOVED = 'copied.from'

/** What is copied, as it is at the beginning. */
type Begun = { source: string; workspace: string | null; keyCheck: string; heads: string }

async function begunOf(source: Source): Promise<string> {
  // What is not in the log is compared at the end; this finds at once that a daemon ran in between.
  const { sha256: heads } = await sumOf(source.pages('workspaces', null))
  const { name, workspace, keyCheck } = source
  return JSON.stringify({ source: name, workspace, keyCheck, heads } satisfies Begun)
}

/** @throws TransferRefused when the target is neither empty nor a half-made copy of this very source. */
async function begin(source: Source, target: Depot, begun: string): Promise<void> {
  const known = await metaOf(target, HALF_MADE)
  if (known === begun) return
  if (known === null) {
    await mustBeEmpty(target)
    await target.write(marking({ [HALF_MADE]: begun }))
    return
  }
  const before = JSON.parse(known) as Begun
  const isSame = before.source === source.name && before.workspace === source.workspace
  if (!isSame || before.keyCheck !== source.keyCheck) {
    const of = before.workspace === null ? '' : `workspace ${before.workspace} of `
    throw new TransferRefused(`${target.name} is an unfinished copy of ${of}${before.source}; empty it first`)
  }
  const why = `${source.name} has changed since its copy to ${target.name} was begun`
  throw new TransferRefused(`${why}; empty the target and start again`)
}

async function mustBeEmpty(target: Depot): Promise<void> {
  for (const table of CARRIED) {
    const { name } = TABLES[table]
    const found = await target.select(sql(`SELECT 1 FROM ${name} LIMIT 1`))
    if (found.length > 0) throw new TransferRefused(`${target.name} is not empty: there are ${name} in it`)
  }
}

function marking(marks: Record<string, string | null>): Parameters<Depot['write']>[0] {
  return { table: 'meta', fields: [], rows: [], marks }
}

async function moveTable(
  source: Source,
  target: Depot,
  table: TableName,
  told: (progress: Progress) => void,
): Promise<void> {
  const fields = source.fields(table)
  const { name } = TABLES[table]
  const mark = `copy.${name}`
  const known = await metaOf(target, mark)
  let position = known === null ? null : (JSON.parse(known) as Position)
  for await (const rows of source.pages(table, position)) {
    const last = rows.at(-1)
    if (last === undefined) continue
    position = { key: positionOf(table, fields, last), rows: (position?.rows ?? 0) + rows.length }
    await target.write({ table, fields, rows, marks: { [mark]: JSON.stringify(position) } })
    told({ what: 'copied', of: name, count: position.rows, done: false })
  }
  told({ what: 'copied', of: name, count: position?.rows ?? 0, done: true })
}

async function moveFiles(source: Source, target: Depot, told: (progress: Progress) => void): Promise<void> {
  const known = await metaOf(target, FILES_MARK)
  let place =
    known === null ? { after: '', count: 0 } : (JSON.parse(known) as { after: string; count: number })
  for await (const page of source.files(place.after)) {
    for (const sha256 of page) {
      const content = await contentOf(source, sha256)
      const isPut = content !== null && (await putWhole(target, content, sha256)) !== null
      place = { after: sha256, count: place.count + (isPut ? 1 : 0) }
      if (place.count % FILES_MARKED === 0)
        await target.write(marking({ [FILES_MARK]: JSON.stringify(place) }))
    }
    told({ what: 'copied', of: FILES, count: place.count, done: false })
  }
  await target.write(marking({ [FILES_MARK]: JSON.stringify(place) }))
  told({ what: 'copied', of: FILES, count: place.count, done: true })
}

const FILES_MARK = 'copy.file_contents'
const FILES = 'file_contents'

/** Null when the source has it no more. */
export async function contentOf(source: Pick<Source, 'readFile'>, sha256: string): Promise<Readable | null> {
  try {
    return await source.readFile(sha256)
  } catch (error) {
    if (error instanceof FileMissing) return null
    throw error
  }
}

/** Puts a file that is what its name says and tells its size in bytes; null, and nothing kept, if it is not. */
export async function putWhole(
  target: Pick<Depot, 'putFile'>,
  content: Readable,
  sha256: string,
): Promise<number | null> {
  try {
    const { size } = await target.putFile(Readable.from(whole(content, sha256)), FILE_BYTES_MAX)
    return size
  } catch (error) {
    if (error instanceof NotWhole) return null
    throw error
  }
}

class NotWhole extends Error {
  override name = 'NotWhole'
}

async function* whole(content: Readable, sha256: string): AsyncGenerator<Buffer> {
  const hash = createHash('sha256')
  for await (const chunk of content as AsyncIterable<Buffer>) {
    hash.update(chunk)
    yield chunk
  }
  if (hash.digest('hex') !== sha256) throw new NotWhole(sha256)
}

async function verifyTable(
  source: Source,
  target: Depot,
  table: TableName,
  told: (progress: Progress) => void,
): Promise<Sum> {
  const known = source.fields(table)
  const { name } = TABLES[table]
  const ours = await sumOf(source.pages(table, null))
  // A table that the source does not know yet is empty.
  const fields = known.length === 0 ? fieldsOf(table) : known
  const theirs = await sumOf(pagesOf(target, table, { fields, from: null, workspace: null }))
  if (ours.rows !== theirs.rows || ours.sha256 !== theirs.sha256) {
    const counts = `${ours.rows} rows in ${source.name}, ${theirs.rows} in ${target.name}`
    const which = ours.rows === theirs.rows ? 'their checksums differ' : counts
    throw new TransferRefused(`${name} did not arrive as it was (${which}); empty the target and start again`)
  }
  told({ what: 'verified', of: name, count: ours.rows, done: true })
  return ours
}

/** Reads every file that the target's rows name. What is not there whole is lost, or was left behind. */
async function verifyFiles(
  source: Source,
  target: Depot,
  told: (progress: Progress) => void,
): Promise<{ files: number; lost: string[] }> {
  const lost: string[] = []
  let files = 0
  for await (const page of filesOf(target, null, '')) {
    for (const sha256 of page) {
      if (await isWhole(target, sha256)) files += 1
      else if (await isWhole(source, sha256)) {
        throw new TransferRefused(`the file ${sha256} did not arrive as it was in ${target.name}`)
      } else lost.push(sha256)
    }
  }
  told({ what: 'verified', of: FILES, count: files, done: true })
  return { files, lost }
}

async function isWhole(from: Pick<Source, 'readFile'>, sha256: string): Promise<boolean> {
  const content = await contentOf(from, sha256)
  if (content === null) return false
  const hash = createHash('sha256')
  for await (const chunk of content) hash.update(chunk as Buffer)
  return hash.digest('hex') === sha256
}

/** From here on it is a store like any other. */
async function finish(source: Source, target: Depot, begun: string): Promise<void> {
  const marks: Record<string, string | null> = {
    keyCheck: source.keyCheck,
    [ADDRESS_KEY]: source.addressKey,
    [MOVED]: begun,
    [HALF_MADE]: null,
    [FILES_MARK]: null,
  }
  for (const table of CARRIED) marks[`copy.${TABLES[table].name}`] = null
  await target.write(marking(marks))
}
