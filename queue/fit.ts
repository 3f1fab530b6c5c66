import type { Capabilities } from '../connectors/connector.ts'
import type { Buttons, Content, List, MediaContent, MediaType, StoredMedia } from '../model/content.ts'
import { isMediaHeader } from '../model/content.ts'
import type { Failure } from '../model/failure.ts'
import type { Choices } from '../model/menu.ts'
import { above, carriesList, choicesOf, formOf, placed } from './choices.ts'
import { plainButtons, plainContacts, plainList, plainLocation } from './plain.ts'
import { lengthOf, splitText } from './split.ts'

/** `menu`: the choices that the last part tells as numbered text, or to which the answer is typed. */
export type Fitted = { parts: Content[]; menu?: Choices } | { failure: Failure }

/** A public link to a file of ours, to be sent as text; undefined where there is none. Always of the same length. */
export type LinkOf = (media: StoredMedia) => string | undefined

/**
 * Makes of one content the parts that a channel can carry, in order, each to be sent in a request of its own. Pure and
 * deterministic: a retry must find the same parts. What the channel does not carry becomes text where that keeps its
 * meaning; no text is lost. What cannot be said in text fails: better not sent than sent as something else.
 *
 * @returns at least one part, or `contentUnsupported` or `contentTooLarge`
 */
export function fitContent(content: Content, can: Capabilities, linkOf: LinkOf = noLink): Fitted {
  switch (content.type) {
    case 'text':
      if (lengthOf(content.text, can.text.unit) <= can.text.max) return { parts: [content] }
      return { parts: splitText(content.text, can.text).map(text => ({ ...content, text })) }
    case 'image':
    case 'audio':
    case 'video':
    case 'document':
    case 'sticker':
      return fitMedia(content, can, linkOf)
    case 'buttons':
      return fitButtons(content, can, linkOf)
    case 'list':
      return fitList(content, can)
    case 'location':
      return carries(content, can) ? { parts: [content] } : asText(plainLocation(content), can)
    case 'contacts':
      return carries(content, can) ? { parts: [content] } : asText(plainContacts(content), can)
    case 'request': {
      const isAsked = carries(content, can) && can.requests?.includes(content.what) === true
      return isAsked ? { parts: above(content, can.text.max, can) } : asText(content.text, can)
    }
    case 'flow':
      if (!carries(content, can)) return unsupported()
      return { parts: above(content, can.buttons?.textMax ?? can.text.max, can) }
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

const noLink: LinkOf = media => ('link' in media ? media.link : undefined)

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
function fitMedia(content: MediaContent<StoredMedia>, can: Capabilities, linkOf: LinkOf): Fitted {
  const type = takenAs(content, can)
  const { caption, ...bare } = content
  if (type === undefined) {
    const link = linkOf(content.media)
    if (link === undefined) return unsupported()
    return asText(caption === undefined ? link : `${caption}\n${link}`, can)
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

/** Buttons with too long a text keep them under its last piece; what the channel cannot show becomes numbered text. */
function fitButtons(content: Buttons<StoredMedia>, can: Capabilities, linkOf: LinkOf): Fitted {
  const { header, ...rest } = content
  const form = formOf(content, can)
  if (header !== undefined && 'media' in header) {
    const stays =
      form === 'buttons' && can.buttons?.around?.media === true && takes(header.type, header.media, can)
    if (stays && isTooLarge(header, can)) return tooLarge()
    if (!stays) {
      const ahead = fitMedia({ type: header.type, media: header.media }, can, linkOf)
      return joined(ahead, fitButtons(rest, can, linkOf))
    }
  }
  const { quick: _, ...plain } = content
  if (form === 'quick') {
    const shown = placed({ ...plain, quick: true as const }, undefined, can)
    const menu = can.quick?.typed === true ? choicesOf(shown) : undefined
    return {
      parts: above(shown, can.quick?.textMax ?? can.text.max, can),
      ...(menu !== undefined && { menu }),
    }
  }
  if (form === 'buttons') {
    const { around, textMax } = can.buttons ?? { textMax: can.text.max }
    const isCaption = header !== undefined && 'media' in header
    const room = isCaption ? Math.min(textMax, around?.captionMax ?? textMax) : textMax
    return { parts: above(placed(plain, around, can), room, can) }
  }
  const said = plainButtons(header === undefined || 'media' in header ? rest : { ...rest, header })
  return numbered(content, said, can)
}

function fitList(content: List, can: Capabilities): Fitted {
  if (!carriesList(content, can)) return numbered(content, plainList(content), can)
  return { parts: above(placed(content, can.list?.around, can), can.list?.textMax ?? can.text.max, can) }
}

function numbered(content: Buttons<StoredMedia> | List, said: string, can: Capabilities): Fitted {
  const menu = choicesOf(content)
  return { parts: texts(said, can), ...(menu !== undefined && { menu }) }
}

function joined(first: Fitted, second: Fitted): Fitted {
  if ('failure' in first) return first
  return 'failure' in second ? second : { ...second, parts: [...first.parts, ...second.parts] }
}
