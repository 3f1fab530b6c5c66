import { Type } from 'typebox'
import { CONTACT_SOURCES } from '../../model/contact.ts'
import { EVENT_TYPES } from '../../model/event.ts'
import { FIELD_TYPES } from '../../model/field.ts'
import { address } from '../answers.ts'
import { id, nullable, open, time, words } from '../shapes.ts'
import { filter } from './filter-body.ts'

/** What the API answers about people. */

const fieldValue = Type.Union([Type.String(), Type.Number(), Type.Boolean()])

export const ContactAnswer = open(
  {
    id: id('ctc'),
    workspace: id('wks'),
    kind: words(['person', 'group']),
    name: nullable(Type.String()),
    language: nullable(Type.String({ description: 'BCP 47.' })),
    country: nullable(
      Type.String({ description: 'ISO 3166-1 alpha-2. Found by the phone if nobody said it.' }),
    ),
    timeZone: nullable(Type.String({ description: 'IANA.' })),
    phone: nullable(Type.String({ description: 'The first of its phones.' })),
    email: nullable(Type.String({ description: 'The first of its e-mail addresses.' })),
    addresses: Type.Array(address),
    tags: Type.Array(Type.String()),
    fields: Type.Record(Type.String(), fieldValue, {
      description: "The workspace's own fields that are set.",
    }),
    seen: Type.Array(open({ channel: id('chn'), address, at: nullable(time) }), {
      description: 'Where it was last heard, and when, by the minute.',
    }),
    lastSeenAt: nullable(time),
    source: words(CONTACT_SOURCES),
    createdAt: time,
    updatedAt: time,
  },
  'A contact.',
)

export const TagAnswer = open({ id: id('tag'), name: Type.String(), createdAt: time }, 'A tag.')

export const FieldAnswer = open(
  {
    key: Type.String(),
    title: Type.String(),
    type: words(FIELD_TYPES),
    options: nullable(Type.Array(Type.String(), { description: 'Of a list.' })),
    createdAt: time,
  },
  'A field of contacts.',
)

export const SegmentAnswer = open(
  {
    id: id('seg'),
    workspace: id('wks'),
    name: Type.String(),
    filter,
    broken: Type.Array(open({ field: Type.String(), message: Type.String() }), {
      description: 'What the filter names and is not there any more. While there is any, nobody is found.',
    }),
    createdAt: time,
    updatedAt: time,
  },
  'A saved filter.',
)

export const CountAnswer = open({ count: Type.Integer() }, 'How many there are.')

export const MomentAnswer = open(
  {
    at: time,
    type: words(EVENT_TYPES),
    data: Type.Record(Type.String(), Type.Unknown(), {
      description: 'Of the event; of a conversation or a message, what it is now.',
    }),
  },
  'One thing that happened to a contact.',
)
