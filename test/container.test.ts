import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { isIgnored, readDockerfile, readIgnored, variablesOf, wordsOf } from './container/dockerfile.ts'

/** What can be seen without performing it; `npm run container` performs it. */
const read = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8')
const stages = readDockerfile(read('Dockerfile'))
const last = stages.at(-1) ?? { image: '', name: null, instructions: [] }
const textsOf = (name: string): string[] =>
  last.instructions.filter(instruction => instruction.name === name).map(({ text }) => text)

test('the container runs as nobody in particular, and writes to its volume alone', () => {
  expect(textsOf('USER')).toEqual([expect.stringMatching(/^[1-9]\d*:[1-9]\d*$/)])
  expect(textsOf('VOLUME')).toEqual(['/data'])
  expect(variablesOf(last)).toMatchObject({ OMNIBUS_HOST: '0.0.0.0', OMNIBUS_DATA_DIR: '/data' })
  const data = last.instructions.find(({ name, text }) => name === 'COPY' && text.endsWith(' /data'))
  expect(data?.flags['chown']).toBe(textsOf('USER')[0])
})

test('signals reach the daemon: no shell stands in between', () => {
  expect([...wordsOf(last, 'ENTRYPOINT'), ...wordsOf(last, 'CMD')]).toEqual([
    'node',
    'gateway/start.js',
    'serve',
  ])
  expect(existsSync(new URL('../gateway/start.js', import.meta.url))).toBe(true)
  expect(textsOf('STOPSIGNAL')).toEqual(['SIGTERM'])
})

test('both stages have the Node.js that the project needs, and nothing is built in the one that runs', () => {
  const { engines } = JSON.parse(read('package.json')) as { engines: { node: string } }
  const version = engines.node.replace('>=', '')
  expect(stages.map(({ image }) => image)).toEqual([`node:${version}-slim`, `node:${version}-slim`])
  expect(textsOf('RUN')).toEqual([])
})

test('no secret and no test is sent to the engine, and all that runs is', () => {
  const patterns = readIgnored(read('.dockerignore'))
  for (const path of ['.git/config', 'data/omnibus.db', 'secrets/store', 'x/admin.token', 'secret.key']) {
    expect([path, isIgnored(patterns, path)]).toEqual([path, true])
  }
  for (const path of ['test/a.test.ts', 'README.md', 'docs/x.md', 'connectors/x/fixtures/a.json']) {
    expect([path, isIgnored(patterns, path)]).toEqual([path, true])
  }
  for (const path of ['gateway/start.js', 'package-lock.json', '.npmrc', 'store/sqlite/migrations/001.sql']) {
    expect([path, isIgnored(patterns, path)]).toEqual([path, false])
  }
})

type Unit = Record<'read_only' | 'cap_drop' | 'tmpfs' | 'init' | 'secrets' | 'environment', unknown>

test('compose.yaml gives no daemon a right that it does not need, and no secret but by file', () => {
  const compose = parse(read('compose.yaml'), { merge: true }) as {
    services: Record<string, Unit>
    secrets: Record<string, { file: string }>
  }
  const { omnibus, 'omnibus-postgres': shared } = compose.services
  for (const daemon of [omnibus, shared]) {
    expect(daemon).toMatchObject({ read_only: true, cap_drop: ['ALL'], tmpfs: ['/tmp'], init: true })
  }
  const variables = Object.entries((shared?.environment ?? {}) as Record<string, string>)
  expect(variables.map(([name]) => name)).toEqual([
    'OMNIBUS_STORE_FILE',
    'OMNIBUS_SECRET_KEY_FILE',
    'OMNIBUS_ADMIN_TOKEN_FILE',
  ])
  const mounted = variables.map(([, path]) => path.replace('/run/secrets/', ''))
  expect(mounted).toEqual(shared?.secrets)
  for (const { file } of Object.values(compose.secrets)) expect(file).toMatch(/^\.\/secrets\//)
})
