import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import type { Change } from '../../model/change.ts'
import { idMaker } from '../../model/ids.ts'
import { systemRandom } from '../../model/random.ts'
import { dueWorkspaces, sweep } from '../../store/retention.ts'
import type { Steps } from '../../store/sql.ts'
import { openSqlite } from '../../store/sqlite/sqlite.ts'
import { sameThread } from '../../store/sqlite/thread.ts'
import { channelOf } from '../contracts/store/trial.ts'
import { scratch } from '../scratch.ts'

const DAY_MS = 86_400_000
const KEEP = { log: DAY_MS, messages: 30 * DAY_MS, raw: DAY_MS, receipts: DAY_MS, files: DAY_MS }

/** Performs the steps and returns how SQLite finds the rows of each. */
function plansOf<T>(database: DatabaseSync, steps: Steps<T>): string[] {
  const plans: string[] = []
  let answer: Record<string, unknown>[] = []
  for (let step = steps.next(answer); step.done !== true; step = steps.next(answer)) {
    const { text, args, keys } = step.value
    const each = keys === undefined ? [args] : keys.map(key => [...args, ...key])
    const plain = text.replace('KEYS', 'VALUES (?, ?)')
    const plan = database.prepare(`EXPLAIN QUERY PLAN ${plain}`).all(...(each[0] ?? []))
    plans.push(...plan.map(row => String(row['detail'])))
    answer = each.flatMap(values => database.prepare(plain).all(...values))
  }
  return plans
}

test('a sweep finds what is old by an index, however much is young', async () => {
  await using folder = await scratch()
  const newId = idMaker(systemRandom)
  const store = await openSqlite({
    dataDir: folder.path,
    open: sameThread,
    clock: { now: () => DAY_MS, monotonic: () => performance.now() },
    listener: { events: () => {}, work: () => {} },
  })
  const [workspace, channel] = [newId('wks', 1), newId('chn', 1)]
  const stored = (at: number): Change => ({
    ...{ kind: 'fileCreated', id: newId('fil', at), sha256: 'ab', size: 1, mimeType: 'x', name: null },
  })
  const received: Change = {
    ...{ kind: 'received', channel, key: 'k', providerId: 'p', at: 1, echo: false, also: [] },
    address: { kind: 'phone', value: '+5215512345678' },
    content: { type: 'image', media: { ref: 'r', mimeType: 'x' } },
  }
  await store.commit({ workspace, changes: [{ kind: 'workspaceCreated', name: 'Acme' }] })
  await store.commit({
    workspace,
    changes: [
      channelOf(channel, '1'),
      received,
      { kind: 'rejected', channel, why: 'shape', raw: new Uint8Array(1), contentType: 'x' },
      { kind: 'receipt', channel, of: { providerId: 'q' }, status: 'read', at: 1, raw: 'read' },
      stored(1),
    ],
  })
  await store.close()
  const database = new DatabaseSync(join(folder.path, 'omnibus.db'))
  const now = 100 * DAY_MS
  const looked = plansOf(database, dueWorkspaces(KEEP, now))
  // Every workspace is looked at once; of its rows, the oldest.
  expect(looked.filter(plan => /SCAN (?!w\b)|TEMP B-TREE/.test(plan))).toEqual([])
  const swept = [
    ...plansOf(database, sweep(null, KEEP, now)),
    ...plansOf(database, sweep(workspace, KEEP, now)),
  ]
  expect(swept.filter(plan => plan.includes('files_stored'))).not.toEqual([])
  expect(swept.filter(plan => plan.includes('provider_ids_key'))).not.toEqual([])
  expect(swept.filter(plan => /SCAN (?!CONSTANT)|TEMP B-TREE/.test(plan))).toEqual([])
  for (const table of ['events', 'messages', 'contents', 'provider_ids', 'rejected', 'parked']) {
    expect([table, database.prepare(`SELECT count(*) AS count FROM ${table}`).get()]).toEqual([
      table,
      { count: 0 },
    ])
  }
  database.close()
})
