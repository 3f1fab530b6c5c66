import type { Address } from './address.ts'
import type { FileId } from './ids.ts'

/**
 * What a message says: one union for every provider. `M` is how media are named at that moment: as a provider
 * names them (`ForeignMedia`), as they are stored (`StoredMedia`), as the API shows them (`Media`).
 */
export type Content<M = StoredMedia> =
  | Text
  | MediaContent<M>
  | Location
  | Contacts
  | Buttons<M>
  | List
  | Reply
  | Template<M>
  | Reaction
  | Order
  | Request
  | Flow<M>
  | Story<M>
  | Comment
  | System
  | ReferralOnly
  | Unsupported
  | Erased

export type ContentType = Content['type']

export type Text = { type: 'text'; text: string; preview?: boolean }

export type MediaType = 'image' | 'audio' | 'video' | 'document' | 'sticker'
export const MEDIA_TYPES: readonly MediaType[] = ['image', 'audio', 'video', 'document', 'sticker']
/** `voice`: recorded on the spot rather than attached. Only audio has it. */
export type MediaContent<M> = {
  type: MediaType
  media: M
  caption?: string
  voice?: boolean
  /** Of a sticker that moves. */
  animated?: boolean
}

export type Location = {
  type: 'location'
  latitude: number
  longitude: number
  name?: string
  address?: string
  url?: string
}

/** `requested`: we asked the person for their number, and this is the answer. */
export type Contacts = { type: 'contacts'; contacts: ContactCard[]; requested?: true }
export type ContactCard = {
  name: string
  phones: { phone: string; type?: string; whatsapp?: string }[]
  emails?: { email: string; type?: string }[]
  organization?: string
  urls?: { url: string; type?: string }[]
  addresses?: PostalAddress[]
  /** As the provider writes it, mostly `YYYY-MM-DD`. */
  birthday?: string
  /** The same card as a vCard, where the provider tells it so. */
  vcard?: string
}
export type PostalAddress = {
  street?: string
  city?: string
  state?: string
  zip?: string
  country?: string
  type?: string
}

export type Button = { id: string; title: string } | { url: string; title: string }
export type Header<M> = { text: string } | { media: M; type: 'image' | 'video' | 'document' }
/** `quick`: answers for this moment, gone with the next message; shown so where the provider has such. */
export type Buttons<M> = {
  type: 'buttons'
  text: string
  header?: Header<M>
  footer?: string
  buttons: Button[]
  quick?: true
}

export type ListRow = { id: string; title: string; description?: string }
export type List = {
  type: 'list'
  text: string
  button: string
  header?: string
  footer?: string
  sections: { title?: string; rows: ListRow[] }[]
}

/**
 * What a person chose or filled in. `payload` is the id we gave a button, a list row or a quick reply; of a `flow` the
 * text of its JSON, of a `callPermission` the answer. `fields` is what those two say, if it is a JSON object. `typed`:
 * what the person wrote, where the choices had been sent as numbered text and this is the one that was meant.
 */
export type Reply = {
  type: 'reply'
  kind: 'button' | 'list' | 'quick' | 'flow' | 'callPermission'
  payload: string
  text: string
  typed?: string
  description?: string
  fields?: Record<string, unknown>
}

/** Values for the variables of a template: by position (`"1"`) or by name, never both. */
export type TemplateValues = Record<string, string>
export type TemplateButton =
  | { index: number; payload: string }
  | { index: number; text: string }
  | { index: number; code: string }
  | { index: number; flow: { token?: string; data?: Record<string, unknown> } }
export type Template<M> = {
  type: 'template'
  name: string
  language: string
  parameters?: {
    header?: TemplateValues | { media: M; type: 'image' | 'video' | 'document' }
    body?: TemplateValues
    buttons?: TemplateButton[]
  }
}

/** `emoji: null` takes a reaction back. */
export type Reaction = { type: 'reaction'; emoji: string | null }

/** What somebody ordered from a catalog. A price is decimal text: no number of ours may round it. */
export type Order = { type: 'order'; catalogId: string | null; text?: string; items: OrderItem[] }
export type OrderItem = { productId: string; quantity: number; price: string | null; currency: string | null }

/** Asks the person for where they are, or for their phone; the answer comes as `location` or `contacts`. */
export const REQUESTED = ['location', 'contact'] as const
export type Request = { type: 'request'; what: (typeof REQUESTED)[number]; text: string }

/**
 * A form that the provider shows (WhatsApp Flows); what was filled in comes as a `reply` of kind `flow`. `screen` and
 * `data` are where it begins, and with what; `draft`: one that is not published yet.
 */
export type Flow<M> = {
  type: 'flow'
  text: string
  header?: Header<M>
  footer?: string
  /** What stands on the button that opens it. */
  button: string
  flow: ({ id: string } | { name: string }) & {
    token?: string
    action?: 'navigate' | 'exchange'
    screen?: string
    data?: Record<string, unknown>
    draft?: true
  }
}

/** Inbound: the person named the business in a story of theirs, or answered one of the business's. */
export type Story<M> = { type: 'story'; kind: 'mention' | 'reply'; media?: M; url?: string; text?: string }

/**
 * Inbound: what somebody wrote under a post, for all to read. An answer (`replyTo`) goes to its writer alone, as a
 * private reply. `post` and `parent` are the provider's ids of what it stands under.
 */
export type Comment = { type: 'comment'; text: string; post?: string; parent?: string; url?: string }

/** What the provider tells about the person, in a message's place. `address`: where they are reached from now on. */
export type System = {
  type: 'system'
  kind: 'numberChanged' | 'userIdChanged' | 'other'
  text: string
  address?: Address
  /** The provider's word for `other`. */
  rawType?: string
}

/** An advertisement led here and nothing was said; which one stands in the message's `referral`. */
export type ReferralOnly = { type: 'referral' }

/**
 * Something we have no word for; nothing inbound is dropped silently. `rawType` is the provider's word, `error` what it
 * says about why there is nothing more.
 */
export type Unsupported = {
  type: 'unsupported'
  rawType: string
  error?: { code: string; title?: string; detail?: string }
}

/** What is left of a content after its contact was erased, or its writer took it back (RULES A5). */
export type Erased = { type: 'erased' }

/**
 * Media in a provider's hands. `ref` is opaque to everyone but the connector that made it. `failed`: the provider says
 * that it has nothing to fetch, and why.
 */
export type ForeignMedia = { ref: string; mimeType: string; sha256?: string; name?: string; failed?: string }

/** A file of ours that was handed over before its message, by whoever `from` names to the connector. */
export type HandedMedia = { id: FileId; from: string }

/** Media as a content row holds them: a file of ours, or a link that the provider fetches itself. */
export type StoredMedia =
  | { id: FileId; mimeType: string; size?: number; sha256?: string; name?: string }
  | { link: string; mimeType?: string; name?: string }

export type MediaState = 'pending' | 'stored' | 'failed'

/** Media as the API shows them. `id` is null for a link. */
export type Media = {
  id: FileId | null
  url: string
  state: MediaState
  mimeType: string | null
  size: number | null
  name: string | null
  sha256: string | null
}

/** The content with every media replaced by what `each` makes of it; everything else is kept as it is. */
export function mapMedia<A, B>(content: Content<A>, each: (media: A) => B): Content<B> {
  switch (content.type) {
    case 'image':
    case 'audio':
    case 'video':
    case 'document':
    case 'sticker':
      return { ...content, media: each(content.media) }
    case 'buttons':
    case 'flow': {
      const { header, ...rest } = content
      if (header === undefined) return rest
      return { ...rest, header: 'media' in header ? { ...header, media: each(header.media) } : header }
    }
    case 'story': {
      const { media, ...rest } = content
      return media === undefined ? rest : { ...rest, media: each(media) }
    }
    case 'template': {
      const header = content.parameters?.header
      if (header === undefined || !isMediaHeader(header)) return content as Content<B>
      return {
        ...content,
        parameters: { ...content.parameters, header: { ...header, media: each(header.media) } },
      } as Content<B>
    }
    default:
      return content
  }
}

/** Every media in the content, in reading order. */
export function mediaOf<M>(content: Content<M>): M[] {
  const found: M[] = []
  mapMedia(content, media => {
    found.push(media)
    return media
  })
  return found
}

/** A header with a file, told apart from text values (whose `media`, if any, is a string). */
export function isMediaHeader<M>(
  header: TemplateValues | { media: M; type: 'image' | 'video' | 'document' },
): header is { media: M; type: 'image' | 'video' | 'document' } {
  return typeof header['media'] === 'object' && header['media'] !== null
}
