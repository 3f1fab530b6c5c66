import type { Address } from '../model/address.ts'
import { rfc3339 } from '../model/clock.ts'
import type { Contact } from '../model/contact.ts'
import { type Content, type Media, mapMedia, mediaOf, type StoredMedia } from '../model/content.ts'
import type { Conversation } from '../model/conversation.ts'
import { FAILURES } from '../model/failure.ts'
import type { FileId, TagId } from '../model/ids.ts'
import type { Import } from '../model/import.ts'
import type { Message, MessageContent, MessageFailure } from '../model/message.ts'
import { failureOf, membersOf, type Status, type StatusTimes, statusTimesOf } from '../model/status.ts'
import type { Rows } from './rows.ts'
import type { StoredFile } from './store.ts'

type MessageRow = Rows['messages']

/** The message as it was when it was made: what `message.created` tells for ever (RULES A5). */
export function createdView(row: MessageRow, content: Content): Message {
  const echo = row.sourceKind === 'echo'
  const status: Status = echo ? 'sent' : 'pending'
  const times: StatusTimes = echo ? { sent: row.providerTime ?? row.createdAt } : { pending: row.createdAt }
  return {
    ...unchanging(row),
    content: shownContent(content, row, media =>
      shownMedia(media, row.direction === 'inbound' && !isHanded(media) ? 'pending' : 'stored'),
    ),
    attempts: 0,
    queued: false,
    providerIds: row.direction === 'outbound' && !echo ? [] : row.providerIds.slice(0, 1),
    status: row.direction === 'inbound' ? null : status,
    statusTimes: row.direction === 'inbound' ? null : shownTimes(times),
    failure: null,
    members: null,
    uncertain: false,
    editedAt: null,
    deletedAt: null,
  }
}

/** What `message.edited` tells: the facts that its event keeps, and the content of its revision (RULES A5). */
export function editedView<T extends object>(kept: T, content: Content): T & { content: MessageContent } {
  const shown =
    content.type === 'reaction'
      ? { ...content, to: null }
      : (mapMedia(content, media => shownMedia(media, 'pending')) as MessageContent)
  return { ...kept, content: shown }
}

/** A file that was there before its message has a size; one that is still to be fetched has none. */
function isHanded(media: StoredMedia): boolean {
  return 'size' in media
}

/** The message as it is now: `content` is the newest, and `files` are those that it names. */
export function messageView(
  row: MessageRow,
  content: Content,
  files: ReadonlyMap<FileId, StoredFile>,
): Message {
  return {
    ...unchanging(row),
    content: shownContent(content, row, media => {
      const file = 'id' in media ? files.get(media.id) : undefined
      return file === undefined ? shownMedia(media, 'stored') : fileView(file)
    }),
    attempts: row.attempts,
    queued: row.queued,
    providerIds: row.providerIds,
    status: row.status,
    statusTimes: row.status === null ? null : shownTimes(statusTimesOf(row.pieces, row.createdAt)),
    failure: row.status === 'failed' ? failureView(failureOf(row.pieces)) : null,
    members: membersOf(row.pieces),
    uncertain: row.uncertain,
    editedAt: row.editedAt === null ? null : rfc3339(row.editedAt),
    deletedAt: row.deletedAt === null ? null : rfc3339(row.deletedAt),
  }
}

export function failureView(failure: ReturnType<typeof failureOf>): MessageFailure | null {
  if (failure === null) return null
  const { code, detail, provider } = failure
  const { says } = FAILURES[code]
  return { code, detail: detail === undefined ? says : `${says} ${detail}`, provider: provider ?? null }
}

/** What a workspace sorts its contacts by: what was deleted is shown on nobody. */
export type Sorting = { tags: ReadonlyMap<TagId, string>; fields: ReadonlySet<string> }

export function contactView(
  row: Rows['contacts'],
  { tags, fields }: Sorting,
  merged: Contact['merged'],
): Contact {
  const firstOf = (kind: Address['kind']): string | null =>
    row.addresses.find(address => address.kind === kind)?.value ?? null
  return {
    id: row.id,
    workspace: row.workspace,
    kind: row.kind,
    name: row.name,
    language: row.language,
    country: row.country,
    timeZone: row.timeZone,
    phone: firstOf('phone'),
    email: firstOf('email'),
    addresses: row.addresses,
    tags: row.tags.flatMap(tag => tags.get(tag) ?? []),
    fields: Object.fromEntries(Object.entries(row.fields).filter(([key]) => fields.has(key))),
    consent: { marketing: 'unknown', service: 'unknown', ...row.consent },
    merged,
    seen: row.reach.map(({ channel, address, seenAt }) => ({
      channel,
      address,
      at: shownTime(seenAt ?? null),
    })),
    lastSeenAt: shownTime(row.seenAt),
    source: row.source,
    createdAt: rfc3339(row.createdAt),
    updatedAt: rfc3339(row.updatedAt),
  }
}

/** The share of its file that an import has read. */
export function importShare({ bytes, size }: Pick<Rows['imports'], 'bytes' | 'size'>): number {
  return size === 0 ? 1 : Math.round((bytes / size) * 1000) / 1000
}

export function importView(row: Rows['imports']): Import {
  const { plan } = row
  return {
    id: row.id,
    workspace: row.workspace,
    state: row.state,
    why: row.why,
    name: row.name,
    size: row.size,
    dryRun: plan.dryRun,
    progress: importShare(row),
    rows: row.counts,
    errors: row.errors,
    columns: plan.columns,
    encoding: plan.encoding,
    separator: plan.separator,
    createdBy: row.createdBy,
    createdAt: rfc3339(row.createdAt),
    startedAt: shownTime(row.startedAt),
    endedAt: shownTime(row.endedAt),
  }
}

function shownTime(at: number | null): string | null {
  return at === null ? null : rfc3339(at)
}

export function conversationView(row: Rows['conversations']): Conversation {
  return {
    id: row.id,
    workspace: row.workspace,
    contact: row.contact,
    channel: row.channel,
    thread: row.thread === '' ? null : row.thread,
    status: row.status,
    source: row.source,
    contactType: row.contactType,
    context: row.context,
    openedAt: rfc3339(row.openedAt),
    closedAt: row.closedAt === null ? null : rfc3339(row.closedAt),
    closedBy: row.closedBy,
    note: row.note,
    version: row.version,
  }
}

const SHOWN_STATES = {
  pending: 'pending',
  due: 'pending',
  stored: 'stored',
  failed: 'failed',
  deleted: 'failed',
} as const satisfies Record<StoredFile['state'], Media['state']>

/** A file as a message's media. */
export function fileView(file: StoredFile): Media {
  return {
    id: file.id,
    url: `/v1/files/${file.id}`,
    state: SHOWN_STATES[file.state],
    mimeType: file.mimeType,
    size: file.size,
    name: file.name,
    sha256: file.sha256,
  }
}

/** The files that a content names. */
export function filesOf(content: Content): FileId[] {
  return mediaOf(content).flatMap(media => ('id' in media ? [media.id] : []))
}

function unchanging(row: MessageRow) {
  return {
    id: row.id,
    workspace: row.workspace,
    channel: row.channel,
    connector: row.connector,
    contact: row.contact,
    conversation: row.conversation,
    direction: row.direction,
    source: { kind: row.sourceKind, id: row.sourceId },
    address: { kind: row.addressKind, value: row.addressValue },
    author: row.besides?.author ?? null,
    replyTo: row.replyTo,
    forwarded: row.besides?.forwarded ?? null,
    referral: row.besides?.referral ?? null,
    product: row.besides?.product ?? null,
    standby: row.besides?.standby ?? false,
    category: row.category,
    expiresAt: row.expiresAt === null ? null : rfc3339(row.expiresAt),
    retryOf: row.retryOf,
    broadcast: row.broadcast,
    providerTime: row.providerTime === null ? null : rfc3339(row.providerTime),
    createdAt: rfc3339(row.createdAt),
  }
}

function shownContent(
  content: Content,
  row: MessageRow,
  each: (media: StoredMedia) => Media,
): MessageContent {
  if (content.type === 'reaction') return { ...content, to: row.reactionTo }
  return mapMedia(content, each) as MessageContent
}

function shownMedia(media: StoredMedia, state: Media['state']): Media {
  const known = { mimeType: media.mimeType ?? null, name: media.name ?? null }
  if ('link' in media)
    return { id: null, url: media.link, state: 'stored', size: null, sha256: null, ...known }
  return {
    id: media.id,
    url: `/v1/files/${media.id}`,
    state,
    size: media.size ?? null,
    sha256: media.sha256 ?? null,
    ...known,
  }
}

function shownTimes(times: StatusTimes): { [S in Status]?: string } {
  const shown: { [S in Status]?: string } = {}
  for (const status of ['pending', 'sent', 'received', 'read', 'failed'] as const) {
    const at = times[status]
    if (at !== undefined) shown[status] = rfc3339(at)
  }
  return shown
}
