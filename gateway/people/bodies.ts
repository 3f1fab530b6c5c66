import { type Static, Type } from 'typebox'
import { ADDRESS_KINDS } from '../../model/address.ts'
import { CONSENT_CATEGORIES, CONSENT_STATES } from '../../model/consent.ts'
import { NAME_MAX, TAGS_MAX } from '../../model/contact.ts'
import { FIELD_KEY, FIELD_OPTIONS_MAX, FIELD_TEXT_MAX, FIELD_TYPES } from '../../model/field.ts'
import {
  CONSENTS,
  CONTACT_PATCHES,
  CONTACT_TAGS,
  CONTACTS,
  FIELD_PATCHES,
  FIELDS,
  MERGES,
  TAGS,
} from '../examples.ts'
import { body, id, nullable, optional, short, strict, words } from '../shapes.ts'

/** What a client writes about people. */

const ADDRESS_MAX = 320
const ADDRESSES_MAX = 20

const address = strict({ kind: words(ADDRESS_KINDS), value: short(ADDRESS_MAX) })
const tagNames = Type.Array(short(NAME_MAX), {
  maxItems: TAGS_MAX,
  description: 'By name, whatever its case and accents, or by id. A name that is new is made.',
})
const fields = Type.Record(
  Type.String({ pattern: FIELD_KEY.source }),
  nullable(Type.Union([Type.String({ maxLength: FIELD_TEXT_MAX }), Type.Number(), Type.Boolean()])),
  { description: 'By key; null takes a value away.' },
)
const said = {
  name: optional(nullable(short(NAME_MAX))),
  phone: optional(nullable(Type.String({ maxLength: 40, description: '+ and 8 to 15 digits.' }))),
  email: optional(nullable(Type.String({ maxLength: ADDRESS_MAX }))),
  language: optional(nullable(Type.String({ maxLength: 35, description: 'BCP 47: es-MX.' }))),
  country: optional(nullable(Type.String({ maxLength: 2, description: 'ISO 3166-1 alpha-2: MX.' }))),
  timeZone: optional(nullable(Type.String({ maxLength: 64, description: 'IANA: America/Mexico_City.' }))),
  fields: optional(fields),
}

export const ContactInput = body(
  {
    ...said,
    addresses: optional(Type.Array(address, { maxItems: ADDRESSES_MAX })),
    tags: optional(tagNames),
  },
  CONTACTS,
)
export type ContactInput = Static<typeof ContactInput>

export const ContactPatch = body(
  {
    ...said,
    addAddresses: optional(Type.Array(address, { maxItems: ADDRESSES_MAX })),
    removeAddresses: optional(Type.Array(address, { maxItems: ADDRESSES_MAX })),
    addTags: optional(tagNames),
    removeTags: optional(tagNames),
  },
  CONTACT_PATCHES,
)
export type ContactPatch = Static<typeof ContactPatch>

export const ContactTagsInput = body({ tags: tagNames }, CONTACT_TAGS)
export type ContactTagsInput = Static<typeof ContactTagsInput>

export const ConsentInput = body(
  {
    channel: optional(nullable({ ...id('chn'), description: 'null, or absent: every channel.' })),
    address: optional(
      Type.String({ maxLength: ADDRESS_MAX, description: 'One of its addresses; all of them if absent.' }),
    ),
    category: words([...CONSENT_CATEGORIES, 'all']),
    state: words(CONSENT_STATES),
  },
  CONSENTS,
)
export type ConsentInput = Static<typeof ConsentInput>

export const MergeInput = body({ from: id('ctc'), into: id('ctc') }, MERGES)
export type MergeInput = Static<typeof MergeInput>

export const TagInput = body({ name: short(NAME_MAX) }, TAGS)
export type TagInput = Static<typeof TagInput>

const title = short(NAME_MAX)
const options = Type.Array(short(NAME_MAX), {
  minItems: 1,
  maxItems: FIELD_OPTIONS_MAX,
  uniqueItems: true,
  description: 'Of a list: what may be chosen.',
})
export const FieldInput = body(
  {
    key: Type.String({ pattern: FIELD_KEY.source, description: 'How programs call it; it never changes.' }),
    title,
    type: words(FIELD_TYPES),
    options: optional(options),
  },
  FIELDS,
)
export type FieldInput = Static<typeof FieldInput>
export const FieldPatch = body({ title: optional(title), options: optional(options) }, FIELD_PATCHES)
export type FieldPatch = Static<typeof FieldPatch>
