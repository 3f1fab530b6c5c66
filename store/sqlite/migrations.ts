import { type ColumnType, column, TABLES, type TableName } from '../tables.ts'

const SQLITE_TYPES: Record<ColumnType, string> = {
  text: 'TEXT',
  int: 'INTEGER',
  bool: 'INTEGER',
  json: 'TEXT',
  bytes: 'BLOB',
}

/**
 * Forward only. Each step runs once, in a transaction, in order; a database that knows more steps than this code is
 * refused, because an older program could damage what it does not understand. Steps that were released are never
 * edited: the first one is the tables as they were then, and `test/store/migrations.test.ts` compares the outcome
 * with `tables.ts`.
 */
export const MIGRATIONS: readonly string[][] = [
  [...Object.keys(TABLES).map(name => createTable(name as TableName)), ...indexes()],
]

/**
 * The key is the table (WITHOUT ROWID): one tree a table, and no second look-up. Rejected deliveries hold large
 * values, which such a tree stores badly.
 */
function createTable(table: TableName): string {
  const { name, key, columns } = TABLES[table]
  const fields = Object.entries(columns).map(([field, type]) => `${column(field)} ${SQLITE_TYPES[type]}`)
  const primary = `PRIMARY KEY (${key.map(column).join(', ')})`
  return `CREATE TABLE ${name} (${[...fields, primary].join(', ')}) STRICT${table === 'rejected' ? '' : ', WITHOUT ROWID'}`
}

function indexes(): string[] {
  return [
    // A conversation's messages, newest first.
    'CREATE INDEX messages_conversation ON messages (workspace, conversation, id)',
    // What a watermark raises (RULES D5).
    // Only outbound: an inbound message would dirty one more page at random for nothing.
    `CREATE INDEX messages_sent_to ON messages (workspace, channel, address_value, id) WHERE direction = 'outbound'`,
    'CREATE INDEX conversations_contact ON conversations (workspace, contact, id)',
    // What may be claimed, in order (RULES C9). Partial: a claimed row leaves the index.
    `CREATE INDEX queue_ready ON queue (sender_group, lane, ready_at, position) WHERE state = 'ready'`,
    `CREATE INDEX queue_expires ON queue (expires_at) WHERE state = 'ready'`,
    `CREATE INDEX queue_uncertain ON queue (sender_group, resolve_at) WHERE state = 'uncertain'`,
    `CREATE INDEX queue_held ON queue (sender_group, state) WHERE state IN ('claimed', 'attempted')`,
    `CREATE INDEX files_due ON files (next_at) WHERE state = 'due'`,
    'CREATE INDEX seen_at ON seen (at)',
    'CREATE INDEX parked_at ON parked (at)',
    'CREATE INDEX idempotency_at ON idempotency (at)',
  ]
}
