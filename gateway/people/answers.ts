import { Type } from 'typebox'
import { CONSENT_CATEGORIES, CONSENT_SOURCES, CONSENT_STATES, CONSENT_SUMS } from '../../model/consent.ts'
import { CONTACT_SOURCES } from '../../model/contact.ts'
import { EVENT_TYPES } from '../../model/event.ts'
import { FIELD_TYPES } from '../../model/field.ts'
import { LIKENESS_REASONS } from '../../model/identity.ts'
import { address } from '../answers.ts'
import { id, nullable, open, time, words } from '../shapes.ts'
import { filter } from './filter-body.ts'

/** What the API answers about people. */

const fieldValue = Type.Union([Type.String(), Type.Number(), Type.Boolean()])

const sum = words(CONSENT_SUMS)
const sums = open({ marketing: sum, service: sum }, 'Over all addresses and channels.')
const merged = open(
  {
    id: id('ctc'),
    into: id('ctc'),
    by: open({ kind: words(['agent', 'api', 'contact']), id: nullable(Type.String()) }),
    at: time,
  },
  'One that was merged into it and can be split off again.',
)

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
    consent: sums,
    merged: Type.Array(merged),
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

export const ConsentAnswer = open(
  {
    ...sums.properties,
    data: Type.Array(
      open({
        address,
        channel: nullable({ ...id('chn'), description: 'null: every channel.' }),
        category: words(CONSENT_CATEGORIES),
        state: words(CONSENT_STATES),
        source: words(CONSENT_SOURCES),
        raw: nullable(Type.String({ description: "The person's word, or the provider's." })),
        at: time,
      }),
    ),
  },
  'What a contact consented to, by address, channel and category.',
)

export const CandidateAnswer = open(
  {
    id: id('cnd'),
    contacts: Type.Array(ContactAnswer, { minItems: 2, maxItems: 2 }),
    reason: words(LIKENESS_REASONS),
    at: time,
  },
  'Two contacts that may be one person.',
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
