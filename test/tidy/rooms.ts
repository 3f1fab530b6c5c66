import { posix } from 'node:path'
import type { Exceptions } from './exceptions.ts'
import type { Source } from './source.ts'

const EVERYTHING = [
  'model',
  'connectors',
  'store',
  'bus',
  'router',
  'queue',
  'reports',
  'gateway',
  'widget',
  'bench',
  'test',
]

/** Who may import whom (DESIGN §2, top to bottom). The first name of a path is its room. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  model: [],
  connectors: ['model'],
  store: ['model'],
  bus: ['model', 'connectors', 'store'],
  router: ['model', 'connectors', 'store', 'bus'],
  queue: ['model', 'connectors', 'store', 'bus'],
  reports: ['model', 'connectors', 'store', 'bus'],
  gateway: ['model', 'connectors', 'store', 'bus', 'router', 'queue', 'reports'],
  console: [],
  widget: ['connectors'],
  bench: EVERYTHING,
  test: EVERYTHING,
}

/** Where the program starts, besides every `*.test.ts`. */
const ENTRIES = [
  'gateway/main.ts',
  'gateway/warm.ts',
  'widget/widget.ts',
  'widget/build.ts',
  'bench/bench.ts',
  'test/faults.ts',
  'test/container.ts',
  'test/screenshots.ts',
  'vitest.config.ts',
]

/** What users run: the daemon, and the script that a website has of it. */
const PROGRAMS = ['gateway/main.ts', 'widget/widget.ts']

/** What both sides of a website's chat say to each other; of ours the widget knows nothing else. */
const WIDGET_CONTRACT = 'connectors/webchat/frames.ts'

/** Connector folders that others may share (DESIGN §2). */
const SHARED = ['kit', 'meta']

/** Imports go one way, and only through doors. */
export function wrongImports(sources: readonly Source[]): string[] {
  return sources.flatMap(source =>
    source.imports.flatMap(({ path, line }) => {
      const why = sources.some(other => other.path === path) ? refusal(source.path, path) : undefined
      return why === undefined ? [] : [`${source.path}:${line} imports ${path}: ${why}`]
    }),
  )
}

function refusal(from: string, to: string): string | undefined {
  const [room, folder] = parts(from)
  const [toRoom, toFolder] = parts(to)
  if (room === 'widget' && toRoom !== 'widget') {
    return to === WIDGET_CONTRACT
      ? undefined
      : `widget/ imports ${WIDGET_CONTRACT} alone: it runs in browsers`
  }
  const composes = room === 'gateway' || room === 'bench' || room === 'test'
  if (room !== toRoom && room !== undefined) {
    const allowed = MAY_IMPORT[room]
    if (allowed === undefined) return undefined
    if (!allowed.includes(toRoom ?? '')) {
      return room === 'router' || room === 'queue'
        ? 'router and queue meet in the log: commit a change and let the other follow it'
        : `${room}/ imports ${allowed.join(', ') || 'nothing of ours'}: pass it in or move it down`
    }
    if (toRoom === 'store' && toFolder !== undefined && !composes) {
      return 'an engine is chosen in gateway/ alone: import store/store.ts'
    }
  }
  const isProvider = toRoom === 'connectors' && toFolder !== undefined && !SHARED.includes(toFolder)
  if (!isProvider || composes || from === 'connectors/registry.ts') return undefined
  if (room === 'connectors' && folder === toFolder) return undefined
  return 'only its folder and the registry know a provider: share in connectors/kit/ or connectors/meta/'
}

function parts(path: string): [string | undefined, string | undefined] {
  const [room, folder, file] = path.split('/')
  return [folder === undefined ? undefined : room, file === undefined ? undefined : folder]
}

/** The file named like its folder is its front door; there is no `index.ts`. Tests are found by their runner. */
export function missingDoors(sources: readonly Source[], exceptions: Exceptions['noFrontDoor']): string[] {
  const code = sources.filter(source => source.path.endsWith('.ts'))
  const paths = new Set(code.map(source => source.path))
  const folders = new Set(
    code.map(source => posix.dirname(source.path)).filter(folder => !/^(test\b|\.)/.test(folder)),
  )
  const without = [...folders].filter(folder => !paths.has(`${folder}/${posix.basename(folder)}.ts`))
  return [
    ...without
      .filter(folder => exceptions[folder] === undefined)
      .map(
        folder =>
          `${folder}/ has no ${posix.basename(folder)}.ts: name the file to start with like its folder`,
      ),
    ...Object.keys(exceptions)
      .filter(folder => !without.includes(folder))
      .map(folder => `${folder}/ needs no exception (noFrontDoor): remove it`),
    ...[...paths]
      .filter(path => posix.basename(path) === 'index.ts')
      .map(path => `${path}: name it like its folder, and import it by that name`),
  ]
}

/**
 * Files that no entry point reaches. A file of ours that only tests reach is as dead as one that nobody does, so
 * tests and benchmarks are entries for themselves alone.
 */
export function deadFiles(sources: readonly Source[], exceptions: Exceptions['unreached']): string[] {
  const program = reached(sources, path => PROGRAMS.includes(path))
  const all = reached(sources, path => ENTRIES.includes(path) || path.endsWith('.test.ts'))
  const dead = sources
    .map(source => source.path)
    .filter(path => path.endsWith('.ts'))
    .filter(path => !(/^(test|bench)\//.test(path) || ENTRIES.includes(path) ? all : program).has(path))
  return [
    ...dead
      .filter(path => exceptions[path] === undefined)
      .map(
        path => `${path} is reached from ${all.has(path) ? 'tests only' : 'nowhere'}: use it or delete it`,
      ),
    ...Object.keys(exceptions)
      .filter(path => !dead.includes(path))
      .map(path => `${path} needs no exception (unreached): remove it`),
  ]
}

function reached(sources: readonly Source[], isEntry: (path: string) => boolean): Set<string> {
  const byPath = new Map(sources.map(source => [source.path, source]))
  const seen = new Set<string>()
  const follow = (path: string): void => {
    const source = byPath.get(path)
    if (source === undefined || seen.has(path)) return
    seen.add(path)
    for (const { path: next } of source.imports) follow(next)
  }
  for (const path of byPath.keys()) if (isEntry(path)) follow(path)
  return seen
}

/** Exported values that no other file takes. */
export function unusedExports(sources: readonly Source[], exceptions: Exceptions['unused']): string[] {
  const taken = new Set<string>()
  for (const source of sources) {
    for (const { path, names } of source.imports) for (const name of names) taken.add(`${path}#${name}`)
  }
  const unused = sources
    .filter(source => !ENTRIES.includes(source.path))
    .flatMap(source =>
      source.exported.map(({ name }) => ({ path: source.path, key: `${source.path}#${name}` })),
    )
    .filter(({ path, key }) => !taken.has(key) && !taken.has(`${path}#*`))
    .map(({ key }) => key)
  return [
    ...unused
      .filter(key => exceptions[key] === undefined)
      .map(key => `${key} is exported and nobody takes it: drop \`export\`, or the whole of it`),
    ...Object.keys(exceptions)
      .filter(key => !unused.includes(key))
      .map(key => `${key} needs no exception (unused): remove it`),
  ]
}
