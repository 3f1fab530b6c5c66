import { type Id, isId, type Prefix } from '../model/ids.ts'
import { invalidInput } from './problem.ts'
import { PAGE_DEFAULT } from './schemas.ts'

/**
 * One page of a list. The store is asked for one more than wanted, which tells whether there is a next page. The
 * cursor is the last id, wrapped so that nobody comes to depend on what it is.
 */
export async function readPage<P extends Prefix, T extends { id: Id<P> }>(
  prefix: P,
  query: { after?: string; limit?: number },
  read: (page: { after?: Id<P>; limit: number }) => Promise<T[]>,
): Promise<{ data: T[]; next: string | null }> {
  const limit = query.limit ?? PAGE_DEFAULT
  const after = query.after === undefined ? undefined : readCursor(prefix, query.after)
  const rows = await read(after === undefined ? { limit: limit + 1 } : { after, limit: limit + 1 })
  const data = rows.slice(0, limit)
  const last = data.at(-1)
  return { data, next: rows.length > limit && last !== undefined ? writeCursor(last.id) : null }
}

function writeCursor(id: string): string {
  return Buffer.from(id).toString('base64url')
}

function readCursor<P extends Prefix>(prefix: P, cursor: string): Id<P> {
  const id = Buffer.from(cursor, 'base64url').toString('utf8')
  if (!isId(prefix, id)) throw invalidInput([{ field: 'after', message: 'is not a cursor of this list' }])
  return id
}
