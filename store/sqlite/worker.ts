import { parentPort, workerData } from 'node:worker_threads'
import type { Transaction } from '../../model/change.ts'
import type { WorkspaceId } from '../../model/ids.ts'
import { idMaker } from '../../model/ids.ts'
import { systemRandom } from '../../model/random.ts'
import { claim, release } from '../claim.ts'
import { events } from '../log.ts'
import { makeMeta, readMeta, writeMeta } from '../meta.ts'
import { pseudonymsOf } from '../pseudonym.ts'
import { cursorOf, QUERIES } from '../queries.ts'
import { dueWorkspaces, sweep } from '../retention.ts'
import type { Steps } from '../sql.ts'
import { type ClaimRequest, type Keep, LogTrimmed, type Queries } from '../store.ts'
import { type Engine, openEngine } from './engine.ts'
import { giveBackMemory } from './memory.ts'

/**
 * One thread of SQLite: the writer, or the reader that keeps long reads away from it (RULES A8). It answers calls in
 * order, one at a time.
 */
export type Call =
  | { op: 'group'; transactions: readonly Transaction[]; now: number; addressKey: AddressKey }
  | { op: 'claim'; request: ClaimRequest; now: number }
  | { op: 'release'; lease: { group: string; holder: string; fence: number } }
  | { op: 'sweepDue'; keep: Keep; now: number }
  | { op: 'sweep'; workspace: WorkspaceId | null; keep: Keep; now: number }
  | { op: 'check'; now: number }
  | { op: 'query'; name: keyof Queries; params: Queries[keyof Queries]['params']; addressKey: AddressKey }
  | { op: 'events'; workspace: WorkspaceId; after: number; limit: number }
  | { op: 'cursor'; follower: string; workspace: WorkspaceId }
  | { op: 'meta'; name: string; value?: string }

/** With every call, because a thread that died knows nothing. */
type AddressKey = string | undefined

/** An error does not pass from thread to thread as what it is. */
export type Answer =
  | { ok: true; value: unknown }
  | {
      ok: false
      /** The store cannot be written or read now, whatever is asked of it. */
      failing: boolean
      message: string
      /** Of `LogTrimmed`. */
      oldest?: number
    }

export function answer(engine: Engine, call: Call): Answer {
  try {
    return { ok: true, value: perform(engine, call) }
  } catch (error) {
    return {
      ok: false,
      failing: isFailing(error),
      message: error instanceof Error ? error.message : String(error),
      ...(error instanceof LogTrimmed ? { oldest: error.oldest } : {}),
    }
  }
}

function perform(engine: Engine, call: Call): unknown {
  switch (call.op) {
    case 'group':
      return engine.group(call.transactions, call.now, pseudonymsOf(call.addressKey))
    case 'claim':
      return engine.write(claim(call.request, call.now, { leaseNow: call.now, sole: true }))
    case 'release':
      return engine.write(release(call.lease))
    case 'sweepDue':
      return engine.read(dueWorkspaces(call.keep, call.now))
    case 'sweep':
      return engine.write(sweep(call.workspace, call.keep, call.now))
    case 'check':
      return engine.write(writeMeta('checkedAt', String(call.now)))
    case 'query':
      // Each query takes its own parameters; `Queries` pairs them by name, which a union cannot say.
      return engine.read(
        QUERIES[call.name](call.params as never, pseudonymsOf(call.addressKey)) as Steps<unknown>,
      )
    case 'events':
      return engine.read(events(call.workspace, call.after, call.limit))
    case 'cursor':
      return engine.read(cursorOf(call.follower, call.workspace))
    case 'meta':
      return engine.write(call.value === undefined ? readMeta(call.name) : makeMeta(call.name, call.value))
  }
}

/**
 * Result codes (https://sqlite.org/rescode.html) that blame the disk, not the statement: BUSY, LOCKED, NOMEM, READONLY,
 * INTERRUPT, IOERR, CORRUPT, FULL, CANTOPEN, PROTOCOL, NOTADB.
 */
const FAILING_CODES = new Set([5, 6, 7, 8, 9, 10, 11, 13, 14, 15, 26])

function isFailing(error: unknown): boolean {
  const code = (error as { errcode?: unknown } | null)?.errcode
  return typeof code === 'number' && FAILING_CODES.has(code & 0xff)
}

if (parentPort !== null && isOurs(workerData)) {
  const port = parentPort
  const engine = openEngine(workerData.path, { readOnly: workerData.readOnly, newId: idMaker(systemRandom) })
  giveBackMemory()
  port.on('message', ({ id, call }: { id: number; call: Call | { op: 'close' } }) => {
    if (call.op === 'close') {
      engine.close()
      port.postMessage({ id, answer: { ok: true, value: null } })
      port.close()
      return
    }
    port.postMessage({ id, answer: answer(engine, call) })
  })
}

function isOurs(data: unknown): data is { path: string; readOnly: boolean } {
  return typeof data === 'object' && data !== null && 'path' in data && 'readOnly' in data
}
