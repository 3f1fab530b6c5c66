import { type Static, type TProperties, type TSchema, Type } from 'typebox'
import { CHANNEL_STATUSES } from '../model/channel.ts'
import { MEDIA_TYPES, REQUESTED } from '../model/content.ts'
import type { Prefix } from '../model/ids.ts'
import { CATEGORIES } from '../model/message.ts'
import { TEMPLATE_STATUSES } from '../model/template.ts'
import { ROLES } from '../model/token.ts'
import {
  CHANNEL_PATCHES,
  CHANNELS,
  CLOSINGS,
  MESSAGES,
  READS,
  REPLAYS,
  TOKENS,
  TYPINGS,
  WORKSPACES,
} from './examples.ts'

/**
 * The API in schemas. The same values check what comes in and make `/openapi.json`, so that neither can say what the
 * other does not.
 */

const TEXT_MAX = 65_536
const PAGE_MAX = 200
export const PAGE_DEFAULT = 50
const EVENTS_PAGE_MAX = 1_000
export const EVENTS_PAGE_DEFAULT = 100

/** An object that takes no other fields. */
const strict = <P extends TProperties>(properties: P, description?: string) =>
  Type.Object(properties, {
    additionalProperties: false,
    ...(description === undefined ? {} : { description }),
  })
/** The same for a whole body, which has examples. */
const body = <P extends TProperties>(properties: P, examples: readonly object[]) =>
  Type.Object(properties, { additionalProperties: false, examples: [...examples] })
const words = <T extends string>(values: readonly T[]) => Type.Enum([...values])
const short = (maxLength: number) => Type.String({ minLength: 1, maxLength })
const optional = Type.Optional
const nullable = <S extends TSchema>(schema: S) => Type.Union([schema, Type.Null()])

export const id = (prefix: Prefix) =>
  Type.String({ pattern: `^${prefix}_[0-9a-z]{26}$`, description: `An id that starts with ${prefix}_.` })
export const time = Type.String({ format: 'date-time', description: 'RFC 3339 in UTC.' })

// What a client writes

const mediaInput = Type.Union([
  strict({ id: id('fil'), name: optional(short(255)) }, 'A file made by POST /v1/files.'),
  strict(
    {
      url: Type.String({ pattern: '^https?://', maxLength: 2_048 }),
      mimeType: optional(short(255)),
      name: optional(short(255)),
    },
    'A link that the provider fetches.',
  ),
])
const mediaHeader = strict({ type: words(['image', 'video', 'document']), media: mediaInput })
const header = Type.Union([strict({ text: short(1_024) }), mediaHeader])
const button = Type.Union([
  strict({ id: short(256), title: short(256) }),
  strict({ url: Type.String({ pattern: '^https?://', maxLength: 2_048 }), title: short(256) }),
])
const templateValues = Type.Record(
  Type.String({ pattern: '^[A-Za-z0-9_]{1,64}$' }),
  Type.String({ maxLength: 4_096 }),
)
const templateValue = Type.Union([
  Type.String({ maxLength: 4_096 }),
  strict({
    currency: Type.String({ pattern: '^[A-Z]{3}$' }),
    amount: Type.String({ pattern: '^-?[0-9]{1,12}(\\.[0-9]{1,3})?$', description: 'Decimal text.' }),
    text: short(1_024),
  }),
  strict({ dateTime: short(1_024) }),
])
const templateBody = Type.Record(Type.String({ pattern: '^[A-Za-z0-9_]{1,64}$' }), templateValue)
const anyObject = Type.Record(Type.String(), Type.Unknown())
const buttonIndex = Type.Integer({ minimum: 0, maximum: 9 })
const templateButton = Type.Union([
  strict({ index: buttonIndex, payload: short(1_024) }),
  strict({ index: buttonIndex, text: short(2_048) }),
  strict({ index: buttonIndex, code: short(256) }),
  strict({ index: buttonIndex, otp: short(256) }),
  strict({ index: buttonIndex, flow: strict({ token: optional(short(1_024)), data: optional(anyObject) }) }),
])
const text = strict({
  type: Type.Literal('text'),
  text: short(TEXT_MAX),
  preview: optional(Type.Boolean({ description: 'Show a preview of the first link.' })),
})
const media = strict({
  type: words(MEDIA_TYPES),
  media: mediaInput,
  caption: optional(short(TEXT_MAX)),
  voice: optional(Type.Boolean({ description: 'Audio recorded on the spot.' })),
})
const place = {
  latitude: Type.Number({ minimum: -90, maximum: 90 }),
  longitude: Type.Number({ minimum: -180, maximum: 180 }),
  name: optional(short(1_024)),
  address: optional(short(1_024)),
}
const location = strict({ type: Type.Literal('location'), ...place })
const entry = { type: optional(short(64)) }
const postalAddress = strict({
  ...entry,
  street: optional(short(1_024)),
  city: optional(short(256)),
  state: optional(short(256)),
  zip: optional(short(64)),
  country: optional(short(256)),
})
const contactCard = strict({
  name: short(1_024),
  phones: Type.Array(strict({ phone: short(64), type: optional(short(64)), whatsapp: optional(short(64)) }), {
    maxItems: 20,
  }),
  emails: optional(Type.Array(strict({ email: short(320), type: optional(short(64)) }), { maxItems: 20 })),
  organization: optional(short(1_024)),
  urls: optional(Type.Array(strict({ ...entry, url: short(2_048) }), { maxItems: 20 })),
  addresses: optional(Type.Array(postalAddress, { maxItems: 20 })),
  birthday: optional(Type.String({ pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}$' })),
})
const contacts = strict({
  type: Type.Literal('contacts'),
  contacts: Type.Array(contactCard, { minItems: 1, maxItems: 20 }),
})
const buttons = strict({
  type: Type.Literal('buttons'),
  text: short(TEXT_MAX),
  header: optional(header),
  footer: optional(short(1_024)),
  buttons: Type.Array(button, { minItems: 1, maxItems: 20 }),
  quick: optional(
    Type.Literal(true, {
      description: 'Answers for this moment, shown as quick replies where there are such.',
    }),
  ),
})
const requestFor = strict({
  type: Type.Literal('request'),
  what: words(REQUESTED),
  text: short(TEXT_MAX),
})
const flowBegin = {
  token: optional(short(1_024)),
  action: optional(words(['navigate', 'exchange'])),
  screen: optional(short(256)),
  data: optional(anyObject),
  draft: optional(Type.Literal(true)),
}
const flow = strict({
  type: Type.Literal('flow'),
  text: short(TEXT_MAX),
  header: optional(header),
  footer: optional(short(1_024)),
  button: short(256),
  flow: Type.Union([strict({ id: short(256), ...flowBegin }), strict({ name: short(256), ...flowBegin })]),
})
const listRow = strict({ id: short(256), title: short(256), description: optional(short(1_024)) })
const list = strict({
  type: Type.Literal('list'),
  text: short(TEXT_MAX),
  button: short(256),
  header: optional(short(1_024)),
  footer: optional(short(1_024)),
  sections: Type.Array(
    strict({ title: optional(short(256)), rows: Type.Array(listRow, { minItems: 1, maxItems: 100 }) }),
    { minItems: 1, maxItems: 20 },
  ),
})
const templateCard = strict({
  header: optional(
    Type.Union([
      mediaHeader,
      strict({ product: strict({ catalogId: short(64), productId: short(128) }) }, 'Of a catalog.'),
    ]),
  ),
  body: optional(templateBody),
  buttons: optional(Type.Array(templateButton, { maxItems: 2 })),
})
const template = strict({
  type: Type.Literal('template'),
  name: short(512),
  language: short(32),
  parameters: optional(
    strict({
      header: optional(Type.Union([templateValues, mediaHeader, strict({ location: strict(place) })])),
      body: optional(templateBody),
      buttons: optional(Type.Array(templateButton, { maxItems: 10 })),
      cards: optional(Type.Array(templateCard, { minItems: 2, maxItems: 10 })),
      offer: optional(strict({ expiresAt: time }, 'When a limited-time offer ends.')),
    }),
  ),
})
const reaction = strict({
  type: Type.Literal('reaction'),
  emoji: nullable(short(32)),
  to: strict({ id: id('msg') }),
})

const ContentInput = Type.Union([
  text,
  media,
  location,
  contacts,
  buttons,
  list,
  requestFor,
  flow,
  template,
  reaction,
])

export const MessageInput = body(
  {
    channel: optional(id('chn')),
    to: optional(
      Type.String({
        minLength: 3,
        maxLength: 320,
        description: 'A phone (+ and digits), an e-mail address, or kind:value for another kind of address.',
      }),
    ),
    contact: optional(id('ctc')),
    conversation: optional(id('cnv')),
    content: ContentInput,
    replyTo: optional(strict({ id: id('msg') })),
    category: optional(
      Type.Enum([...CATEGORIES], { description: 'utility if absent for a template, else service.' }),
    ),
    expiresAt: optional({
      ...time,
      description:
        'Past it what was not sent fails as expired. If absent in 24 h, for the token of an agent in 1 h.',
    }),
  },
  MESSAGES,
)
export type MessageInput = Static<typeof MessageInput>

const anyConfig = Type.Record(Type.String(), Type.Unknown(), {
  description: 'As the connector wants it. Secrets are sealed and read *** in every answer.',
})
export const ChannelInput = body({ connector: short(64), name: short(200), config: anyConfig }, CHANNELS)
export type ChannelInput = Static<typeof ChannelInput>
export const ChannelPatch = body(
  {
    name: optional(short(200)),
    status: optional(words(CHANNEL_STATUSES)),
    config: optional(anyConfig),
  },
  CHANNEL_PATCHES,
)
export type ChannelPatch = Static<typeof ChannelPatch>

export const ClosingInput = body(
  {
    category: optional(short(200)),
    summary: optional(short(TEXT_MAX)),
  },
  CLOSINGS,
)
export type ClosingInput = Static<typeof ClosingInput>

export const TokenInput = body(
  {
    name: short(200),
    role: words(ROLES),
    expiresAt: optional({ ...time, description: 'When it ends by itself; never if absent.' }),
  },
  TOKENS,
)
export type TokenInput = Static<typeof TokenInput>
export const WorkspaceInput = body({ name: short(200) }, WORKSPACES)
export type WorkspaceInput = Static<typeof WorkspaceInput>
export const ReplayInput = body({ id: optional(id('rej')) }, REPLAYS)
export type ReplayInput = Static<typeof ReplayInput>
export const TypingInput = body({ on: Type.Boolean() }, TYPINGS)
export type TypingInput = Static<typeof TypingInput>
export const ReadInput = body(
  { typing: optional(Type.Boolean({ description: 'Show too that an answer is being written.' })) },
  READS,
)
export type ReadInput = Static<typeof ReadInput>

// Queries

const cursor = optional(Type.String({ maxLength: 128, description: '`next` of the page before.' }))
const limit = optional(
  Type.Integer({ minimum: 1, maximum: PAGE_MAX, default: PAGE_DEFAULT, description: 'How many to give.' }),
)
const workspace = optional(
  Type.String({ description: "Another workspace than the token's own; for operators.", maxLength: 64 }),
)
export const WorkspaceQuery = strict({ workspace })
const page = { workspace, limit, after: cursor }
export const PageQuery = strict(page)
export const WorkspacesQuery = strict({ limit, after: cursor })
export type WorkspacesQuery = Static<typeof WorkspacesQuery>
export const MessagesQuery = strict({
  ...page,
  channel: optional(id('chn')),
  contact: optional(id('ctc')),
  conversation: optional(id('cnv')),
  direction: optional(words(['inbound', 'outbound'])),
  status: optional(words(['pending', 'sent', 'received', 'read', 'failed'])),
})
export const ConversationsQuery = strict({
  ...page,
  contact: optional(id('ctc')),
  status: optional(words(['open', 'closed'])),
})
export const TemplatesQuery = strict({
  ...page,
  channel: optional(id('chn')),
  name: optional(short(512)),
  status: optional(words(TEMPLATE_STATUSES)),
})
export type TemplatesQuery = Static<typeof TemplatesQuery>
export const EventsQuery = strict({
  workspace,
  after: optional(Type.Integer({ minimum: 0, description: 'The last number read.' })),
  limit: optional(Type.Integer({ minimum: 1, maximum: EVENTS_PAGE_MAX, default: EVENTS_PAGE_DEFAULT })),
  typing: optional(
    Type.Boolean({ description: 'On a stream: also who is typing, as events `typing` without an id.' }),
  ),
})
export type PageQuery = Static<typeof PageQuery>
export type MessagesQuery = Static<typeof MessagesQuery>
export type ConversationsQuery = Static<typeof ConversationsQuery>
export type EventsQuery = Static<typeof EventsQuery>

/** Ids in a path are not checked by form: one that leads nowhere is 404, whatever it looks like. */
export const IdParams = Type.Object({ id: Type.String() })
export const IdempotencyHeaders = Type.Object({
  'idempotency-key': optional(
    Type.String({
      minLength: 1,
      maxLength: 255,
      description: 'The same key and body again: the first answer.',
    }),
  ),
})
