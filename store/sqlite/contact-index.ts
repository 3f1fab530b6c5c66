import type { StatementSync } from 'node:sqlite'
import type { Rows } from '../rows.ts'
import { columnsOf, type RawRow, rowOf } from '../sql.ts'
import { BEHIND, told } from '../terms.ts'

/**
 * The index of words by which contacts are found. The engine keeps it, and no trigger: in one, the index is written out
 * after every row, which took three times as long (`docs/decisions.md`).
 */
type Contact = Pick<Rows['contacts'], 'workspace' | 'id' | 'terms'>
type Prepare = (text: string) => StatementSync

/** What an index entry is called: contacts in the order in which they were made here. */
export function nextDoc(prepared: Prepare): number {
  return Number((prepared('SELECT max(doc) AS last FROM contacts').get() as RawRow)['last'] ?? 0) + 1
}

export function indexNew(prepared: Prepare, contact: Contact, doc: number): void {
  prepared(ADD).get(doc, indexed(contact))
}

/** Before the row is written. What changes nothing by which a contact is found does not touch the index. */
export function indexChanged(prepared: Prepare, contact: Contact): void {
  const { workspace, id, terms } = contact
  const known = prepared(KNOWN).get(workspace, id) as RawRow | undefined
  if (known === undefined || known['terms'] === terms) return
  const before = { workspace, terms: known['terms'] as string }
  prepared(REMOVE).get(known['doc'] as number, indexed(before))
  prepared(ADD).get(known['doc'] as number, indexed(contact))
}

const KNOWN = 'SELECT doc, terms FROM contacts WHERE workspace = ? AND id = ?'
const ADD = 'INSERT INTO contact_terms (rowid, terms) VALUES (?, ?)'
const REMOVE = `INSERT INTO contact_terms (contact_terms, rowid, terms) VALUES ('delete', ?, ?)`

function indexed({ workspace, terms }: Pick<Contact, 'workspace' | 'terms'>): string {
  return (terms.split(BEHIND, 1)[0] ?? '').replaceAll(' ', ` ${workspace.slice(-5)}`)
}

/**
 * Rows that came in another way than by a commit: from an older version, which knew no terms, or moved here. Call it in
 * transactions until it answers false.
 */
export function indexMissing(prepared: Prepare): boolean {
  const rows = prepared(MISSING).all() as RawRow[]
  for (const raw of rows) {
    const [contact, doc] = [told(rowOf('contacts', raw)), raw['doc'] as number]
    prepared(FOUND_AS).get(contact.terms, doc)
    indexNew(prepared, contact, doc)
  }
  return rows.length > 0
}
const MISSING = `SELECT doc, ${columnsOf('contacts')} FROM contacts
  WHERE indexed IS NULL ORDER BY doc LIMIT 1000`
const FOUND_AS = 'UPDATE contacts SET indexed = 1, terms = ? WHERE doc = ?'
