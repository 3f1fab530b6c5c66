import parsePhoneNumber from 'libphonenumber-js/min'
import { phoneOf, phoneVariants } from '../../model/address.ts'
import type { RowFault } from './rows.ts'

type Country = NonNullable<Parameters<typeof parsePhoneNumber>[1]>
type Read = { phone: string; country: string | null } | RowFault

/**
 * A phone as people write it in lists: with or without `+`, `00` for it, spaces, a spreadsheet's apostrophe; within its
 * country alone, if we are told which one. The library completes such a number and knows whether its length can be;
 * apart from that it is a hint, and every digit stays (RULES B6).
 */
export function readPhone(cell: string, country: string | null, check: boolean): Read {
  if (/^\d([.,]\d+)?E\+?\d+$/i.test(cell)) {
    return fault('a spreadsheet has shortened it: format the column as text')
  }
  const text = cell.replace(/^00(?=[1-9])/, '+')
  const isSure = text.startsWith('+')
  const phone = isSure ? phoneOf(text) : completed(text, country)
  if (phone === undefined) return fault('must be + and 8 to 15 digits')
  const known = parsePhoneNumber(phone)
  const looksRight = isSure || country !== null ? isPossible : isValid
  if (check && !looksRight(known) && !phoneVariants(phone).some(way => looksRight(parsePhoneNumber(way)))) {
    return fault(
      isSure
        ? 'has no length that a number of its country can have'
        : 'is no number of any country as it stands; it may lack its country code',
    )
  }
  return { phone, country: known?.country ?? null }
}

/** Without `+` it may be whole already, as providers write it; where it can be both, its country decides. */
function completed(text: string, country: string | null): string | undefined {
  const whole = phoneOf(text)
  if (country === null) return whole
  const national = parsePhoneNumber(text, country as Country)
  if (national?.isPossible() === true) return national.number
  const ways = whole === undefined ? [] : [whole, ...phoneVariants(whole)]
  return ways.some(way => isPossible(parsePhoneNumber(way))) ? whole : undefined
}

type Known = ReturnType<typeof parsePhoneNumber>

/**
 * By its length alone. Mexican numbers with the old 1 are "invalid" and real: one way in which a number is written has
 * to fit.
 */
const isPossible = (known: Known): boolean => known?.isPossible() === true
/** By its digits too: without `+` and country, `5512345678` of Mexico would be somebody in Brazil. */
const isValid = (known: Known): boolean => known?.isValid() === true

function fault(detail: string): RowFault {
  return { code: 'phone', detail }
}
