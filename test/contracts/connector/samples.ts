import { Readable } from 'node:stream'
import type { Outbound, OutboundMedia } from '../../../connectors/connector.ts'
import { type Address, phoneOf } from '../../../model/address.ts'
import type { Content, ContentType, MediaType } from '../../../model/content.ts'
import type { Stand } from './stand.ts'

let made = 0

/** A part with a name of its own. */
export function outbound(address: Address, content: Outbound['content'], more: Partial<Outbound>): Outbound {
  made += 1
  const key = `msg_${String(made).padStart(26, '0')}.0`
  return {
    ...{ address, content, category: 'service', reference: `${key}.1`, key },
    ...{ replyTo: null, reactionTo: null, source: 'api', heardAt: Date.now() },
    webhookUrl: 'http://127.0.0.1:9/in/x/chn_1',
    ...more,
  }
}

type Can = ReturnType<Stand['connector']['can']>
const MIME_TYPES: Record<MediaType, string> = {
  image: 'image/jpeg',
  audio: 'audio/mpeg',
  video: 'video/mp4',
  document: 'application/pdf',
  sticker: 'image/webp',
}

/** What most providers take of a content; undefined where nobody can know it. */
export function sampleOf(type: ContentType, can: Can): Content<OutboundMedia> | undefined {
  switch (type) {
    case 'text':
      return { type, text: 'Hola ñ 👍' }
    case 'image':
    case 'audio':
    case 'video':
    case 'document':
    case 'sticker':
      return { type, media: fileOf(can.media[type]?.mimeTypes?.[0] ?? MIME_TYPES[type]) }
    case 'location':
      return { type, latitude: 19.43, longitude: -99.13, name: 'Zócalo', address: 'Centro' }
    case 'contacts':
      return { type, contacts: [{ name: 'Ana', phones: [{ phone: phoneOf('+5215512345678') ?? '' }] }] }
    case 'buttons':
      return { type, text: 'Which?', buttons: [{ id: 'a', title: 'A' }] }
    case 'list':
      return {
        type,
        text: 'Which?',
        button: 'Choose',
        sections: [{ title: 'S', rows: [{ id: '1', title: 'A' }] }],
      }
    case 'request':
      return { type, what: can.requests?.[0] ?? 'location', text: 'Where are you?' }
    default:
      return undefined
  }
}

function fileOf(mimeType: string): OutboundMedia {
  const bytes = Buffer.from('the bytes of a file')
  return {
    ...{ id: 'fil_1' as never, mimeType, size: bytes.length, sha256: 'ab'.repeat(32), name: 'a file' },
    open: async () => Readable.from([bytes]),
    publicUrl: () => 'https://omnibus.example/files/fil_1?signature=x',
  }
}
