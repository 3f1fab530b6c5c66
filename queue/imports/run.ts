import { setTimeout as sleep } from 'node:timers/promises'
import type { Outcome } from '../../model/change.ts'
import type { ContactsImported } from '../../model/import.ts'
import type { OpenImport } from '../../store/imports.ts'
import { FileMissing, StoreBusy } from '../../store/store.ts'
import type { CsvBatch, CsvPool } from '../csv/csv.ts'
import type { Tenure } from '../tenure.ts'
import { type ImportNeeds, NOTHING_TO_SEND } from './imports.ts'

export type RunNeeds = ImportNeeds & { pool: CsvPool; tenure: Tenure; stopping: AbortSignal }

/** RULES A8: above so many changes that wait, an import waits too. */
const PRESSED_CHANGES = 1_000
const PRESSED_MS = 20

/**
 * One import, from its position to its end. It is read from the first byte on again and told from the position: where a
 * record begins in a file is known only by reading it, and a million rows are read in some 15 s. Byte offsets would be
 * quicker, and have to be kept for each encoding.
 *
 * False: it was left before its end, because the daemon stops, the lease is lost or the import was cancelled.
 * @throws what the store throws; what was given to it then may be applied all the same, and its position tells
 */
export async function runImport(next: OpenImport, needs: RunNeeds): Promise<boolean> {
  const { store, pool } = needs
  const { workspace, plan, position } = next
  try {
    const file = await store.query('file', { workspace, id: next.file })
    const fields = await store.query('fields', { workspace })
    const bytes = await store.readFile(file?.sha256 ?? '')
    const format = plan
    let at = 0
    for await (const batch of pool.read(
      { format, use: 'contacts', with: [plan, fields], skip: position },
      bytes,
    )) {
      at = batch.to
      if (!(await apply(next, batch, needs))) return false
    }
    const end = Math.max(at, position)
    return await apply(next, { from: end, to: end, bytes: 0, made: NOTHING, last: true }, needs)
  } catch (error) {
    if (!(error instanceof FileMissing)) throw error
    const why = 'the file is not kept any more'
    await store.commit({ workspace, changes: [{ kind: 'importEnded', import: next.id, as: 'failed', why }] })
    return true
  }
}

const NOTHING = { rows: '[]', tags: [], rejected: [] }

/** Makes a batch durable, when live traffic leaves room for it. False: this run is over. */
async function apply(
  { workspace, id }: OpenImport,
  { from, to, bytes, made, last = false }: CsvBatch<'contacts'> & { last?: boolean },
  needs: RunNeeds,
): Promise<boolean> {
  const { store, tenure, stopping, clock } = needs
  for (;;) {
    if (stopping.aborted) return false
    if (clock.monotonic() >= tenure.renewAt()) await tenure.claim(NOTHING_TO_SEND)
    const fence = tenure.fence()
    if (fence === undefined) return false
    if (made === null) return true
    if (store.stats().changesWaiting > PRESSED_CHANGES) {
      await sleep(PRESSED_MS)
      continue
    }
    const lease = { group: `imports ${workspace}`, fence }
    const change: ContactsImported = {
      kind: 'contactsImported',
      ...{ import: id, lease, from, to, bytes, last },
      ...made,
    }
    try {
      const { outcomes } = await store.commit({ workspace, changes: [change] })
      return (outcomes[0] as Outcome).ok
    } catch (error) {
      // It was not taken at all, so that it may be given again.
      if (!(error instanceof StoreBusy)) throw error
      await sleep(error.retryAfterMs, undefined, { signal: stopping }).catch(() => {})
    }
  }
}
