import type { OpenChannel } from '../../connectors/directory.ts'
import type { ChannelPage, ShownContent, ShownFile, ShownMessage } from '../../connectors/webchat/frames.ts'
import { FILE_BYTES_DEFAULT, TEXT_MAX, type WebchatConfig } from '../../connectors/webchat/webchat.ts'
import type { Media } from '../../model/content.ts'
import type { FileId, WorkspaceId } from '../../model/ids.ts'
import type { Message } from '../../model/message.ts'
import { plainContacts } from '../../queue/plain.ts'
import { signLink } from '../links.ts'
import type { Rooms } from '../rooms.ts'
import { identityMode } from './identity.ts'
import { MIME_TYPES } from './kinds.ts'
import { nameShown } from './tokens.ts'

/** A message as a page shows it. Links in it work for some minutes. */
export function shownMessage(rooms: Rooms, message: Message): ShownMessage {
  const isOurs = message.direction === 'outbound'
  const clientId = isOurs ? undefined : message.providerIds[0]?.split(' ')[1]
  const { status, replyTo, source } = message
  return {
    id: message.id,
    ...(clientId === undefined ? {} : { clientId }),
    from: !isOurs ? 'visitor' : BOTS.has(source.kind) ? 'bot' : 'agent',
    at: message.createdAt,
    content: shownContent(rooms, message),
    ...(replyTo?.id == null ? {} : { replyTo: replyTo.id }),
    ...(isOurs && (status === 'sent' || status === 'received' || status === 'read') ? { status } : {}),
  }
}

const BOTS: ReadonlySet<string> = new Set(['workflow', 'broadcast'])

function shownContent(rooms: Rooms, message: Message): ShownContent {
  const { content } = message
  const file = (media: Media): ShownFile => shownFile(rooms, message, media)
  switch (content.type) {
    case 'text':
      return { type: 'text', text: content.text }
    case 'image':
    case 'audio':
    case 'video':
    case 'document':
    case 'sticker': {
      const { type: kind, media, caption } = content
      return { type: 'file', kind, file: file(media), ...(caption === undefined ? {} : { caption }) }
    }
    case 'buttons': {
      const { header, ...rest } = content
      if (header === undefined || 'text' in header) return header === undefined ? rest : { ...rest, header }
      return { ...rest, header: { kind: header.type, file: file(header.media) } }
    }
    case 'list':
    case 'location':
      return content
    case 'contacts':
      return { type: 'text', text: plainContacts(content) }
    case 'reply':
      return { type: 'choice', text: content.text }
    case 'erased':
      return { type: 'deleted' }
    default:
      return { type: 'other' }
  }
}

/** A link that somebody sent stays what it is, and is its own name. */
function shownFile(rooms: Rooms, { workspace, channel, contact }: Message, media: Media): ShownFile {
  const { id, state, mimeType, size, name } = media
  if (id === null) return { id: media.url, url: media.url, state, mimeType, size, name }
  const url = state === 'stored' ? signedUrl(rooms, workspace, id) : null
  return { id: nameShown(rooms.visitorKeys, channel, contact, id), url, state, mimeType, size, name }
}

export function signedUrl(rooms: Rooms, workspace: WorkspaceId, id: FileId): string {
  return signLink(rooms.linkKeys, { workspace, id }, rooms.clock.now())
}

/** All that a page needs before its visitor opens the chat; nothing in it is secret. */
export function channelPage({
  id,
  config,
}: Pick<OpenChannel, 'id'> & { config: WebchatConfig }): ChannelPage {
  const bytesMax = config.files?.bytesMax ?? FILE_BYTES_DEFAULT
  return {
    channel: id,
    theme: config.theme ?? {},
    locale: config.locale ?? 'auto',
    preChat: config.preChat ?? [],
    identity: identityMode(config),
    files: { bytesMax, mimeTypes: bytesMax === 0 ? [] : [...MIME_TYPES] },
    textMax: TEXT_MAX,
  }
}
