import { readFileSync } from 'node:fs'
import { systemClock } from '../../model/clock.ts'
import { createSealer } from '../../store/seal.ts'
import { writeBackup } from '../../store/transfer/backup.ts'
import { type Depot, TransferRefused } from '../../store/transfer/depot.ts'
import { nameOf, openDepot, type Place } from '../../store/transfer/open.ts'
import { openBackup } from '../../store/transfer/restore.ts'
import { proveKey, storeSource } from '../../store/transfer/source.ts'
import { type Moved, move, type Progress } from '../../store/transfer/transfer.ts'
import { type Config, loadConfig } from '../config.ts'
import { type Call, type ExitCode, needed, UsageError } from './usage.ts'

/** `omnibus copy --from <store> --to <store>`: all that one store has, into an empty one. Run again it goes on. */
export async function copy({ configured, own, json }: Call): Promise<ExitCode> {
  const { config } = loadConfig({ flags: configured })
  const [from, to] = [placeOf(config, own['--from']), placeOf(config, own['--to'])]
  if (own['--from'] === undefined && own['--to'] === undefined) {
    throw new UsageError('copy needs --from or --to; the other is the configured store')
  }
  if ((await nameOf(from)) === (await nameOf(to))) {
    throw new TransferRefused(`--from and --to are both ${await nameOf(from)}`)
  }
  await using source = disposed(await openDepot(from, 'source'))
  const rows = await storeSource(source.depot, own['--workspace'] ?? null)
  const key = keysOf(config, [source.depot.keyPath])
  proveKey(createSealer(key.keys), rows)
  await using target = disposed(await openDepot(to, 'target'))
  const moved = await move(rows, target.depot, tell)
  return say(json, { from: rows.name, to: target.depot.name, ...resultOf(moved) }, [
    `Copied ${rows.name} to ${target.depot.name}: ${counted(moved)}, verified.`,
    ...lostLines(moved.lost),
    ...keyLines(key.path, target.depot),
  ])
}

/** `omnibus backup --to <directory>`: one state of the store and its files, while a daemon runs. */
export async function backup(call: Call): Promise<ExitCode> {
  const { configured, own, json } = call
  const to = needed(call, '--to', 'backup', '<directory>')
  const { config } = loadConfig({ flags: configured })
  await using source = disposed(await openDepot(placeOf(config, own['--from']), 'snapshot'))
  const rows = await storeSource(source.depot, own['--workspace'] ?? null)
  // Found now and not when it is needed: a backup for which nobody has the key is none.
  const key = keysOf(config, [source.depot.keyPath])
  proveKey(createSealer(key.keys), rows)
  const made = await writeBackup(rows, { from: source.depot, to, now: systemClock.now(), told: tell })
  const lines = [`Backed up ${rows.name} to ${to}: ${counted(made)}.`, ...lostLines(made.lost)]
  if (key.path !== null) lines.push(`The secret key is not in it: keep ${key.path} as well, elsewhere.`)
  return say(json, { from: rows.name, to, ...resultOf(made) }, lines)
}

/** `omnibus restore --from <directory>`: a backup into an empty store. Run again it goes on. */
export async function restore(call: Call): Promise<ExitCode> {
  const { configured, own, json } = call
  const from = needed(call, '--from', 'restore', '<directory>')
  const { config } = loadConfig({ flags: configured })
  const source = await openBackup(from)
  await using target = disposed(await openDepot(placeOf(config, own['--to']), 'target'))
  const key = keysOf(config, [target.depot.keyPath])
  proveKey(createSealer(key.keys), source)
  await source.check()
  const moved = await move(source, target.depot, tell)
  return say(json, { from, to: target.depot.name, ...resultOf(moved) }, [
    `Restored ${source.name} to ${target.depot.name}: ${counted(moved)}, verified.`,
    ...lostLines(moved.lost),
    ...keyLines(key.path, target.depot),
  ])
}

/** `filesDir` is where the configured store keeps its files; another one keeps them by itself. */
export function placeOf({ store, dataDir, filesDir }: Config, url = store): Place {
  if (!/^[a-z]+:/.test(url)) {
    throw new UsageError(`"${url}" names no store; write sqlite:, sqlite:<directory> or postgres://…`)
  }
  return { url, dataDir, filesDir: url === store ? filesDir : null, clock: systemClock }
}

export function disposed(depot: Depot): AsyncDisposable & { depot: Depot } {
  return { depot, [Symbol.asyncDispose]: () => depot.close() }
}

/** The configured key, or the one that a data directory has. It is never made here: it would fit nothing. */
export function keysOf(config: Config, paths: (string | null)[]): { keys: string[]; path: string | null } {
  if (config.secretKey !== null) return { keys: config.secretKey, path: null }
  for (const path of paths) {
    if (path === null) continue
    try {
      return { keys: [readFileSync(path, 'utf8').trim()], path }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
  }
  throw new TransferRefused('secretKey must be configured (OMNIBUS_SECRET_KEY, or OMNIBUS_SECRET_KEY_FILE)')
}

/** One line a table and step. */
function tell({ what, of, count, done }: Progress): void {
  if (done) console.error(`${what.padEnd(8)} ${of.padEnd(20)} ${count}`)
}

type Result = Pick<Moved, 'tables' | 'files' | 'lost'>

function resultOf({ tables, files, lost }: Result): object {
  const rows = Object.entries(tables).map(([name, table]) => [
    name,
    { rows: table.rows, sha256: table.sha256 },
  ])
  return { tables: Object.fromEntries(rows), files, lost }
}

function counted({ tables, files }: Result): string {
  const rows = Object.values(tables).reduce((sum, table) => sum + table.rows, 0)
  return `${rows} rows, ${files} files`
}

function lostLines(lost: string[]): string[] {
  if (lost.length === 0) return []
  const first = `${lost.slice(0, 3).join(', ')}${lost.length > 3 ? ', …' : ''}`
  return [`${lost.length} files that rows name were not there, or not whole: ${first}`]
}

/** What is left for the operator: the key is never copied. */
function keyLines(path: string | null, { keyPath }: Depot): string[] {
  if (path === null || path === keyPath) return []
  const file = keyPath === null ? '' : `, or copy it to ${keyPath}`
  return [`Before you start on it: set OMNIBUS_SECRET_KEY to the contents of ${path}${file}.`]
}

function say(json: boolean, result: object, lines: string[]): ExitCode {
  console.log(json ? JSON.stringify(result, null, 2) : lines.join('\n'))
  return 0
}
