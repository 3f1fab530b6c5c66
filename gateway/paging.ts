import { type Id, isId, type Prefix } from '../model/ids.ts'
import { invalidInput } from './problem.ts'
import { PAGE_DEFAULT } from './schemas.ts'

type Query = { after?: string; limit?: number }

/** One page of a list of things with ids, newest first. */
export function readPage<P extends Prefix, T extends { id: Id<P> }>(
  prefix: P,
  query: Query,
  read: (page: { after?: Id<P>; limit: number }) => Promise<T[]>,
): Promise<{ data: T[]; next: string | null }> {
  return readPageBy(
    { isKey: (text): text is Id<P> => isId(prefix, text), keyOf: ({ id }: T): Id<P> => id },
    query,
    read,
  )
}

/**
 * One page of a list. The store is asked for one more than wanted, which tells whether there is a next page. The
 * cursor is the key of the last one, wrapped so that nobody comes to depend on what it is.
 */
export async function readPageBy<K extends string, T>(
  { isKey, keyOf }: { isKey: (text: string) => text is K; keyOf: (item: T) => K },
  query: Query,
  read: (page: { after?: K; limit: number }) => Promise<T[]>,
): Promise<{ data: T[]; next: string | null }> {
  const limit = query.limit ?? PAGE_DEFAULT
  const after = query.after === undefined ? undefined : Buffer.from(query.after, 'base64url').toString('utf8')
  if (after !== undefined && !isKey(after)) {
    throw invalidInput([{ field: 'after', message: 'is not a cursor of this list' }])
  }
  const rows = await read(after === undefined ? { limit: limit + 1 } : { after, limit: limit + 1 })
  const data = rows.slice(0, limit)
  const last = data.at(-1)
  const next =
    rows.length > limit && last !== undefined ? Buffer.from(keyOf(last)).toString('base64url') : null
  return { data, next }
}
