import type { Address } from '../../model/address.ts'
import type { Lane } from '../../model/change.ts'
import type { Content, ForeignMedia, HandedMedia, StoredMedia } from '../../model/content.ts'
import { mapMedia } from '../../model/content.ts'
import type { ConversationSource } from '../../model/conversation.ts'
import type { ChannelId, WorkspaceId } from '../../model/ids.ts'
import type { MessageRef, Source, SourceKind } from '../../model/message.ts'
import type { Rows } from '../rows.ts'
import { createdView, filesOf, fileView } from '../view.ts'
import type { Draft } from './draft.ts'

/** What a new message row has in common, whichever way it goes. */
export function newMessage(
  draft: Draft,
  channel: Rows['channels'],
  made: Pick<Rows['messages'], 'contact' | 'conversation' | 'direction'> & {
    source: Source
    address: Address
    replyTo: MessageRef | null
    reactionTo: MessageRef | null
  },
): Rows['messages'] {
  return {
    workspace: channel.workspace,
    id: draft.newId('msg'),
    channel: channel.id,
    connector: channel.connector,
    contact: made.contact,
    conversation: made.conversation,
    direction: made.direction,
    sourceKind: made.source.kind,
    sourceId: made.source.id,
    addressKind: made.address.kind,
    addressValue: made.address.value,
    replyTo: made.replyTo,
    reactionTo: made.reactionTo,
    category: 'service',
    expiresAt: null,
    retryOf: null,
    broadcast: null,
    providerTime: null,
    createdAt: draft.now,
    status: null,
    pieces: [],
    providerIds: [],
    attempts: 0,
    queued: false,
    uncertain: false,
    besides: null,
    edits: 0,
    editedAt: null,
    deletedAt: null,
  }
}

/** Writes the message and its content, and tells the log. Returns the number of its event. */
export function recordMessage(draft: Draft, row: Rows['messages'], content: Content): number {
  draft.insert('messages', row)
  draft.append('contents', { workspace: row.workspace, message: row.id, content })
  const data = createdView(row, content)
  return draft.event({ workspace: row.workspace, type: 'message.created', subject: row.id, data, kept: null })
}

/** Gives each of a provider's media a file of ours, to be fetched after the webhook is answered. */
export function adoptMedia(
  draft: Draft,
  row: Adopter,
  content: Content<ForeignMedia | HandedMedia>,
): Content {
  return mapMedia(content, media =>
    'id' in media ? takeUpload(draft, row, media) : adopt(draft, row, media),
  )
}

/** A file that was handed over before its message, for this channel and by the same hand; undefined: it was not. */
export function wantUpload(
  draft: Draft,
  workspace: WorkspaceId,
  channel: ChannelId,
  { id, from }: HandedMedia,
): Rows['files'] | undefined {
  const file = draft.want('files', workspace, id)
  const isTheirs = file?.channel === channel && file.foreign?.ref === from
  return isTheirs && file.state === 'stored' && file.message === null ? file : undefined
}

type Adopter = Pick<Rows['messages'], 'workspace' | 'id' | 'channel'>

function takeUpload(draft: Draft, row: Adopter, media: HandedMedia): StoredMedia {
  const file = wantUpload(draft, row.workspace, row.channel, media)
  if (file === undefined) throw new Error('an upload was not looked up before it was taken')
  draft.put('files', { ...file, message: row.id })
  const { id, mimeType, size, sha256, name } = file
  return {
    ...{ id, mimeType },
    ...(size === null ? {} : { size }),
    ...(sha256 === null ? {} : { sha256 }),
    ...(name === null ? {} : { name }),
  }
}

function adopt(draft: Draft, row: Adopter, foreign: ForeignMedia): StoredMedia {
  const id = draft.newId('fil')
  const { mimeType, name, sha256, failed } = foreign
  draft.insert('files', {
    id,
    workspace: row.workspace,
    message: row.id,
    channel: row.channel,
    state: failed === undefined ? 'pending' : 'failed',
    foreign,
    mimeType,
    name: name ?? null,
    size: null,
    sha256: sha256 ?? null,
    attempts: 0,
    nextAt: null,
    deadline: null,
    why: failed ?? null,
    createdAt: draft.now,
  })
  return {
    id,
    mimeType,
    ...(name === undefined ? {} : { name }),
    ...(sha256 === undefined ? {} : { sha256 }),
  }
}

/** Tells of media that the provider itself could not get: nothing will be fetched. */
export function tellMissing(draft: Draft, { workspace }: Rows['messages'], content: Content): void {
  for (const id of filesOf(content)) {
    const file = draft.get('files', workspace, id)
    if (file?.state === 'failed') tellMedia(draft, file)
  }
}

export function tellMedia(draft: Draft, file: Rows['files']): void {
  if (file.message === null) return
  const { workspace, message: subject } = file
  const { id, url, state, mimeType, size, sha256 } = fileView(file)
  const data = { id: subject, media: { id, url, state, mimeType, size, sha256 }, why: file.why }
  draft.event({ workspace, type: 'message.media', subject, data, kept: data })
}

export function wantProviderId(
  draft: Draft,
  workspace: WorkspaceId,
  channel: ChannelId,
  providerId: string | undefined,
): void {
  if (providerId !== undefined) draft.want('providerIds', workspace, channel, providerId)
}

/** What a provider id refers to: our message where it is one we know (RULES C11). */
export function refOf(
  draft: Draft,
  workspace: WorkspaceId,
  channel: ChannelId,
  providerId: string | undefined,
): MessageRef | null {
  if (providerId === undefined) return null
  return { id: draft.get('providerIds', workspace, channel, providerId)?.message ?? null, providerId }
}

/** Which lane a message belongs to (RULES C9). */
export function laneOf(source: SourceKind): Lane {
  if (source === 'agent') return 'reply'
  return source === 'broadcast' ? 'bulk' : 'normal'
}

/** Who a conversation is opened by when a message of this source opens it. */
export function openedBy(source: SourceKind): ConversationSource {
  return source === 'echo' ? 'agent' : source
}
