import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, test } from 'vitest'
import { allConnectors } from '../connectors/registry.ts'
import { COMMANDS } from '../gateway/cli/commands.ts'
import { loadConfig } from '../gateway/config.ts'
import { createDaemon } from '../gateway/gateway.ts'
import { KEYS } from '../gateway/keys.ts'
import { EVENT_TYPES } from '../model/event.ts'
import { FAILURES } from '../model/failure.ts'
import { REJECT_CODES } from '../model/import.ts'
import { STEPS } from '../model/steps.ts'
import {
  columnOf,
  difference,
  fieldsOf,
  filesNamed,
  isTold,
  matchesIn,
  namesIn,
  routesNamed,
  rowsOf,
  SAME,
} from './docs/docs.ts'
import { projectFiles } from './tidy/source.ts'

/** Documents fail the build when they lie (STYLE 31). `untold`: add it to the document; `untrue`: take it out. */
const files = projectFiles(fileURLToPath(new URL('..', import.meta.url)))
const documents = Object.entries(files).filter(([path]) => path.endsWith('.md'))

/** A document's text; empty if it is not there, so that the difference lists all that it must tell. */
const read = (path: string): string => files[path] ?? ''

describe('documents against code', () => {
  test('docs/events.md has every type of event', () => {
    expect(difference(EVENT_TYPES, columnOf(read('docs/events.md'), 'type'))).toEqual(SAME)
  })

  test('docs/people.md has every reason why a row of a file is left out', () => {
    const told = columnOf(read('docs/people.md'), 'code').flatMap(namesIn)
    expect(difference(REJECT_CODES, told)).toEqual(SAME)
  })

  test('docs/failures.md has every failure, with its answers', () => {
    const told = rowsOf(read('docs/failures.md'), 'code').map(row => Object.values(row).join(' | '))
    const code = Object.entries(FAILURES).map(([code, { retry, certain, blame, scope, says }]) =>
      [code, retry, certain ? 'yes' : 'no', blame, scope, says].join(' | '),
    )
    expect(difference(code, told)).toEqual(SAME)
  })

  test('docs/operations.md has every configuration key and its variable', () => {
    const rows = rowsOf(read('docs/operations.md'), 'key')
    const told = rows.map(row => `${row['key']} ${namesIn(row['variable'] ?? '').join(' ')}`)
    expect(
      difference(
        KEYS.map(({ key, variable }) => `${key} ${variable}`),
        told,
      ),
    ).toEqual(SAME)
  })

  test('docs/operations.md has every command', () => {
    const told = rowsOf(read('docs/operations.md'), 'does').map(row => row['command'] ?? '')
    const code = COMMANDS.map(({ name }) => `omnibus ${name}`)
    expect(difference(code, told)).toEqual(SAME)
  })

  test('docs/operations.md has every metric', () => {
    const code = Object.entries(files)
      .filter(([path]) => path.startsWith('gateway/') && path.endsWith('.ts'))
      // The parts of a summary or a histogram are told with it.
      .flatMap(([, text]) => matchesIn(text, /'(omnibus_[a-z_]+?)(?:_sum|_count|_bucket)?'/g))
    expect(difference(code, columnOf(read('docs/operations.md'), 'metric'))).toEqual(SAME)
  })

  test('docs/architecture.md tells every numbered step of both flows', () => {
    const told = matchesIn(read('docs/architecture.md'), /\b(?:in|out)bound\.\d+\.[a-z]+\b/g)
    expect(difference(STEPS, told)).toEqual(SAME)
  })

  test('docs/connectors.md tells everything that the contract asks of a connector', () => {
    const contract = read('connectors/connector.ts')
    const types = ['Connector', 'WebhookRequest', 'Outbound', 'Capabilities', 'Limits']
    const fields = types.map(type => [type, fieldsOf(contract, type)] as const)
    expect(fields.filter(([, names]) => names.length === 0)).toEqual([])
    const kinds = matchesIn(contract, /^ {2}\|? ?.*kind: '(\w+)'/gm)
    const words = [...fields.flatMap(([, names]) => names), ...kinds]
    const untold = words.filter(word => !isTold(read('docs/connectors.md'), word))
    expect(untold).toEqual([])
  })

  test('every connector has a page, which docs/connectors.md lists', () => {
    const names = allConnectors().map(({ connector }) => connector)
    const pages = documents.flatMap(([path]) => matchesIn(path, /^docs\/connectors\/(\w+)\.md$/g))
    expect(difference(names, pages)).toEqual(SAME)
    expect(difference(names, columnOf(read('docs/connectors.md'), 'connector'))).toEqual(SAME)
  })

  test('every file that a document names is there', () => {
    const paths = Object.keys(files)
    const rooms = [...new Set(paths.filter(path => path.includes('/')).map(path => path.split('/')[0] ?? ''))]
    const missing = documents.flatMap(([path, text]) =>
      filesNamed(path, text, rooms)
        .filter(named => !paths.some(file => file === named || file.startsWith(`${named}/`)))
        .map(named => `${path} names ${named}`),
    )
    expect(missing).toEqual([])
  })
})

describe('routes against /openapi.json', () => {
  let described: string[] = []

  beforeAll(async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'omnibus-docs-'))
    const daemon = await createDaemon(
      loadConfig({ env: {}, flags: { '--port': '0', '--data-dir': dataDir } }).config,
    )
    const openapi = (await (await fetch(`${daemon.url}/openapi.json`)).json()) as {
      paths: Record<string, Record<string, unknown>>
    }
    described = Object.entries(openapi.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map(method => `${method.toUpperCase()} ${path}`),
    )
    await daemon.stop()
    rmSync(dataDir, { recursive: true, force: true })
  })

  test('every path that the gateway serves is described', () => {
    const served = Object.entries(files)
      .filter(([path]) => /^gateway\/(routes|webchat)\//.test(path))
      .flatMap(([, text]) => matchesIn(text, /'(\/[\w/:.-]*[\w])'/g))
      // The description does not describe itself.
      .filter(path => path !== '/openapi.json')
      .map(path => path.replace(/:(\w+)/g, '{$1}'))
    const paths = described.map(route => route.split(' ')[1] ?? '')
    expect(difference(served, paths)).toEqual(SAME)
  })

  test('every route that a document names is served', () => {
    const untrue = documents.flatMap(([path, text]) =>
      routesNamed(text)
        .filter(route => ![...described, 'GET /openapi.json'].some(known => isSameRoute(known, route)))
        .map(route => `${path} names ${route}`),
    )
    expect(untrue).toEqual([])
  })
})

/** A document may write a real id, `chn_…`, where the route has a parameter. */
function isSameRoute(known: string, told: string): boolean {
  const [parts, others] = [known.split('/'), told.split('/')]
  return (
    parts.length === others.length && parts.every((part, at) => part.startsWith('{') || part === others[at])
  )
}

describe('the checks can fail', () => {
  const table =
    '| key | variable |\n|---|---|\n| `a.b` | `X_A`, `X_B` |\n| c | X |\n\n| other |\n|---|\n| d |\n'

  test('a table is read by the name of its column', () => {
    expect(columnOf(table, 'key')).toEqual(['a.b', 'c'])
    expect(rowsOf(table, 'key').map(row => namesIn(row['variable'] ?? ''))).toEqual([['X_A', 'X_B'], ['X']])
    expect(columnOf(table, 'metric')).toEqual([])
  })

  test('a difference is told both ways', () => {
    expect(difference(['a', 'b'], ['b', 'c'])).toEqual({ untold: ['a'], untrue: ['c'] })
  })

  test('files and routes are found in prose', () => {
    const text =
      'See [x](../queue/lanes.ts#top), `model/ids.ts`, `connectors/<name>/`, `a/b` and [y](https://z).'
    expect(filesNamed('docs/a.md', text, ['model', 'connectors'])).toEqual(['queue/lanes.ts', 'model/ids.ts'])
    expect(routesNamed('`GET /v1/messages/:id`, POST /v1/messages.')).toEqual([
      'GET /v1/messages/{id}',
      'POST /v1/messages',
    ])
  })
})
