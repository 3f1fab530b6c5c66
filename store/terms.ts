import { type Address, phoneVariants } from '../model/address.ts'
import type { FieldValue } from '../model/field.ts'
import { words } from '../model/text.ts'
import type { Rows } from './rows.ts'

/**
 * What a contact is found by, as one text that both engines read with nothing but "contains". Every term stands between
 * two blanks. Those with `#` are marks: `#t:tag_…` for a tag; what follows `#name` or `#f:city` up to the next mark are
 * the folded words of that text. Words hold letters and digits only, so none can look like a mark.
 *
 * Behind `#|` is what is looked at and not indexed: whole numbers and addresses, which are nobody else's and would cost
 * an entry of their own in the index for each contact.
 */
export function termsOf(contact: Contact): string {
  const indexed = [`#k:${contact.kind}`, `#s:${contact.source}`]
  if (contact.name !== null) indexed.push(MARKS.name, ...plainWords(contact.name))
  for (const [key, value] of Object.entries(contact.fields)) indexed.push(...fieldTerms(key, value))
  if (contact.country !== null) indexed.push(`#c:${contact.country}`)
  if (contact.language !== null) indexed.push(`#l:${contact.language}`)
  if (contact.timeZone !== null) indexed.push(`#z:${contact.timeZone}`)
  for (const tag of contact.tags) indexed.push(`#t:${tag}`)
  if (contact.seenAt !== null) indexed.push(...seenTerms(contact.seenAt))
  for (const [category, state] of Object.entries(contact.consent)) indexed.push(`#o:${category}=${state}`)
  const whole: string[] = []
  for (const kind of new Set(contact.addresses.map(address => address.kind))) indexed.push(`#a:${kind}`)
  for (const address of contact.addresses) addressTerms(address, indexed, whole)
  return ` ${[...indexed, '#|', ...whole].join(' ')} #`
}

/** The row with its terms, where a version made it that knew none. */
export function told(contact: Rows['contacts']): Rows['contacts'] {
  const isOld = contact.terms === '' && contact.deletedAt === null
  return isOld ? { ...contact, terms: termsOf(contact) } : contact
}

type Contact = Pick<
  Rows['contacts'],
  | 'kind'
  | 'source'
  | 'name'
  | 'fields'
  | 'country'
  | 'language'
  | 'timeZone'
  | 'tags'
  | 'seenAt'
  | 'addresses'
  | 'consent'
>

/** Marks with words behind them. */
export const MARKS = { name: '#name', phone: '#phone', email: '#email' } as const
/** Before what is not indexed. */
export const BEHIND = ' #|'

export function textMark(key: string): string {
  return `#f:${key}`
}
export function numberMark(key: string): string {
  return `#n:${key}`
}
export function checkMark(key: string): string {
  return `#b:${key}=`
}

/** The day and the week, from 1970 on, in which somebody was last heard: what every message changes is no term. */
function seenTerms(at: number): string[] {
  return [`#d:${dayOf(at)}`, `#w:${weekOf(dayOf(at))}`]
}
export function weekOf(day: number): number {
  return Math.floor(day / 7)
}
export function dayOf(at: number): number {
  return Math.floor(at / 86_400_000)
}

const WORDS_MAX = 50
const LETTERS_MAX = 64

/** A text as it is compared: its first words, without case, accents and what stands between them. */
export function plainWords(text: string): string[] {
  const found = words(text)
  if (found.length > WORDS_MAX) found.length = WORDS_MAX
  return found.map(word => (word.length > LETTERS_MAX ? word.slice(0, LETTERS_MAX) : word))
}

/** An address as it is compared whole. */
export function plainAddress(value: string): string {
  return value.toLowerCase().replace(/[\s#]+/g, '_')
}

/** The digits behind the country's calling code; undefined where the code is not whole, or nothing follows it. */
export function nationalOf(digits: string): string | undefined {
  const length = /^[17]/.test(digits) ? 1 : TWO_DIGITS.test(digits) ? 2 : 3
  return digits.length > length ? digits.slice(length) : undefined
}

/** Calling codes of two digits (ITU-T E.164, list of 2016); 1 and 7 stand alone, all others have three. */
const TWO_DIGITS = /^(2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58])/

function fieldTerms(key: string, value: FieldValue): string[] {
  if (typeof value === 'number') return [numberMark(key), String(value)]
  if (typeof value === 'boolean') return [`${checkMark(key)}${value}`]
  return [textMark(key), ...plainWords(value)]
}

function addressTerms({ kind, value }: Address, indexed: string[], whole: string[]): void {
  if (kind === 'email') {
    indexed.push('#e', ...plainWords(value))
    whole.push(MARKS.email, plainAddress(value))
  }
  if (kind !== 'phone') return
  const variants = phoneVariants(value).map(phone => phone.slice(1))
  const digits = value.slice(1)
  const national = [digits, ...variants].map(nationalOf).filter(text => text !== undefined)
  indexed.push('#p', ...national)
  whole.push(MARKS.phone, digits)
  if (variants.length > 0) whole.push('#variants', ...variants)
}
