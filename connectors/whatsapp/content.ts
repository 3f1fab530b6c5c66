import type { ContactCard, Content, ForeignMedia, MediaType } from '../../model/content.ts'
import { type Json, listIn, numberIn, objectIn, objectOf, textIn } from '../kit/json.ts'

type Read = (message: Json) => Content<ForeignMedia> | undefined

/** PROVIDERS A3, by `type`. A type that is not here, or whose object lacks what makes it one, is `unsupported`. */
const READ: ReadonlyMap<string, Read> = new Map<string, Read>([
  ['text', readText],
  ['image', message => readMedia(message, 'image', 'image/jpeg')],
  ['video', message => readMedia(message, 'video', 'video/mp4')],
  ['audio', message => readMedia(message, 'audio', 'audio/ogg')],
  // Before `audio` with `voice: true` there was a type of its own.
  ['voice', message => readMedia(message, 'audio', 'audio/ogg', 'voice')],
  ['document', message => readMedia(message, 'document', 'application/octet-stream')],
  ['sticker', message => readMedia(message, 'sticker', 'image/webp')],
  ['location', readLocation],
  ['contacts', readContacts],
  ['interactive', readInteractive],
  ['button', readButton],
  ['reaction', readReaction],
])

/** What a message of `messages[]` says; total. */
export function readContent(message: Json): Content<ForeignMedia> {
  const type = textIn(message, 'type') ?? 'none'
  return READ.get(type)?.(message) ?? { type: 'unsupported', rawType: rawTypeOf(message, type) }
}

/** Interactive and unsupported messages say inside what they are (`nfm_reply`, `poll_creation`): the better word. */
function rawTypeOf(message: Json, type: string): string {
  if (type !== 'interactive' && type !== 'unsupported') return type
  return textIn(objectIn(message, type), 'type') ?? type
}

function readText(message: Json): Content<ForeignMedia> | undefined {
  const text = textIn(objectIn(message, 'text'), 'body')
  return text === undefined ? undefined : { type: 'text', text }
}

function readMedia(
  message: Json,
  type: MediaType,
  otherwise: string,
  key: string = type,
): Content<ForeignMedia> | undefined {
  const object = objectIn(message, key)
  const ref = textIn(object, 'id')
  if (ref === undefined) return undefined
  const caption = textIn(object, 'caption')
  const name = textIn(object, 'filename')
  const sha256 = sha256Of(textIn(object, 'sha256'))
  const voice = type === 'audio' && (key === 'voice' || object?.['voice'] === true)
  return {
    type,
    media: {
      ref,
      mimeType: textIn(object, 'mime_type') ?? otherwise,
      ...(sha256 !== undefined && { sha256 }),
      ...(name !== undefined && { name }),
    },
    ...(caption !== undefined && { caption }),
    ...(voice && { voice }),
  }
}

/** Meta writes it in base64 or in hex; ours is hex in lower case. What is neither is left out rather than compared. */
export function sha256Of(text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  if (/^[0-9a-f]{64}$/i.test(text)) return text.toLowerCase()
  return /^[A-Za-z0-9+/_-]{43}=?$/.test(text) ? Buffer.from(text, 'base64').toString('hex') : undefined
}

function readLocation(message: Json): Content<ForeignMedia> | undefined {
  const object = objectIn(message, 'location')
  const latitude = numberIn(object, 'latitude')
  const longitude = numberIn(object, 'longitude')
  if (latitude === undefined || longitude === undefined) return undefined
  const name = textIn(object, 'name')
  const address = textIn(object, 'address')
  return {
    type: 'location',
    latitude,
    longitude,
    ...(name !== undefined && { name }),
    ...(address !== undefined && { address }),
  }
}

function readContacts(message: Json): Content<ForeignMedia> | undefined {
  const contacts = listIn(message, 'contacts').flatMap(item => {
    const card = objectOf(item)
    return card === undefined ? [] : [readCard(card)]
  })
  return contacts.length === 0 ? undefined : { type: 'contacts', contacts }
}

function readCard(card: Json): ContactCard {
  const name = objectIn(card, 'name')
  const parts = [textIn(name, 'first_name'), textIn(name, 'last_name')].filter(part => part !== undefined)
  const organization = textIn(objectIn(card, 'org'), 'company')
  const emails = listIn(card, 'emails').flatMap(item => {
    const email = textIn(objectOf(item), 'email')
    return email === undefined ? [] : [{ email, ...typeOf(item) }]
  })
  return {
    name: textIn(name, 'formatted_name') ?? parts.join(' '),
    phones: listIn(card, 'phones').flatMap(item => {
      const object = objectOf(item)
      const whatsapp = textIn(object, 'wa_id')
      const phone = textIn(object, 'phone') ?? whatsapp
      return phone === undefined
        ? []
        : [{ phone, ...typeOf(item), ...(whatsapp !== undefined && { whatsapp }) }]
    }),
    ...(emails.length > 0 && { emails }),
    ...(organization !== undefined && { organization }),
  }
}

function typeOf(item: unknown): { type?: string } {
  const type = textIn(objectOf(item), 'type')
  return type === undefined ? {} : { type }
}

const CHOICES = new Map([
  ['button_reply', 'button'],
  ['list_reply', 'list'],
] as const)

function readInteractive(message: Json): Content<ForeignMedia> | undefined {
  const interactive = objectIn(message, 'interactive')
  for (const [key, kind] of CHOICES) {
    const choice = objectIn(interactive, key)
    const payload = textIn(choice, 'id')
    if (payload !== undefined) {
      return { type: 'reply', kind, payload, text: textIn(choice, 'title') ?? '' }
    }
  }
  return undefined
}

/** A tap on a template's quick reply; its payload is optional there, and then the text is all there is. */
function readButton(message: Json): Content<ForeignMedia> | undefined {
  const button = objectIn(message, 'button')
  const text = textIn(button, 'text')
  const payload = textIn(button, 'payload') ?? text
  return payload === undefined ? undefined : { type: 'reply', kind: 'quick', payload, text: text ?? '' }
}

/** Taken back: `emoji` absent. What it is about is read by `parse.ts`; without that it is no reaction. */
function readReaction(message: Json): Content<ForeignMedia> | undefined {
  const reaction = objectIn(message, 'reaction')
  if (textIn(reaction, 'message_id') === undefined) return undefined
  return { type: 'reaction', emoji: textIn(reaction, 'emoji') ?? null }
}
