import type { Content, ForeignMedia, MediaType } from '../../model/content.ts'
import { type Json, listIn, numberIn, objectIn, objectOf, parseJson, textIn } from '../kit/json.ts'
import { readGraphError } from '../meta/meta.ts'
import { readCard } from './card.ts'
import { readSystem } from './system.ts'

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
  ['order', readOrder],
  ['system', readSystem],
])

/** What a message of `messages[]` says; total. */
export function readContent(message: Json): Content<ForeignMedia> {
  const type = textIn(message, 'type')
  if (type === undefined && objectIn(message, 'referral') !== undefined) return { type: 'referral' }
  const error = errorOf(message)
  return (
    READ.get(type ?? '')?.(message) ?? {
      type: 'unsupported',
      rawType: rawTypeOf(message, type ?? 'none'),
      ...(error !== undefined && { error }),
    }
  )
}

/** Of `errors[]` the first: why there is less than there should be (A3). */
function errorOf(message: Json): { code: string; title?: string; detail?: string } | undefined {
  const first = objectOf(listIn(message, 'errors')[0])
  const { transient: _, ...error } = (first && readGraphError(first)) ?? { code: '', transient: false }
  return error.code === '' ? undefined : error
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
  const error = errorOf(message)
  // 131052: Meta itself could not get it. The message is there all the same, and says what is missing.
  const failed = ref === undefined ? error && (error.detail ?? error.title ?? error.code) : undefined
  if (object === undefined || (ref === undefined && failed === undefined)) return undefined
  const caption = textIn(object, 'caption')
  const name = textIn(object, 'filename')
  const sha256 = sha256Of(textIn(object, 'sha256'))
  const voice = type === 'audio' && (key === 'voice' || object['voice'] === true)
  return {
    type,
    media: {
      ref: ref ?? '',
      mimeType: textIn(object, 'mime_type') ?? otherwise,
      ...(sha256 !== undefined && { sha256 }),
      ...(name !== undefined && { name }),
      ...(failed !== undefined && { failed }),
    },
    ...(caption !== undefined && { caption }),
    ...(voice && { voice }),
    ...(type === 'sticker' && object['animated'] === true && { animated: true }),
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
  const url = textIn(object, 'url')
  return {
    type: 'location',
    latitude,
    longitude,
    ...(name !== undefined && { name }),
    ...(address !== undefined && { address }),
    ...(url !== undefined && { url }),
  }
}

function readContacts(message: Json): Content<ForeignMedia> | undefined {
  const cards = listIn(message, 'contacts')
    .map(objectOf)
    .filter(card => card !== undefined)
  if (cards.length === 0) return undefined
  const requested = cards.some(card => card['origin'] === 'contact_request')
  return { type: 'contacts', contacts: cards.map(readCard), ...(requested && { requested }) }
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
    const description = textIn(choice, 'description')
    if (payload === undefined) continue
    const text = textIn(choice, 'title') ?? ''
    return { type: 'reply', kind, payload, text, ...(description !== undefined && { description }) }
  }
  return readFlow(objectIn(interactive, 'nfm_reply')) ?? readPermission(interactive)
}

/** A flow, or another form, was filled in: `response_json` is JSON in a string. */
function readFlow(reply: Json | undefined): Content<ForeignMedia> | undefined {
  const payload = textIn(reply, 'response_json')
  if (payload === undefined) return undefined
  const fields = objectOf(parseJson(payload))
  const text = textIn(reply, 'body') ?? ''
  return { type: 'reply', kind: 'flow', payload, text, ...(fields !== undefined && { fields }) }
}

function readPermission(interactive: Json | undefined): Content<ForeignMedia> | undefined {
  const fields = objectIn(interactive, 'call_permission_reply')
  const payload = textIn(fields, 'response')
  if (fields === undefined || payload === undefined) return undefined
  return { type: 'reply', kind: 'callPermission', payload, text: '', fields }
}

function readOrder(message: Json): Content<ForeignMedia> | undefined {
  const order = objectIn(message, 'order')
  const items = listIn(order ?? {}, 'product_items').flatMap(item => {
    const object = objectOf(item)
    const productId = textIn(object, 'product_retailer_id')
    const quantity = numberOf(object?.['quantity'])
    if (productId === undefined || quantity === undefined) return []
    const [price, currency] = [priceOf(object?.['item_price']), textIn(object, 'currency') ?? null]
    return [{ productId, quantity, price, currency }]
  })
  if (items.length === 0) return undefined
  const text = textIn(order, 'text')
  const catalogId = textIn(order, 'catalog_id') ?? null
  return { type: 'order', catalogId, ...(text !== undefined && { text }), items }
}

/** Meta writes numbers in strings too. */
function numberOf(value: unknown): number | undefined {
  const number = typeof value === 'string' && value !== '' ? Number(value) : value
  return typeof number === 'number' && Number.isFinite(number) && number >= 0 ? number : undefined
}

/** As decimal text. A number that JavaScript would write with an exponent is no price. */
function priceOf(value: unknown): string | null {
  const text = typeof value === 'number' || typeof value === 'string' ? String(value) : ''
  return /^\d{1,20}(\.\d{1,20})?$/.test(text) ? text : null
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
