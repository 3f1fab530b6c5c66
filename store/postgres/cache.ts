import type { Written } from '../decide/draft.ts'
import { type Key, keyOf, nameOf } from '../decide/key.ts'
import type { Rows } from '../rows.ts'
import { BULK_ROWS } from '../sql.ts'
import type { TableName } from '../tables.ts'

/**
 * Rows that nearly every message reads, kept over groups although other nodes write them too: the workspace's row says
 * which *version* of them there is, whoever writes one of them under the workspace's lock counts it up, and who has the
 * lock reads it. A node that finds the version it left knows that nobody else was there; otherwise everything it has
 * of the workspace is forgotten.
 *
 * Rows are kept under an *epoch*, a number that a workspace gets anew each time it is forgotten. Two generations: see
 * `sqlite/cache.ts`.
 */
const CACHED = new Set<TableName>(['channels', 'addresses', 'contacts', 'openConversations'])
/** Rows in one generation, at well under a kilobyte each. */
const GENERATION_ROWS_MAX = 20_000

export type SharedCache = {
  /** The workspace is locked, and this is its version. Answers with the epoch to ask under. */
  seen(workspace: string, version: number): number
  get<T extends TableName>(epoch: number, table: T, key: Key): Rows[T] | undefined
  keep<T extends TableName>(epoch: number, table: T, row: Rows[T], key: Key): void
  /** What a group wrote, after it became durable: the workspace is at its next version, which nobody else made. */
  note(workspace: string, epoch: number, written: readonly Written[]): void
}

export function isCached(table: TableName): boolean {
  return CACHED.has(table)
}

/** The workspaces whose kept rows a group changes. */
export function workspacesOf(written: readonly Written[]): Set<string> {
  const workspaces = new Set<string>()
  for (const { table, inserts, updates, deletes } of written) {
    if (!CACHED.has(table)) continue
    for (const row of [...inserts, ...updates]) workspaces.add((row as Rows['contacts']).workspace)
    for (const [workspace = ''] of deletes) workspaces.add(workspace)
  }
  return workspaces
}

export function createSharedCache(): SharedCache {
  const places = new Map<string, { version: number; epoch: number }>()
  let epochs = 0
  let young = new Map<string, object>()
  let old = new Map<string, object>()
  const keep = (name: string, row: object): void => {
    if (young.size >= GENERATION_ROWS_MAX) {
      old = young
      young = new Map()
    }
    young.set(name, row)
  }
  return {
    seen: (workspace, version) => {
      const place = places.get(workspace)
      if (place?.version === version) return place.epoch
      epochs += 1
      places.set(workspace, { version, epoch: epochs })
      return epochs
    },
    get: <T extends TableName>(epoch: number, table: T, key: Key) => {
      const name = nameIn(epoch, table, key)
      const row = young.get(name) ?? old.get(name)
      if (row !== undefined && !young.has(name)) keep(name, row)
      return row as Rows[T] | undefined
    },
    keep: (epoch, table, row, key) => keep(nameIn(epoch, table, key), row),
    note: (workspace, epoch, written) => {
      const place = places.get(workspace)
      // Somebody was there in between, or this node's next group was faster than the word of this one.
      if (place?.epoch !== epoch) return
      place.version += 1
      for (const { table, inserts, updates, deletes } of written) {
        if (!CACHED.has(table)) continue
        for (const row of [...(inserts.length > BULK_ROWS ? [] : inserts), ...updates]) {
          const key = keyOf(table, row as never)
          if (key[0] === workspace) keep(nameIn(epoch, table, key), row)
        }
        for (const key of deletes) {
          young.delete(nameIn(epoch, table, key))
          old.delete(nameIn(epoch, table, key))
        }
      }
    },
  }
}

function nameIn(epoch: number, table: TableName, key: Key): string {
  return `${epoch} ${table} ${nameOf(key)}`
}
