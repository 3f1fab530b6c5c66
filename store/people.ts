import type { Address } from '../model/address.ts'
import { rfc3339 } from '../model/clock.ts'
import type { Contact, Tag } from '../model/contact.ts'
import type { Field } from '../model/field.ts'
import type { ContactId, MessageId, TagId, WorkspaceId } from '../model/ids.ts'
import { page } from './filter.ts'
import { mergedOf } from './identity.ts'
import type { Rows } from './rows.ts'
import { columnsOf, marks, rowOf, type Steps, sql } from './sql.ts'
import type { Page } from './store.ts'
import { contactView } from './view.ts'

/** The contact that stands for an id now: merges are redirects (RULES F2). None for one that was deleted. */
export function* standing(workspace: WorkspaceId, id: string): Steps<Rows['contacts'] | undefined> {
  const [raw] = yield sql(`SELECT ${columnsOf('contacts')} FROM contacts WHERE workspace = ? AND id = ?`, [
    workspace,
    id,
  ])
  const row = raw && rowOf('contacts', raw)
  if (row?.mergedInto != null) return yield* standing(workspace, row.mergedInto)
  return row?.deletedAt === null ? row : undefined
}

/** The contact that stands for an id, then all that were merged into it: rows keep the contact they were made for. */
export function* familyOf(workspace: WorkspaceId, id: string): Steps<ContactId[]> {
  const head = yield* standing(workspace, id)
  if (head === undefined) return []
  return yield* mergedInto(workspace, head.id)
}

/** A contact and all that were merged into it, whatever became of it. */
export function* mergedInto(workspace: WorkspaceId, id: ContactId): Steps<ContactId[]> {
  const family = [id]
  for (let latest = family; latest.length > 0; ) {
    const rows = yield sql(
      `SELECT id FROM contacts WHERE workspace = ? AND merged_into IN (${marks(latest)}) ORDER BY id`,
      [workspace, ...latest],
    )
    latest = rows.map(row => row['id'] as ContactId)
    family.push(...latest)
  }
  return family
}

/** The messages `m` of conversations `v`, found by their contact. */
export const TALK = `FROM conversations v
  JOIN messages m ON m.workspace = v.workspace AND m.conversation = v.id`

export type PeopleQueries = {
  contact: { params: { workspace: WorkspaceId; id: ContactId }; result: Contact | null }
  contactByAddress: { params: { workspace: WorkspaceId; address: Address }; result: Contact | null }
  contacts: { params: Page<ContactId>; result: Contact[] }
  tags: { params: { workspace: WorkspaceId }; result: Tag[] }
  /** By names, as they are folded; those that there are. */
  tagsNamed: { params: { workspace: WorkspaceId; keys: string[] }; result: { key: string; id: TagId }[] }
  fields: { params: { workspace: WorkspaceId }; result: Field[] }
  /** What is to be sent to a contact, or to one that was merged into it, and is not attempted yet. */
  waitingFor: { params: { workspace: WorkspaceId; contact: ContactId; limit: number }; result: MessageId[] }
  /** Whether what a deleted contact said is still to be erased. */
  erasing: { params: { workspace: WorkspaceId; id: ContactId }; result: boolean }
}

export const PEOPLE_QUERIES: {
  [Q in keyof PeopleQueries]: (params: PeopleQueries[Q]['params']) => Steps<PeopleQueries[Q]['result']>
} = {
  *contact({ workspace, id }) {
    const row = yield* standing(workspace, id)
    return row === undefined ? null : yield* shownOne(row)
  },

  *contactByAddress({ workspace, address }) {
    const [known] = yield sql(
      'SELECT contact FROM addresses WHERE workspace = ? AND kind = ? AND value = ?',
      [workspace, address.kind, address.value],
    )
    const row = known && (yield* standing(workspace, known['contact'] as string))
    return row === undefined ? null : yield* shownOne(row)
  },

  *contacts({ workspace, after, limit }) {
    const rows = yield* page('contacts', { workspace, merged_into: null, deleted_at: null }, after, limit)
    return yield* shownContacts(
      workspace,
      rows.map(row => rowOf('contacts', row)),
    )
  },

  *tags({ workspace }) {
    const rows = yield sql(`SELECT ${columnsOf('tags')} FROM tags WHERE workspace = ? ORDER BY name, id`, [
      workspace,
    ])
    return rows.map(raw => {
      const { id, name, createdAt } = rowOf('tags', raw)
      return { id, name, createdAt: rfc3339(createdAt) }
    })
  },

  *tagsNamed({ workspace, keys }) {
    const rows = yield sql(`SELECT key, tag FROM tag_names WHERE workspace = ? AND key IN (${marks(keys)})`, [
      workspace,
      ...keys,
    ])
    return rows.map(row => ({ key: row['key'] as string, id: row['tag'] as TagId }))
  },

  *fields({ workspace }) {
    const rows = yield sql(`SELECT ${columnsOf('fields')} FROM fields WHERE workspace = ? ORDER BY key`, [
      workspace,
    ])
    return rows.map(raw => {
      const { key, title, type, options, createdAt } = rowOf('fields', raw)
      return { key, title, type, options, createdAt: rfc3339(createdAt) }
    })
  },

  *waitingFor({ workspace, contact, limit }) {
    const family = yield* mergedInto(workspace, contact)
    const rows = yield sql(
      `SELECT q.message AS id ${TALK} JOIN queue q ON q.workspace = m.workspace AND q.message = m.id
       WHERE v.workspace = ? AND v.contact IN (${marks(family)}) AND q.state IN ('ready', 'claimed') LIMIT ?`,
      [workspace, ...family, limit],
    )
    return rows.map(row => row['id'] as MessageId)
  },

  *erasing({ workspace, id }) {
    const rows = yield sql('SELECT 1 AS one FROM erasures WHERE workspace = ? AND contact = ?', [
      workspace,
      id,
    ])
    return rows.length > 0
  },
}

function* shownOne(row: Rows['contacts']): Steps<Contact | null> {
  const [contact] = yield* shownContacts(row.workspace, [row])
  return contact ?? null
}

/** Contacts as the API shows them: tags by name, and only the fields that there are. */
export function* shownContacts(workspace: WorkspaceId, rows: readonly Rows['contacts'][]): Steps<Contact[]> {
  const named = [...new Set(rows.flatMap(row => row.tags))]
  const tags = new Map<TagId, string>()
  if (named.length > 0) {
    const found = yield sql(`SELECT id, name FROM tags WHERE workspace = ? AND id IN (${marks(named)})`, [
      workspace,
      ...named,
    ])
    for (const { id, name } of found) tags.set(id as TagId, name as string)
  }
  const known = rows.some(row => Object.keys(row.fields).length > 0)
    ? yield sql('SELECT key FROM fields WHERE workspace = ?', [workspace])
    : []
  const fields = new Set(known.map(row => row['key'] as string))
  const mergedInto = yield* mergedOf(workspace, rows)
  return rows.map(row => contactView(row, { tags, fields }, mergedInto(row)))
}
