import type { InlineKeyboardMarkup, MessageEntity, ReplyKeyboardMarkup } from 'grammy/types'
import type { Address } from '../../model/address.ts'
import type { Buttons, ContactCard, Content, MediaType } from '../../model/content.ts'
import { SendFailure } from '../../model/failure.ts'
import type { Action, Io, Outbound, OutboundMedia, Sent } from '../connector.ts'
import { type Json, listIn, numberIn, objectIn, objectOf, textIn } from '../kit/json.ts'
import { type Asked, ask, call, Refused, type Upload } from './call.ts'
import type { TelegramConfig } from './telegram.ts'

type Said<T extends Content['type']> = Extract<Content<OutboundMedia>, { type: T }>
type Around = {
  chat_id: number
  reply_parameters?: { message_id: number; allow_sending_without_reply: true }
}

/** One message to the Bot API (PROVIDERS D3). @throws SendFailure on its side of RULES C5 */
export async function send(part: Outbound, config: TelegramConfig, io: Io): Promise<Sent> {
  try {
    return await sendTo(part.address, part, config, io)
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    const { status, movedTo } = error.refusal
    if (status === 429) throw await throttled(error, part.address, io)
    // A group is known by another number now. It was surely not taken, so the same attempt may go there (PROVIDERS D4);
    // the update about it moves the address.
    if (movedTo === undefined) throw error
    return await sendTo({ kind: 'group', value: movedTo }, part, config, io)
  }
}

async function sendTo(address: Address, part: Outbound, config: TelegramConfig, io: Io): Promise<Sent> {
  const said = part.content
  if (said.type === 'reaction') return react(address, part, said, config, io)
  const asked = askedOf(said, aroundOf(address, part))
  const { upload } = asked
  const message = objectOf(
    await (upload === undefined ? call(asked, config, io) : sendFile(asked, upload, config, io)),
  )
  const [chat, id] = [numberIn(objectIn(message, 'chat'), 'id'), numberIn(message, 'message_id')]
  // A 2xx that nobody but a proxy would write: Telegram may have taken the message behind it.
  if (chat === undefined || id === undefined) throw new SendFailure({ code: 'noAnswer' })
  // 0: it is scheduled, and will have a number only then (@grammyjs/types, MessageId).
  return { providerIds: id === 0 ? [] : [`${chat}:${id}`], raw: 'ok' }
}

function chatOf({ kind, value }: Address): number {
  const isChat = (kind === 'telegram' || kind === 'group') && /^-?\d{1,16}$/.test(value)
  if (!isChat) throw new SendFailure({ code: 'recipientInvalid' })
  return Number(value)
}

/** What every message has. A quoted message that is gone, or was of a group's former number, is not insisted on. */
function aroundOf(address: Address, { replyTo }: Outbound): Around {
  const chat_id = chatOf(address)
  const message_id = replyTo === null ? undefined : messageIn(replyTo, address)
  if (message_id === undefined) return { chat_id }
  return { chat_id, reply_parameters: { message_id, allow_sending_without_reply: true } }
}

/** `<chat>:<message>`, as `parse` names it. */
function messageIn(providerId: string, { value }: Address): number | undefined {
  const [chat, message] = providerId.split(':')
  return chat === value && /^\d+$/.test(message ?? '') ? Number(message) : undefined
}

function askedOf(said: Exclude<Content<OutboundMedia>, { type: 'reaction' }>, around: Around): Asked {
  switch (said.type) {
    case 'text': {
      const link_preview_options = { is_disabled: said.preview !== true }
      return ask('sendMessage', { ...around, text: said.text, link_preview_options })
    }
    case 'image':
    case 'video':
    case 'audio':
    case 'document':
    case 'sticker':
      return mediaAsked(said, around)
    case 'buttons':
      return buttonsAsked(said, around)
    case 'list':
      return listAsked(said, around)
    case 'request':
      return requestAsked(said, around)
    case 'location': {
      const { latitude, longitude, name, address } = said
      const title = name ?? address
      if (title === undefined) return ask('sendLocation', { ...around, latitude, longitude })
      return ask('sendVenue', { ...around, latitude, longitude, title, address: address ?? title })
    }
    case 'contacts':
      return contactsAsked(said.contacts, around)
    default:
      throw new SendFailure({ code: 'contentUnsupported' })
  }
}

/** A voice note has formats of its own: what is Ogg can be nothing else (PROVIDERS D3, K). */
const METHODS = {
  image: ['sendPhoto', 'photo'],
  video: ['sendVideo', 'video'],
  audio: ['sendAudio', 'audio'],
  voice: ['sendVoice', 'voice'],
  document: ['sendDocument', 'document'],
  sticker: ['sendSticker', 'sticker'],
} as const

type Shown = { type: MediaType; media: OutboundMedia; caption?: string; voice?: boolean }

function mediaAsked({ type, media, caption, voice }: Shown, around: Around): Asked {
  const isVoice = type === 'audio' && (voice === true || media.mimeType?.startsWith('audio/ogg') === true)
  const [method, field] = METHODS[isVoice ? 'voice' : type]
  const body = { ...around, ...(caption !== undefined && type !== 'sticker' && { caption }) }
  if (!('link' in media)) return { method, body, upload: { field, file: media } }
  const isShown = type !== 'document' || media.mimeType === undefined || LINKED.test(media.mimeType)
  if (isShown) return { method, body: { ...body, [field]: media.link } }
  const text = [caption, media.link].filter(part => part !== undefined).join('\n')
  return ask('sendMessage', { ...around, text })
}

/** The documents that Telegram fetches from a link; any other goes as the link itself (PROVIDERS D3). */
const LINKED = /^(application\/(pdf|zip)|image\/gif)/

/** How long the name of an uploaded file is kept. It has no end of its own; what nobody sends any more shall go. */
const FILE_ID_KEPT_MS = 29 * 86_400_000

/**
 * Sends a file of ours. The first message that has it uploads it, and is answered with a `file_id` that stands for it
 * in every later one (PROVIDERS D2): a broadcast uploads its picture once. Who waited for an upload that failed has a
 * failure of somebody else's, and tries for itself.
 */
async function sendFile(asked: Asked, upload: Upload, config: TelegramConfig, io: Io): Promise<unknown> {
  const { method, body } = asked
  let own: Promise<unknown> | undefined
  const first = async (): Promise<string> => {
    own = call(asked, config, io)
    return fileIdIn(objectOf(await own), upload.field)
  }
  const id = await io.memo(`${method}:${upload.file.id}`, FILE_ID_KEPT_MS, first).catch(() => '')
  if (own !== undefined) return own
  if (id === '') return call(asked, config, io)
  try {
    return await call({ method, body: { ...body, [upload.field]: id } }, config, io)
  } catch (error) {
    const isForgotten = error instanceof Refused && error.failure.code === 'mediaFailed'
    if (!isForgotten) throw error
    return call(asked, config, io)
  }
}

/** '' where Telegram made something else of it. */
function fileIdIn(message: Json | undefined, field: string): string {
  const sizes = message === undefined ? [] : listIn(message, field)
  const file = sizes.length > 0 ? objectOf(sizes.at(-1)) : objectIn(message, field)
  return textIn(file, 'file_id') ?? ''
}

function buttonsAsked({ header, text, footer, buttons, quick }: Said<'buttons'>, around: Around): Asked {
  const reply_markup = quick === true ? keyboard(buttons) : inlineKeyboard(buttons)
  if (header === undefined || !('media' in header)) {
    return ask('sendMessage', { ...around, ...written(header?.text, [text], footer), reply_markup })
  }
  const { text: caption, entities } = written(undefined, [text], footer)
  const asked = mediaAsked({ ...header, caption }, around)
  return { ...asked, body: { ...asked.body, caption_entities: entities, reply_markup } }
}

/** One below the other: their titles are whole sentences as often as words. */
function inlineKeyboard(buttons: Buttons<unknown>['buttons']): InlineKeyboardMarkup {
  return {
    inline_keyboard: buttons.map(button => [
      'url' in button
        ? { text: button.title, url: button.url }
        : { text: button.title, callback_data: button.id },
    ]),
  }
}

/** In the place of the letters, until one is chosen; a tap writes its title as the person's own message. */
function keyboard(buttons: Buttons<unknown>['buttons']): ReplyKeyboardMarkup {
  return { keyboard: buttons.map(({ title }) => [{ text: title }]), ...SHORT_LIVED }
}

const SHORT_LIVED = { resize_keyboard: true, one_time_keyboard: true } as const

/** Rows are buttons; what stands beside their titles goes into the text. */
function listAsked({ header, text, footer, sections }: Said<'list'>, around: Around): Asked {
  const rows = sections.flatMap(section => section.rows)
  const told = sections.map(section => [
    ...(section.title === undefined ? [] : [section.title]),
    ...section.rows.flatMap(row =>
      row.description === undefined ? [] : [`${row.title} – ${row.description}`],
    ),
  ])
  const paragraphs = [text, ...told.filter(lines => lines.length > 0).map(lines => lines.join('\n'))]
  return ask('sendMessage', {
    ...around,
    ...written(header, paragraphs, footer),
    reply_markup: inlineKeyboard(rows),
  })
}

/** A text with a title above and small print below. */
function written(header: string | undefined, paragraphs: readonly string[], footer: string | undefined) {
  const all = [header, ...paragraphs, footer].filter(text => text !== undefined && text !== '')
  const text = all.join('\n\n')
  const entities: MessageEntity[] = []
  if (header !== undefined) entities.push({ type: 'bold', offset: 0, length: header.length })
  if (footer !== undefined) {
    entities.push({ type: 'italic', offset: text.length - footer.length, length: footer.length })
  }
  return { text, entities }
}

/** Only in a person's own conversation are there such keys; in a group the question stands for itself. */
function requestAsked({ what, text }: Said<'request'>, around: Around): Asked {
  if (around.chat_id < 0) return ask('sendMessage', { ...around, text })
  const key =
    what === 'location' ? { text: '📍', request_location: true } : { text: '📱', request_contact: true }
  return ask('sendMessage', { ...around, text, reply_markup: { keyboard: [[key]], ...SHORT_LIVED } })
}

/** Telegram's card holds one person with one phone; everything else is written out. */
function contactsAsked(cards: readonly ContactCard[], around: Around): Asked {
  const [card, ...others] = cards
  const [phone, ...phones] = card?.phones ?? []
  if (card !== undefined && others.length === 0 && phone !== undefined && phones.length === 0) {
    const vcard = card.vcard === undefined ? {} : { vcard: card.vcard }
    return ask('sendContact', { ...around, phone_number: phone.phone, first_name: card.name, ...vcard })
  }
  const text = cards.map(({ name, organization, phones, emails }) =>
    [name, organization, ...phones.map(({ phone }) => phone), ...(emails ?? []).map(({ email }) => email)]
      .filter(line => line !== undefined)
      .join('\n'),
  )
  return ask('sendMessage', { ...around, text: text.join('\n\n') })
}

/** A bot has one reaction a message. It is no message itself and has no number: our own name stands for one. */
async function react(
  address: Address,
  { reactionTo, reference }: Outbound,
  { emoji }: Said<'reaction'>,
  config: TelegramConfig,
  io: Io,
): Promise<Sent> {
  const message_id = reactionTo === null ? undefined : messageIn(reactionTo, address)
  if (message_id === undefined) throw new SendFailure({ code: 'badRequest' })
  // Which emoji there are is Telegram's to say; it changes.
  const reaction = emoji === null ? [] : [{ type: 'emoji', emoji }]
  await call(
    { method: 'setMessageReaction', body: { chat_id: chatOf(address), message_id, reaction } },
    config,
    io,
  )
  return { providerIds: [reference], raw: 'ok' }
}

/**
 * Whose allowance was used up, Telegram does not say (PROVIDERS D4). A group has a small one of its own, so it is the
 * group's. Of people the first one named slows only itself; a second one within its wait shows that it is the bot.
 */
async function throttled({ failure }: Refused, { kind, value }: Address, io: Io): Promise<SendFailure> {
  const { retryAfterMs = 1000 } = failure
  const isOne = kind === 'group' || (await io.memo('throttled', retryAfterMs, async () => value)) === value
  return new SendFailure({
    ...failure,
    code: isOne ? 'throttledRecipient' : 'throttledChannel',
    retryAfterMs,
  })
}

/** Somebody is writing; a tap on a button is answered, so that it stops turning. */
export async function act(action: Action, config: TelegramConfig, io: Io): Promise<void> {
  if (action.kind === 'typing' && action.on) {
    await call(ask('sendChatAction', { chat_id: chatOf(action.address), action: 'typing' }), config, io)
  } else if (action.kind === 'answer') {
    await call(ask('answerCallbackQuery', { callback_query_id: action.payload }), config, io)
  }
}
