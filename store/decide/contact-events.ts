import type { ContactId } from '../../model/ids.ts'
import type { Rows } from '../rows.ts'

/**
 * What the log tells of a contact, as its timeline keeps it: with its subject, and with the other one where two are in
 * it, so that a merge is still told by the survivor after the split. That a contact was made, its own row tells.
 */
export function keptWithContacts(event: Rows['events']): Rows['contactEvents'][] {
  const { workspace, sequence, id, type, time: at, subject } = event
  if (!type.startsWith('contact.') || type === 'contact.created') return []
  const data = event.data ?? {}
  const contacts = new Set([subject, data['into'] ?? subject, data['from'] ?? subject] as ContactId[])
  return [...contacts].map(contact => ({ workspace, contact, sequence, id, type, at, data }))
}
