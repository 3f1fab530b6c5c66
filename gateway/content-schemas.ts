import { Type } from 'typebox'
import { MEDIA_TYPES, REQUESTED } from '../model/content.ts'
import { id, nullable, optional, short, strict, TEXT_MAX, words } from './shapes.ts'

/** What a client may send: the schema of a message's content, a union on `type`. */

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
const anyObject = Type.Record(Type.String(), Type.Unknown())
const buttonIndex = Type.Integer({ minimum: 0, maximum: 9 })
const templateButton = Type.Union([
  strict({ index: buttonIndex, payload: short(1_024) }),
  strict({ index: buttonIndex, text: short(2_048) }),
  strict({ index: buttonIndex, code: short(256) }),
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
const location = strict({
  type: Type.Literal('location'),
  latitude: Type.Number({ minimum: -90, maximum: 90 }),
  longitude: Type.Number({ minimum: -180, maximum: 180 }),
  name: optional(short(1_024)),
  address: optional(short(1_024)),
})
const contactCard = strict({
  name: short(1_024),
  phones: Type.Array(strict({ phone: short(64), type: optional(short(64)), whatsapp: optional(short(64)) }), {
    maxItems: 20,
  }),
  emails: optional(Type.Array(strict({ email: short(320), type: optional(short(64)) }), { maxItems: 20 })),
  organization: optional(short(1_024)),
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
const template = strict({
  type: Type.Literal('template'),
  name: short(512),
  language: short(32),
  parameters: optional(
    strict({
      header: optional(Type.Union([templateValues, mediaHeader])),
      body: optional(templateValues),
      buttons: optional(Type.Array(templateButton, { maxItems: 10 })),
    }),
  ),
})
const reaction = strict({
  type: Type.Literal('reaction'),
  emoji: nullable(short(32)),
  to: strict({ id: id('msg') }),
})

export const ContentInput = Type.Union([
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
