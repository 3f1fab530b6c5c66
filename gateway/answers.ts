import { type TSchema, Type } from 'typebox'
import { ADDRESS_KINDS } from '../model/address.ts'
import { CHANNEL_STATUSES } from '../model/channel.ts'
import { EVENT_TYPES } from '../model/event.ts'
import { CATEGORIES, REFERRAL_FIELDS } from '../model/message.ts'
import { TEMPLATE_STATUSES } from '../model/template.ts'
import { PROBLEMS, type ProblemCode } from './problem.ts'
import { id, nullable, open, time, words } from './shapes.ts'

/** What the API answers, for `/openapi.json`. Clients must take fields that are not named here: more will come. */

export const address = open({ kind: words(ADDRESS_KINDS), value: Type.String() })
const messageRef = open({ id: nullable(id('msg')), providerId: nullable(Type.String()) })
const author = open({ address, name: nullable(Type.String()) }, 'Who of a group wrote it.')
const referral = open(
  Object.fromEntries(REFERRAL_FIELDS.map(field => [field, Type.Optional(Type.String())])),
  'The advertisement or post that led here.',
)
const product = open(
  { catalogId: nullable(Type.String()), productId: Type.String() },
  'The product of a catalog that it asks about.',
)
const members = open(
  { received: Type.Integer(), read: Type.Integer() },
  'Of a message to a group: how many of its members received it, and read it, as far as was told.',
)
const times = Type.Record(words(['pending', 'sent', 'failed', 'received', 'read']), time)

const answer = Type.Optional(Type.Union([Type.String(), Type.Literal(false)]))
export const ChannelAnswer = open(
  {
    id: id('chn'),
    workspace: id('wks'),
    connector: Type.String(),
    name: Type.String(),
    status: words(CHANNEL_STATUSES),
    config: Type.Record(Type.String(), Type.Unknown(), {
      description: 'Every secret reads ***. Empty for agents.',
    }),
    health: open({
      state: words(['unknown', 'ok', 'failing']),
      why: nullable(Type.String()),
      at: nullable(time),
    }),
    live: open(
      {
        perSecond: Type.Optional(Type.Number()),
        tier: Type.Optional(nullable(Type.Integer({ description: 'People a day; null: without limit.' }))),
        quality: Type.Optional(words(['green', 'yellow', 'red'])),
      },
      'What the provider last told about how much may be sent; what it never told is absent.',
    ),
    answers: open(
      { stop: answer, start: answer, help: answer },
      'What is answered to STOP, START and HELP; false is nothing. Absent: what we say by ourselves.',
    ),
    webhookUrl: nullable(Type.String({ description: 'Where the provider must send its webhooks.' })),
    createdAt: time,
    updatedAt: time,
  },
  'A channel.',
)

export const TemplateAnswer = open(
  {
    id: id('tpl'),
    workspace: id('wks'),
    channel: id('chn'),
    name: Type.String(),
    language: Type.String(),
    providerId: nullable(Type.String()),
    status: words(TEMPLATE_STATUSES),
    category: nullable(Type.String({ description: "The provider's word." })),
    quality: nullable(Type.String({ description: "The provider's word." })),
    reason: nullable(Type.String({ description: 'Why it has this status, in the words of the provider.' })),
    components: nullable(Type.Array(Type.Unknown(), { description: "In the provider's own form." })),
    updatedAt: time,
  },
  'A template, in one of its languages.',
)

export const RejectedAnswer = open(
  {
    id: id('rej'),
    channel: id('chn'),
    why: Type.String(),
    size: Type.Integer({ description: 'Bytes.' }),
    contentType: Type.String(),
    at: time,
  },
  'A delivery that could not be read.',
)

export const ReplayAnswer = open(
  {
    read: Type.Integer({ description: 'Deliveries that could be read now; they are kept no longer.' }),
    kept: Type.Integer({ description: 'Deliveries that still cannot be read.' }),
    messages: Type.Integer({ description: 'New messages; what was known already is none.' }),
  },
  'What became of them.',
)

export const MessageAnswer = open(
  {
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
    author: nullable(author),
    content: open(
      { type: Type.String() },
      'A union on type. What it says now: of an edited message the newest.',
    ),
    replyTo: nullable(messageRef),
    forwarded: nullable(
      Type.Union([Type.Literal(true), Type.Literal('often')], {
        description: 'It was passed on, or often so.',
      }),
    ),
    referral: nullable(referral),
    product: nullable(product),
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
    members: nullable(members),
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
    editedAt: nullable(time),
    deletedAt: nullable(time),
    createdAt: time,
  },
  'A message.',
)

export const TimelineAnswer = open(
  {
    at: time,
    kind: Type.String(),
    part: Type.Integer(),
    attempt: nullable(Type.Integer()),
    status: nullable(Type.String()),
    raw: nullable(Type.String({ description: "The provider's word, unchanged." })),
    detail: nullable(Type.Record(Type.String(), Type.Unknown())),
  },
  'What happened, and when.',
)

export const ConversationAnswer = open(
  {
    id: id('cnv'),
    workspace: id('wks'),
    contact: id('ctc'),
    channel: id('chn'),
    thread: nullable(Type.String()),
    status: words(['open', 'closed']),
    source: Type.String(),
    contactType: words(['new', 'returning']),
    context: nullable(
      Type.Record(Type.String(), Type.String(), {
        description: 'What the channel told about how it began, as referral.sourceId.',
      }),
    ),
    openedAt: time,
    closedAt: nullable(time),
    closedBy: nullable(Type.String()),
    note: nullable(open({ category: Type.Optional(Type.String()), summary: Type.Optional(Type.String()) })),
    version: Type.Integer(),
  },
  'A conversation.',
)

export const FileAnswer = open(
  {
    id: id('fil'),
    url: Type.String(),
    mimeType: Type.String(),
    size: Type.Integer({ description: 'Bytes.' }),
    name: nullable(Type.String()),
    sha256: Type.String(),
  },
  'A file.',
)

export const EventAnswer = open(
  {
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
  },
  'A CloudEvent.',
)

export const WorkspaceAnswer = open({ id: id('wks'), name: Type.String(), createdAt: time }, 'A workspace.')

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
  return open({ data: Type.Array(item), next: nullable(Type.String()) }, 'A page of them.')
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
