import { readPart } from './contacts-read.ts'
import type { StoreName } from './daemon.ts'
import type { Check, Report, Row } from './report.ts'

export type ContactsOptions = { people: number; stores: readonly StoreName[] }

/** A million people: found, counted and paged. */
export async function contacts({ people, stores }: ContactsOptions): Promise<Report> {
  const rows: Row[] = []
  const checks: Check[] = []
  for (const store of stores) {
    const found = await readPart(store, people)
    rows.push(...found.rows)
    checks.push(...found.checks)
  }
  return { bench: 'contacts', rows, checks, rounds: [] }
}
