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
  | Unsupported
  | Erased

export type ContentType = Content['type']

export type Text = { type: 'text'; text: string; preview?: boolean }

export type MediaType = 'image' | 'audio' | 'video' | 'document' | 'sticker'
export const MEDIA_TYPES: readonly MediaType[] = ['image', 'audio', 'video', 'document', 'sticker']
/** `voice`: recorded on the spot rather than attached. Only audio has it. */
export type MediaContent<M> = { type: MediaType; media: M; caption?: string; voice?: boolean }

export type Location = {
  type: 'location'
  latitude: number
  longitude: number
  name?: string
  address?: string
}

export type Contacts = { type: 'contacts'; contacts: ContactCard[] }
export type ContactCard = {
  name: string
  phones: { phone: string; type?: string; whatsapp?: string }[]
  emails?: { email: string; type?: string }[]
  organization?: string
}

export type Button = { id: string; title: string } | { url: string; title: string }
export type Header<M> = { text: string } | { media: M; type: 'image' | 'video' | 'document' }
export type Buttons<M> = {
  type: 'buttons'
  text: string
  header?: Header<M>
  footer?: string
  buttons: Button[]
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

/** The choice of a button, a list row or a quick reply. `payload` is the id we gave it. */
export type Reply = { type: 'reply'; kind: 'button' | 'list' | 'quick'; payload: string; text: string }

/** Values for the variables of a template: by position (`"1"`) or by name, never both. */
export type TemplateValues = Record<string, string>
export type TemplateButton =
  | { index: number; payload: string }
  | { index: number; text: string }
  | { index: number; code: string }
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

/** Something we have no word for; nothing inbound is dropped silently. `rawType` is the provider's word. */
export type Unsupported = { type: 'unsupported'; rawType: string }

/** What is left of a content after its contact was erased (RULES A5). */
export type Erased = { type: 'erased' }

/** Media in a provider's hands. `ref` is opaque to everyone but the connector that made it. */
export type ForeignMedia = { ref: string; mimeType: string; sha256?: string; name?: string }

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
    case 'buttons': {
      const { header, ...rest } = content
      if (header === undefined) return rest
      return { ...rest, header: 'media' in header ? { ...header, media: each(header.media) } : header }
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
