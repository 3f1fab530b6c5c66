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
  const phone = text.startsWith('+') ? phoneOf(text) : completed(text, country)
  if (phone === undefined) return fault('must be + and 8 to 15 digits')
  const known = parsePhoneNumber(phone)
  if (check && known?.isPossible() !== true && !phoneVariants(phone).some(isPossible)) {
    return fault(
      country === null && !text.startsWith('+')
        ? 'has no length that a number can have; it may lack its country code'
        : 'has no length that a number of its country can have',
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
  return whole !== undefined && [whole, ...phoneVariants(whole)].some(isPossible) ? whole : undefined
}

/** Mexican numbers with the old 1 are "invalid" and real: one way in which a number is written is enough. */
function isPossible(phone: string): boolean {
  return parsePhoneNumber(phone)?.isPossible() === true
}

function fault(detail: string): RowFault {
  return { code: 'phone', detail }
}
