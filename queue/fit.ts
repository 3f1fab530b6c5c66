import type { Capabilities } from '../connectors/connector.ts'
import type { Buttons, Content, List, MediaContent, MediaType, StoredMedia } from '../model/content.ts'
import { isMediaHeader } from '../model/content.ts'
import type { Failure } from '../model/failure.ts'
import { plainButtons, plainContacts, plainList, plainLocation } from './plain.ts'
import { lengthOf, splitText } from './split.ts'

export type Fitted = { parts: Content[] } | { failure: Failure }

/**
 * Makes of one content the parts that a channel can carry, in order, each to be sent in a request of its own. Pure and
 * deterministic: a retry must find the same parts. What the channel does not carry becomes text where that keeps its
 * meaning; no text is lost. What cannot be said in text fails: better not sent than sent as something else.
 *
 * @returns at least one part, or `contentUnsupported` or `contentTooLarge`
 */
export function fitContent(content: Content, can: Capabilities): Fitted {
  switch (content.type) {
    case 'text':
      if (lengthOf(content.text, can.text.unit) <= can.text.max) return { parts: [content] }
      return { parts: splitText(content.text, can.text).map(text => ({ ...content, text })) }
    case 'image':
    case 'audio':
    case 'video':
    case 'document':
    case 'sticker':
      return fitMedia(content, can)
    case 'buttons':
      return fitButtons(content, can)
    case 'list':
      return fitList(content, can)
    case 'location':
      return carries(content, can) ? { parts: [content] } : asText(plainLocation(content), can)
    case 'contacts':
      return carries(content, can) ? { parts: [content] } : asText(plainContacts(content), can)
    case 'template': {
      const header = content.parameters?.header
      if (!carries(content, can)) return unsupported()
      if (header !== undefined && isMediaHeader(header) && isTooLarge(header, can)) return tooLarge()
      return { parts: [content] }
    }
    default:
      return carries(content, can) ? { parts: [content] } : unsupported()
  }
}

function carries(content: Content, can: Capabilities): boolean {
  return can.carries.includes(content.type)
}

function unsupported(): Fitted {
  return { failure: { code: 'contentUnsupported' } }
}

function tooLarge(): Fitted {
  return { failure: { code: 'contentTooLarge' } }
}

function asText(text: string, can: Capabilities): Fitted {
  return { parts: texts(text, can) }
}

function texts(text: string, can: Capabilities): Content[] {
  return splitText(text, can.text).map(piece => ({ type: 'text', text: piece }))
}

/** A medium of a type the channel does not take goes as a document, else as its link. */
function fitMedia(content: MediaContent<StoredMedia>, can: Capabilities): Fitted {
  const type = takenAs(content, can)
  const { caption, ...bare } = content
  if (type === undefined) {
    if (!('link' in content.media)) return unsupported()
    return asText(caption === undefined ? content.media.link : `${caption}\n${content.media.link}`, can)
  }
  if (isTooLarge({ type, media: content.media }, can)) return tooLarge()
  const { voice, ...rest } = bare
  const media: Content = type === content.type ? bare : { ...rest, type }
  if (caption === undefined || caption === '') return { parts: [media] }
  const fits = can.media[type]?.caption === true && lengthOf(caption, can.text.unit) <= can.captionMax
  if (fits) return { parts: [{ ...media, caption }] }
  return { parts: [media, ...texts(caption, can)] }
}

function takenAs(
  { type, media }: { type: MediaType; media: StoredMedia },
  can: Capabilities,
): MediaType | undefined {
  return ([type, 'document'] as const).find(candidate => takes(candidate, media, can))
}

function takes(type: MediaType, media: StoredMedia, can: Capabilities): boolean {
  const known = can.media[type]
  if (known === undefined) return false
  // "audio/ogg; codecs=opus" is audio/ogg.
  const mimeType = media.mimeType?.split(';')[0]?.trim().toLowerCase()
  return known.mimeTypes === undefined || mimeType === undefined || known.mimeTypes.includes(mimeType)
}

function isTooLarge({ type, media }: { type: MediaType; media: StoredMedia }, can: Capabilities): boolean {
  const bytesMax = can.media[type]?.bytesMax
  return bytesMax !== undefined && 'size' in media && media.size !== undefined && media.size > bytesMax
}

/** Buttons with too long a text keep them under its last piece; too many or too long ones become numbered text. */
function fitButtons(content: Buttons<StoredMedia>, can: Capabilities): Fitted {
  const { header, ...rest } = content
  const mediaHeader = header !== undefined && 'media' in header ? header : undefined
  if (mediaHeader !== undefined) {
    const taken = takes(mediaHeader.type, mediaHeader.media, can)
    if (taken && isTooLarge(mediaHeader, can)) return tooLarge()
    if (!taken || !carriesButtons(content, can)) {
      return joined(
        fitMedia({ type: mediaHeader.type, media: mediaHeader.media }, can),
        fitButtons(rest, can),
      )
    }
  }
  if (!carriesButtons(content, can)) {
    return asText(plainButtons(header === undefined || 'media' in header ? rest : { ...rest, header }), can)
  }
  return { parts: above(content, can.buttons?.textMax ?? can.text.max, can) }
}

function carriesButtons(content: Buttons<StoredMedia>, can: Capabilities): boolean {
  const known = can.buttons
  if (known === undefined || !carries(content, can) || content.buttons.length > known.max) return false
  return content.buttons.every(({ title }) => lengthOf(title, can.text.unit) <= known.titleMax)
}

function fitList(content: List, can: Capabilities): Fitted {
  const known = can.list
  const rows = content.sections.flatMap(section => section.rows)
  const fits =
    known !== undefined &&
    carries(content, can) &&
    rows.length <= known.rowsMax &&
    rows.every(({ title }) => lengthOf(title, can.text.unit) <= known.titleMax)
  if (!fits) return asText(plainList(content), can)
  return { parts: above(content, known.textMax, can) }
}

/** The text before its last piece goes ahead as plain text. */
function above(content: Buttons<StoredMedia> | List, textMax: number, can: Capabilities): Content[] {
  const pieces = splitText(content.text, { max: Math.min(textMax, can.text.max), unit: can.text.unit })
  const last = pieces.pop() ?? ''
  return [...pieces.map((text): Content => ({ type: 'text', text })), { ...content, text: last }]
}

function joined(first: Fitted, second: Fitted): Fitted {
  if ('failure' in first) return first
  return 'failure' in second ? second : { parts: [...first.parts, ...second.parts] }
}
