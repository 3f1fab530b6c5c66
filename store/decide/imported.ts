import { type ContactSet, TAGS_MAX } from '../../model/contact.ts'
import type { TagId, WorkspaceId } from '../../model/ids.ts'
import type { ImportRow } from '../../model/import.ts'
import type { Rows } from '../rows.ts'
import { consentOf } from './consent.ts'
import { takenBy, updateContact } from './contacts.ts'
import type { Draft } from './draft.ts'
import type { NamedTag, RowFault } from './imports.ts'
import { proposeAlike, wantAlike } from './likeness.ts'
import { makeContact, wantContact, wantPerson } from './people.ts'

type Contact = Rows['contacts']
type Result = 'created' | 'updated' | 'unchanged' | RowFault

/** One row of a file against what is known of its person. What was said of its addresses stands (RULES F1). */
export function applyRow(
  draft: Draft,
  workspace: WorkspaceId,
  row: ImportRow,
  { tags, dryRun }: { tags: readonly NamedTag[]; dryRun: boolean },
): Result {
  const known = foundBy(draft, workspace, row)
  const taken = takenBy(draft, workspace, row.addresses, known)
  if (taken !== undefined && !taken.ok) return { code: 'conflict', detail: taken.detail }
  const named: TagId[] = []
  for (const at of row.tags ?? []) {
    const tag = tags[at] as NamedTag
    if ('fault' in tag) return { code: 'full', detail: tag.fault }
    if (tag.id !== null) named.push(tag.id)
  }
  if (named.length > TAGS_MAX) return { code: 'tags', detail: `a contact has ${TAGS_MAX} tags at most` }
  if (dryRun) return dry(known, row, named)
  if (known !== undefined) return update(draft, known, row, named)
  const made = makeContact(draft, workspace, 'import', 'person', {
    ...row.made,
    ...row.set,
    ...{ addresses: row.addresses, tags: named, fields: row.fields ?? {} },
  })
  proposeAlike(draft, made, made.addresses, made.fields)
  return 'created'
}

export function wantRow(draft: Draft, workspace: WorkspaceId, row: ImportRow): void {
  const known = foundBy(draft, workspace, row)
  for (const address of row.addresses) wantPerson(draft, workspace, address)
  wantAlike(draft, workspace, row.addresses, row.fields, known)
  consentOf(draft, workspace, [...(known?.addresses ?? []), ...row.addresses])
}

function foundBy(draft: Draft, workspace: WorkspaceId, row: ImportRow): Contact | undefined {
  const byId = row.id === undefined ? undefined : wantContact(draft, workspace, row.id)
  if (byId !== undefined) return byId
  for (const address of row.addresses.slice(0, row.keys)) {
    const found = wantPerson(draft, workspace, address)
    if (found !== undefined) return found
  }
  return undefined
}

/** What would become of a row; `named` are its tags, without those that would be made. */
function dry(known: Contact | undefined, row: ImportRow, named: readonly TagId[]): Result {
  if (known === undefined) return row.again === true ? 'updated' : 'created'
  const fields = Object.entries(row.fields ?? {})
  const isSame =
    Object.keys(newsOf(known, row)).length === 0 &&
    named.length === (row.tags ?? []).length &&
    named.every(tag => known.tags.includes(tag)) &&
    fields.every(([key, value]) => known.fields[key] === value) &&
    row.addresses.every(({ kind, value }) =>
      known.addresses.some(one => one.kind === kind && one.value === value),
    )
  return isSame ? 'unchanged' : 'updated'
}

/** What of a row differs; a name that a provider told with spaces around it is no other name. */
function newsOf(known: Contact, row: ImportRow): ContactSet {
  const news = Object.entries(row.set ?? {}).filter(
    ([name, value]) => known[name as keyof ContactSet]?.trim() !== value,
  )
  return Object.fromEntries(news)
}

function update(draft: Draft, known: Contact, row: ImportRow, addTags: TagId[]): Result {
  const outcome = updateContact(draft, known, {
    set: newsOf(known, row),
    addAddresses: row.addresses,
    addTags,
    ...(row.fields === undefined ? {} : { fields: row.fields }),
  })
  if (!outcome.ok) return { code: 'full', detail: outcome.detail }
  return outcome.duplicate === true ? 'unchanged' : 'updated'
}
