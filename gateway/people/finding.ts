import type { Contact } from '../../model/contact.ts'
import type { WorkspaceId } from '../../model/ids.ts'
import type { Definitions } from '../../store/found/fields.ts'
import { countContacts, findContacts } from '../../store/found/found.ts'
import { readFilter } from '../../store/found/read-filter.ts'
import { searchOf } from '../../store/found/search.ts'
import type { Test } from '../../store/found/test.ts'
import { readPage } from '../paging.ts'
import { invalidInput } from '../problem.ts'
import type { Rooms } from '../rooms.ts'

/** What filters of a workspace may name, as it is now. */
export async function definitionsOf({ store }: Rooms, workspace: WorkspaceId): Promise<Definitions> {
  const [tags, fields] = await Promise.all([
    store.query('tags', { workspace }),
    store.query('fields', { workspace }),
  ])
  return { tags, fields }
}

/** Who is asked for. @throws Problem invalidInput naming each place of the filter */
export async function testOf(
  rooms: Rooms,
  workspace: WorkspaceId,
  { filter, q }: { filter?: unknown; q?: string | undefined },
): Promise<Test> {
  const tests: Test[] = []
  if (filter !== undefined) {
    const read = readFilter(filter, await definitionsOf(rooms, workspace))
    if (!read.ok) throw invalidInput(read.faults)
    tests.push(read.test)
  }
  if (q !== undefined && q.trim() !== '') {
    // What has no letter and no digit begins nothing of anybody.
    tests.push(searchOf(q) ?? { on: 'any', of: [] })
  }
  return { on: 'all', of: tests }
}

type Page = { after?: string; limit?: number }

export function findPage(
  { store, clock }: Rooms,
  workspace: WorkspaceId,
  test: Test,
  query: Page,
): Promise<{ data: Contact[]; next: string | null }> {
  const asked = { workspace, test, now: clock.now() }
  return readPage('ctc', query, page => findContacts(store, asked, page))
}

export function countOf({ store, clock }: Rooms, workspace: WorkspaceId, test: Test): Promise<number> {
  return countContacts(store, { workspace, test, now: clock.now() })
}

/** A filter in a URL. @throws Problem invalidInput */
export function parsedFilter(text: string | undefined): unknown {
  if (text === undefined) return undefined
  try {
    return JSON.parse(text)
  } catch {
    throw invalidInput([{ field: 'filter', message: 'is not JSON' }])
  }
}
