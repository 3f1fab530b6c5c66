import { createRequire } from 'node:module'

type Library = typeof import('libphonenumber-js/min')

/** Its tables are megabytes: they are read when the first number is looked at, which an idle daemon never does. */
let library: Library | undefined

/**
 * The country of a phone as ISO 3166-1 alpha-2; null where the number does not tell. A hint for filters and time zones:
 * what the library thinks of a number decides nothing, and the number stays as it is (RULES B6).
 */
export function countryOfPhone(phone: string): string | null {
  library ??= createRequire(import.meta.url)('libphonenumber-js/min') as Library
  return library.parsePhoneNumberFromString(phone)?.country ?? null
}
