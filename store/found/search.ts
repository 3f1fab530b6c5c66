import { nationalOf, plainWords } from '../terms.ts'
import type { Test } from './test.ts'

const PARTS_MAX = 10

/** Digits as people write a number, in any groups. */
const NUMBER = /(?<![\p{L}\p{N}])\+?\d[\d\s().-]*(?![\p{L}\p{N}])/gu
/** Behind a calling code without a plus: fewer digits are taken for the beginning of what follows one. */
const NATIONAL_MIN = 4

/**
 * What somebody typed to find a person: every word must begin one of theirs. Groups of digits are one phone number or
 * each by itself, whichever fits. null: there is no word in it.
 */
export function searchOf(text: string): Test | null {
  const numbers = text.match(NUMBER) ?? []
  const rest = numbers.reduce((left, found) => left.replace(found, ' '), text)
  const tests = [...plainWords(rest).map(begin), ...numbers.map(number)]
  return tests.length === 0 ? null : { on: 'all', of: tests.slice(0, PARTS_MAX) }
}

function number(text: string): Test {
  const digits = text.replace(/\D/g, '')
  if (text.startsWith('+')) return { on: 'number begins', digits }
  const groups = plainWords(text)
  return {
    on: 'any',
    of: [
      begin(digits),
      ...((nationalOf(digits)?.length ?? 0) < NATIONAL_MIN ? [] : [{ on: 'number begins' as const, digits }]),
      ...(groups.length < 2 ? [] : [{ on: 'all' as const, of: groups.map(begin) }]),
    ],
  }
}

function begin(text: string): Test {
  return { on: 'begin', text }
}
