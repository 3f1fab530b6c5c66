import { type TProperties, type TSchema, Type } from 'typebox'
import { ADDRESS_KINDS } from '../model/address.ts'
import { CHANNEL_STATUSES } from '../model/channel.ts'
import { EVENT_TYPES } from '../model/event.ts'
import { CATEGORIES } from '../model/message.ts'
import { PROBLEMS, type ProblemCode } from './problem.ts'
import { id, time } from './schemas.ts'

/** What the API answers, for `/openapi.json`. Clients must take fields that are not named here: more will come. */

const nullable = <S extends TSchema>(schema: S) => Type.Union([schema, Type.Null()])
const words = <T extends string>(values: readonly T[]) => Type.Enum([...values])
const open = (properties: TProperties, description?: string) =>
  Type.Object(properties, description === undefined ? {} : { description })

const address = open({ kind: words(ADDRESS_KINDS), value: Type.String() })
const messageRef = open({ id: nullable(id('msg')), providerId: nullable(Type.String()) })
const times = Type.Record(words(['pending', 'sent', 'failed', 'received', 'read']), time)

export const ChannelAnswer = open({
  id: id('chn'),
  workspace: id('wks'),
  connector: Type.String(),
  name: Type.String(),
  status: words(CHANNEL_STATUSES),
  config: Type.Record(Type.String(), Type.Unknown(), { description: 'Every secret reads ***.' }),
  health: open({
    state: words(['unknown', 'ok', 'failing']),
    why: nullable(Type.String()),
    at: nullable(time),
  }),
  webhookUrl: nullable(Type.String({ description: 'Where the provider must send its webhooks.' })),
  createdAt: time,
  updatedAt: time,
})

export const MessageAnswer = open({
  id: id('msg'),
  workspace: id('wks'),
  channel: id('chn'),
  connector: Type.String(),
  contact: id('ctc'),
  conversation: nullable(id('cnv')),
  direction: words(['inbound', 'outbound']),
  source: open({
    kind: words(['contact', 'agent', 'workflow', 'broadcast', 'api', 'echo']),
    id: nullable(Type.String()),
  }),
  address,
  content: open({ type: Type.String() }, 'A union on type.'),
  replyTo: nullable(messageRef),
  category: words(CATEGORIES),
  expiresAt: nullable(time),
  attempts: Type.Integer(),
  queued: Type.Boolean({ description: 'The platform held it back for a rate or a tier.' }),
  retryOf: nullable(id('msg')),
  broadcast: nullable(Type.String()),
  providerIds: Type.Array(Type.String()),
  providerTime: nullable(time),
  status: nullable(words(['pending', 'sent', 'received', 'read', 'failed'])),
  statusTimes: nullable(times),
  failure: nullable(
    open({
      code: Type.String(),
      detail: Type.String(),
      provider: nullable(
        open({
          code: Type.String(),
          title: Type.Optional(Type.String()),
          detail: Type.Optional(Type.String()),
        }),
      ),
    }),
  ),
  uncertain: Type.Boolean({ description: 'Whether the provider took the last attempt is not known yet.' }),
  createdAt: time,
})

export const TimelineAnswer = open({
  at: time,
  kind: Type.String(),
  part: Type.Integer(),
  attempt: nullable(Type.Integer()),
  status: nullable(Type.String()),
  raw: nullable(Type.String({ description: "The provider's word, unchanged." })),
  detail: nullable(Type.Record(Type.String(), Type.Unknown())),
})

export const ConversationAnswer = open({
  id: id('cnv'),
  workspace: id('wks'),
  contact: id('ctc'),
  channel: id('chn'),
  thread: nullable(Type.String()),
  status: words(['open', 'closed']),
  source: Type.String(),
  contactType: words(['new', 'returning']),
  context: nullable(
    Type.Record(Type.String(), Type.String(), { description: 'What the channel told when it was opened.' }),
  ),
  openedAt: time,
  closedAt: nullable(time),
  closedBy: nullable(Type.String()),
  note: nullable(open({ category: Type.Optional(Type.String()), summary: Type.Optional(Type.String()) })),
  version: Type.Integer(),
})

export const ContactAnswer = open({
  id: id('ctc'),
  workspace: id('wks'),
  kind: words(['person', 'group']),
  name: nullable(Type.String()),
  addresses: Type.Array(address),
  source: words(['message', 'api', 'echo']),
  createdAt: time,
  updatedAt: time,
})

export const FileAnswer = open({
  id: id('fil'),
  url: Type.String(),
  mimeType: Type.String(),
  size: Type.Integer({ description: 'Bytes.' }),
  name: nullable(Type.String()),
  sha256: Type.String(),
})

export const EventAnswer = open({
  specversion: Type.Literal('1.0'),
  id: id('evt'),
  source: Type.String(),
  type: words(EVENT_TYPES),
  subject: Type.String(),
  time,
  datacontenttype: Type.Literal('application/json'),
  workspace: id('wks'),
  sequence: Type.Integer({ description: 'Per workspace from 1, without gaps.' }),
  data: Type.Unknown(),
})

const ProblemAnswer = Type.Object(
  {
    type: Type.String(),
    title: Type.String(),
    status: Type.Integer(),
    code: words(Object.keys(PROBLEMS)),
    detail: Type.String(),
    errors: Type.Optional(Type.Array(open({ field: Type.String(), message: Type.String() }))),
  },
  { description: 'RFC 9457.' },
)

/** A page: `next` is null on the last one. */
export function pageOf(item: TSchema) {
  return open({ data: Type.Array(item), next: nullable(Type.String()) })
}

/** The problems that a route may answer, by status. */
export function problems(...codes: ProblemCode[]): Record<number, unknown> {
  const byStatus = Map.groupBy(codes, code => PROBLEMS[code])
  return Object.fromEntries(
    [...byStatus].map(([status, names]) => [
      status,
      { description: names.join(', '), content: { 'application/problem+json': { schema: ProblemAnswer } } },
    ]),
  )
}
