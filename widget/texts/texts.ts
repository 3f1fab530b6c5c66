import { en, type TextKey, type Texts } from './en.ts'
import { es } from './es.ts'
import { it } from './it.ts'
import { pt } from './pt.ts'

export const LANGUAGES = { es, pt, it, en } as const

type Language = keyof typeof LANGUAGES

/** `tag`: the browser's own form of the language, for times and numbers: `en-GB`. */
export type Locale = { language: Language; tag: string }

/** Texts of one language, with their blanks filled in, and its way to write times and days. */
export type Words = {
  language: Language
  say(key: TextKey, blanks?: Readonly<Record<string, string | number>>): string
  time(at: string): string
  /** "Today", "Yesterday", or the date. */
  day(at: string, now: number): string
  /** `12.5 MB`. */
  size(bytes: number): string
  /** A label that the channel may have in several languages. */
  label(label: string | Readonly<Record<string, string>>): string
}

/** The first language that is known, of what the page asks for (`auto`: the browser's, in its order). */
export function localeOf(wanted: string, browser: readonly string[]): Locale {
  const known = (tag: string): Language | undefined => {
    const language = tag.toLowerCase().split('-')[0] ?? ''
    return Object.hasOwn(LANGUAGES, language) ? (language as Language) : undefined
  }
  const candidates = wanted === 'auto' ? browser : [wanted, ...browser]
  for (const tag of candidates) {
    const language = known(tag)
    if (language === undefined) continue
    return { language, tag: browser.find(one => known(one) === language) ?? language }
  }
  return { language: 'en', tag: 'en' }
}

export function wordsIn({ language, tag }: Locale): Words {
  const texts: Texts = LANGUAGES[language]
  // They are dear to make, and a page whose visitor never opens the panel needs none.
  const time = once(() => new Intl.DateTimeFormat(tag, { hour: 'numeric', minute: '2-digit' }))
  const date = once(() => new Intl.DateTimeFormat(tag, { weekday: 'long', day: 'numeric', month: 'long' }))
  return {
    language,
    say: (key, blanks = {}) =>
      texts[key].replace(/\{(\w)\}/g, (_, name: string) => String(blanks[name] ?? '')),
    time: at => time().format(new Date(at)),
    day(at, now) {
      const days = dayNumber(now) - dayNumber(Date.parse(at))
      if (days === 0) return texts.today
      return days === 1 ? texts.yesterday : date().format(new Date(at))
    },
    size(bytes) {
      const [value, unit] = bytes < 1e6 ? [Math.max(1, bytes / 1e3), 'kilobyte'] : [bytes / 1e6, 'megabyte']
      const digits = unit === 'kilobyte' ? 0 : 1
      return new Intl.NumberFormat(tag, { style: 'unit', unit, maximumFractionDigits: digits }).format(value)
    },
    label: label => (typeof label === 'string' ? label : (label[language] ?? label['en'] ?? firstOf(label))),
  }
}

function once<Value>(make: () => Value): () => Value {
  let made: Value | undefined
  return () => {
    made ??= make()
    return made
  }
}

/** Days of the visitor's own calendar: midnight there, counted in UTC so that a change of the clock is no day. */
function dayNumber(at: number): number {
  const local = new Date(at)
  return Date.UTC(local.getFullYear(), local.getMonth(), local.getDate()) / 86_400_000
}

function firstOf(label: Readonly<Record<string, string>>): string {
  return Object.values(label)[0] ?? ''
}
