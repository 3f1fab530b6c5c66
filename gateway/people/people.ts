import { type Address, phoneOf } from '../../model/address.ts'
import type { Change } from '../../model/change.ts'
import { type Contact, type ContactSet, countryOf, languageOf, timeZoneOf } from '../../model/contact.ts'
import { type FieldValue, readFieldValue } from '../../model/field.ts'
import { type ContactId, isId, type TagId, type WorkspaceId } from '../../model/ids.ts'
import type { ContactCreated, ContactUpdated } from '../../model/people.ts'
import { fold } from '../../model/text.ts'
import { readAddress } from '../enqueue.ts'
import { type FieldError, nearest } from '../explain.ts'
import { invalidInput } from '../problem.ts'
import type { Rooms } from '../rooms.ts'
import type { ContactInput, ContactPatch } from './bodies.ts'

/** What a client wrote about a person, as changes: tags that are new come before the contact that gets them. */

/** @throws Problem invalidInput, naming each field. */
export async function createdOf(
  rooms: Rooms,
  workspace: WorkspaceId,
  input: ContactInput,
  source: ContactCreated['source'],
): Promise<Change[]> {
  const errors: FieldError[] = []
  const set = readSet(input, errors)
  const { phone, email } = readShown(input, errors)
  const further = readAddresses(input.addresses, 'addresses', errors)
  const fields = await readFields(rooms, workspace, input.fields, errors)
  if (errors.length > 0) throw invalidInput(errors)
  const tags = await readTags(rooms, workspace, input.tags ?? [])
  const addresses = uniqueAddresses([phone, email, ...further].filter(address => address != null))
  const given = Object.entries(fields).filter((entry): entry is [string, FieldValue] => entry[1] !== null)
  return [
    ...tags.made,
    {
      kind: 'contactCreated',
      source,
      addresses,
      set,
      tags: tags.ids,
      fields: Object.fromEntries(given),
    },
  ]
}

/**
 * `phone` and `email` stand for the first of their kind: a new one takes its place, null takes it away.
 * @throws Problem invalidInput, naming each field.
 */
export async function updatedOf(rooms: Rooms, contact: Contact, input: ContactPatch): Promise<Change[]> {
  const { workspace } = contact
  const errors: FieldError[] = []
  const change: ContactUpdated = { kind: 'contactUpdated', contact: contact.id, set: readSet(input, errors) }
  const add = readAddresses(input.addAddresses, 'addAddresses', errors)
  const remove = readAddresses(input.removeAddresses, 'removeAddresses', errors)
  const shown = readShown(input, errors)
  for (const kind of ['phone', 'email'] as const) {
    const now = shown[kind]
    const before = contact[kind]
    if (now === undefined || now?.value === before) continue
    if (before !== null) remove.push({ kind, value: before })
    if (now !== null) add.unshift(now)
  }
  change.addAddresses = uniqueAddresses(add)
  change.removeAddresses = remove
  change.fields = await readFields(rooms, workspace, input.fields, errors)
  if (errors.length > 0) throw invalidInput(errors)
  const added = await readTags(rooms, workspace, input.addTags ?? [])
  change.addTags = added.ids
  change.removeTags = await knownTags(rooms, workspace, input.removeTags ?? [])
  return [...added.made, change]
}

/** @throws Problem */
export async function taggedOf(rooms: Rooms, contact: Contact, names: readonly string[]): Promise<Change[]> {
  const { ids, made } = await readTags(rooms, contact.workspace, names)
  return [...made, { kind: 'contactUpdated', contact: contact.id, addTags: ids }]
}

export async function untaggedOf(
  rooms: Rooms,
  { id, workspace }: { id: ContactId; workspace: WorkspaceId },
  names: readonly string[],
): Promise<Change[]> {
  return [{ kind: 'contactUpdated', contact: id, removeTags: await knownTags(rooms, workspace, names) }]
}

function readSet(input: ContactPatch, errors: FieldError[]): ContactSet {
  const set: ContactSet = {}
  if (input.name !== undefined) set.name = input.name === null ? null : input.name.trim() || null
  const READERS = {
    language: [languageOf, 'must be a language as BCP 47 writes it, es-MX'],
    country: [countryOf, 'must be a country of two letters, MX'],
    timeZone: [timeZoneOf, 'must be a time zone, America/Mexico_City'],
  } as const
  for (const field of ['language', 'country', 'timeZone'] as const) {
    const [read, message] = READERS[field]
    const text = input[field]
    const value = text == null ? text : read(text)
    if (text != null && value === undefined) errors.push({ field, message })
    if (value !== undefined) set[field] = value
  }
  return set
}

type Shown = { phone?: Address | null; email?: Address | null }

function readShown(input: ContactPatch, errors: FieldError[]): Shown {
  const shown: Shown = {}
  if (input.phone != null) {
    const value = input.phone.trim().startsWith('+') ? phoneOf(input.phone) : undefined
    if (value === undefined) errors.push({ field: 'phone', message: 'must be + and 8 to 15 digits' })
    else shown.phone = { kind: 'phone', value }
  } else if (input.phone === null) shown.phone = null
  if (input.email != null) {
    const value = input.email.trim()
    if (/^[^\s@]+@[^\s@]+$/.test(value)) shown.email = { kind: 'email', value }
    else errors.push({ field: 'email', message: 'is not an e-mail address' })
  } else if (input.email === null) shown.email = null
  return shown
}

function readAddresses(
  list: readonly { kind: string; value: string }[] | undefined,
  field: string,
  errors: FieldError[],
): Address[] {
  return (list ?? []).flatMap(({ kind, value }, index) => {
    try {
      return [readAddress(`${kind}:${value}`, `${field}[${index}].value`)]
    } catch {
      const message = kind === 'phone' ? 'must be + and 8 to 15 digits' : `is not an address of kind ${kind}`
      errors.push({ field: `${field}[${index}].value`, message })
      return []
    }
  })
}

function uniqueAddresses(addresses: readonly Address[]): Address[] {
  return [...new Map(addresses.map(address => [`${address.kind}:${address.value}`, address])).values()]
}

/** Values by the workspace's own definitions. */
async function readFields(
  { store }: Rooms,
  workspace: WorkspaceId,
  input: ContactPatch['fields'],
  errors: FieldError[],
): Promise<Record<string, FieldValue | null>> {
  const given = Object.entries(input ?? {})
  if (given.length === 0) return {}
  const known = new Map((await store.query('fields', { workspace })).map(field => [field.key, field]))
  const values: Record<string, FieldValue | null> = {}
  for (const [key, value] of given) {
    const field = known.get(key)
    if (field === undefined) {
      const meant = nearest(key, [...known.keys()])
      const hint = meant === undefined ? 'make it by POST /v1/fields' : `did you mean "${meant}"?`
      errors.push({ field: `fields.${key}`, message: `is not a field of this workspace; ${hint}` })
      continue
    }
    const read = value === null ? { value } : readFieldValue(field, value)
    if ('error' in read) errors.push({ field: `fields.${key}`, message: read.error })
    else values[key] = read.value
  }
  return values
}

async function readTags(
  rooms: Rooms,
  workspace: WorkspaceId,
  names: readonly string[],
): Promise<{ ids: TagId[]; made: Change[] }> {
  const byName = new Map<string, string>()
  for (const name of names) if (!isId('tag', name)) byName.set(fold(name), name.trim())
  const known = new Map(
    byName.size === 0
      ? []
      : (await rooms.store.query('tagsNamed', { workspace, keys: [...byName.keys()] })).map(
          ({ key, id }) => [key, id] as const,
        ),
  )
  const made: Change[] = []
  for (const [key, name] of byName) {
    if (known.has(key)) continue
    const id = rooms.ids('tag', rooms.clock.now())
    known.set(key, id)
    made.push({ kind: 'tagCreated', id, name })
  }
  const ids = names.map(name => (isId('tag', name) ? name : (known.get(fold(name)) as TagId)))
  return { ids: [...new Set(ids)], made }
}

/** Those that there are: what is no tag is on nobody, and taking it away is done. */
async function knownTags(
  { store }: Rooms,
  workspace: WorkspaceId,
  names: readonly string[],
): Promise<TagId[]> {
  if (names.length === 0) return []
  const keys = names.map(fold)
  const known = await store.query('tagsNamed', { workspace, keys })
  return [...known.map(({ id }) => id), ...names.filter(name => isId('tag', name))]
}
