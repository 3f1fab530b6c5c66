import type { Content, ForeignMedia, MediaType } from '../../model/content.ts'
import { type Json, listIn, numberIn, objectIn, objectOf, textIn } from '../kit/json.ts'

type Said = Content<ForeignMedia>
type Attachment = {
  type: string
  payload: Json | undefined
  title: string | undefined
  url: string | undefined
}

/**
 * What a `message` says (PROVIDERS B2, C2), in reading order: its text, then its attachments. Mostly one; at least
 * one, because nothing inbound is dropped.
 */
export function contentsIn(message: Json): Said[] {
  const text = textIn(message, 'text')
  const attachments = attachmentsIn(message, text)
  const first = spokenIn(message, text)
  const said = [...(first === undefined ? [] : [first]), ...attachments.flatMap(readAttachment)]
  return said.length > 0 ? said : [{ type: 'unsupported', rawType: wordFor(message) }]
}

function wordFor(message: Json): string {
  if (message['is_unsupported'] === true) return 'unsupported'
  return textIn(objectOf(listIn(message, 'attachments')[0]), 'type') ?? 'none'
}

/** A choice, a word about a story, or a text. A story that is answered with a picture is told before the picture. */
function spokenIn(message: Json, text: string | undefined): Said | undefined {
  const choice = textIn(objectIn(message, 'quick_reply'), 'payload')
  if (choice !== undefined) return { type: 'reply', kind: 'quick', payload: choice, text: text ?? '' }
  const story = objectIn(objectIn(message, 'reply_to'), 'story')
  if (story !== undefined) return storyOf('reply', textIn(story, 'url'), text)
  if (text !== undefined) return { type: 'text', text }
  return objectIn(message, 'referral') !== undefined && listIn(message, 'attachments').length === 0
    ? { type: 'referral' }
    : undefined
}

/**
 * A story is shown by its link and never copied: it "may only be cached while the story lives", and the link itself
 * is gone after a day (C2).
 */
function storyOf(kind: 'mention' | 'reply', url: string | undefined, text?: string): Said {
  return { type: 'story', kind, ...(url !== undefined && { url }), ...(text !== undefined && { text }) }
}

/** The attachments that say something of their own. */
function attachmentsIn(message: Json, text: string | undefined): Attachment[] {
  const all = listIn(message, 'attachments').map(readShape)
  const stickers = all.filter(({ type }) => type === 'sticker').map(({ url }) => url)
  return all.filter(({ type, payload, url }) => {
    // For a time a sticker came as `image` and as `sticker`: "do not store twice" (B2).
    if (type === 'image' && stickers.length > 0) {
      return payload?.['sticker_id'] === undefined && (url === undefined || !stickers.includes(url))
    }
    // A link that was written out has its preview attached.
    return !(type === 'fallback' && url !== undefined && text?.includes(url) === true)
  })
}

function readShape(item: unknown): Attachment {
  const object = objectOf(item)
  const payload = objectIn(object, 'payload')
  return {
    type: textIn(object, 'type') ?? 'none',
    payload,
    title: textIn(payload, 'title') ?? textIn(object, 'title'),
    url: textIn(payload, 'url') ?? textIn(object, 'url'),
  }
}

type Read = (attachment: Attachment) => Said | undefined

const media =
  (type: MediaType, mimeType: string): Read =>
  ({ payload, title, url }) => {
    if (url === undefined) return undefined
    const isSticker = payload?.['sticker_id'] !== undefined
    const name = type === 'document' ? nameIn(url) : undefined
    return {
      type: isSticker ? 'sticker' : type,
      media: { ref: url, mimeType, ...(name !== undefined && { name }) },
      ...(title !== undefined && { caption: title }),
    }
  }

const readFile = media('document', 'application/octet-stream')

/** PROVIDERS B2 and C2, by `type`. What is not here, or has not what makes it one, is `unsupported`. */
const READ: ReadonlyMap<string, Read> = new Map<string, Read>([
  ['image', media('image', 'image/jpeg')],
  ['audio', media('audio', 'audio/mp4')],
  ['video', media('video', 'video/mp4')],
  ['file', readFile],
  ['sticker', media('sticker', 'image/png')],
  ['reel', media('video', 'video/mp4')],
  ['ig_reel', media('video', 'video/mp4')],
  ['location', readLocation],
  ['fallback', readLink],
  ['post', readLink],
  ['ig_post', readLink],
  ['share', readLink],
  ['story_mention', ({ url }) => storyOf('mention', url)],
  // It has no payload (C2), and means just this.
  ['like_heart', () => ({ type: 'text', text: '❤️' })],
])

function readAttachment(attachment: Attachment): Said[] {
  const { type } = attachment
  return [READ.get(type)?.(attachment) ?? { type: 'unsupported', rawType: type }]
}

/** The CDN's addresses end with the name that the file had; nothing else tells it. */
function nameIn(url: string): string | undefined {
  const last = URL.parse(url)?.pathname.split('/').at(-1) ?? ''
  const name = /%(?![0-9a-f]{2})/i.test(last) ? last : decodeURI(last)
  return /\.\w{1,8}$/.test(name) ? name : undefined
}

function readLocation({ payload, title }: Attachment): Said | undefined {
  const coordinates = objectIn(payload, 'coordinates')
  const latitude = numberIn(coordinates, 'lat')
  const longitude = numberIn(coordinates, 'long')
  if (latitude === undefined || longitude === undefined) return undefined
  return { type: 'location', latitude, longitude, ...(title !== undefined && { name: title }) }
}

/** Where Meta keeps files: an address there expires, and is gone if it is not copied (B2). */
const CDN = /^https:\/\/[\w.-]+\.(fbcdn\.net|fbsbx\.com|cdninstagram\.com)\//

/** Something of Facebook's or Instagram's was passed on: a picture or a film, nobody says which, or a page to visit. */
function readLink({ type, payload, title, url }: Attachment): Said | undefined {
  if (url !== undefined && CDN.test(url)) return readFile({ type, payload, title, url })
  const text = [title, url].filter(line => line !== undefined).join('\n')
  return text === '' ? undefined : { type: 'text', text }
}
