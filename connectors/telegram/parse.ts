import type { Update } from 'grammy/types'
import type { Address } from '../../model/address.ts'
import type { Besides } from '../../model/message.ts'
import type { Inbound, InboundMessage, WebhookRequest } from '../connector.ts'
import { type Json, listIn, numberIn, objectIn, objectOf, parseJson, textIn } from '../kit/json.ts'
import { nameOf, ownPhone, readContent } from './content.ts'

/**
 * Reads a webhook of the Bot API: one update (PROVIDERS D2). It does not say whose it is, so the channel of its URL
 * tells: on the URL that serves every channel nobody can.
 */
export function parse(request: WebhookRequest, { channel }: { channel?: string }): Inbound[] {
  const update = objectOf(parseJson(request.body.toString('utf8')))
  if (update === undefined) return [{ to: channel ?? '', kind: 'rejected', why: 'notJson' }]
  if (channel === undefined) return [{ to: '', kind: 'rejected', why: 'noChannel' }]
  return [readUpdate(update, channel, request.at)]
}

/** What is told to whom: `to` is the bot, `key` the update's own number, `heardAt` when it came. */
type Told = { to: string; key: string; heardAt: number }
type Read = (value: Json, told: Told) => Inbound

/** The kinds that a person's doing makes. */
const READERS = {
  message: readMessage,
  edited_message: readEdit,
  callback_query: readTap,
  my_chat_member: readMembership,
  message_reaction: readReaction,
} as const satisfies { [K in keyof Update]?: Read }
type Kind = keyof typeof READERS

/** What a channel of ours subscribes to: reactions are not in the default set, blocks are lost without their name. */
export const UPDATES = Object.keys(READERS) as Kind[]

/** PROVIDERS D2: known, and nothing for a business's inbox. A kind that is not here is news, and kept. */
const OTHERS = new Set<string>([
  ...['channel_post', 'edited_channel_post', 'business_connection', 'business_message'],
  ...['edited_business_message', 'deleted_business_messages', 'inline_query', 'chosen_inline_result'],
  ...['shipping_query', 'pre_checkout_query', 'purchased_paid_media', 'poll', 'poll_answer', 'chat_member'],
  ...['chat_join_request', 'chat_boost', 'removed_chat_boost', 'managed_bot', 'guest_message'],
  ...['subscription', 'stopped_message_generation', 'message_reaction_count'],
])

/** One update, by webhook or by poll. Total: whatever it holds, it answers an item. */
export function readUpdate(update: Json, to: string, heardAt: number): Inbound {
  const id = idIn(update, 'update_id')
  const kind = Object.keys(update).find(key => key !== 'update_id')
  if (id === undefined || kind === undefined) return { to, kind: 'rejected', why: 'updateShape' }
  if (OTHERS.has(kind)) return { to, kind: 'ignored', why: kind }
  const read: Read | undefined = Object.hasOwn(READERS, kind) ? READERS[kind as Kind] : undefined
  const value = objectIn(update, kind)
  if (read === undefined) return { to, kind: 'rejected', why: 'unknownUpdate' }
  return value === undefined
    ? { to, kind: 'rejected', why: 'updateShape' }
    : read(value, { to, key: id, heardAt })
}

/** Things that happen to a group or its settings. A `migrate_to_chat_id` is told by both, once is enough. */
const NOTICES = new Set([
  ...['new_chat_members', 'left_chat_member', 'new_chat_title', 'new_chat_photo', 'delete_chat_photo'],
  ...['group_chat_created', 'supergroup_chat_created', 'channel_chat_created', 'migrate_from_chat_id'],
  ...['message_auto_delete_timer_changed', 'pinned_message', 'chat_owner_left', 'chat_owner_changed'],
  ...['connected_website', 'write_access_allowed', 'proximity_alert_triggered', 'boost_added'],
  ...['chat_background_set', 'forum_topic_created', 'forum_topic_edited', 'forum_topic_closed'],
  ...['forum_topic_reopened', 'general_forum_topic_hidden', 'general_forum_topic_unhidden'],
  ...['video_chat_scheduled', 'video_chat_started', 'video_chat_ended', 'checklist_tasks_done'],
  ...['video_chat_participants_invited', 'checklist_tasks_added', 'paid_message_price_changed'],
  ...['direct_message_price_changed', 'community_chat_added', 'community_chat_removed'],
  ...['community_chat_joined', 'poll_option_added', 'poll_option_deleted', 'managed_bot_created'],
])

function readMessage(message: Json, { to }: Told): Inbound {
  const [where, id, at] = [whereOf(message), idOf(message), timeIn(message, 'date')]
  if (where === undefined || id === undefined || at === undefined) return shapeless(to, message)
  const moved = idIn(message, 'migrate_to_chat_id')
  if (moved !== undefined) return readMove(moved, where.address, { to, key: id, heardAt: at })
  const notice = Object.keys(message).find(field => NOTICES.has(field))
  if (notice !== undefined) return { to, kind: 'ignored', why: notice }
  const replyTo = idOf(objectIn(message, 'reply_to_message'))
  const phone = ownPhone(message)
  return {
    to,
    kind: 'message',
    // Its own name and not the update's: the same, whatever brings it, and one row less to remember (RULES B1).
    key: id,
    providerId: id,
    at,
    ...where,
    ...(phone !== undefined && { also: [{ kind: 'phone', value: phone }] }),
    ...toldBesides(message, where.besides),
    content: readContent(message),
    ...(replyTo !== undefined && { replyTo }),
  }
}

type Where = Pick<InboundMessage, 'address' | 'name' | 'besides'>

/**
 * Whose conversation this is: the person's, or the group's (RULES B4), whose messages say who wrote. A channel is
 * neither: what is posted there is the business's own.
 */
function whereOf(message: Json, by = writerOf(message)): Where | undefined {
  const chat = objectIn(message, 'chat')
  const id = idIn(chat, 'id')
  const type = textIn(chat, 'type')
  if (id === undefined || type === 'channel') return undefined
  const isGroup = type === 'group' || type === 'supergroup'
  const name = nameOf(chat)
  const where: Where = {
    address: { kind: isGroup ? 'group' : 'telegram', value: id },
    ...(name !== undefined && { name }),
  }
  const author = isGroup ? idIn(by, 'id') : undefined
  if (author === undefined) return where
  const address: Address = { kind: 'telegram', value: author }
  return { ...where, besides: { author: { address, name: nameOf(by) ?? null } } }
}

/** An anonymous administrator writes as the group, a channel as itself; `from` is then a stand-in. */
function writerOf(message: Json): Json | undefined {
  return objectIn(message, 'sender_chat') ?? objectIn(message, 'from')
}

const START = /^\/start(?:@\w+)? ([\w-]{1,64})$/

/** What is told with a message: that it was passed on, the link that led here, the person's language and name. */
function toldBesides(message: Json, known: Besides | undefined): Pick<InboundMessage, 'besides' | 'context'> {
  const [language, username] = ['language_code', 'username'].map(key =>
    textIn(objectIn(message, 'from'), key),
  )
  const start = START.exec(textIn(message, 'text') ?? '')?.[1]
  const referral = start === undefined ? undefined : { sourceType: 'deepLink', sourceId: start }
  const context = {
    ...(language !== undefined && { language }),
    ...(username !== undefined && { username: `@${username}` }),
    ...(referral && { 'referral.sourceType': referral.sourceType, 'referral.sourceId': referral.sourceId }),
  }
  const besides: Besides = {
    ...known,
    ...(objectIn(message, 'forward_origin') !== undefined && { forwarded: true }),
    ...(referral && { referral }),
  }
  return {
    ...(Object.keys(besides).length > 0 && { besides }),
    ...(Object.keys(context).length > 0 && { context }),
  }
}

/** A group became a supergroup and is known by another number from now on (PROVIDERS D2). */
function readMove(moved: string, former: Address, { to, key, heardAt: at }: Told): Inbound {
  const address: Address = { kind: 'group', value: moved }
  const content = { type: 'system', kind: 'other', rawType: 'migrate_to_chat_id', text: '', address } as const
  return { to, kind: 'message', key, providerId: key, at, address, former, content }
}

function readEdit(message: Json, { to, key }: Told): Inbound {
  const [of, at] = [idOf(message), timeIn(message, 'edit_date') ?? timeIn(message, 'date')]
  if (of === undefined || at === undefined || whereOf(message) === undefined) return shapeless(to, message)
  return { to, kind: 'edited', key, of, at, content: readContent(message) }
}

/**
 * A tap on a button below a message of ours. Telegram tells no time of it. What it carries is as trustworthy as any
 * text that a person sends (PROVIDERS D2).
 */
function readTap(query: Json, { to, key, heardAt }: Told): Inbound {
  const [message, payload, id] = [objectIn(query, 'message'), textIn(query, 'data'), textIn(query, 'id')]
  if (message === undefined) return { to, kind: 'ignored', why: 'inlineCallback' }
  if (payload === undefined) return { to, kind: 'ignored', why: 'gameCallback' }
  const by = objectIn(query, 'from')
  const where = whereOf(message, by)
  if (where === undefined || id === undefined) return shapeless(to, message)
  const replyTo = idOf(message)
  return {
    to,
    kind: 'message',
    key,
    providerId: null,
    at: heardAt,
    ...where,
    ...toldBesides({ from: by }, where.besides),
    content: { type: 'reply', kind: 'button', payload, text: titleOf(message, payload) ?? payload },
    ...(replyTo !== undefined && { replyTo }),
    answer: id,
  }
}

/** What stood on the button. */
function titleOf(message: Json, payload: string): string | undefined {
  const rows = listIn(objectIn(message, 'reply_markup') ?? {}, 'inline_keyboard')
  const buttons = rows.flatMap(row => (Array.isArray(row) ? row : [])).map(objectOf)
  return textIn(
    buttons.find(button => textIn(button, 'callback_data') === payload),
    'text',
  )
}

/** `restricted` may be a member or not, and may be muted. */
const CAN_BE_REACHED: Readonly<Record<string, (member: Json) => boolean>> = {
  creator: () => true,
  administrator: () => true,
  member: () => true,
  restricted: member => member['is_member'] === true && member['can_send_messages'] !== false,
  left: () => false,
  kicked: () => false,
}

/** The bot was blocked or unblocked by a person, put out of a group or let in (PROVIDERS D2, RULES F1). */
function readMembership(change: Json, { to, key }: Told): Inbound {
  const [where, at] = [whereOf(change), timeIn(change, 'date')]
  if (where === undefined || at === undefined) return shapeless(to, change)
  const raw = textIn(objectIn(change, 'new_chat_member'), 'status') ?? ''
  const [was, is] = ['old_chat_member', 'new_chat_member'].map(side => isReached(objectIn(change, side)))
  if (is === undefined || was === is) return { to, kind: 'ignored', why: 'my_chat_member' }
  // Who lets us in again wants to be answered; advertising has to be agreed to anew (RULES F1).
  const consent = is
    ? ({ category: 'service', state: 'granted' } as const)
    : ({ category: 'all', state: 'withdrawn' } as const)
  return { to, kind: 'consent', key, at, address: where.address, ...consent, raw }
}

function isReached(member: Json | undefined): boolean | undefined {
  const status = textIn(member, 'status')
  if (member === undefined || status === undefined || !Object.hasOwn(CAN_BE_REACHED, status)) return undefined
  return CAN_BE_REACHED[status]?.(member)
}

/** The list is told whole, before and after; what is new in it is what was done. */
function readReaction(change: Json, { to, key }: Told): Inbound {
  const by = objectIn(change, 'user') ?? objectIn(change, 'actor_chat')
  const [where, reactionTo, at] = [whereOf(change, by), idOf(change), timeIn(change, 'date')]
  if (where === undefined || reactionTo === undefined || at === undefined) return shapeless(to, change)
  const [before, after] = ['old_reaction', 'new_reaction'].map(side =>
    listIn(change, side).map(item => textIn(objectOf(item), 'emoji') ?? CUSTOM),
  )
  const emoji = after?.findLast(one => !before?.includes(one)) ?? after?.at(-1) ?? null
  const content =
    emoji === CUSTOM
      ? ({ type: 'unsupported', rawType: 'custom_emoji' } as const)
      : ({ type: 'reaction', emoji } as const)
  return { to, kind: 'message', key, providerId: null, at, ...where, content, reactionTo }
}

/** A reaction that is a picture of somebody's own: only its number is told. */
const CUSTOM = ''

function shapeless(to: string, message: Json): Inbound {
  const type = textIn(objectIn(message, 'chat'), 'type')
  return type === 'channel' ? { to, kind: 'ignored', why: 'channel' } : { to, kind: 'rejected', why: 'shape' }
}

/** Numbers of messages count in their chat only, so that ours name both. */
function idOf(message: Json | undefined): string | undefined {
  const [chat, id] = [idIn(objectIn(message, 'chat'), 'id'), idIn(message, 'message_id')]
  return chat === undefined || id === undefined ? undefined : `${chat}:${id}`
}

/** Ids have up to 52 bits (PROVIDERS D2). */
function idIn(object: Json | undefined, key: string): string | undefined {
  const id = numberIn(object, key)
  return Number.isSafeInteger(id) ? String(id) : undefined
}

/** 9999-12-31: later ones are no times, and would break whoever writes them as a date. */
const SECONDS_MAX = 253_402_300_799

function timeIn(object: Json, key: string): number | undefined {
  const seconds = Math.trunc(numberIn(object, key) ?? 0)
  return seconds > 0 && seconds <= SECONDS_MAX ? seconds * 1000 : undefined
}
