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
    // While one batch is written the next is handed over, so that the store's thread need not wait for us; not while
    // somebody else waits for it, who would wait for both.
    let last = Promise.resolve(true)
    for await (const batch of pool.read(
      { format, use: 'contacts', with: [plan, fields], skip: position },
      bytes,
    )) {
      at = batch.to
      if (batch.made === null) continue
      const fence = await whenAllowed(needs)
      if (fence === undefined) return false
      if (store.stats().changesWaiting > 0 && !(await last)) return false
      const one = apply(next, { ...batch, made: batch.made }, fence, needs)
      one.catch(() => {})
      if (!(await last)) return false
      last = one
    }
    if (!(await last)) return false
    const fence = await whenAllowed(needs)
    if (fence === undefined) return false
    const end = Math.max(at, position)
    return await apply(next, { from: end, to: end, bytes: 0, made: NOTHING, last: true }, fence, needs)
  } catch (error) {
    if (!(error instanceof FileMissing)) throw error
    const why = 'the file is not kept any more'
    await store.commit({ workspace, changes: [{ kind: 'importEnded', import: next.id, as: 'failed', why }] })
    return true
  }
}

const NOTHING = { rows: '[]', tags: [], rejected: [] }

/** Waits until live traffic leaves room. The lease to write under; undefined: this run is over. */
async function whenAllowed({ store, tenure, stopping, clock }: RunNeeds): Promise<number | undefined> {
  for (;;) {
    if (stopping.aborted) return undefined
    if (clock.monotonic() >= tenure.renewAt()) await tenure.claim(NOTHING_TO_SEND)
    const fence = tenure.fence()
    if (fence === undefined || store.stats().changesWaiting <= PRESSED_CHANGES) return fence
    await sleep(PRESSED_MS)
  }
}

type Made = NonNullable<CsvBatch<'contacts'>['made']>
type Batch = Omit<CsvBatch<'contacts'>, 'made'> & { made: Made; last?: boolean }

/** Makes a batch durable. False: this run is over; another holder, or the one before it, was refused. */
async function apply(
  { workspace, id }: OpenImport,
  { from, to, bytes, made, last = false }: Batch,
  fence: number,
  { store, stopping }: RunNeeds,
): Promise<boolean> {
  const lease = { group: `imports ${workspace}`, fence }
  const change: ContactsImported = {
    kind: 'contactsImported',
    ...{ import: id, lease, from, to, bytes, last },
    ...made,
  }
  while (!stopping.aborted) {
    try {
      const { outcomes } = await store.commit({ workspace, changes: [change] })
      return (outcomes[0] as Outcome).ok
    } catch (error) {
      // It was not taken at all, so that it may be given again.
      if (!(error instanceof StoreBusy)) throw error
      await sleep(error.retryAfterMs, undefined, { signal: stopping }).catch(() => {})
    }
  }
  return false
}
