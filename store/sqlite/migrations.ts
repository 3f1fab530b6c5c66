import { type ColumnType, column, TABLES, type TableName } from '../tables.ts'

const SQLITE_TYPES: Record<ColumnType, string> = {
  text: 'TEXT',
  int: 'INTEGER',
  bool: 'INTEGER',
  json: 'TEXT',
  bytes: 'BLOB',
}

/** Tables found by a hash of their key. That a key is there once is `decide`'s doing: it reads before it writes. */
export const HASHED: ReadonlySet<TableName> = new Set(['providerIds', 'seen'])

/**
 * Forward only. Each step runs once, in a transaction, in order; a database that knows more steps than this code is
 * refused, because an older program could damage what it does not understand. Steps that were released are never
 * edited: the first one is the tables as they were then, and `test/store/schema.test.ts` compares the outcome
 * with `tables.ts`.
 */
export const MIGRATIONS: readonly string[][] = [
  [...Object.keys(TABLES).map(name => createTable(name as TableName)), ...indexes()],
]

/**
 * The key is the table (WITHOUT ROWID): one tree a table, and no second look-up. Two exceptions. Rejected deliveries
 * hold large values, which such a tree stores badly. And what a provider names is long and comes in no order: as the key
 * it would dirty a fresh page for every row, so such a table only grows at its end and is found by a hash of its key.
 */
function createTable(table: TableName): string {
  const { name, key, columns } = TABLES[table]
  const fields = Object.entries(columns).map(([field, type]) => `${column(field)} ${SQLITE_TYPES[type]}`)
  if (HASHED.has(table))
    return `CREATE TABLE ${name} (${[...fields, 'key_hash INTEGER NOT NULL'].join(', ')}) STRICT`
  const primary = `PRIMARY KEY (${key.map(column).join(', ')})`
  return `CREATE TABLE ${name} (${[...fields, primary].join(', ')}) STRICT${table === 'rejected' ? '' : ', WITHOUT ROWID'}`
}

function indexes(): string[] {
  return [
    ...[...HASHED].map(table => `CREATE INDEX ${TABLES[table].name}_key ON ${TABLES[table].name} (key_hash)`),
    // A conversation's messages, newest first.
    'CREATE INDEX messages_conversation ON messages (workspace, conversation, id)',
    // What a watermark raises (RULES D5).
    // Only outbound: an inbound message would dirty one more page at random for nothing.
    `CREATE INDEX messages_sent_to ON messages (workspace, channel, address_value, id) WHERE direction = 'outbound'`,
    'CREATE INDEX conversations_contact ON conversations (workspace, contact, id)',
    // What may be claimed, in order (RULES C9). Partial: a claimed row leaves the index. What a dead holder left is
    // found by reading the whole table, once at start: an index for it would be written three times a message.
    `CREATE INDEX queue_ready ON queue (sender_group, lane, ready_at, position) WHERE state = 'ready'`,
    `CREATE INDEX queue_expires ON queue (sender_group, expires_at) WHERE state = 'ready'`,
    `CREATE INDEX queue_uncertain ON queue (sender_group, resolve_at) WHERE state = 'uncertain'`,
    `CREATE INDEX files_due ON files (next_at) WHERE state = 'due'`,
    'CREATE INDEX seen_at ON seen (at)',
    'CREATE INDEX parked_at ON parked (at)',
    'CREATE INDEX idempotency_at ON idempotency (at)',
  ]
}
