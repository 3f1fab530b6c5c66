import type { Filter as Part } from '../filter.ts'
import type { SqlValue } from '../sql.ts'
import { BEHIND, numberMark, textMark } from '../terms.ts'
import { dayWords, momentOf, type Test } from './test.ts'

/**
 * A test as a condition on the row `c` of a contact, in words that both engines read: `instr`, `substr` and
 * comparisons. It is never NULL, and reads everything that it asks, so that it says by itself who is meant; the index
 * only makes the rows fewer.
 */
export function conditionOf(test: Test, now: number): Part {
  switch (test.on) {
    case 'all':
      return joined(test.of, 'AND', '1 = 1', now)
    case 'any':
      return joined(test.of, 'OR', '1 = 0', now)
    case 'not': {
      const { text, args } = conditionOf(test.of, now)
      return { text: `NOT ${text}`, args }
    }
    case 'term':
      return has(test.begins === true ? ` ${test.term}` : ` ${test.term} `)
    case 'words':
      return words(test)
    case 'address':
      return address(test)
    case 'option':
      // As `JSON.stringify` writes it: inside a text a quote has a backslash before it, so this is a key and its value.
      return part('instr(c.fields, ?) > 0', `${JSON.stringify(test.key)}:${JSON.stringify(test.value)}`)
    case 'number':
      return number(test)
    case 'date':
      return date(test, now)
    case 'time': {
      const name = { seenAt: 'c.seen_at', createdAt: 'c.created_at', updatedAt: 'c.updated_at' }[test.field]
      const sign = test.match === 'before' ? '<' : '>='
      return part(`(${name} IS NOT NULL AND ${name} ${sign} ?)`, momentOf(test.at, now))
    }
    case 'heard':
      return heard(test, now)
    case 'open':
      return part(
        'EXISTS (SELECT 1 FROM open_conversations o WHERE o.workspace = c.workspace AND o.contact = c.id)',
      )
    case 'begin':
      return part(
        `(instr(c.terms, ?) > 0 AND instr(c.terms, ?) < instr(c.terms, '${BEHIND}'))`,
        ` ${test.text}`,
        ` ${test.text}`,
      )
    case 'number begins':
      return part(
        `(instr(c.terms, '${BEHIND}') > 0 AND instr(substr(c.terms, instr(c.terms, '${BEHIND}')), ?) > 0)`,
        ` ${test.digits}`,
      )
  }
}

function part(text: string, ...args: SqlValue[]): Part {
  return { text, args }
}

/** In the terms of the contact. */
function has(text: string): Part {
  return part('instr(c.terms, ?) > 0', text)
}

function joined(tests: readonly Test[], by: 'AND' | 'OR', none: string, now: number): Part {
  if (tests.length === 0) return part(`(${none})`)
  const parts = tests.map(test => conditionOf(test, now))
  return { text: `(${parts.map(one => one.text).join(` ${by} `)})`, args: parts.flatMap(one => one.args) }
}

/**
 * What stands behind a mark, up to the next one: each word behind a blank. Without the mark it is some other text, but
 * never an error.
 */
function behind(mark: string): Part {
  const from = `substr(c.terms, instr(c.terms, ?) + ${mark.length + 1})`
  const start = ` ${mark} `
  return part(`substr(${from}, 1, instr(${from} || ' #', ' #') - 1)`, start, start)
}

function words({ mark, match, words: text }: Extract<Test, { on: 'words' }>): Part {
  if (match === 'equals') return has(` ${mark} ${text} #`)
  if (match === 'startsWith') return has(` ${mark} ${text}`)
  const inside = behind(mark)
  return {
    text: `(instr(c.terms, ?) > 0 AND instr(${inside.text}, ?) > 0)`,
    args: [` ${mark} `, ...inside.args, text],
  }
}

function address({ mark, match, text }: Extract<Test, { on: 'address' }>): Part {
  const inside = behind(mark)
  const sought = { equals: ` ${text} `, startsWith: ` ${text}`, contains: text }[match]
  return {
    text: `(instr(c.terms, ?) > 0 AND instr(${inside.text} || ' ', ?) > 0)`,
    args: [` ${mark} `, ...inside.args, sought],
  }
}

function number({ key, match, value }: Extract<Test, { on: 'number' }>): Part {
  const mark = numberMark(key)
  if (match === 'equals') return has(` ${mark} ${value} `)
  const inside = behind(mark)
  const sign = match === 'greater' ? '>' : '<'
  return {
    text: `(CASE WHEN instr(c.terms, ?) > 0
      THEN CAST(${inside.text} AS DOUBLE PRECISION) ${sign} ? ELSE 1 = 0 END)`,
    args: [` ${mark} `, ...inside.args, value],
  }
}

function date({ key, match, value }: Extract<Test, { on: 'date' }>, now: number): Part {
  const mark = textMark(key)
  const day = dayWords(value, now)
  if (match === 'equals') return has(` ${mark} ${day} #`)
  const inside = behind(mark)
  return {
    text: `(instr(c.terms, ?) > 0 AND ${inside.text} ${match === 'before' ? '<' : '>'} ?)`,
    args: [` ${mark} `, ...inside.args, ` ${day}`],
  }
}

/**
 * `reach` is a list of `{"channel":"chn_…","address":{…},"seenAt":…}`: what stands in one of them,
 * behind its channel.
 */
function heard({ channel, match, at }: Extract<Test, { on: 'heard' }>, now: number): Part {
  const start = `"channel":"${channel}"`
  const from = `substr(c.reach, instr(c.reach, ?) + ${start.length})`
  const one = `substr(${from}, 1, instr(${from} || '{"channel":', '{"channel":') - 1)`
  const seen = `substr(${one}, instr(${one}, '"seenAt":') + 9)`
  const digits = `replace(substr(${seen}, 1, instr(${seen} || '}', '}') - 1), 'null', '')`
  const times = (text: string): number => text.split('?').length - 1
  const args = [start, ...Array<string>(times(one)).fill(start), ...Array<string>(times(digits)).fill(start)]
  const known = `instr(c.reach, ?) > 0 AND instr(${one}, '"seenAt":') > 0 AND ${digits} <> ''`
  if (match === 'ever') return { text: `(${known})`, args }
  const sign = match === 'before' ? '<' : '>='
  return {
    text: `(CASE WHEN ${known} THEN CAST(${digits} AS BIGINT) ${sign} ? ELSE 1 = 0 END)`,
    args: [...args, ...Array<string>(times(digits)).fill(start), momentOf(at, now)],
  }
}
