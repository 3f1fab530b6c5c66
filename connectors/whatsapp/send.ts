import {
  type ContactCard,
  type Content,
  isMediaHeader,
  type Template,
  type TemplateButton,
  type TemplateValues,
} from '../../model/content.ts'
import { SendFailure } from '../../model/failure.ts'
import type { HttpAnswer, Io, Outbound, OutboundMedia, Sent } from '../connector.ts'
import { type Json, listIn, objectOf, textIn } from '../kit/json.ts'
import { numberUrl, refusalOf } from './graph.ts'
import { mediaObject } from './media.ts'
import { HELD } from './status.ts'
import type { WhatsAppConfig } from './whatsapp.ts'

/** One message to the Cloud API (PROVIDERS A6). @throws SendFailure on its side of RULES C5 */
export async function send(part: Outbound, config: WhatsAppConfig, io: Io): Promise<Sent> {
  const said = content(part, config, io)
  const body = bodyOf(part, said instanceof Promise ? await said : said)
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
function bodyOf(part: Outbound, content: Json): Json {
  return {
    messaging_product: 'whatsapp',
    ...recipientOf(part),
    ...(part.replyTo !== null && { context: { message_id: part.replyTo } }),
    biz_opaque_callback_data: part.reference,
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
  if (said.type === 'audio' && said.voice === true) object['voice'] = true
  return { type: said.type, [said.type]: object }
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
  }
}

/** PROVIDERS A7. */
async function templateContent(said: Template<OutboundMedia>, config: WhatsAppConfig, io: Io): Promise<Json> {
  const { header, body, buttons } = said.parameters ?? {}
  const components: Json[] = []
  if (header !== undefined) {
    const parameters = isMediaHeader(header) ? [await headerMedia(header, config, io)] : valuesOf(header)
    components.push({ type: 'header', parameters })
  }
  if (body !== undefined) components.push({ type: 'body', parameters: valuesOf(body) })
  for (const button of buttons ?? []) components.push(buttonOf(button))
  return {
    type: 'template',
    template: {
      name: said.name,
      // Sends want `es_MX`; webhooks and people also write `es-MX` (A7).
      language: { code: said.language.replaceAll('-', '_') },
      ...(components.length > 0 && { components }),
    },
  }
}

type MediaHeader = { media: OutboundMedia; type: 'image' | 'video' | 'document' }

async function headerMedia({ media, type }: MediaHeader, config: WhatsAppConfig, io: Io): Promise<Json> {
  const object: Json = await mediaObject(media, config, io)
  if (type === 'document' && media.name !== undefined) object['filename'] = media.name
  return { type, [type]: object }
}

/** By position when every name is a number, otherwise by name; mixing them is refused as 132000 or 132012. */
function valuesOf(values: TemplateValues): Json[] {
  const names = Object.keys(values)
  if (!names.every(name => /^\d+$/.test(name))) {
    return names.map(name => ({ type: 'text', parameter_name: name, text: values[name] }))
  }
  return names.sort((a, b) => Number(a) - Number(b)).map(name => ({ type: 'text', text: values[name] }))
}

function buttonOf(button: TemplateButton): Json {
  const of = (sub_type: string, parameter: Json): Json => ({
    type: 'button',
    sub_type,
    index: String(button.index),
    parameters: [parameter],
  })
  if ('payload' in button) return of('quick_reply', { type: 'payload', payload: button.payload })
  if ('text' in button) return of('url', { type: 'text', text: button.text })
  if ('code' in button) return of('copy_code', { type: 'coupon_code', coupon_code: button.code })
  const { token, data } = button.flow
  const action = { ...(token && { flow_token: token }), ...(data && { flow_action_data: data }) }
  return of('flow', { type: 'action', action })
}
