import type { ContactCard, Content } from '../../model/content.ts'
import { SendFailure } from '../../model/failure.ts'
import type { HttpAnswer, Io, Outbound, OutboundMedia, Sent } from '../connector.ts'
import { type Json, listIn, objectOf, textIn } from '../kit/json.ts'
import { numberUrl, refusalOf } from './graph.ts'
import { interactiveContent } from './interactive.ts'
import { mediaObject } from './media.ts'
import { HELD } from './status.ts'
import { templateContent } from './template.ts'
import type { WhatsAppConfig } from './whatsapp.ts'

/** One message to the Cloud API (PROVIDERS A6). @throws SendFailure on its side of RULES C5 */
export async function send(part: Outbound, config: WhatsAppConfig, io: Io): Promise<Sent> {
  const said = content(part, config, io)
  const body = bodyOf(part, said instanceof Promise ? await said : said, config)
  const answer = await io.http({
    method: 'POST',
    url: `${numberUrl(config)}/messages`,
    headers: { authorization: `Bearer ${config.accessToken}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: io.signal,
  })
  if (answer.status < 200 || answer.status > 299) throw await refusalOf(answer, io)
  return sentOf(answer)
}

async function sentOf(answer: HttpAnswer): Promise<Sent> {
  const message = objectOf(listIn(objectOf(await answer.json()) ?? {}, 'messages')[0])
  const id = textIn(message, 'id')
  // A 2xx that nobody but a proxy would write: Meta may have taken the message behind it.
  if (id === undefined)
    throw new SendFailure({ code: 'noAnswer', provider: { code: `HTTP ${answer.status}` } })
  // Only templates tell it (A6).
  const raw = textIn(message, 'message_status') ?? 'accepted'
  return HELD.has(raw) ? { providerIds: [id], held: true, raw } : { providerIds: [id], raw }
}

/** What every message has around its content. `content` is the type's name and its object. */
function bodyOf(part: Outbound, content: Json, { messagingAccountId }: WhatsAppConfig): Json {
  return {
    messaging_product: 'whatsapp',
    ...recipientOf(part),
    ...(part.replyTo !== null && { context: { message_id: part.replyTo } }),
    biz_opaque_callback_data: part.reference,
    ...(messagingAccountId !== undefined && { messaging_account_id: messagingAccountId }),
    ...content,
  }
}

/** With its `+`: without, the sender's own country code is put in front (A6). A user id goes by `recipient` (A9). */
function recipientOf({ address }: Outbound): Json {
  const { kind, value } = address
  if (kind === 'phone') return { recipient_type: 'individual', to: value }
  if (kind === 'whatsapp') return { recipient_type: 'individual', recipient: value }
  if (kind === 'group') return { recipient_type: 'group', to: value }
  throw new SendFailure({ code: 'recipientInvalid' })
}

/** The type and its object. A promise only where media are to be uploaded: the rest is ready at once. */
function content(part: Outbound, config: WhatsAppConfig, io: Io): Json | Promise<Json> {
  const said = part.content
  switch (said.type) {
    case 'text':
      return { type: 'text', text: { body: said.text, preview_url: said.preview === true } }
    case 'image':
    case 'video':
    case 'audio':
    case 'document':
    case 'sticker':
      return mediaContent(said, config, io)
    case 'template':
      return templateContent(said, config, io)
    case 'buttons':
    case 'list':
    case 'flow':
    case 'request':
      return interactiveContent(said, config, io)
    case 'location': {
      const { type, ...location } = said
      return { type, location }
    }
    case 'contacts':
      return { type: 'contacts', contacts: said.contacts.map(cardOf) }
    case 'reaction':
      if (part.reactionTo === null) throw new SendFailure({ code: 'badRequest' })
      return { type: 'reaction', reaction: { message_id: part.reactionTo, emoji: said.emoji ?? '' } }
    default:
      throw new SendFailure({ code: 'contentUnsupported' })
  }
}

type MediaContent = Extract<Content<OutboundMedia>, { media: OutboundMedia }>

async function mediaContent(said: MediaContent, config: WhatsAppConfig, io: Io): Promise<Json> {
  const object: Json = await mediaObject(said.media, config, io)
  // Audio and stickers take no caption, only documents a name (A6).
  if (said.caption !== undefined && said.type !== 'audio' && said.type !== 'sticker') {
    object['caption'] = said.caption
  }
  if (said.type === 'document' && said.media.name !== undefined) object['filename'] = said.media.name
  if (said.type === 'audio' && said.voice === true && mayBeVoice(said.media)) object['voice'] = true
  return { type: said.type, [said.type]: object }
}

/** Only Opus is a voice note (PROVIDERS A8); what is recorded otherwise is heard as a file. */
function mayBeVoice({ mimeType }: OutboundMedia): boolean {
  return mimeType === undefined || mimeType.startsWith('audio/ogg')
}

/** PROVIDERS A3: out as in. */
function cardOf(card: ContactCard): Json {
  return {
    name: { formatted_name: card.name, first_name: card.name },
    phones: card.phones.map(({ phone, type, whatsapp }) => ({
      phone,
      ...(type !== undefined && { type }),
      ...(whatsapp !== undefined && { wa_id: whatsapp }),
    })),
    ...(card.emails && { emails: card.emails }),
    ...(card.organization !== undefined && { org: { company: card.organization } }),
    ...(card.urls && { urls: card.urls }),
    ...(card.addresses && { addresses: card.addresses }),
    ...(card.birthday !== undefined && { birthday: card.birthday }),
  }
}
