import { type Static, Type } from 'typebox'
import { CHANNEL_STATUSES } from '../model/channel.ts'
import { CATEGORIES } from '../model/message.ts'
import { TEMPLATE_STATUSES } from '../model/template.ts'
import { ROLES } from '../model/token.ts'
import { ContentInput } from './content-schemas.ts'
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
import { body, id, optional, short, strict, TEXT_MAX, time, words } from './shapes.ts'

/**
 * The API in schemas. The same values check what comes in and make `/openapi.json`, so that neither can say what the
 * other does not.
 */

const PAGE_MAX = 200
export const PAGE_DEFAULT = 50
const EVENTS_PAGE_MAX = 1_000
export const EVENTS_PAGE_DEFAULT = 100

// What a client writes

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
const answer = optional(Type.Union([short(1_600), Type.Literal(false), Type.Null()]))
export const ChannelPatch = body(
  {
    name: optional(short(200)),
    status: optional(words(CHANNEL_STATUSES)),
    config: optional(anyConfig),
    answers: optional(
      strict(
        { stop: answer, start: answer, help: answer },
        'What is answered to STOP, START and HELP: a text, nothing (false), or what we say (null).',
      ),
    ),
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

export const cursor = optional(Type.String({ maxLength: 128, description: '`next` of the page before.' }))
export const limit = optional(
  Type.Integer({ minimum: 1, maximum: PAGE_MAX, default: PAGE_DEFAULT, description: 'How many to give.' }),
)
export const workspace = optional(
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
