import type { Address } from './address.ts'
import type { ContactSet, ContactSource } from './contact.ts'
import type { Field, FieldValue } from './field.ts'
import type { Filter } from './filter.ts'
import type { ContactId, SegmentId, TagId } from './ids.ts'

/** What happens to people because somebody says so; what their messages do is `Received`. */
export type PeopleChange =
  | ContactCreated
  | ContactUpdated
  | ContactDeleted
  | TagCreated
  | { kind: 'tagRenamed'; tag: TagId; name: string }
  | { kind: 'tagDeleted'; tag: TagId }
  | { kind: 'fieldCreated'; field: Omit<Field, 'createdAt'> }
  | { kind: 'fieldUpdated'; field: string; set: { title?: string; options?: string[] } }
  | { kind: 'fieldDeleted'; field: string }
  | { kind: 'segmentCreated'; id: SegmentId; name: string; filter: Filter }
  | { kind: 'segmentUpdated'; segment: SegmentId; set: { name?: string; filter?: Filter } }
  | { kind: 'segmentDeleted'; segment: SegmentId }

export type TagCreated = { kind: 'tagCreated'; id: TagId; name: string }

/** A person who did not write yet. Refused if one of the addresses is somebody's already. */
export type ContactCreated = {
  kind: 'contactCreated'
  source: ContactSource
  addresses: Address[]
  set: ContactSet
  tags: TagId[]
  fields: Record<string, FieldValue>
}

/** What is not named stays. Values of fields were read by `readFieldValue`; null takes one away. */
export type ContactUpdated = {
  kind: 'contactUpdated'
  contact: ContactId
  set?: ContactSet
  addAddresses?: Address[]
  removeAddresses?: Address[]
  addTags?: TagId[]
  removeTags?: TagId[]
  fields?: Record<string, FieldValue | null>
}

/**
 * The person is found no more, and whoever writes from one of the addresses is somebody new. `erase`: what was said is
 * erased too (RULES A6).
 */
export type ContactDeleted = { kind: 'contactDeleted'; contact: ContactId; erase: boolean }
