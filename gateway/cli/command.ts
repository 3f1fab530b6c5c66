import { ConfigError } from '../config.ts'
import { nearest } from '../explain.ts'
import { VERSION } from '../version.ts'
import { checkConfig, printConfig } from './config.ts'
import { HELP } from './help.ts'
import { serve } from './serve.ts'

/** 0: done. 1: it could not be done. 2: it was asked for in a wrong way. */
export type ExitCode = 0 | 1 | 2

/** Words first, then flags by name. */
type Arguments = { words: string[]; flags: Record<string, string> }

const COMMANDS = ['serve', 'config', 'copy', 'backup', 'restore', 'simulate', 'help', 'version']

/** Runs one command line to its end. Everything that goes wrong is one line on stderr. */
export async function runCommand(argv: readonly string[]): Promise<ExitCode> {
  try {
    const { words, flags } = readArguments(argv)
    const [command = 'serve', ...rest] = words
    if ('--help' in flags || command === 'help') return say(HELP)
    if ('--version' in flags || command === 'version') return say(VERSION)
    if (command === 'serve' && rest.length === 0) return await serve(flags)
    if (command === 'config' && rest.length === 1 && rest[0] === 'print') return printConfig(flags)
    if (command === 'config' && rest.length === 1 && rest[0] === 'check') return checkConfig(flags)
    if (command === 'simulate' && rest.length === 1) {
      // A daemon has no use for simulators in its memory.
      const { simulate } = await import('./simulate.ts')
      return await simulate(rest[0] ?? '', flags)
    }
    if (isTransfer(command) && rest.length === 0) {
      const transfers = await import('./transfer.ts')
      return await transfers[command](flags)
    }
    const meant = COMMANDS.includes(command) ? undefined : nearest(command, COMMANDS)
    const hint = meant === undefined ? 'see omnibus help' : `did you mean "${meant}"?`
    throw new UsageError(`unknown command "${words.join(' ')}"; ${hint}`)
  } catch (error) {
    return fail(error)
  }
}

function isTransfer(command: string): command is 'copy' | 'backup' | 'restore' {
  return command === 'copy' || command === 'backup' || command === 'restore'
}

/** A command line that makes no sense. */
export class UsageError extends Error {
  override name = 'UsageError'
}

function say(text: string): ExitCode {
  console.log(text)
  return 0
}

function fail(error: unknown): ExitCode {
  console.error(`omnibus: ${lineOf(error)}`)
  return error instanceof ConfigError || error instanceof UsageError ? 2 : 1
}

function lineOf(error: unknown): string {
  if (error instanceof ConfigError) return error.faults.join('; ')
  const text = error instanceof Error ? error.message : String(error)
  return text.replaceAll('\n', ' ')
}

/** `--name value` or `--name=value`. @throws UsageError for a flag that lacks its value */
function readArguments(argv: readonly string[]): Arguments {
  const words: string[] = []
  const flags: Record<string, string> = {}
  for (let index = 0; index < argv.length; index++) {
    const argument = argv[index] ?? ''
    if (argument === '-h') flags['--help'] = ''
    else if (argument === '-v') flags['--version'] = ''
    else if (!argument.startsWith('--')) words.push(argument)
    else if (argument.includes('=')) {
      const at = argument.indexOf('=')
      flags[argument.slice(0, at)] = argument.slice(at + 1)
    } else {
      const next = argv[index + 1]
      const isSwitch = argument === '--json' || argument === '--help' || argument === '--version'
      if (isSwitch) flags[argument] = ''
      else if (next === undefined || next.startsWith('--')) throw new UsageError(`${argument} needs a value`)
      else {
        flags[argument] = next
        index += 1
      }
    }
  }
  return { words, flags }
}
