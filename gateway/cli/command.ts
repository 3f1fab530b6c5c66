import { ConfigError } from '../config.ts'
import {
  COMMANDS,
  CONFIG_FLAGS,
  type Command,
  commandNamed,
  EVERYWHERE,
  firstWords,
  secondWords,
} from './commands.ts'
import { type Call, type ExitCode, type Flags, hintOf, readArguments, UsageError } from './usage.ts'

/** Runs one command line to its end. Everything that goes wrong is one line on stderr. */
export async function runCommand(argv: readonly string[]): Promise<ExitCode> {
  try {
    const { words, flags } = readArguments(argv, SWITCHES)
    if ('--version' in flags) return await run('version', callOf(words, {}, {}))
    if ('--help' in flags) return await run('help', callOf(words.slice(0, 2), {}, {}))
    const { command, rest } = chosen(words)
    return await run(command.name, sorted(command, rest, flags))
  } catch (error) {
    console.error(`omnibus: ${lineOf(error)}`)
    return error instanceof ConfigError || error instanceof UsageError ? 2 : 1
  }
}

const SWITCHES: ReadonlySet<string> = new Set([
  ...EVERYWHERE,
  ...COMMANDS.flatMap(({ flags }) => flags.filter(({ value }) => value === null).map(({ name }) => name)),
])

async function run(name: string, call: Call): Promise<ExitCode> {
  const perform = await commandNamed(name)?.load()
  if (perform === undefined) throw new UsageError(`unknown command "${name}"`)
  return await perform(call)
}

/** The command that the first word names, or the first two. @throws UsageError */
function chosen(words: readonly string[]): { command: Command; rest: readonly string[] } {
  const [first = 'serve', second] = words
  const seconds = secondWords(first)
  const name = seconds.length > 0 && second !== undefined ? `${first} ${second}` : first
  const command = commandNamed(name)
  if (command !== undefined) return { command, rest: words.slice(name.split(' ').length) }
  if (seconds.length === 0) {
    const hint = hintOf(first, firstWords(), '"') || '; see omnibus help'
    throw new UsageError(`unknown command "${words.join(' ')}"${hint}`)
  }
  if (second === undefined) throw new UsageError(`${first} needs one of ${seconds.join(', ')}`)
  throw new UsageError(`unknown command "${name}"${hintOf(second, seconds, '"')}`)
}

/** What was given, checked against what the command takes. @throws UsageError */
function sorted(command: Command, words: readonly string[], flags: Flags): Call {
  const missing = command.args.find((arg, at) => arg.needed && words[at] === undefined)
  if (missing !== undefined) throw new UsageError(`${command.name} needs <${missing.name}>`)
  const extra = words[command.args.length]
  if (extra !== undefined) {
    const quote = command.args.length > 0 ? '; put what has spaces into quotes' : ''
    throw new UsageError(`${command.name} does not take "${extra}"${quote}`)
  }
  const names = command.flags.map(({ name }) => name)
  const known = [...names, ...(command.configured ? CONFIG_FLAGS : [])]
  const [own, configured]: Record<string, string>[] = [{}, {}]
  for (const [name, value] of Object.entries(flags)) {
    if (!known.includes(name)) throw new UsageError(`unknown flag ${name}${hintOf(name, known)}`)
    const [of, bad] = names.includes(name) ? [own, wrongWord(command, name, value)] : [configured, undefined]
    if (bad !== undefined) throw new UsageError(bad)
    if (of !== undefined) of[name] = value
  }
  return callOf(words, own ?? {}, configured ?? {})
}

function wrongWord(command: Command, name: string, value: string): string | undefined {
  const words = command.flags.find(flag => flag.name === name)?.words
  if (words === undefined || words.includes(value)) return undefined
  return `${name} must be one of ${words.join(', ')}${hintOf(value, words, '"')}`
}

function callOf(words: readonly string[], own: Flags, configured: Flags): Call {
  return { words, own, configured, json: '--json' in own }
}

function lineOf(error: unknown): string {
  if (error instanceof ConfigError) return error.faults.join('; ')
  const text = error instanceof Error ? error.message : String(error)
  return text.replaceAll('\n', ' ')
}
