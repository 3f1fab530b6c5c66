import { createWriteStream, existsSync } from 'node:fs'
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { rfc3339 } from '../../model/clock.ts'
import { type Files, openFiles } from '../files.ts'
import { TABLES } from '../tables.ts'
import { type Depot, type Row, TransferRefused } from './depot.ts'
import { FILES_FOLDER, FILES_LIST, FORMAT, MANIFEST, type Manifest, pathOfTable } from './manifest.ts'
import { CARRIED, lineOf, type Sum, sumOfLines } from './pages.ts'
import type { Source } from './source.ts'
import { contentOf, type Progress, putWhole } from './transfer.ts'

export type BackedUp = { tables: Record<string, Sum>; files: number; bytes: number; lost: string[] }

/**
 * Writes all that a source has into a new directory: rows as one state of the store, then the files that they name.
 * The directory has its name only when everything in it is on the disk; until then it is `<directory>.partial`.
 * @throws TransferRefused when one of the two is there already, or what they are to be in is not
 */
export async function writeBackup(
  source: Source,
  { from, to, now, told }: { from: Depot; to: string; now: number; told: (progress: Progress) => void },
): Promise<BackedUp> {
  const directory = resolve(to)
  const partial = `${directory}.partial`
  await makePartial(directory, partial)
  try {
    const tables: Manifest['tables'] = {}
    for (const table of CARRIED) {
      const { name } = TABLES[table]
      const sum = await writeLines(join(partial, pathOfTable(name)), linesOf(source.pages(table, null)))
      tables[name] = { ...sum, file: pathOfTable(name), fields: [...source.fields(table)] }
      told({ what: 'copied', of: name, count: sum.rows, done: true })
    }
    const { list, ...files } = await writeFiles(source, from, partial, told)
    const manifest: Manifest = {
      format: FORMAT,
      createdAt: rfc3339(now),
      from: source.name,
      workspace: source.workspace,
      keyCheck: source.keyCheck,
      addressKey: source.addressKey,
      tables,
      files: { ...list, file: FILES_LIST, bytes: files.bytes, lost: files.lost.length },
    }
    await writeText(join(partial, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`)
    await publish(partial, directory)
    return { tables, files: list.rows, bytes: files.bytes, lost: files.lost }
  } catch (error) {
    await rm(partial, { recursive: true, force: true })
    throw placed(error, directory)
  }
}

/** A full disk does not say which one it is. */
function placed(error: unknown, directory: string): unknown {
  const { code, message } = error as NodeJS.ErrnoException
  return code === 'ENOSPC' || code === 'EDQUOT' ? new TransferRefused(`${directory}: ${message}`) : error
}

async function makePartial(directory: string, partial: string): Promise<void> {
  if (existsSync(directory)) throw new TransferRefused(`${directory} is there already; name a new directory`)
  if (!existsSync(dirname(directory)))
    throw new TransferRefused(`there is no directory ${dirname(directory)}`)
  try {
    // What people wrote is for nobody else on this machine.
    await mkdir(partial, { mode: 0o700 })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    throw new TransferRefused(
      `${partial} is there: another backup writes it, or one was stopped; remove it then`,
    )
  }
  await mkdir(dirname(join(partial, pathOfTable(''))))
}

async function* linesOf(pages: AsyncIterable<readonly Row[]>): AsyncGenerator<string[]> {
  for await (const page of pages) yield page.map(lineOf)
}

/** Lines into a compressed file, on the disk when it answers. The sum is of what is read after expanding it. */
async function writeLines(path: string, pages: AsyncIterable<string[]>): Promise<Sum> {
  const sum = sumOfLines()
  async function* counted(): AsyncGenerator<string> {
    for await (const lines of pages) {
      const text = lines.join('')
      sum.add(text, lines.length)
      yield text
    }
  }
  const file = createWriteStream(path, { flags: 'wx', mode: 0o600, flush: true })
  await pipeline(Readable.from(counted()), createGzip(), file)
  return sum.end()
}

type FilesWritten = { list: Sum; bytes: number; lost: string[] }

async function writeFiles(
  source: Source,
  from: Depot,
  partial: string,
  told: (progress: Progress) => void,
): Promise<FilesWritten> {
  // 64 letters each: a million files are less memory than the pages of the database.
  const wanted: string[] = []
  for await (const page of source.files('')) wanted.push(...page)
  await from.rowsRead()
  const files = openFiles(join(partial, FILES_FOLDER))
  const lost: string[] = []
  let bytes = 0
  async function* copied(): AsyncGenerator<string[]> {
    for (const sha256 of wanted) {
      const size = await copyFile(source, files, sha256)
      if (size === null) lost.push(sha256)
      else {
        bytes += size
        yield [lineOf([sha256, size])]
      }
    }
  }
  const list = await writeLines(join(partial, FILES_LIST), copied())
  told({ what: 'copied', of: 'file_contents', count: list.rows, done: true })
  return { list, bytes, lost }
}

/** Its size in bytes; null when the source has it no more, or not whole. */
async function copyFile(source: Source, files: Files, sha256: string): Promise<number | null> {
  const content = await contentOf(source, sha256)
  return content === null ? null : await putWhole({ putFile: files.put }, content, sha256)
}

async function writeText(path: string, text: string): Promise<void> {
  await using file = await open(path, 'wx', 0o600)
  await file.writeFile(text)
  await file.sync()
}

/** Everything in it is durable before its name is. */
async function publish(partial: string, directory: string): Promise<void> {
  for (const entry of await readdir(partial, { withFileTypes: true })) {
    if (entry.isDirectory()) await sync(join(partial, entry.name))
  }
  await sync(partial)
  await rename(partial, directory)
  await sync(dirname(directory))
}

async function sync(directory: string): Promise<void> {
  await using handle = await open(directory, 'r')
  await handle.sync()
}
