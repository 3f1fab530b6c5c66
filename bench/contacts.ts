import { importPart } from './contacts-import.ts'
import { type StoreName, startDaemon } from './daemon.ts'
import type { Check, Report, Row } from './report.ts'

export type ContactsOptions = {
  /** People in the file. */
  people: number
  stores: readonly StoreName[]
}

/** A million people: brought by a file while webhooks come in, in a daemon that what follows finds them in. */
export async function contacts({ people, stores }: ContactsOptions): Promise<Report> {
  const rows: Row[] = []
  const checks: Check[] = []
  for (const store of stores) {
    const daemon = await startDaemon(store)
    for (const part of [importPart]) {
      const found = await part(daemon, people)
      rows.push(...found.rows)
      checks.push(...found.checks)
    }
    await daemon.stop()
  }
  return { bench: 'contacts', rows, checks, rounds: [] }
}
