import type { Capabilities } from '../../connectors/connector.ts'
import type { Buttons, StoredMedia } from '../../model/content.ts'
import type { FileId } from '../../model/ids.ts'

/** Channels that carry little and much, and contents with what becomes of them. */

export const PLAIN: Capabilities = {
  text: { max: 160, unit: 'characters' },
  captionMax: 0,
  media: {},
  carries: ['text'],
  quotes: false,
  observes: ['sent'],
}
/** Sizes of PROVIDERS A8 and K. */
export const RICH: Capabilities = {
  text: { max: 4096, unit: 'characters' },
  captionMax: 1024,
  media: {
    image: { bytesMax: 5_000_000, mimeTypes: ['image/jpeg', 'image/png'], caption: true },
    audio: { bytesMax: 16_000_000, caption: false },
    document: { bytesMax: 100_000_000, caption: true },
  },
  carries: [
    'text',
    'image',
    'audio',
    'document',
    'buttons',
    'list',
    'template',
    'location',
    'contacts',
    'reaction',
  ],
  buttons: {
    max: 3,
    titleMax: 20,
    textMax: 1024,
    urls: 'mixed',
    around: { headerMax: 60, footerMax: 60, media: true },
  },
  list: { rowsMax: 10, titleMax: 24, textMax: 1024 },
  quotes: true,
  observes: ['sent', 'received', 'read'],
}
export const file = (mimeType: string, size = 1000) => ({ id: 'fil_1' as FileId, mimeType, size })
export const choices: Buttons<StoredMedia> = {
  type: 'buttons',
  text: 'Which?',
  footer: 'Thanks',
  buttons: [
    { id: 'a', title: 'A' },
    { url: 'https://example.com', title: 'B' },
  ],
}
export const text = (...texts: string[]) => ({ parts: texts.map(one => ({ type: 'text', text: one })) })
/** Numbered text, and what its numbers mean: ids and titles. */
export const menu = (kind: string, items: [string | null, string][], ...texts: string[]) => ({
  ...text(...texts),
  menu: { kind, items: items.map(([id, title]) => ({ id, title })) },
})
