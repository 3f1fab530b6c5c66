import { KEYS } from '../keys.ts'
import { VERSION } from '../version.ts'
import { type Argument, COMMANDS, type Command, commandNamed, firstWords, secondWords } from './commands.ts'
import { type Call, type ExitCode, hintOf, UsageError } from './usage.ts'

/** `omnibus help`, `omnibus help <command>`; `--help` anywhere leads here too. */
export function help({ words }: Pick<Call, 'words'>): ExitCode {
  console.log(textOf(words))
  return 0
}

export function version(): ExitCode {
  console.log(VERSION)
  return 0
}

/** Words that follow a command's name are none of our business: `send "Hola" --help` asks about send. */
function textOf(words: readonly string[]): string {
  const [first, second] = words
  if (first === undefined) return overview()
  const command = commandNamed(`${first} ${second}`) ?? commandNamed(first)
  if (command !== undefined) return helpOf(command)
  if (secondWords(first).length === 0) {
    throw new UsageError(`there is no command "${first}"${hintOf(first, firstWords(), '"')}`)
  }
  return COMMANDS.filter(({ name }) => name.startsWith(`${first} `))
    .map(helpOf)
    .join('\n\n\n')
}

/** One page: what there is, and where to read more. */
function overview(): string {
  const width = Math.max(...COMMANDS.map(({ name }) => name.length))
  const rows = COMMANDS.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`)
  return `Omnibus: every customer channel of a company on one message bus.

${rows.join('\n')}

omnibus help <command> shows its flags and examples; omnibus help serve, every key of the configuration.
Configuration: omnibus.yaml (or --config <file>), overridden by variables, overridden by flags.
Secrets may come from a file: OMNIBUS_SECRET_KEY_FILE, OMNIBUS_ADMIN_TOKEN_FILE, ...

Exit codes: 0 done, 1 it could not be done, 2 the command line or the configuration is wrong, 130 Ctrl-C.`
}

function helpOf(command: Command): string {
  const usage = ['omnibus', command.name, ...command.args.map(argumentOf)]
  const flags = command.flags.map(({ name, value, doc }) => [value === null ? name : `${name} ${value}`, doc])
  const takesFlags = flags.length > 0 || command.configured
  return [
    `${usage.join(' ')}${takesFlags ? ' [flags]' : ''}\n\n  ${command.summary}`,
    ...(flags.length > 0 ? [`Flags\n${table(flags)}`] : []),
    ...(command.configured ? [settingsOf(command)] : []),
    ...(command.details === undefined ? [] : [command.details]),
    `Examples\n${command.examples.map(example => `  ${example}`).join('\n')}`,
  ].join('\n\n')
}

function argumentOf({ name, needed, words }: Argument): string {
  const shown = words?.join(' | ') ?? name
  return needed ? `<${shown}>` : `[${shown}]`
}

/** Every key where it is looked for, a line elsewhere. */
function settingsOf({ name }: Command): string {
  if (name !== 'serve') return 'The flags of the configuration are taken too: omnibus help serve.'
  const rows = KEYS.map(key => [key.flag, `${key.variable.padEnd(24)} ${key.doc}`])
  return `Configuration: omnibus.yaml (--config <file>), overridden by variables, then flags\n${table(rows)}`
}

function table(rows: readonly (readonly string[])[]): string {
  const width = Math.max(...rows.map(([name = '']) => name.length))
  return rows.map(([name = '', doc = '']) => `  ${name.padEnd(width)}  ${doc}`).join('\n')
}
