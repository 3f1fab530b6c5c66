import { posix } from 'node:path'
import type { Exceptions } from './exceptions.ts'
import type { Source } from './source.ts'

/** STYLE 24: words that say nothing, and what to say. */
const EMPTY_WORDS: Readonly<Record<string, string>> = {
  manager: 'say what it does: directory, committer, pump',
  service: 'say what it does',
  helper: 'name the function after its result',
  helpers: 'name the file after what is in it',
  util: 'name the file after what is in it',
  utils: 'name the file after what is in it',
  base: 'no inheritance: a function call',
  impl: 'the port has the general name, the engine its own',
  abstract: 'no inheritance: a function call',
}

/** DESIGN §3: one word per idea. Providers have their own words: connector folders are free of this table. */
const OTHER_WORDS: Readonly<Record<string, string>> = {
  chat: 'conversation',
  session: 'conversation, lease or token',
  ticket: 'conversation',
  tenant: 'workspace',
  campaign: 'broadcast',
  customer: 'contact',
}

/** Names of types, functions, values and files that use a word we have a better one for. */
export function bannedWords(sources: readonly Source[], exceptions: Exceptions['words']): string[] {
  const found = new Map<string, string>()
  for (const source of sources.filter(source => source.path.endsWith('.ts'))) {
    const isProvider = /^connectors\/[^/]+\//.test(source.path)
    // What is written with underscores there is the provider's own name for it.
    const names = [...source.declared, { name: posix.basename(source.path, '.ts'), line: 1 }].filter(
      ({ name }) => !isProvider || !/[a-z]_[a-z]/.test(name),
    )
    for (const { name, line } of names) {
      for (const word of wordsOf(name)) {
        const instead =
          (isType(name, word) ? EMPTY_WORDS[word] : undefined) ?? (isProvider ? undefined : OTHER_WORDS[word])
        if (instead !== undefined) found.set(`${source.path}#${name}`, `:${line} \`${word}\`: ${instead}`)
      }
    }
  }
  return [
    ...[...found].filter(([key]) => exceptions[key] === undefined).map(([key, says]) => `${key}${says}`),
    ...Object.keys(exceptions)
      .filter(key => !found.has(key))
      .map(key => `${key} needs no exception (words): remove it`),
  ]
}

/** `camelCase`, `PascalCase`, `kebab-case`, `UPPER_CASE` → lower-case words. */
function wordsOf(name: string): string[] {
  const spaced = name.replace(/([a-z0-9])([A-Z])/g, '$1 $2').replace(/([A-Z])([A-Z][a-z])/g, '$1 $2')
  return spaced.toLowerCase().split(/[^a-z0-9]+/)
}

/** `apiBase` is a config key and `service` a category: two of the words are empty only in the name of a type. */
function isType(name: string, word: string): boolean {
  return (word !== 'base' && word !== 'service') || /^[A-Z][a-z]/.test(name)
}

/** STYLE 23: erasable TypeScript without holes. */
export function bannedSyntax(sources: readonly Source[]): string[] {
  const instead: Readonly<Record<string, string>> = {
    any: 'use `unknown` and a check',
    enum: 'use a union, or a constant table `as const`',
    namespace: 'a file is the namespace',
  }
  return sources.flatMap(source => [
    ...source.syntax.map(({ name, line }) => `${source.path}:${line} \`${name}\`: ${instead[name]}`),
    ...linesWith(source, IGNORED_CHECK, 'fix the type'),
  ])
}

const IGNORED_CHECK = /@ts-(?:ignore|nocheck)/

/** STYLE 20: what comes from outside comes in by one file, in browsers by another. `bench/`, `test/` are outside. */
const DOORS: readonly { uses: readonly string[]; file: string; browser?: string; instead: string }[] = [
  {
    uses: ['Date.now', 'new Date', 'performance.now', 'process.hrtime'],
    file: 'model/clock.ts',
    browser: 'widget/browser.ts',
    instead: 'take a Clock, or `now`, as a parameter',
  },
  {
    uses: ['Math.random'],
    file: 'model/random.ts',
    browser: 'widget/browser.ts',
    instead: 'take a Random as a parameter',
  },
  { uses: ['process.env'], file: 'gateway/config.ts', instead: 'make it a config key' },
]

export function sideDoors(sources: readonly Source[]): string[] {
  return ours(sources).flatMap(source =>
    source.uses.flatMap(({ name, line }) =>
      DOORS.filter(door => door.uses.includes(name) && ![door.file, door.browser].includes(source.path)).map(
        door => `${source.path}:${line} \`${name}\` belongs in ${door.file}: ${door.instead}`,
      ),
    ),
  )
}

const SQL = new RegExp(
  [
    String.raw`\bselect\b[^.!?]*\bfrom\s+\w+(\s+(where|join|order by|limit|as)\b|\s*$)`,
    String.raw`\binsert\s+(or\s+\w+\s+)?into\b`,
    String.raw`\bdelete\s+from\s+\w+\s+where\b`,
    String.raw`\bupdate\s+\w+\s+set\b`,
    String.raw`\bcreate\s+(unique\s+)?(table|index)\b`,
    String.raw`^\s*pragma\s+\w+`,
  ].join('|'),
  'i',
)

/** SQL is written where it is run, so that another engine can be put there. */
export function strayStatements(sources: readonly Source[]): string[] {
  return ours(sources)
    .filter(source => !/^(store|reports)\//.test(source.path))
    .flatMap(source =>
      source.strings
        .filter(({ name }) => SQL.test(name))
        .map(({ line }) => `${source.path}:${line} has SQL: make it a named query of the store`),
    )
}

/** Nothing in the repository may know where it was written, or from where its packages came. */
const PLACES: readonly { pattern: RegExp; instead: string }[] = [
  { pattern: /(?:^|[\s"'`(=])\/(?:work|home|Users|root)\/\w/, instead: 'use a relative path' },
  {
    pattern: /"resolved":|registry=|\bregistry\.[a-z-]+\.[a-z]{2,}\b/,
    instead: 'leave the registry to the user',
  },
]

export function places(sources: readonly Source[]): string[] {
  return sources.flatMap(source =>
    PLACES.flatMap(({ pattern, instead }) => linesWith(source, pattern, instead)),
  )
}

export function missingNewlines(sources: readonly Source[]): string[] {
  return sources
    .filter(({ text }) => text !== '' && !text.endsWith('\n'))
    .map(({ path }) => `${path} does not end with a newline: add one`)
}

function ours(sources: readonly Source[]): Source[] {
  return sources.filter(({ path }) => !/^(bench|test)\//.test(path))
}

function linesWith(source: Source, pattern: RegExp, instead: string): string[] {
  return source.text
    .split('\n')
    .flatMap((text, index) =>
      pattern.test(text) ? [`${source.path}:${index + 1} ${pattern.exec(text)?.[0].trim()}: ${instead}`] : [],
    )
}
