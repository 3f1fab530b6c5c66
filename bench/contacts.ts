import { importPart } from './contacts-import.ts'
import { readPart } from './contacts-read.ts'
import { type StoreName, startDaemon } from './daemon.ts'
import type { Check, Report, Row } from './report.ts'

export type ContactsOptions = {
  /** People in the file, and in the store of those who are found. */
  people: number
  stores: readonly StoreName[]
}

/** A million people: brought by a file while webhooks come in; and as many found, counted and paged. */
export async function contacts({ people, stores }: ContactsOptions): Promise<Report> {
  const rows: Row[] = []
  const checks: Check[] = []
  for (const store of stores) {
    const daemon = await startDaemon(store)
    const imported = await importPart(daemon, people)
    await daemon.stop()
    const found = await readPart(store, people)
    rows.push(...imported.rows, ...found.rows)
    checks.push(...imported.checks, ...found.checks)
  }
  return { bench: 'contacts', rows, checks, rounds: [] }
}
