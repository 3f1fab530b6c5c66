import type { Clock } from '../../model/clock.ts'
import type { Random } from '../../model/random.ts'
import type { Json } from '../kit/json.ts'
import type { Audit, SentMessage } from '../kit/sim/audit.ts'
import type { Behaviour } from './sim-behaviour.ts'
import type { SimUpdates } from './sim-updates.ts'

export type SimBot = { token: string; username: string; name?: string }

/** A bot as Telegram knows it. */
export type Bot = SimBot & {
  id: number
  updates: SimUpdates
  chats: Map<number, SimChat>
  commands: readonly unknown[]
  /** When its next message may leave, in monotonic milliseconds. */
  paidUntil: number
}

/** A chat of one bot: a person, or a group. */
export type SimChat = {
  info: Json & { id: number; type: 'private' | 'group' | 'supergroup' }
  /** Whether the person ever wrote, or the bot is in the group. */
  isOpen: boolean
  /** By the person; or the bot was put out of the group. */
  isBlocked: boolean
  isGone: boolean
  movedTo: number | undefined
  lastMessage: number
  messages: Map<number, Json>
  paidUntil: number
}

export type SimFile = { bytes: Buffer; mimeType: string; path: string }

/** All that the simulated Telegram knows. */
export type World = {
  behaviour: () => Behaviour
  clock: Clock
  random: Random
  bots: ReadonlyMap<string, Bot>
  files: Map<string, SimFile>
  /** Buttons that were tapped and wait for an answer. */
  taps: Map<string, { answered: boolean }>
  audit: Audit<TelegramSent>
}

/** A call that sends, as Telegram saw it. There is nothing to name the attempt by. */
export type TelegramSent = SentMessage & { method: string }

const MESSAGES_KEPT = 1000
const FILES_KEPT = 1000

/** The chat of this number; a negative one is a group, `-100…` a supergroup. */
export function chatOf(bot: Bot, id: number): SimChat {
  const known = bot.chats.get(id)
  if (known !== undefined) return known
  const type = id > 0 ? 'private' : String(id).startsWith('-100') ? 'supergroup' : 'group'
  const named = id > 0 ? { first_name: `Person ${id}` } : { title: `Group ${id}` }
  const made: SimChat = {
    info: { id, type, ...named },
    isOpen: false,
    isBlocked: false,
    isGone: false,
    movedTo: undefined,
    lastMessage: 0,
    messages: new Map(),
    paidUntil: Number.NEGATIVE_INFINITY,
  }
  bot.chats.set(id, made)
  return made
}

/** Numbers a message and remembers it. */
export function keep(world: World, chat: SimChat, fields: Json, at = world.clock.now()): Json {
  chat.lastMessage += 1
  const message = { message_id: chat.lastMessage, chat: chat.info, date: Math.floor(at / 1000), ...fields }
  chat.messages.set(chat.lastMessage, message)
  const [oldest] = chat.messages.keys()
  if (chat.messages.size > MESSAGES_KEPT && oldest !== undefined) chat.messages.delete(oldest)
  return message
}

/** Keeps bytes and names them: `file_id` of this bot, and what stays the same everywhere. */
export function putFile(world: World, bytes: Buffer, mimeType: string, name?: string): Json {
  const number = world.files.size + Math.floor(world.random.fraction() * 1e9)
  const file_id = `AgAC${number.toString(36)}`
  const extension = mimeType.split('/')[1]?.split(';')[0] ?? 'bin'
  world.files.set(file_id, { bytes, mimeType, path: `files/file_${number}.${extension}` })
  const [oldest] = world.files.keys()
  if (world.files.size > FILES_KEPT && oldest !== undefined) world.files.delete(oldest)
  return {
    file_id,
    file_unique_id: `U${number.toString(36)}`,
    file_size: bytes.length,
    mime_type: mimeType,
    ...(name !== undefined && { file_name: name }),
  }
}

/** The bot as its own messages name it. */
export function userOf(bot: Bot): Json {
  return { id: bot.id, is_bot: true, first_name: bot.name ?? bot.username, username: bot.username }
}
