import { createWriteStream, openAsBlob } from 'node:fs'
import { basename } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Import } from '../../model/import.ts'
import { clientOf } from './client.ts'
import { type Call, type ExitCode, UsageError } from './usage.ts'

const LOOK_MS = 500
/** A large file takes its time to arrive. */
const UPLOAD_MS = 120_000
const EXPORT_MS = 3_600_000

/** `omnibus contacts import <file>`: waits for its end. 1 if it did not finish, or left rows out. */
export async function importContacts(call: Call): Promise<ExitCode> {
  const [path = ''] = call.words
  const client = clientOf(call)
  const body = await fileAt(path)
  const options = { ...optionsIn(call), ...('--dry-run' in call.own ? { dryRun: true } : {}) }
  const query = { name: basename(path), options: JSON.stringify(options) }
  const raw = { body, type: 'text/csv', withinMs: UPLOAD_MS }
  let found = await client.ask<Import>('POST', '/v1/contacts/import', { raw, query })
  while (found.endedAt === null) {
    if (!call.json) console.error(lineOf(found))
    await sleep(LOOK_MS)
    found = await client.ask<Import>('GET', `/v1/contacts/imports/${found.id}`)
  }
  if (call.json) console.log(JSON.stringify(found, null, 2))
  else {
    console.log(lineOf(found))
    for (const { line, column, detail } of found.errors) {
      console.log(`  line ${line}${column === null ? '' : `, ${column}`}: ${detail}`)
    }
  }
  return found.state === 'finished' && found.rows.rejected === 0 ? 0 : 1
}

/** `omnibus contacts export`: to a file, or to stdout. */
export async function exportContacts(call: Call): Promise<ExitCode> {
  const { '--to': to, '--q': q } = call.own
  const plain = '--plain' in call.own ? 'true' : undefined
  const signal = AbortSignal.timeout(EXPORT_MS)
  const { body } = await clientOf(call).open('/v1/contacts/export.csv', { signal, query: { q, plain } })
  if (body === null) return 1
  await pipeline(Readable.fromWeb(body), to === undefined ? process.stdout : createWriteStream(to))
  return 0
}

async function fileAt(path: string): Promise<Blob> {
  try {
    return await openAsBlob(path)
  } catch (error) {
    throw new UsageError(`${path}: ${(error as Error).message}`)
  }
}

function optionsIn(call: Call): object {
  const text = call.own['--options']
  if (text === undefined) return {}
  try {
    return JSON.parse(text) as object
  } catch {
    throw new UsageError('--options is not JSON')
  }
}

function lineOf({ id, state, progress, rows }: Import): string {
  const { read, created, updated, unchanged, rejected } = rows
  const percent = `${Math.floor(progress * 100)} %`
  const made = `${created} created, ${updated} updated, ${unchanged} unchanged`
  return `${id} ${state} ${percent}: ${read} rows, ${made}, ${rejected} rejected`
}
