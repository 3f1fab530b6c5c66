import { dayOf, nationalOf, numberMark, plainWords, textMark, weekOf } from '../terms.ts'
import { momentOf, type Test } from './test.ts'

/** What the index is asked: which of its words a contact must have. `begins`: any word that begins so. */
export type Wanted = { all: Wanted[] } | { any: Wanted[] } | { word: string; begins: boolean }

/** Up to so many days they are named, beyond it their weeks: each costs a look for every contact that has another. */
const DAYS_MAX = 10
/** For a longer time all its weeks together are in most of what is there, and reading that is as fast. */
const WEEKS_MAX = 12

/**
 * What every contact that a test means has in the index; null if the test says nothing of that kind. More may have it:
 * who is meant says the condition.
 */
export function wantedOf(test: Test, now: number): Wanted | null {
  switch (test.on) {
    case 'all':
      return every(test.of.map(one => wantedOf(one, now)).filter(wanted => wanted !== null))
    case 'any': {
      const parts = test.of.map(one => wantedOf(one, now))
      return parts.includes(null) || parts.length === 0 ? null : { any: parts.filter(part => part !== null) }
    }
    case 'term':
      return { word: test.term, begins: test.begins === true }
    case 'words':
      return every([word(test.mark), ...inside(test)])
    case 'option':
      return every([textMark(test.key), ...plainWords(test.value)].map(text => word(text)))
    case 'number':
      return test.match === 'equals'
        ? every([word(numberMark(test.key)), word(String(test.value))])
        : word(numberMark(test.key))
    case 'date':
      return word(textMark(test.key))
    case 'address':
      return address(test)
    case 'time':
      return test.field === 'seenAt' && test.match === 'after' ? days(momentOf(test.at, now), now) : null
    case 'heard':
      return test.match === 'after' ? days(momentOf(test.at, now), now) : null
    case 'begin':
      return word(test.text, true)
    case 'number begins': {
      // Numbers are in the index without their country's calling code.
      const national = nationalOf(test.digits)
      return national === undefined ? word('#a:phone') : word(national, true)
    }
    case 'not':
    case 'open':
      return null
  }
}

function word(text: string, begins = false): Wanted {
  return { word: text, begins }
}

function every(parts: readonly Wanted[]): Wanted | null {
  const [first] = parts
  return parts.length > 1 ? { all: [...parts] } : (first ?? null)
}

/** The words that must be there whole, and the beginning of the last one. */
function inside({ match, words }: Extract<Test, { on: 'words' }>): Wanted[] {
  const texts = words.split(' ')
  if (match === 'equals') return texts.map(text => word(text))
  const last = texts.pop() ?? ''
  // What is contained may begin and end within a word.
  if (match === 'contains') return texts.slice(1).map(text => word(text))
  return [...texts.map(text => word(text)), word(last, true)]
}

function address({ mark, match, text }: Extract<Test, { on: 'address' }>): Wanted | null {
  if (match === 'contains') return word(`#a:${mark.slice(1)}`)
  if (mark === '#phone') {
    const national = nationalOf(text)
    return national === undefined ? word('#a:phone') : word(national, match === 'startsWith')
  }
  const texts = plainWords(text)
  const last = texts.pop()
  if (last === undefined) return word('#a:email')
  return every([...texts.map(one => word(one)), word(last, match === 'startsWith')])
}

/** Whoever was heard since then was heard last on one of these days. A provider's clock may be ahead. */
function days(since: number, now: number): Wanted | null {
  const [first, last] = [dayOf(since), dayOf(now) + 2]
  if (last < first) return null
  if (last - first < DAYS_MAX) return { any: range(first, last).map(day => word(`#d:${day}`)) }
  const weeks = [weekOf(first), weekOf(last)] as const
  return weeks[1] - weeks[0] < WEEKS_MAX ? { any: range(...weeks).map(week => word(`#w:${week}`)) } : null
}

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, at) => first + at)
}

/** In the language of FTS5: https://sqlite.org/fts5.html#full_text_query_syntax. `mark` stands for the workspace. */
export function ftsOf(wanted: Wanted, mark: string): string {
  if ('word' in wanted) return `"${mark}${wanted.word}"${wanted.begins ? ' *' : ''}`
  const [parts, by] = 'all' in wanted ? [wanted.all, ' AND '] : [wanted.any, ' OR ']
  return `(${parts.map(part => ftsOf(part, mark)).join(by)})`
}

/** https://www.postgresql.org/docs/15/datatype-textsearch.html#DATATYPE-TSQUERY */
export function tsqueryOf(wanted: Wanted, mark: string): string {
  if ('word' in wanted) return `'${mark}${wanted.word}'${wanted.begins ? ':*' : ''}`
  const [parts, by] = 'all' in wanted ? [wanted.all, ' & '] : [wanted.any, ' | ']
  return `(${parts.map(part => tsqueryOf(part, mark)).join(by)})`
}

/** What words of a workspace begin with in the index. Two that share it cost a look at a few rows too many. */
export function markOf(workspace: string): string {
  return workspace.slice(-5)
}
