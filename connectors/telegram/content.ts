import { phoneOf } from '../../model/address.ts'
import type { Content, ForeignMedia, MediaType } from '../../model/content.ts'
import { type Json, listIn, numberIn, objectIn, objectOf, textIn } from '../kit/json.ts'

type Said = Content<ForeignMedia>
type Read = (message: Json) => Said | undefined

/**
 * What a message says, by the field that is there (PROVIDERS D2). The first that reads counts: an animation also comes
 * as `document`, a venue also as `location`, for programs older than they are.
 */
const KINDS: readonly (readonly [field: string, read: Read])[] = [
  ['text', message => ({ type: 'text', text: shown(message, 'text', 'entities') })],
  ['photo', message => media(message, 'image', objectOf(listIn(message, 'photo').at(-1)), 'image/jpeg')],
  ['animation', message => media(message, 'video', objectIn(message, 'animation'), 'video/mp4')],
  ['video', message => media(message, 'video', objectIn(message, 'video'), 'video/mp4')],
  ['live_photo', message => media(message, 'video', objectIn(message, 'live_photo'), 'video/mp4')],
  ['video_note', message => media(message, 'video', objectIn(message, 'video_note'), 'video/mp4')],
  ['voice', voice],
  ['audio', message => media(message, 'audio', objectIn(message, 'audio'), 'audio/mpeg')],
  ['sticker', sticker],
  ['document', message => media(message, 'document', objectIn(message, 'document'), BYTES)],
  ['venue', venue],
  ['location', message => place(objectIn(message, 'location'))],
  ['contact', card],
  ['web_app_data', filledIn],
]

const BYTES = 'application/octet-stream'

/** What stands around the content of every message; the first other field names a kind that we have no word for. */
const AROUND = new Set([
  ...['message_id', 'message_thread_id', 'direct_messages_topic', 'from', 'sender_chat', 'sender_tag'],
  ...['sender_boost_count', 'sender_business_bot', 'date', 'chat', 'forward_origin', 'is_topic_message'],
  ...['is_automatic_forward', 'reply_to_message', 'external_reply', 'quote', 'reply_to_story', 'via_bot'],
  ...['edit_date', 'has_protected_content', 'is_from_offline', 'media_group_id', 'author_signature'],
  ...['link_preview_options', 'effect_id', 'show_caption_above_media', 'has_media_spoiler', 'caption'],
  ...['caption_entities', 'entities', 'reply_markup', 'is_paid_post', 'paid_star_count'],
  ...['reply_to_checklist_task_id', 'reply_to_poll_option_id', 'receiver_user'],
])

/** The content of a message; `unsupported` with the name of its field where there is no word for it. */
export function readContent(message: Json): Said {
  for (const [field, read] of KINDS) {
    const said = message[field] === undefined ? undefined : read(message)
    if (said !== undefined) return said
  }
  return { type: 'unsupported', rawType: Object.keys(message).find(field => !AROUND.has(field)) ?? 'empty' }
}

/**
 * A text as everybody sees it, and where it leads: a link that is hidden behind words is written out behind them.
 * Offsets are UTF-16 units, as in JavaScript.
 */
function shown(message: Json, field: string, entities: string): string {
  let text = textIn(message, field) ?? ''
  const links = listIn(message, entities).map(objectOf).reverse()
  for (const link of links) {
    const [url, from, length] = [textIn(link, 'url'), numberIn(link, 'offset'), numberIn(link, 'length')]
    if (textIn(link, 'type') !== 'text_link' || url === undefined) continue
    const end = (from ?? 0) + (length ?? 0)
    if (text.slice(from, end) !== url) text = `${text.slice(0, end)} (${url})${text.slice(end)}`
  }
  return text
}

function media(message: Json, type: MediaType, file: Json | undefined, mimeType: string): Said | undefined {
  const ref = textIn(file, 'file_id')
  if (ref === undefined) return undefined
  const name = textIn(file, 'file_name')
  const caption = shown(message, 'caption', 'caption_entities')
  return {
    type,
    media: { ref, mimeType: textIn(file, 'mime_type') ?? mimeType, ...(name !== undefined && { name }) },
    ...(caption !== '' && { caption }),
  }
}

function voice(message: Json): Said | undefined {
  const said = media(message, 'audio', objectIn(message, 'voice'), 'audio/ogg')
  return said && { ...(said as Extract<Said, { media: ForeignMedia }>), voice: true }
}

/** Three formats: a picture, a vector animation (gzipped Lottie) and a film. */
function sticker(message: Json): Said | undefined {
  const file = objectIn(message, 'sticker')
  const isVector = file?.['is_animated'] === true
  const isFilm = file?.['is_video'] === true
  const mimeType = isVector ? 'application/x-tgsticker' : isFilm ? 'video/webm' : 'image/webp'
  const said = media(message, 'sticker', file, mimeType)
  if (said === undefined || !(isVector || isFilm)) return said
  return { ...(said as Extract<Said, { media: ForeignMedia }>), animated: true }
}

function place(location: Json | undefined): Extract<Said, { type: 'location' }> | undefined {
  const [latitude, longitude] = [numberIn(location, 'latitude'), numberIn(location, 'longitude')]
  return latitude === undefined || longitude === undefined
    ? undefined
    : { type: 'location', latitude, longitude }
}

function venue(message: Json): Said | undefined {
  const about = objectIn(message, 'venue')
  const where = place(objectIn(about, 'location'))
  const [name, address] = [textIn(about, 'title'), textIn(about, 'address')]
  return where && { ...where, ...(name !== undefined && { name }), ...(address !== undefined && { address }) }
}

function card(message: Json): Said | undefined {
  const contact = objectIn(message, 'contact')
  const phone = textIn(contact, 'phone_number')
  const vcard = textIn(contact, 'vcard')
  if (contact === undefined || phone === undefined) return undefined
  return {
    type: 'contacts',
    contacts: [
      {
        name: nameOf(contact) ?? phone,
        phones: [{ phone: phoneOf(phone) ?? phone }],
        ...(vcard !== undefined && { vcard }),
      },
    ],
    ...(isOwn(message, contact) && { requested: true }),
  }
}

/** The person's own phone, if the message is their own contact card (PROVIDERS D2); anybody else's is only content. */
export function ownPhone(message: Json): string | undefined {
  const contact = objectIn(message, 'contact')
  const phone = textIn(contact, 'phone_number')
  return contact !== undefined && phone !== undefined && isOwn(message, contact) ? phoneOf(phone) : undefined
}

function isOwn(message: Json, contact: Json): boolean {
  const user = numberIn(contact, 'user_id')
  return user !== undefined && user === numberIn(objectIn(message, 'from'), 'id')
}

/** What a page inside of Telegram hands back. */
function filledIn(message: Json): Said | undefined {
  const data = objectIn(message, 'web_app_data')
  const payload = textIn(data, 'data')
  if (payload === undefined) return undefined
  return { type: 'reply', kind: 'flow', payload, text: textIn(data, 'button_text') ?? '' }
}

/** Of a person, or of a group. */
export function nameOf(who: Json | undefined): string | undefined {
  const full = [textIn(who, 'first_name'), textIn(who, 'last_name')].filter(part => part !== undefined)
  return full.length > 0 ? full.join(' ') : (textIn(who, 'title') ?? textIn(who, 'username'))
}
