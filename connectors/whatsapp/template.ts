import {
  isMediaHeader,
  type MediaHeader,
  type Template,
  type TemplateButton,
  type TemplateCard,
  type TemplateValue,
} from '../../model/content.ts'
import type { Io, OutboundMedia } from '../connector.ts'
import type { Json } from '../kit/json.ts'
import { languageOf } from '../meta/template.ts'
import { allUnlike, countWithin, refuse, within } from './bounds.ts'
import { mediaOfType } from './media.ts'
import type { WhatsAppConfig } from './whatsapp.ts'

/** PROVIDERS A7. Of a body it is the whole text that may have 1,024; no value alone can have more. */
const MAX = { header: 60, body: 1024, url: 2000, code: 15, buttons: 10 } as const
const CARDS = [2, 10] as const

/** Every failure about a template is this one: what the values are for is Meta's to know. */
const CODE = 'templateParameters'

type Upload = (media: MediaHeader<OutboundMedia>) => Promise<Json>

/**
 * The `template` object of a message (PROVIDERS A7): whatever of header, body, buttons, cards and offer has variables.
 * @throws SendFailure `templateParameters` naming the field; what is checked against the template itself is Meta's
 */
export async function templateContent(
  { name, language, parameters = {} }: Template<OutboundMedia>,
  config: WhatsAppConfig,
  io: Io,
): Promise<Json> {
  const upload: Upload = media => mediaOfType(media, config, io)
  const components = await componentsOf(parameters, upload, 'content.parameters')
  return {
    type: 'template',
    template: {
      name,
      language: { code: languageOf(language) },
      ...(components.length > 0 && { components }),
    },
  }
}

type Parameters = NonNullable<Template<OutboundMedia>['parameters']>

async function componentsOf(said: Parameters, upload: Upload, field: string): Promise<Json[]> {
  const { header, cards } = said
  // All is looked at before the first byte of a file is uploaded.
  const texts = textsOf(said, field)
  if (cards !== undefined) countWithin(`${field}.cards`, cards, CARDS, CODE)
  const below = cards?.map((card, at) => textsOf(card, `${field}.cards[${at}]`)) ?? []
  const above = header === undefined ? [] : [await headerOf(header, upload, `${field}.header`)]
  const made: Json[] = []
  for (const [card_index, { header }] of (cards ?? []).entries()) {
    const its =
      header === undefined ? [] : [await headerOf(header, upload, `${field}.cards[${card_index}].header`)]
    made.push({ card_index, components: [...its, ...(below[card_index] ?? [])] })
  }
  return [...above, ...texts, ...(made.length === 0 ? [] : [{ type: 'carousel', cards: made }])]
}

/** What has no file: an offer, the body and the buttons, of a template or of one of its cards. */
function textsOf({ offer, body, buttons = [] }: Omit<Parameters, 'header' | 'cards'>, field: string): Json[] {
  countWithin(`${field}.buttons`, buttons, [0, MAX.buttons], CODE)
  const indexes = buttons.map(({ index }) => String(index))
  allUnlike(`${field}.buttons`, indexes, CODE, 'index')
  return [
    ...(offer === undefined ? [] : [offerOf(offer, `${field}.offer`)]),
    ...(body === undefined ? [] : [{ type: 'body', parameters: valuesOf(body, MAX.body, `${field}.body`) }]),
    ...buttons.map((button, at) => buttonOf(button, `${field}.buttons[${at}]`)),
  ]
}

type HeaderSaid = NonNullable<Parameters['header'] | TemplateCard<OutboundMedia>['header']>

async function headerOf(header: HeaderSaid, upload: Upload, field: string): Promise<Json> {
  return { type: 'header', parameters: await headerParameters(header, upload, field) }
}

async function headerParameters(header: HeaderSaid, upload: Upload, field: string): Promise<Json[]> {
  if (isMediaHeader<OutboundMedia>(header)) return [await upload(header)]
  if ('location' in header && typeof header.location === 'object') {
    return [{ type: 'location', location: header.location }]
  }
  if ('product' in header && typeof header.product === 'object') {
    const { catalogId, productId } = header.product
    return [{ type: 'product', product: { product_retailer_id: productId, catalog_id: catalogId } }]
  }
  return valuesOf(header as Record<string, string>, MAX.header, field)
}

function offerOf({ expiresAt }: NonNullable<Parameters['offer']>, field: string): Json {
  const expiration_time_ms = Date.parse(expiresAt)
  if (Number.isNaN(expiration_time_ms)) refuse(CODE, `${field}.expiresAt`, 'is not a time')
  return {
    type: 'limited_time_offer',
    parameters: [{ type: 'limited_time_offer', limited_time_offer: { expiration_time_ms } }],
  }
}

/**
 * By position when every name is a number, otherwise by name; mixing them is refused as 132000 or 132012, and so is a
 * position that is left out.
 */
function valuesOf(values: Readonly<Record<string, TemplateValue>>, max: number, field: string): Json[] {
  const names = Object.keys(values)
  const positions = names.filter(name => /^\d+$/.test(name))
  if (positions.length > 0 && positions.length < names.length) {
    refuse(CODE, field, 'some values are by position and some by name')
  }
  if (positions.length === 0) {
    return names.map(name => named(name, parameterOf(values[name] ?? '', max, `${field}.${name}`)))
  }
  return names.map((_, at) => {
    const value = values[String(at + 1)]
    if (value === undefined) refuse(CODE, `${field}.${at + 1}`, 'is missing')
    return parameterOf(value, max, `${field}.${at + 1}`)
  })
}

function named(parameter_name: string, { type, ...rest }: Json): Json {
  return { type, parameter_name, ...rest }
}

function parameterOf(value: TemplateValue, max: number, field: string): Json {
  if (typeof value === 'string') return { type: 'text', text: lineOf(value, max, field) }
  if ('dateTime' in value) {
    return { type: 'date_time', date_time: { fallback_value: lineOf(value.dateTime, max, field) } }
  }
  const fallback_value = lineOf(value.text, max, `${field}.text`)
  const amount_1000 = thousandthsOf(value.amount, `${field}.amount`)
  return { type: 'currency', currency: { fallback_value, code: value.currency, amount_1000 } }
}

/** A7: what breaks the line is refused, and so is nothing at all. */
function lineOf(text: string, max: number, field: string): string {
  if (text === '') refuse(CODE, field, 'is empty')
  if (/[\n\r\t]/.test(text)) refuse(CODE, field, 'has a line break or a tab, which WhatsApp refuses')
  if (/ {5}/.test(text)) refuse(CODE, field, 'has more than four spaces in a row, which WhatsApp refuses')
  return within(field, text, max, CODE)
}

/** Decimal text in thousandths, without a float in between: 0.1 + 0.2 is not 0.3 in money. */
function thousandthsOf(amount: string, field: string): number {
  const [, sign = '', whole, part = ''] = /^(-?)(\d{1,12})(?:\.(\d{1,3}))?$/.exec(amount) ?? []
  if (whole === undefined) refuse(CODE, field, 'is not a decimal number with up to three places')
  return Number(`${sign}${whole}${part.padEnd(3, '0')}`)
}

function buttonOf(button: TemplateButton, field: string): Json {
  const of = (sub_type: string, parameter: Json): Json => ({
    ...{ type: 'button', sub_type, index: String(button.index) },
    parameters: [parameter],
  })
  if ('payload' in button) return of('quick_reply', { type: 'payload', payload: button.payload })
  if ('text' in button) {
    return of('url', { type: 'text', text: within(`${field}.text`, button.text, MAX.url, CODE) })
  }
  if ('code' in button) {
    const coupon_code = within(`${field}.code`, button.code, MAX.code, CODE)
    return of('copy_code', { type: 'coupon_code', coupon_code })
  }
  // Whether the code is copied or filled in is the template's; Meta takes it as the end of a link.
  if ('otp' in button) {
    return of('url', { type: 'text', text: within(`${field}.otp`, button.otp, MAX.code, CODE) })
  }
  const { token, data } = button.flow
  const action = {
    ...(token !== undefined && { flow_token: token }),
    ...(data !== undefined && { flow_action_data: data }),
  }
  return of('flow', { type: 'action', action })
}
