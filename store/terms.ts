import type { Rows } from './tables.ts'

/** What a contact is found by. */
export function termsOf(_contact: Rows['contacts']): string {
  return ''
}
