import type { Contact } from '../../model/contact.ts'
import type { ContactId, WorkspaceId } from '../../model/ids.ts'
import type { Store } from '../store.ts'
import type { Test } from './test.ts'

/**
 * Finds and counts contacts. Whom many are meant by, that is seen among the newest; whom few are, the index names. What
 * neither finds (many had the words, and none of them was new) is looked for among all, some at a time.
 */
type Asked = { workspace: WorkspaceId; test: Test; now: number }
type Reader = Pick<Store, 'query'>

/** Looked at first, in about 5 ms. */
const NEWEST = 5_000
/** Taken from the index at most: more are seen faster one after the other. */
const INDEXED_MAX = 10_000
/** Read in one step, in about 30 ms. */
const STEP = 50_000

/** One page, newest first, below `after`. */
export async function findContacts(
  store: Reader,
  asked: Asked,
  { after, limit }: { after?: ContactId; limit: number },
): Promise<Contact[]> {
  const first = await store.query('contactsRead', { ...below(asked, after), rows: NEWEST, limit })
  const found = first.contacts
  let at = first.at
  if (at === null || found.length === limit) return found
  const wanting = limit - found.length
  const indexed = await store.query('contactsIndexed', {
    ...below(asked, at),
    max: INDEXED_MAX,
    limit: wanting,
  })
  if (indexed !== null) return [...found, ...indexed.contacts]
  while (at !== null && found.length < limit) {
    const params = { ...below(asked, at), rows: STEP, limit: limit - found.length }
    const more: { contacts: Contact[]; at: ContactId | null } = await store.query('contactsRead', params)
    found.push(...more.contacts)
    at = more.at
  }
  return found
}

export async function countContacts(store: Reader, asked: Asked): Promise<number> {
  return (await countByIndex(store, asked)) ?? (await countAll(store, asked))
}

async function countByIndex(store: Reader, asked: Asked): Promise<number | null> {
  let count = 0
  for (let from: number | null = 0; from !== null; ) {
    const params: Asked & { from: number; max: number } = { ...asked, from, max: INDEXED_MAX }
    const step: { count: number; at: number | null } | null = await store.query(
      'contactsCountedByIndex',
      params,
    )
    if (step === null) return null
    count += step.count
    from = step.at
  }
  return count
}

async function countAll(store: Reader, asked: Asked): Promise<number> {
  let count = 0
  for (let at: ContactId | undefined | null; at !== null; ) {
    const step: { count: number; at: ContactId | null } = await store.query('contactsCounted', {
      ...below(asked, at),
      rows: STEP,
    })
    count += step.count
    at = step.at
  }
  return count
}

function below(asked: Asked, after: ContactId | undefined): Asked & { after?: ContactId } {
  return after === undefined ? asked : { ...asked, after }
}
