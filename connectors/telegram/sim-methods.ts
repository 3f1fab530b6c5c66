import { type Json, listIn, numberIn, objectIn, objectOf, parseJson, textIn } from '../kit/json.ts'
import { type Bot, chatOf, keep, putFile, type SimChat, userOf, type World } from './sim-world.ts'

/** A file that came with a form. */
export type Uploaded = { bytes: Buffer; mimeType: string; name: string }
export type Called = {
  world: World
  bot: Bot
  method: string
  body: Json
  files: ReadonlyMap<string, Uploaded>
}

/** Telegram's no (PROVIDERS D4). */
export type Refusal = { code: number; description: string; parameters?: Json }

export class Refuses extends Error {
  readonly refusal: Refusal

  constructor(code: number, description: string, parameters?: Json) {
    super(description)
    this.refusal = { code, description, ...(parameters && { parameters }) }
  }
}

const bad = (says: string, parameters?: Json): Refuses => new Refuses(400, `Bad Request: ${says}`, parameters)

type Method = (call: Called) => unknown

/** The methods that a gateway uses (PROVIDERS D1–D3). What sends is in the second table. */
const METHODS: Readonly<Record<string, Method>> = {
  getMe: ({ bot }) => ({ ...userOf(bot), can_join_groups: true, can_read_all_group_messages: false }),
  getWebhookInfo: ({ bot: { updates } }) => {
    const { url = '', allowed } = updates.webhook() ?? {}
    const fault = updates.lastError()
    return {
      url,
      has_custom_certificate: false,
      pending_update_count: updates.stats().waiting,
      ...(allowed !== undefined && { allowed_updates: allowed }),
      ...(fault !== undefined && { last_error_message: fault }),
    }
  },
  setWebhook: ({ bot, body }) => {
    const url = textIn(body, 'url')
    const secret = textIn(body, 'secret_token')
    // A server of one's own takes HTTP; simulators are reached by it too (D1).
    if (url !== undefined && !/^https?:\/\/\S+$/.test(url)) throw bad('bad webhook: invalid URL')
    if (secret !== undefined && !/^[\w-]{1,256}$/.test(secret))
      throw bad('secret token contains unallowed characters')
    const allowed = Array.isArray(body['allowed_updates']) ? body['allowed_updates'].map(String) : undefined
    bot.updates.setWebhook(url === undefined ? undefined : { url, secret, allowed })
    return true
  },
  deleteWebhook: ({ bot }) => {
    bot.updates.setWebhook(undefined)
    return true
  },
  getUpdates: async ({ world, bot, body }) => {
    if (bot.updates.webhook() !== undefined) {
      throw new Refuses(409, `Conflict: can't use getUpdates method while webhook is active; ${DELETE_IT}`)
    }
    const waitMs = Math.min((numberIn(body, 'timeout') ?? 0) * 1000, world.behaviour().heldMs)
    const limit = Math.min(numberIn(body, 'limit') ?? 100, 100)
    const updates = await bot.updates.ask(numberIn(body, 'offset'), limit, waitMs)
    if (updates === undefined) {
      throw new Refuses(409, `Conflict: terminated by other getUpdates request; ${ONLY_ONE}`)
    }
    return updates
  },
  getFile: ({ world, body }) => {
    const file_id = textIn(body, 'file_id') ?? ''
    const file = world.files.get(file_id)
    if (file === undefined) throw bad('wrong file_id or the file is temporarily unavailable')
    if (file.bytes.length > 20 * 1024 * 1024) throw bad('file is too big')
    return { file_id, file_unique_id: `U${file_id}`, file_size: file.bytes.length, file_path: file.path }
  },
  answerCallbackQuery: ({ world, body }) => {
    const tap = world.taps.get(textIn(body, 'callback_query_id') ?? '')
    if (tap === undefined || tap.answered) {
      throw bad('query is too old and response timeout expired or query ID is invalid')
    }
    tap.answered = true
    return true
  },
  setMyCommands: ({ bot, body }) => {
    bot.commands = listIn(body, 'commands')
    return true
  },
  getMyCommands: ({ bot }) => bot.commands,
  sendChatAction: ({ world, bot, body }) => {
    reached(world, bot, body)
    return true
  },
}

const DELETE_IT = 'use deleteWebhook to delete the webhook first'
const ONLY_ONE = 'make sure that only one bot instance is running'
/** A few of those that a bot may set. */
const REACTIONS = ['👍', '👎', '❤', '🔥', '🥰', '👏', '😁', '🤔', '🎉', '🙏', '👌', '💯', '😢']

type Fields = (called: Called) => Json

/** What each method that sends makes of its fields. */
const SENDS: Readonly<Record<string, Fields>> = {
  sendMessage: ({ body }) => {
    const text = textIn(body, 'text')
    if (text === undefined) throw bad('message text is empty')
    if (text.length > 4096) throw bad('message is too long')
    return { text, ...pick(body, ['entities']) }
  },
  sendPhoto: call => ({ photo: [fileIn(call, 'photo', 10)], ...captioned(call) }),
  sendVideo: call => ({ video: fileIn(call, 'video', 50), ...captioned(call) }),
  sendAudio: call => ({ audio: fileIn(call, 'audio', 50), ...captioned(call) }),
  sendVoice: call => ({ voice: fileIn(call, 'voice', 50), ...captioned(call) }),
  sendDocument: call => ({ document: fileIn(call, 'document', 50), ...captioned(call) }),
  sendSticker: call => ({ sticker: fileIn(call, 'sticker', 50) }),
  sendLocation: ({ body }) => ({ location: placeIn(body) }),
  sendVenue: ({ body }) => {
    const location = placeIn(body)
    const [title, address] = [textIn(body, 'title'), textIn(body, 'address')]
    if (title === undefined) throw bad('title must be non-empty')
    if (address === undefined) throw bad('address must be non-empty')
    return { location, venue: { location, title, address } }
  },
  sendContact: ({ body }) => {
    const contact = pick(body, ['phone_number', 'first_name', 'last_name', 'vcard'])
    if (textIn(contact, 'phone_number') === undefined) throw bad('phone number must be non-empty')
    if (textIn(contact, 'first_name') === undefined) throw bad('first name must be non-empty')
    return { contact }
  },
}

/** Whether a method counts as a message of the bot. */
export function isSend(method: string): boolean {
  return Object.hasOwn(SENDS, method) || method === 'setMessageReaction'
}

/** What a method that sends nothing answers. @throws Refuses */
export async function perform(called: Called): Promise<unknown> {
  const method = Object.hasOwn(METHODS, called.method) ? METHODS[called.method] : undefined
  if (method === undefined) throw new Refuses(404, 'Not Found: method not found')
  return await method(called)
}

/** The message that was made, or true of a reaction. `limit` is asked once its chat is known. @throws Refuses */
export function performSend(called: Called, limit: () => void): Json | true {
  const { world, bot, method, body } = called
  const chat = reached(world, bot, body)
  limit()
  const fields = SENDS[method]
  if (fields === undefined) return reacted(chat, body)
  const reply = objectIn(body, 'reply_parameters')
  const quoted = chat.messages.get(numberIn(reply, 'message_id') ?? 0)
  if (reply !== undefined && quoted === undefined && reply['allow_sending_without_reply'] !== true) {
    throw bad('message to be replied not found')
  }
  checkMarkup(objectIn(body, 'reply_markup'), chat)
  return keep(world, chat, {
    from: userOf(bot),
    ...fields(called),
    ...(quoted && { reply_to_message: quoted }),
    ...pick(body, ['reply_markup']),
  })
}

function reacted(chat: SimChat, body: Json): true {
  if (!chat.messages.has(numberIn(body, 'message_id') ?? 0)) throw bad('message to react not found')
  const emoji = listIn(body, 'reaction').map(item => textIn(objectOf(item), 'emoji'))
  if (emoji.length > 1) throw bad('REACTIONS_TOO_MANY')
  if (emoji.some(one => one === undefined || !REACTIONS.includes(one))) throw bad('REACTION_INVALID')
  return true
}

/** The chat that is meant. @throws Refuses if it cannot be written to */
function reached(world: World, bot: Bot, body: Json): SimChat {
  const id = Number(body['chat_id'])
  if (!Number.isSafeInteger(id) || id === 0) throw bad('chat_id is empty')
  const chat = chatOf(bot, id)
  const isGroup = chat.info.type !== 'private'
  if (chat.movedTo !== undefined) {
    throw bad('group chat was upgraded to a supergroup chat', { migrate_to_chat_id: chat.movedTo })
  }
  if (chat.isGone) throw new Refuses(403, 'Forbidden: user is deactivated')
  if (chat.isBlocked) {
    const says = isGroup ? `bot was kicked from the ${chat.info.type} chat` : 'bot was blocked by the user'
    throw new Refuses(403, `Forbidden: ${says}`)
  }
  if (world.behaviour().strangers && !chat.isOpen) throw bad('chat not found')
  return chat
}

/** PROVIDERS D2, D3. */
function checkMarkup(markup: Json | undefined, chat: SimChat): void {
  const rows = listIn(markup ?? {}, 'inline_keyboard').flatMap(row => (Array.isArray(row) ? row : []))
  for (const button of rows.map(objectOf)) {
    const data = textIn(button, 'callback_data')
    if (textIn(button, 'text') === undefined) throw bad("can't parse inline keyboard button: text is empty")
    if (data !== undefined && Buffer.byteLength(data) > 64) throw bad('BUTTON_DATA_INVALID')
    if (data === undefined && textIn(button, 'url') === undefined) throw bad('BUTTON_TYPE_INVALID')
  }
  const keys = listIn(markup ?? {}, 'keyboard').flatMap(row => (Array.isArray(row) ? row : []))
  const isAsking = keys.map(objectOf).some(key => key?.['request_contact'] ?? key?.['request_location'])
  if (isAsking && chat.info.type !== 'private') {
    throw bad('phone number can be requested in private chats only')
  }
}

function captioned({ body }: Called): Json {
  if ((textIn(body, 'caption') ?? '').length > 1024) throw bad('message caption is too long')
  return pick(body, ['caption', 'caption_entities'])
}

/** Uploaded, by `file_id`, or by a link that Telegram would fetch: documents only as PDF and ZIP (D3). */
function fileIn({ world, body, files }: Called, field: string, megabytesMax: number): Json {
  const uploaded = files.get(field)
  if (uploaded !== undefined) {
    if (uploaded.bytes.length > megabytesMax * 1024 * 1024) throw new Refuses(413, 'Request Entity Too Large')
    return putFile(world, uploaded.bytes, uploaded.mimeType, uploaded.name)
  }
  const named = textIn(body, field)
  if (named === undefined) throw bad(`there is no ${field} in the request`)
  const file = world.files.get(named)
  if (file !== undefined) return { file_id: named, file_unique_id: `U${named}`, file_size: file.bytes.length }
  if (!/^https?:\/\/\S+$/.test(named))
    throw bad('wrong remote file identifier specified: Wrong string length')
  if (field === 'document' && !/\.(pdf|zip)($|\?)/i.test(named)) {
    throw bad('wrong type of the web page content')
  }
  return { file_id: `link-${named.length}`, file_unique_id: 'link' }
}

function placeIn(body: Json): Json {
  const [latitude, longitude] = [numberIn(body, 'latitude'), numberIn(body, 'longitude')]
  if (latitude === undefined || longitude === undefined) throw bad('there is no location in the request')
  return { latitude, longitude }
}

function pick(body: Json, keys: readonly string[]): Json {
  return Object.fromEntries(keys.flatMap(key => (body[key] === undefined ? [] : [[key, body[key]]])))
}

/** The fields of a call as JSON has them; a form writes everything but text as JSON. */
export async function readCall(contentType: string, bytes: Buffer): Promise<Pick<Called, 'body' | 'files'>> {
  const files = new Map<string, Uploaded>()
  if (!contentType.startsWith('multipart/form-data')) {
    return { body: objectOf(parseJson(bytes.toString('utf8'))) ?? {}, files }
  }
  const headers = { 'content-type': contentType }
  const form = await new Response(new Uint8Array(bytes), { headers }).formData()
  const body: Json = {}
  for (const [key, value] of form) {
    if (typeof value === 'string') body[key] = AS_TEXT.has(key) ? value : (parseJson(value) ?? value)
    else
      files.set(key, {
        bytes: Buffer.from(await value.arrayBuffer()),
        mimeType: value.type,
        name: value.name,
      })
  }
  return { body, files }
}

const AS_TEXT = new Set(['caption', 'text', 'title', 'address', 'first_name', 'phone_number'])
