import { plainWords } from '../terms.ts'
import type { Test } from './test.ts'

const PARTS_MAX = 10

/** Digits as people write a number, in any groups. */
const NUMBER = /\+?\d[\d\s().-]*/g

/**
 * What somebody typed to find a person: every word must begin one of theirs. Groups of digits are one phone number or
 * each by itself, whichever fits. null: there is no word in it.
 */
export function searchOf(text: string): Test | null {
  const numbers = (text.match(NUMBER) ?? []).filter(found => /\d\D+\d/.test(found))
  const rest = numbers.reduce((left, found) => left.replace(found, ' '), text)
  const tests: Test[] = [
    ...plainWords(rest).map(begin),
    ...numbers.map(
      (found): Test => ({
        on: 'any',
        of: [begin(found.replace(/\D/g, '')), { on: 'all', of: plainWords(found).map(begin) }],
      }),
    ),
  ]
  return tests.length === 0 ? null : { on: 'all', of: tests.slice(0, PARTS_MAX) }
}

function begin(text: string): Test {
  return { on: 'begin', text }
}
