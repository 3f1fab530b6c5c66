import { type Address, phoneOf } from '../../model/address.ts'
import { type Json, objectOf, textIn } from '../kit/json.ts'

/** Whom a webhook speaks of: phones, business-scoped user ids and groups (PROVIDERS A3, A9). */

/** `CC.` and ≤ 128 alphanumerics, `CC.ENT.…` for linked portfolios (A9). */
const USER_ID = /^[A-Z]{2}\.[A-Za-z0-9.]{1,140}$/

/** The same inside of a sentence, whose full stop is none of it. */
const USER_IDS = /\b[A-Z]{2}\.[A-Za-z0-9]+(?:\.[A-Za-z0-9]+)*/g

export function isUserId(text: string | undefined): text is string {
  return text !== undefined && USER_ID.test(text)
}

/** User ids that a sentence names, each once. */
export function userIdsIn(text: string): string[] {
  return [...new Set(text.match(USER_IDS) ?? [])].filter(isUserId)
}

/** A `wa_id` has no `+` (PROVIDERS, rule 8). */
export function phoneIn(text: string | undefined): string | undefined {
  return text === undefined ? undefined : phoneOf(text)
}

/** The entry of `contacts[]` about this sender. They come in the order of first mention, not of messages. */
export function contactOf(message: Json, contacts: readonly unknown[]): Json | undefined {
  const from = textIn(message, 'from')
  const userId = textIn(message, 'from_user_id')
  for (const item of contacts) {
    const contact = objectOf(item)
    const itsId = textIn(contact, 'user_id')
    const itsPhone = textIn(contact, 'wa_id')
    if (userId !== undefined && itsId === userId) return contact
    if (from !== undefined && (itsPhone === from || itsId === from)) return contact
  }
  return contacts.length === 1 && from === undefined && userId === undefined
    ? objectOf(contacts[0])
    : undefined
}

export type Who = { address: Address; also?: Address[] }

/**
 * Who wrote. Username users have no phone here: `from` and `wa_id` are absent or `""`, or hold the business-scoped
 * user id themselves (A3, A9).
 *
 * With a phone, the phone is the address and the user id goes along in `also`: answers by `to` reach the person, it
 * is what a company knows people by, and it is the only address that other channels share. The id ties the two
 * together, so that the day the phone is hidden the person stays the same contact.
 */
export function whoIn(message: Json, contact: Json | undefined): Who | undefined {
  const from = textIn(message, 'from')
  const waId = textIn(contact, 'wa_id')
  const phone = phoneIn(from) ?? phoneIn(waId)
  const userId = [textIn(message, 'from_user_id'), textIn(contact, 'user_id'), from, waId].find(isUserId)
  return whoOf(phone, userId)
}

export function whoOf(phone: string | undefined, userId: string | undefined): Who | undefined {
  const user: Address | undefined = userId === undefined ? undefined : { kind: 'whatsapp', value: userId }
  if (phone === undefined) return user && { address: user }
  const address: Address = { kind: 'phone', value: phone }
  return user === undefined ? { address } : { address, also: [user] }
}
