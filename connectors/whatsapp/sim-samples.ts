import type { Json } from '../kit/json.ts'

/** What stands in a message, by its `type`; `of` is the message that it is about, where it is about one. */
export type Sample = (of: string) => { type: string; content?: Json | Json[]; extra?: Json }

const just =
  (type: string, content: Json | Json[], extra?: Json): Sample =>
  () => ({ type, content, ...(extra !== undefined && { extra }) })
const interactive = (type: string, reply: Json): Sample => just('interactive', { type, [type]: reply })
/** An id that begins so is replaced by one of a file that can be fetched. */
export const SAMPLE_MEDIA = 'sample-'

const media = (type: string, mime_type: string, more: Json = {}): Sample =>
  just(type, { id: `${SAMPLE_MEDIA}${type}`, mime_type, ...more })
const error = (code: number, title: string): Json => ({
  code,
  title,
  message: title,
  error_data: { details: title },
})

/** One of every kind of message that a person can send, row by row as PROVIDERS A3 lists them. */
export const SAMPLES: ReadonlyMap<string, Sample> = new Map<string, Sample>([
  ['text', just('text', { body: 'hola' })],
  ['image', media('image', 'image/jpeg', { caption: 'look' })],
  ['video', media('video', 'video/mp4')],
  ['audio', media('audio', 'audio/mpeg', { voice: false })],
  ['voice', media('audio', 'audio/ogg; codecs=opus', { voice: true })],
  ['voice-legacy', media('voice', 'audio/ogg')],
  ['document', media('document', 'application/pdf', { filename: 'list.pdf' })],
  ['sticker', media('sticker', 'image/webp', { animated: true })],
  [
    'location',
    just('location', { latitude: 19.4326, longitude: -99.1332, name: 'Zócalo', url: 'https://example.com' }),
  ],
  [
    'contacts',
    just('contacts', [
      { name: { formatted_name: 'Luis' }, phones: [{ phone: '+5215500000000', type: 'CELL' }] },
    ]),
  ],
  [
    'contact-request',
    just('contacts', [
      {
        origin: 'contact_request',
        name: { formatted_name: 'Ana' },
        phones: [{ phone: '+5215512345678' }],
        vcard: 'BEGIN:VCARD\nVERSION:3.0\nFN:Ana\nEND:VCARD',
      },
    ]),
  ],
  ['button-reply', interactive('button_reply', { id: 'yes', title: 'Yes' })],
  ['list-reply', interactive('list_reply', { id: 'l', title: 'Large', description: '52 to 54' })],
  ['flow-reply', interactive('nfm_reply', { name: 'flow', body: 'Sent', response_json: '{"size":"L"}' })],
  [
    'call-permission',
    interactive('call_permission_reply', {
      response: 'accept',
      is_permanent: false,
      response_source: 'user_action',
    }),
  ],
  [
    'template-button',
    of => ({ type: 'button', content: { payload: 'p', text: 'Yes' }, extra: { context: { id: of } } }),
  ],
  ['reaction', of => ({ type: 'reaction', content: { message_id: of, emoji: '👍' } })],
  ['reaction-removed', of => ({ type: 'reaction', content: { message_id: of } })],
  [
    'order',
    just('order', {
      catalog_id: '194836987003835',
      text: 'Before noon',
      product_items: [{ product_retailer_id: 'sku-1', quantity: 2, item_price: 19.9, currency: 'MXN' }],
    }),
  ],
  [
    'edit',
    of => ({
      type: 'edit',
      content: { original_message_id: of, message: { type: 'text', text: { body: 'hola!' } } },
    }),
  ],
  ['revoke', of => ({ type: 'revoke', content: { original_message_id: of } })],
  [
    'unsupported',
    just('unsupported', { type: 'poll_creation' }, { errors: [error(131051, 'Message type unknown')] }),
  ],
  [
    'media-too-large',
    just('video', { mime_type: 'video/mp4' }, { errors: [error(131052, 'Media download error')] }),
  ],
  ['forwarded', just('text', { body: 'hola' }, { context: { forwarded: true } })],
  [
    'forwarded-often',
    just('text', { body: 'hola' }, { context: { forwarded: true, frequently_forwarded: true } }),
  ],
  [
    'product',
    of => ({
      ...{ type: 'text', content: { body: 'How much?' } },
      extra: { context: { id: of, referred_product: { catalog_id: '1948', product_retailer_id: 'sku-1' } } },
    }),
  ],
  [
    'referral',
    just(
      'text',
      { body: 'hola' },
      { referral: { source_type: 'ad', source_id: '120200', headline: 'Shoes', ctwa_clid: 'ARAkLkA' } },
    ),
  ],
  ['identity', just('text', { body: 'hola' }, { identity: { acknowledged: true, hash: 'DF2lS5v2W6x=' } })],
  ['group', just('text', { body: 'hola' }, { group_id: 'Y2FwaV' })],
])

/** What WhatsApp itself tells about a person: it comes without their contact. `to` is their new phone or id. */
export const NOTICES: ReadonlyMap<string, Notice> = new Map<string, Notice>([
  ['number-changed', (_, to) => ({ body: 'The number changed', type: 'user_changed_number', wa_id: to })],
  [
    'user-id-changed',
    ({ userId }, to) => ({
      body: `The user changed from ${userId} to ${to}`,
      type: 'user_changed_user_id',
      user_id: to,
    }),
  ],
])

type Notice = (person: { userId: string }, to: string) => Json
