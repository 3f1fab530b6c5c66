import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { describeConfig } from '../../gateway/cli/config.ts'
import { ConfigError, isLoopback, loadConfig } from '../../gateway/config.ts'
import { KEYS } from '../../gateway/keys.ts'

const folder = mkdtempSync(join(tmpdir(), 'omnibus-config-'))

function file(text: string): string {
  const path = join(folder, `${Math.random().toString(36).slice(2)}.yaml`)
  writeFileSync(path, text)
  return path
}

function faults(run: () => unknown): readonly string[] {
  try {
    run()
  } catch (error) {
    if (error instanceof ConfigError) return error.faults
    throw error
  }
  return []
}

test('with nothing set, the defaults of the design hold', () => {
  const { config } = loadConfig({ env: {} })
  expect(config).toEqual({
    listen: { host: '127.0.0.1', port: 8080 },
    publicUrl: null,
    dataDir: './data',
    store: 'sqlite:',
    bus: 'memory',
    parts: ['gateway', 'router', 'queue'],
    egress: { allow: ['127.0.0.0/8', '::1/128'] },
    trustedProxies: [],
    metricsToken: null,
    limits: { headroom: 0.9, requests: 500 },
    retention: { log: null, messages: null, raw: null, receipts: null, files: null },
    filesDir: null,
    adminToken: null,
    secretKey: null,
    logLevel: 'info',
    channels: [],
  })
})

test('the file overrides defaults, variables override the file, flags override variables', () => {
  const path = file('listen:\n  port: 1\n  host: 10.0.0.1\nlogLevel: warn\ndataDir: /file\n')
  const { config, settings } = loadConfig({
    env: { OMNIBUS_PORT: '2', OMNIBUS_LOG_LEVEL: 'error' },
    flags: { '--config': path, '--log-level': 'debug' },
  })
  expect(config.listen).toEqual({ host: '10.0.0.1', port: 2 })
  expect(config.logLevel).toBe('debug')
  expect(config.dataDir).toBe('/file')
  const from = Object.fromEntries(settings.map(setting => [setting.key.key, setting.from]))
  expect(from).toMatchObject({
    'listen.port': 'OMNIBUS_PORT',
    'listen.host': path,
    logLevel: '--log-level',
    bus: 'default',
  })
})

test.each<[string, () => unknown, string]>([
  [
    'unknown key in the file',
    () => loadConfig({ env: {}, flags: { '--config': file('dataDirr: x') } }),
    'unknown key "dataDirr"; did you mean "dataDir"?',
  ],
  [
    'unknown nested key',
    () => loadConfig({ env: {}, flags: { '--config': file('listen:\n  prot: 1') } }),
    'unknown key "listen.prot"; did you mean "listen.port"?',
  ],
  [
    'channels that are no list',
    () => loadConfig({ env: {}, flags: { '--config': file('channels: whatsapp') } }),
    'channels: must be array',
  ],
  [
    'unknown variable',
    () => loadConfig({ env: { OMNIBUS_PROT: '1' } }),
    'unknown variable OMNIBUS_PROT; did you mean OMNIBUS_PORT?',
  ],
  [
    'unknown flag',
    () => loadConfig({ env: {}, flags: { '--prot': '1' } }),
    'unknown flag --prot; did you mean',
  ],
  [
    'port that is no number',
    () => loadConfig({ env: { OMNIBUS_PORT: 'http' } }),
    'OMNIBUS_PORT: must be integer',
  ],
  [
    'port out of range',
    () => loadConfig({ env: {}, flags: { '--port': '70000' } }),
    '--port: must be <= 65535',
  ],
  [
    'missing file',
    () => loadConfig({ env: {}, flags: { '--config': '/nowhere.yaml' } }),
    '/nowhere.yaml: ENOENT',
  ],
  ['file that is no YAML', () => loadConfig({ env: {}, flags: { '--config': file('a: [') } }), '.yaml: '],
  ['NATS', () => loadConfig({ env: { OMNIBUS_BUS: 'nats://x' } }), 'OMNIBUS_BUS: must be one of memory'],
  [
    'part nobody knows',
    () => loadConfig({ env: { OMNIBUS_PARTS: 'queue,kitchen' } }),
    'OMNIBUS_PARTS[1]: must be',
  ],
  [
    'URL with a path',
    () => loadConfig({ env: { OMNIBUS_PUBLIC_URL: 'https://a.b/c' } }),
    'OMNIBUS_PUBLIC_URL',
  ],
  [
    'a proxy that is no network',
    () => loadConfig({ env: { OMNIBUS_TRUSTED_PROXIES: 'nginx' } }),
    'trustedProxies: nginx',
  ],
  [
    'an egress that is none',
    () => loadConfig({ env: { OMNIBUS_EGRESS_ALLOW: '10.0.0.0/99' } }),
    'egress.allow: 10.0.0.0/99',
  ],
  [
    'retention that is no number of days',
    () => loadConfig({ env: {}, flags: { '--config': file('retention:\n  raw: 30d') } }),
    'retention.raw: must be integer',
  ],
  ['retention of less than a day', () => loadConfig({ env: { OMNIBUS_RETENTION_RAW: '0' } }), 'must be >= 1'],
  [
    'RULES B1: messages that go before their deliveries are known to be the same',
    () => loadConfig({ env: { OMNIBUS_RETENTION_LOG: '7', OMNIBUS_RETENTION_MESSAGES: '29' } }),
    'OMNIBUS_RETENTION_MESSAGES: must be >= 30',
  ],
  [
    'RULES A5: a log that outlives the messages it tells of',
    () => loadConfig({ env: {}, flags: { '--retention-log': '91', '--retention-messages': '90' } }),
    'retention.log: must be at most retention.messages (90), because the log reads messages off their ' +
      'rows; it is 91',
  ],
  [
    'RULES A5: a log for ever with messages that go',
    () => loadConfig({ env: { OMNIBUS_RETENTION_MESSAGES: '90' } }),
    'retention.log: must be at most retention.messages (90), because the log reads messages off their ' +
      'rows; without it the log is kept for ever',
  ],
  ['short secret', () => loadConfig({ env: { OMNIBUS_SECRET_KEY: 'short' } }), 'OMNIBUS_SECRET_KEY[0]'],
])('a wrong configuration is refused by name: %s', (_name, run, expected) => {
  expect(faults(run).join('\n')).toContain(expected)
})

test('RULES A6: retention in days, from the file, variables and flags', () => {
  const path = file('retention:\n  log: 30\n  files: 365\n  raw:\nfilesDir: /mnt/files\n')
  const { config } = loadConfig({
    env: { OMNIBUS_RETENTION_MESSAGES: '90', OMNIBUS_RETENTION_RECEIPTS: '60' },
    flags: { '--config': path, '--retention-log': '90' },
  })
  expect(config.retention).toEqual({ log: 90, messages: 90, raw: null, receipts: 60, files: 365 })
  expect(config.filesDir).toBe('/mnt/files')
})

test('every fault is told at once', () => {
  expect(
    faults(() => loadConfig({ env: { OMNIBUS_PORT: 'x', OMNIBUS_BUS: 'y', OMNIBUS_Z: 'z' } })),
  ).toHaveLength(3)
})

test('a fault in a secret never shows it', () => {
  const told = faults(() => loadConfig({ env: { OMNIBUS_ADMIN_TOKEN: 'hunter2' } })).join()
  expect(told).toContain('OMNIBUS_ADMIN_TOKEN')
  expect(told).not.toContain('hunter2')
})

test('a secret can be read from a file, and not from two places', () => {
  const path = file('a-token-of-some-length\n')
  expect(loadConfig({ env: { OMNIBUS_ADMIN_TOKEN_FILE: path } }).config.adminToken).toBe(
    'a-token-of-some-length',
  )
  const both = { OMNIBUS_ADMIN_TOKEN_FILE: path, OMNIBUS_ADMIN_TOKEN: 'another-of-some-length' }
  expect(faults(() => loadConfig({ env: both }))[0]).toContain('are both set')
  expect(faults(() => loadConfig({ env: { OMNIBUS_SECRET_KEY_FILE: '/nowhere' } }))[0]).toContain('ENOENT')
})

test('RULES G1: the secret key may be new,old', () => {
  const env = { OMNIBUS_SECRET_KEY: 'new-key-of-some-length,old-key-of-some-length' }
  expect(loadConfig({ env }).config.secretKey).toEqual(['new-key-of-some-length', 'old-key-of-some-length'])
})

test('RULES G3: private addresses may be called by default only when listening on loopback', () => {
  expect(loadConfig({ env: { OMNIBUS_HOST: '0.0.0.0' } }).config.egress.allow).toEqual([])
  expect(loadConfig({ env: { OMNIBUS_HOST: '::1' } }).config.egress.allow).not.toEqual([])
  expect(loadConfig({ env: { OMNIBUS_EGRESS_ALLOW: '10.0.0.0/8' } }).config.egress.allow).toEqual([
    '10.0.0.0/8',
  ])
  expect(['127.0.0.1', '127.9.9.9', '::1', 'localhost'].every(isLoopback)).toBe(true)
  expect(['0.0.0.0', '::', '10.0.0.1', 'example.org'].some(isLoopback)).toBe(false)
})

test('what tests and benchmarks are told is none of the daemon’s', () => {
  const env = {
    OMNIBUS_TEST_POSTGRES: 'postgres://x',
    OMNIBUS_TEST_REQUIRE: 'all',
    OMNIBUS_BENCH_POSTGRES: 'y',
  }
  expect(loadConfig({ env }).config.store).toBe('sqlite:')
})

test('what Kubernetes sets for a service called omnibus is not taken for configuration', () => {
  const env = { OMNIBUS_PORT: 'tcp://10.0.0.1:80', OMNIBUS_SERVICE_HOST: 'x', OMNIBUS_PORT_80_TCP: 'y' }
  expect(loadConfig({ env }).config.listen.port).toBe(8080)
})

test('config print hides secrets and says where each value came from', () => {
  const env = { OMNIBUS_ADMIN_TOKEN: 'a-token-of-some-length', OMNIBUS_PORT: '9' }
  const text = describeConfig(loadConfig({ env }))
  expect(text).not.toContain('a-token-of-some-length')
  expect(text).toMatch(/adminToken: "\*\*\*" +# OMNIBUS_ADMIN_TOKEN/)
  expect(text).toMatch(/listen\.port: 9 +# OMNIBUS_PORT/)
  expect(text.split('\n')).toHaveLength(KEYS.length + 1)
})
