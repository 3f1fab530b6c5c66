import { type Static, type TSchema, Type } from 'typebox'
import { FILTER_CONDITIONS_MAX, FILTER_DEPTH_MAX, FILTER_OPS } from '../../model/filter.ts'
import { CONTACT_COUNTS, CONTACT_SEARCHES, SEGMENT_PATCHES, SEGMENTS } from '../examples.ts'
import { cursor, limit, workspace } from '../schemas.ts'
import { body, optional, short, strict, words } from '../shapes.ts'

/** Filters of contacts as a client writes them. What is inside is read by `readFilter`, which knows the fields. */

const inner: TSchema = Type.Unknown({ description: 'A filter again.' })
export const filter = Type.Union(
  [
    strict({ all: Type.Array(inner, { maxItems: FILTER_CONDITIONS_MAX }) }, 'Every one of them.'),
    strict({ any: Type.Array(inner, { maxItems: FILTER_CONDITIONS_MAX }) }, 'At least one of them.'),
    strict({ not: inner }, 'Everybody else.'),
    strict(
      {
        field: short(60),
        op: words(FILTER_OPS),
        value: optional(
          Type.Unknown({ description: 'By the kind of the field. With exists it is true if absent.' }),
        ),
        channel: optional(Type.String({ maxLength: 64, description: 'With lastSeenAt: on this channel.' })),
      },
      'One question about a field: name, phone, email, addresses, tags, language, country, timeZone, kind, ' +
        'source, consent.marketing, consent.service, lastSeenAt, createdAt, updatedAt, openConversation, ' +
        'or fields. and a key.',
    ),
  ],
  { description: `At most ${FILTER_CONDITIONS_MAX} conditions, ${FILTER_DEPTH_MAX} levels deep.` },
)

const q = Type.String({
  maxLength: 200,
  description:
    'Beginnings of words of the name, an address or a field, without accents; a phone in any groups.',
})

export const ContactsQuery = strict({
  workspace,
  limit,
  after: cursor,
  q: optional(q),
  filter: optional(Type.String({ maxLength: 16_384, description: 'A filter as JSON.' })),
})
export type ContactsQuery = Static<typeof ContactsQuery>

export const ContactSearch = body(
  { filter: optional(filter), q: optional(q), limit, after: cursor },
  CONTACT_SEARCHES,
)
export type ContactSearch = Static<typeof ContactSearch>
export const ContactCount = body({ filter: optional(filter), q: optional(q) }, CONTACT_COUNTS)
export type ContactCount = Static<typeof ContactCount>

export const SegmentInput = body({ name: short(200), filter }, SEGMENTS)
export type SegmentInput = Static<typeof SegmentInput>
export const SegmentPatch = body({ name: optional(short(200)), filter: optional(filter) }, SEGMENT_PATCHES)
export type SegmentPatch = Static<typeof SegmentPatch>
