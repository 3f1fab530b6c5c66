import { nearest } from '../explain.ts'

/** 0: done. 1: it could not be done. 2: it was asked for in a wrong way. 130: ended by Ctrl-C. */
export type ExitCode = 0 | 1 | 2 | 130

export type Flags = Readonly<Record<string, string>>

/** A command line, read: what is left of it for the command that was called. */
export type Call = {
  words: readonly string[]
  /** The command's own flags by name: `{ '--to': 'x' }`; a switch has the value `''`. */
  own: Flags
  /** Flags of the configuration, for `loadConfig`. */
  configured: Flags
  /** A program reads the answer. */
  json: boolean
}

/** A command line that makes no sense. */
export class UsageError extends Error {
  override name = 'UsageError'
}

/** Why something cannot be done, in one line for whoever asked for it. */
export class Refused extends Error {
  override name = 'Refused'
}

/**
 * `--name value` or `--name=value`; everything else is a word, and so is all that follows `--`. `switches` are the
 * flags without a value.
 * @throws UsageError for a flag that lacks its value
 */
export function readArguments(
  argv: readonly string[],
  switches: ReadonlySet<string>,
): { words: string[]; flags: Record<string, string> } {
  const words: string[] = []
  const flags: Record<string, string> = {}
  for (let index = 0; index < argv.length; index++) {
    const argument = SHORT[argv[index] ?? ''] ?? argv[index] ?? ''
    if (argument === '--') return { words: [...words, ...argv.slice(index + 1)], flags }
    const at = argument.indexOf('=')
    if (!argument.startsWith('--')) words.push(argument)
    else if (switches.has(argument)) flags[argument] = ''
    else if (at > 0) flags[argument.slice(0, at)] = argument.slice(at + 1)
    else {
      const next = argv[index + 1]
      if (next === undefined || next.startsWith('--')) throw new UsageError(`${argument} needs a value`)
      flags[argument] = next
      index += 1
    }
  }
  return { words, flags }
}

const SHORT: Readonly<Record<string, string>> = { '-h': '--help', '-v': '--version' }

/** `; did you mean "x"?`, or nothing where no known word is close. */
export function hintOf(word: string, known: readonly string[], quote = ''): string {
  const meant = nearest(word, known)
  return meant === undefined ? '' : `; did you mean ${quote}${meant}${quote}?`
}

/** A flag that must be given. @throws UsageError */
export function needed({ own }: Call, name: string, command: string, what: string): string {
  const value = own[name]
  if (value === undefined || value === '') throw new UsageError(`${command} needs ${name} ${what}`)
  return value
}

/** A flag that is a whole number, if it is given. @throws UsageError */
export function numberOf({ own }: Call, name: string): number | undefined {
  const text = own[name]
  if (text === undefined) return undefined
  if (!/^\d{1,15}$/.test(text)) throw new UsageError(`${name} must be a whole number`)
  return Number(text)
}
