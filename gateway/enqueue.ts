import { ADDRESS_KINDS, type Address, phoneOf } from '../model/address.ts'
import type { Enqueued } from '../model/change.ts'
import { type Content, mapMedia, mediaOf, type StoredMedia } from '../model/content.ts'
import type { ChannelId, ContactId, ConversationId, FileId, MessageId } from '../model/ids.ts'
import { EXPIRES_AFTER_MS } from '../model/message.ts'
import type { Caller } from './auth.ts'
import type { FieldError } from './explain.ts'
import { invalidInput, Problem } from './problem.ts'
import { voiceOf } from './roles.ts'
import type { Rooms } from './rooms.ts'
import type { MessageInput } from './schemas.ts'

type MediaInput = { id: string; name?: string } | { url: string; mimeType?: string; name?: string }

const EXPIRES_MAX_MS = 30 * 86_400_000

/**
 * The change that sends what a client wrote. Its schema holds already; what is checked here is what one field means
 * for another.
 * @throws Problem invalidInput, or impossible for what is well formed and cannot be done.
 */
export async function enqueuedOf(rooms: Rooms, caller: Caller, input: MessageInput): Promise<Enqueued> {
  const now = rooms.clock.now()
  const errors = [...wrongTarget(input), ...wrongTime(input, now)]
  if (errors.length > 0) throw invalidInput(errors)
  if (input.to !== undefined && input.channel === undefined) {
    throw new Problem('impossible', 'An address does not say by which channel: `to` needs `channel`.', {
      errors: [{ field: 'channel', message: 'is required with `to`' }],
    })
  }
  const { content, reactionTo } = await contentOf(rooms, caller, input)
  const voice = voiceOf(caller.role)
  const change: Enqueued = {
    kind: 'enqueued',
    content,
    source: { kind: voice.kind, id: caller.token },
    // A template's own is put in its place where the channel's templates are known; most are not marketing (C11).
    category: input.category ?? (content.type === 'template' ? 'utility' : 'service'),
    lane: voice.lane,
    expiresAt:
      input.expiresAt === undefined ? now + EXPIRES_AFTER_MS[voice.kind] : Date.parse(input.expiresAt),
  }
  if (input.channel !== undefined) change.channel = input.channel as ChannelId
  if (input.to !== undefined) change.to = readAddress(input.to)
  if (input.contact !== undefined) change.contact = input.contact as ContactId
  if (input.conversation !== undefined) change.conversation = input.conversation as ConversationId
  if (input.replyTo !== undefined) change.replyTo = input.replyTo.id as MessageId
  if (reactionTo !== undefined) change.reactionTo = reactionTo
  return change
}

/** A phone, an e-mail address, or `kind:value`. @throws Problem naming `to`. */
export function readAddress(text: string, field = 'to'): Address {
  const [, kind, value] = /^([a-z]+):(.+)$/.exec(text) ?? []
  const named = ADDRESS_KINDS.find(known => known === kind)
  const plain = named === undefined ? text : (value ?? '')
  if (named === 'email' || (named === undefined && plain.includes('@'))) {
    if (/^[^\s@]+@[^\s@]+$/.test(plain)) return { kind: 'email', value: plain }
    throw invalidInput([{ field, message: 'is not an e-mail address' }])
  }
  if (named !== undefined && named !== 'phone') return { kind: named, value: plain }
  // Only what is written with its `+` is sure to carry a country code.
  const phone = plain.startsWith('+') ? phoneOf(plain) : undefined
  if (phone === undefined) {
    throw invalidInput([
      { field, message: 'must be a phone as + and 8 to 15 digits, an e-mail address, or kind:value' },
    ])
  }
  return { kind: 'phone', value: phone }
}

function wrongTarget({ to, contact, conversation }: MessageInput): FieldError[] {
  const given = [to, contact, conversation].filter(value => value !== undefined).length
  if (given === 1) return []
  const message =
    given === 0
      ? 'is required, or `contact`, or `conversation`'
      : 'says to whom twice: keep one of to, contact, conversation'
  return [{ field: 'to', message }]
}

function wrongTime({ expiresAt }: MessageInput, now: number): FieldError[] {
  if (expiresAt === undefined) return []
  // A time in the past is taken, and the message fails as expired: a repeated request must get its first answer.
  return Date.parse(expiresAt) - now <= EXPIRES_MAX_MS
    ? []
    : [{ field: 'expiresAt', message: 'must be within 30 days' }]
}

async function contentOf(
  rooms: Rooms,
  caller: Caller,
  { content: input }: MessageInput,
): Promise<{ content: Content<StoredMedia>; reactionTo?: MessageId }> {
  if (input.type === 'reaction') {
    return { content: { type: 'reaction', emoji: input.emoji }, reactionTo: input.to.id as MessageId }
  }
  const content = input as Content<MediaInput>
  const stored = new Map<MediaInput, StoredMedia>()
  for (const media of mediaOf(content)) stored.set(media, await storedOf(rooms, caller, media))
  return {
    content: mapMedia(content, media => {
      const found = stored.get(media)
      if (found === undefined) throw new Error('a media was not read')
      return found
    }),
  }
}

async function storedOf({ store }: Rooms, { workspace }: Caller, media: MediaInput): Promise<StoredMedia> {
  if ('url' in media) {
    const { url: link, ...rest } = media
    return { link, ...rest }
  }
  const file = await store.query('file', { workspace, id: media.id as FileId })
  if (file === null || file.state !== 'stored' || file.sha256 === null || file.size === null) {
    const why = file === null ? 'there is no such file' : 'the file is not stored'
    throw new Problem('impossible', `The media cannot be sent: ${why}.`, {
      errors: [{ field: 'content.media.id', message: why }],
    })
  }
  const name = media.name ?? file.name
  return {
    id: file.id,
    mimeType: file.mimeType,
    size: file.size,
    sha256: file.sha256,
    ...(name === null ? {} : { name }),
  }
}
