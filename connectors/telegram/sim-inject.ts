import { type Json, listIn, objectIn, objectOf, textIn } from '../kit/json.ts'
import { type Bot, chatOf, keep, putFile, type SimChat, userOf, type World } from './sim-world.ts'

/** What a person does, in Telegram's fields where it has any. */
export type InjectedMessage = {
  /** The person's number; other characters of a phone are left out. */
  from: string | number
  /** The bot's number; the first bot if absent. */
  to?: string
  name?: string
  username?: string
  /** In a group of this number (negative), under this title. */
  group?: number
  title?: string
  text?: string
  /** Fields of the message as Telegram writes them (PROVIDERS D2). */
  content?: Json
  /** A file of this kind: `photo`, `document`, `voice` … */
  media?: { bytes: Buffer; mimeType: string; kind?: string; name?: string; caption?: string }
  /** One of `SAMPLES`. */
  sample?: string
  /** The message that is answered, by its number. */
  replyTo?: number
  /** The message that is written anew. */
  edits?: number
  /** Milliseconds; now if absent. */
  at?: number
}

/** A message of every kind. */
export const SAMPLES: Readonly<Record<string, (world: World) => Json>> = {
  start: () => ({ text: '/start camp-7', entities: [{ type: 'bot_command', offset: 0, length: 6 }] }),
  link: () => ({
    text: 'Mira esto',
    entities: [{ type: 'text_link', offset: 5, length: 4, url: 'https://a.example/' }],
  }),
  forwarded: () => ({
    text: 'Oferta',
    forward_origin: { type: 'hidden_user', sender_user_name: 'X', date: 1767225600 },
  }),
  photo: world => ({ photo: [fileOf(world, 'image/jpeg')], caption: 'El recibo' }),
  document: world => ({ document: fileOf(world, 'application/pdf', 'factura.pdf') }),
  voice: world => ({ voice: { ...fileOf(world, 'audio/ogg'), duration: 4 } }),
  audio: world => ({ audio: { ...fileOf(world, 'audio/mpeg', 'y.mp3'), duration: 180 } }),
  video: world => ({ video: { ...fileOf(world, 'video/mp4'), duration: 12 } }),
  'video-note': world => ({ video_note: { ...fileOf(world, 'video/mp4'), length: 240, duration: 6 } }),
  animation: world => {
    const animation = fileOf(world, 'video/mp4', 'cat.mp4')
    return { animation, document: animation }
  },
  sticker: world => ({ sticker: { ...fileOf(world, 'image/webp'), is_animated: false, emoji: '👍' } }),
  contact: () => ({ contact: { phone_number: '573001234567', first_name: 'Camila', user_id: 888 } }),
  location: () => ({ location: { latitude: 19.4326, longitude: -99.1332 } }),
  venue: () => {
    const location = { latitude: 19.4326, longitude: -99.1332 }
    return { location, venue: { location, title: 'Zócalo', address: 'Centro' } }
  },
  poll: () => ({ poll: { id: '1', question: '¿Cuál?', options: [] } }),
}

function fileOf(world: World, mimeType: string, name?: string): Json {
  return putFile(world, Buffer.from(`the bytes of a ${mimeType}`), mimeType, name)
}

/** A person writes. Returns `<chat>:<message>`. @throws Error for a bot or a sample that there is not */
export function injectMessage(world: World, injected: InjectedMessage): string {
  const bot = botOf(world, injected.to)
  const { chat, from } = whereOf(bot, injected)
  const { replyTo, edits, at } = injected
  const said = saidOf(world, injected)
  const quoted = chat.messages.get(replyTo ?? 0)
  if (edits !== undefined) {
    const before = chat.messages.get(edits)
    if (before === undefined) throw new Error(`there is no message ${edits}`)
    const edited = { ...before, ...said, edit_date: Math.floor((at ?? world.clock.now()) / 1000) }
    chat.messages.set(edits, edited)
    bot.updates.emit('edited_message', edited, `${chat.info.id}`)
    return `${chat.info.id}:${edits}`
  }
  const message = keep(world, chat, { from, ...said, ...(quoted && { reply_to_message: quoted }) }, at)
  bot.updates.emit('message', message, `${chat.info.id}`)
  return `${chat.info.id}:${message['message_id']}`
}

function saidOf(world: World, { text, content, media, sample }: InjectedMessage): Json {
  if (sample !== undefined) {
    const make = Object.hasOwn(SAMPLES, sample) ? SAMPLES[sample] : undefined
    if (make === undefined) throw new Error(`no sample ${sample}: try ${Object.keys(SAMPLES).join(', ')}`)
    return make(world)
  }
  if (media === undefined) return content ?? { text: text ?? '' }
  const { bytes, mimeType, kind = 'document', name, caption } = media
  const file = putFile(world, bytes, mimeType, name)
  return { [kind]: kind === 'photo' ? [file] : file, ...(caption !== undefined && { caption }) }
}

/** A person taps a button (its payload, or what stands on it) of one of the bot's messages. */
export function injectTap(
  world: World,
  tap: { from: string | number; to?: string; group?: number; message: number; button: string },
): string {
  const bot = botOf(world, tap.to)
  const { chat, from } = whereOf(bot, tap)
  const message = chat.messages.get(tap.message)
  const rows = listIn(objectIn(message, 'reply_markup') ?? {}, 'inline_keyboard')
  const buttons = rows.flatMap(row => (Array.isArray(row) ? row : [])).map(objectOf)
  const button = buttons.find(one => [one?.['callback_data'], one?.['text']].includes(tap.button))
  const data = textIn(button, 'callback_data')
  if (message === undefined || data === undefined) throw new Error(`there is no button ${tap.button}`)
  const id = `${bot.id}${world.taps.size}${Math.floor(world.random.fraction() * 1e9)}`
  world.taps.set(id, { answered: false })
  const query = { id, from, message, chat_instance: `${chat.info.id}`, data }
  bot.updates.emit('callback_query', query, `tap ${chat.info.id}`)
  return id
}

/** A person sets or takes back a reaction. */
export function injectReaction(
  world: World,
  told: { from: string | number; to?: string; group?: number; message: number; emoji: string | null },
): void {
  const bot = botOf(world, told.to)
  const { chat, from } = whereOf(bot, told)
  const change = {
    chat: chat.info,
    message_id: told.message,
    user: from,
    date: Math.floor(world.clock.now() / 1000),
    old_reaction: [],
    new_reaction: told.emoji === null ? [] : [{ type: 'emoji', emoji: told.emoji }],
  }
  bot.updates.emit('message_reaction', change, `reaction ${chat.info.id}`)
}

/** A person blocks or unblocks the bot, leaves Telegram; a group puts it out, or moves to another number. */
export function changeChat(
  world: World,
  change: { id: number; to?: string; blocked?: boolean; gone?: boolean; movedTo?: number },
): void {
  const bot = botOf(world, change.to)
  const chat = chatOf(bot, change.id)
  const { blocked, gone, movedTo } = change
  const date = Math.floor(world.clock.now() / 1000)
  const from = personOf(change.id > 0 ? change.id : 1)
  if (gone !== undefined) chat.isGone = gone
  if (movedTo !== undefined) {
    chat.movedTo = movedTo
    const message = keep(world, chat, { from, migrate_to_chat_id: movedTo })
    bot.updates.emit('message', message, `${chat.info.id}`)
  }
  if (blocked === undefined || blocked === chat.isBlocked) return
  chat.isBlocked = blocked
  const [was, is] = (blocked ? ['member', 'kicked'] : ['kicked', 'member']).map(status => ({
    user: userOf(bot),
    status,
  }))
  const told = { chat: chat.info, from, date, old_chat_member: was, new_chat_member: is }
  bot.updates.emit('my_chat_member', told, `member ${chat.info.id}`)
}

type Who = Pick<InjectedMessage, 'from' | 'group' | 'title' | 'name' | 'username'>

function whereOf(bot: Bot, who: Who): { chat: SimChat; from: Json } {
  const id = Number(String(who.from).replace(/\D/g, ''))
  const chat = chatOf(bot, who.group ?? id)
  const known = who.group === undefined ? (chat.info['first_name'] as string) : `Person ${id}`
  const from = personOf(id, who.name ?? known, who.username)
  const { is_bot: _, language_code: __, ...shown } = from
  Object.assign(chat.info, who.group === undefined ? shown : who.title && { title: who.title })
  chat.isOpen = true
  return { chat, from }
}

function personOf(id: number, name = `Person ${id}`, username?: string): Json {
  const person = { id, is_bot: false, first_name: name, language_code: 'es' }
  return username === undefined ? person : { ...person, username }
}

function botOf({ bots }: World, id: string | undefined): Bot {
  const all = [...bots.values()]
  const bot = id === undefined ? all[0] : all.find(one => String(one.id) === id || one.token === id)
  if (bot === undefined) throw new Error(`no such bot: ${id}`)
  return bot
}
