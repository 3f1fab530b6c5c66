import { type TSchema, Type } from 'typebox'

/**
 * Every configuration key, told once: the loader, `config print`, `help` and the test that compares `docs/` with the
 * code all read this table.
 */
export type Key = {
  /** Where it stands in `omnibus.yaml`, dotted. */
  key: string
  variable: string
  flag: string
  /** How text from a variable or a flag is read; lists are separated by commas. */
  kind: 'text' | 'number' | 'list'
  schema: TSchema
  /** The value when nothing is set; a function of the rest where it depends on other keys. */
  default: unknown
  /** Hidden by `config print`. Secrets can also be read from a file, by `<variable>_FILE`. */
  secret: boolean
  doc: string
}

export const PARTS = ['gateway', 'router', 'queue'] as const
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const

const SECRET_MIN = 16
const secretText = Type.String({ minLength: SECRET_MIN, maxLength: 512 })
const address = Type.String({ minLength: 2, maxLength: 64 })

/** A hundred years: beyond it, for ever is meant. */
const DAYS_MAX = 36_500

export const KEYS = [
  key('listen.host', 'OMNIBUS_HOST', 'text', Type.String({ minLength: 1 }), '127.0.0.1', {
    doc: 'Address to listen on; 0.0.0.0 for every interface.',
  }),
  key('listen.port', 'OMNIBUS_PORT', 'number', Type.Integer({ minimum: 0, maximum: 65_535 }), 8080, {
    doc: 'Port to listen on; 0 takes a free one.',
  }),
  key('publicUrl', 'OMNIBUS_PUBLIC_URL', 'text', Type.String({ pattern: '^https?://[^/?#]+/?$' }), null, {
    doc: 'How providers and browsers reach us, without a path; from listen if absent.',
  }),
  key('dataDir', 'OMNIBUS_DATA_DIR', 'text', Type.String({ minLength: 1 }), './data', {
    doc: 'Directory of the embedded store, its files and the key made on first start.',
  }),
  key('store', 'OMNIBUS_STORE', 'text', Type.String({ pattern: '^[a-z]+:' }), 'sqlite:', {
    secret: true,
    doc: 'Where everything is remembered: sqlite: in dataDir, or postgres://user:password@host/database.',
  }),
  key('bus', 'OMNIBUS_BUS', 'text', Type.Enum(['memory']), 'memory', {
    doc: 'What tells others: memory, which is in process.',
  }),
  key(
    'parts',
    'OMNIBUS_PARTS',
    'list',
    Type.Array(Type.Enum([...PARTS]), { minItems: 1, uniqueItems: true }),
    [...PARTS],
    { doc: 'What this node runs: gateway, router, queue.' },
  ),
  key('egress.allow', 'OMNIBUS_EGRESS_ALLOW', 'list', Type.Array(address, { maxItems: 256 }), null, {
    doc: 'Private addresses, CIDRs or hosts that may be called; loopback when listening on it, else none.',
  }),
  key('trustedProxies', 'OMNIBUS_TRUSTED_PROXIES', 'list', Type.Array(address, { maxItems: 256 }), [], {
    doc: 'Addresses or networks (CIDR) whose X-Forwarded-* headers are believed.',
  }),
  key('metricsToken', 'OMNIBUS_METRICS_TOKEN', 'text', secretText, null, {
    secret: true,
    doc: 'Bearer token for /metrics, which without one is open on loopback only.',
  }),
  key(
    'limits.headroom',
    'OMNIBUS_LIMITS_HEADROOM',
    'number',
    Type.Number({ exclusiveMinimum: 0, maximum: 1 }),
    0.9,
    {
      doc: "Share of each sender's allowed rate that is used.",
    },
  ),
  key(
    'limits.requests',
    'OMNIBUS_LIMITS_REQUESTS',
    'number',
    Type.Integer({ minimum: 0, maximum: 1_000_000 }),
    500,
    { doc: 'Requests a second that one token may make, twice as many at once; 0 is no limit.' },
  ),
  days('log', 'OMNIBUS_RETENTION_LOG', 1, 'the log, from which /v1/events reads'),
  days('messages', 'OMNIBUS_RETENTION_MESSAGES', 30, 'messages, with content, timeline and media'),
  days('raw', 'OMNIBUS_RETENTION_RAW', 1, 'deliveries that were rejected'),
  days('receipts', 'OMNIBUS_RETENTION_RECEIPTS', 1, 'the timeline of messages: receipts and attempts'),
  days('files', 'OMNIBUS_RETENTION_FILES', 1, 'the bytes of files'),
  key('filesDir', 'OMNIBUS_FILES_DIR', 'text', Type.String({ minLength: 1 }), null, {
    doc: 'Directory of files, if not in dataDir; one that all nodes of a store share.',
  }),
  key('adminToken', 'OMNIBUS_ADMIN_TOKEN', 'text', secretText, null, {
    secret: true,
    doc: 'Token of the operator; must be set with PostgreSQL, else made and printed once if absent.',
  }),
  key('secretKey', 'OMNIBUS_SECRET_KEY', 'list', Type.Array(secretText, { minItems: 1, maxItems: 2 }), null, {
    secret: true,
    doc: 'Key that seals secrets: new, or new,old. Must be set with PostgreSQL, else made in dataDir.',
  }),
  key('logLevel', 'OMNIBUS_LOG_LEVEL', 'text', Type.Enum([...LOG_LEVELS]), 'info', {
    doc: 'debug, info, warn, error or silent.',
  }),
] as const satisfies readonly Key[]

function days(kind: string, variable: string, minimum: number, what: string): Key {
  const schema = Type.Integer({ minimum, maximum: DAYS_MAX })
  return key(`retention.${kind}`, variable, 'number', schema, null, {
    doc: `Days to keep ${what}; for ever if absent.`,
  })
}

function key(
  name: string,
  variable: string,
  kind: Key['kind'],
  schema: TSchema,
  fallback: unknown,
  more: { doc: string; secret?: boolean },
): Key {
  const last = name === 'limits.headroom' ? 'headroom' : name.replace('listen.', '').replace('.', '-')
  const flag = `--${last.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)}`
  return {
    key: name,
    variable,
    flag,
    kind,
    schema,
    default: fallback,
    secret: more.secret ?? false,
    doc: more.doc,
  }
}
