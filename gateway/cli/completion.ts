import { allConnectors } from '../../connectors/registry.ts'
import {
  type Argument,
  COMMANDS,
  CONFIG_FLAGS,
  type Command,
  EVERYWHERE,
  firstWords,
  secondWords,
} from './commands.ts'
import type { Call, ExitCode } from './usage.ts'

/** `omnibus completion <shell>`: a script that knows the table of commands as it is now. */
export function completion({ words }: Call): ExitCode {
  const script = SCRIPTS[words[0] ?? '']
  console.log(script?.())
  return 0
}

const SCRIPTS: Readonly<Record<string, () => string>> = { bash, zsh, fish }

/** What may follow the words typed so far: `''`, `token`, `send`, `token create`. */
type Place = { after: string; offers: string[] }

/** The longest first, so that a shell that takes the first match takes the right one. */
function places(): Place[] {
  const twoWords = COMMANDS.filter(({ name }) => name.includes(' '))
  const groups = firstWords().filter(first => secondWords(first).length > 0)
  const oneWord = COMMANDS.filter(({ name }) => !name.includes(' '))
  return [
    ...[...twoWords, ...oneWord].map(command => ({ after: command.name, offers: offersOf(command) })),
    ...groups.map(first => ({ after: first, offers: secondWords(first) })),
    { after: '', offers: [...firstWords(), ...EVERYWHERE] },
  ]
}

function offersOf({ name, args, flags, configured }: Command): string[] {
  return [
    ...args.flatMap(wordsOf),
    ...(name === 'help' ? firstWords() : []),
    ...flags.map(flag => flag.name),
    ...(configured ? CONFIG_FLAGS : []),
    '--help',
  ]
}

/** Providers are told by the connectors: the table of commands is read without loading any. */
function wordsOf({ name, words }: Argument): readonly string[] {
  if (name !== 'provider') return words ?? []
  const simulated = allConnectors().filter(({ simulation }) => simulation !== undefined)
  return [...simulated.map(({ connector }) => connector), 'all']
}

/** Flags whose values are known words. */
function valued(): { name: string; words: readonly string[] }[] {
  const flags = new Map(
    COMMANDS.flatMap(({ flags }) => flags.map(({ name, words }) => [name, words] as const)),
  )
  return [...flags].flatMap(([name, words]) => (words === undefined ? [] : [{ name, words }]))
}

/** bash and zsh share how they find out where the cursor is; only how they offer words differs. */
function cases(offer: (words: readonly string[]) => string): string {
  return places()
    .map(({ after, offers }) => `    ${after === '' ? '' : `'${after} '`}*) ${offer(offers)} ;;`)
    .join('\n')
}

function bash(): string {
  const values = valued().map(({ name, words }) => `    ${name}) offered='${words.join(' ')}' ;;`)
  return `# bash completion for omnibus: source <(omnibus completion bash)
_omnibus() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} typed='' offered='' word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    [[ $word == -* ]] || typed+="$word "
  done
  case $typed in
${cases(words => `offered='${words.join(' ')}'`)}
  esac
  case $previous in
${values.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$offered" -- "$current"))
}
complete -o default -F _omnibus omnibus`
}

function zsh(): string {
  const values = valued().map(({ name, words }) => `    ${name}) offered=(${words.join(' ')}) ;;`)
  return `#compdef omnibus
# zsh completion for omnibus: omnibus completion zsh > "\${fpath[1]}/_omnibus"
_omnibus() {
  local typed='' word
  local -a offered
  for word in "\${(@)words[2,CURRENT-1]}"; do
    [[ $word == -* ]] || typed+="$word "
  done
  case $typed in
${cases(words => `offered=(${words.join(' ')})`)}
  esac
  case \${words[CURRENT-1]} in
${values.join('\n')}
  esac
  compadd -- $offered || _files
}
if [[ $funcstack[1] == _omnibus ]]; then _omnibus "$@"; else compdef _omnibus omnibus; fi`
}

function fish(): string {
  const lines = COMMANDS.flatMap(command => {
    const [first = '', second] = command.name.split(' ')
    const seen = `__fish_seen_subcommand_from ${first}`
    const here = second === undefined ? seen : `${seen}; and __fish_seen_subcommand_from ${second}`
    const summary = command.summary.replaceAll("'", "\\'")
    const start = second === undefined ? '__fish_use_subcommand' : `${seen}; and not ${here}`
    return [
      ...(second === undefined ? [] : [`complete -c omnibus -n '__fish_use_subcommand' -a ${first}`]),
      `complete -c omnibus -n '${start}' -a ${second ?? first} -d '${summary}'`,
      ...command.args
        .map(wordsOf)
        .filter(words => words.length > 0)
        .map(words => `complete -c omnibus -n '${here}' -a '${words.join(' ')}'`),
      ...command.flags.map(flag => {
        const takes =
          flag.value === null ? '' : flag.words === undefined ? ' -r' : ` -x -a '${flag.words.join(' ')}'`
        const doc = flag.doc.replaceAll("'", "\\'")
        return `complete -c omnibus -n '${here}' -l ${flag.name.slice(2)}${takes} -d '${doc}'`
      }),
    ]
  })
  return `# fish completion for omnibus: omnibus completion fish > ~/.config/fish/completions/omnibus.fish
${[...new Set(lines)].join('\n')}`
}
