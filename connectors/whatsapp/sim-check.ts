import { type Json, listIn, objectIn, objectOf, textIn } from '../kit/json.ts'
import { type MetaAnswer, refusal } from './sim-errors.ts'

export type SimTemplate = {
  name: string
  language: string
  category: 'utility' | 'marketing' | 'authentication'
  /** How many variables the body has. */
  bodyParameters?: number
}

export type CheckOptions = {
  /** Any name is a template if absent. */
  templates?: readonly SimTemplate[]
  hasMedia: (id: string) => boolean
}

type Check = (message: Json, options: CheckOptions) => MetaAnswer | undefined

/** What Meta refuses at once about a message's shape (PROVIDERS A6–A8, A13); undefined: nothing. */
export function checkMessage(message: Json, options: CheckOptions): MetaAnswer | undefined {
  if (message['messaging_product'] !== 'whatsapp') {
    return refusal(100, 'The parameter messaging_product is required.')
  }
  const to = textIn(message, 'to')
  const recipient = textIn(message, 'recipient')
  if (to === undefined && recipient === undefined) return refusal(131008, 'The parameter to is required.')
  const isGroup = message['recipient_type'] === 'group'
  if (to !== undefined && !(isGroup ? /^[\w=-]{1,128}$/ : /^\+?[0-9]{5,15}$/).test(to)) {
    return refusal(131009, isGroup ? 'to is not a group id' : 'to is not a phone number')
  }
  if (to === undefined && !/^[A-Z]{2}\.[A-Za-z0-9.]{1,140}$/.test(recipient ?? '')) {
    return refusal(131009, 'recipient is not a business-scoped user id')
  }
  const callback = message['biz_opaque_callback_data']
  if (callback !== undefined && (typeof callback !== 'string' || callback.length > 512)) {
    return refusal(100, 'biz_opaque_callback_data must be at most 512 characters long')
  }
  if (message['context'] !== undefined && textIn(objectIn(message, 'context'), 'message_id') === undefined) {
    return refusal(131008, 'context.message_id is required')
  }
  // Absent means text (A6 shows it always; the API does not ask for it).
  const type = message['type'] ?? 'text'
  const check = typeof type === 'string' ? CHECKS.get(type) : undefined
  return check === undefined ? refusal(100, `Param type must be one of {${TYPES}}`) : check(message, options)
}

const CHECKS: ReadonlyMap<string, Check> = new Map<string, Check>([
  ['text', checkText],
  ['image', (message, options) => checkMedia(message, 'image', options)],
  ['video', (message, options) => checkMedia(message, 'video', options)],
  ['audio', (message, options) => checkMedia(message, 'audio', options)],
  ['document', (message, options) => checkMedia(message, 'document', options)],
  ['sticker', (message, options) => checkMedia(message, 'sticker', options)],
  ['location', checkLocation],
  ['contacts', checkContacts],
  ['reaction', checkReaction],
  ['interactive', checkInteractive],
  ['template', checkTemplate],
])
const TYPES = [...CHECKS.keys()].map(type => type.toUpperCase()).join(', ')

function missing(name: string): MetaAnswer {
  return refusal(131008, `Required parameter ${name} is missing`)
}

function tooLong(name: string, max: number): MetaAnswer {
  return refusal(100, `Param ${name} must be at most ${max} characters long.`)
}

function checkText(message: Json): MetaAnswer | undefined {
  const body = textIn(objectIn(message, 'text'), 'body')
  if (body === undefined) return missing("text['body']")
  return length(body) > 4096 ? tooLong("text['body']", 4096) : undefined
}

function checkMedia(message: Json, type: string, { hasMedia }: CheckOptions): MetaAnswer | undefined {
  const object = objectIn(message, type)
  if (object === undefined) return missing(type)
  const caption = textIn(object, 'caption')
  if (caption !== undefined && (type === 'audio' || type === 'sticker')) {
    return refusal(100, `Unexpected key "caption" on param "${type}".`)
  }
  if (caption !== undefined && length(caption) > 1024) return tooLong(`${type}['caption']`, 1024)
  return checkMediaSource(object, type, hasMedia)
}

function checkMediaSource(
  object: Json,
  type: string,
  hasMedia: CheckOptions['hasMedia'],
): MetaAnswer | undefined {
  const id = textIn(object, 'id')
  const link = textIn(object, 'link')
  if ((id === undefined) === (link === undefined)) return refusal(100, `${type} takes one of id and link`)
  if (id !== undefined && !hasMedia(id)) {
    return refusal(100, `Param ${type}['id'] is not a valid whatsapp business account media attachment ID`)
  }
  if (link !== undefined && !/^https?:\/\/\S+$/.test(link)) {
    return refusal(100, `Param ${type}['link'] is not a valid URI.`)
  }
  return undefined
}

function checkLocation(message: Json): MetaAnswer | undefined {
  const location = objectIn(message, 'location')
  const given = location?.['latitude'] !== undefined && location['longitude'] !== undefined
  return given ? undefined : missing('location')
}

function checkContacts(message: Json): MetaAnswer | undefined {
  const cards = listIn(message, 'contacts').map(objectOf)
  const named = cards.every(card => textIn(objectIn(card, 'name'), 'formatted_name') !== undefined)
  return cards.length > 0 && named ? undefined : missing('contacts')
}

function checkReaction(message: Json): MetaAnswer | undefined {
  const reaction = objectIn(message, 'reaction')
  if (textIn(reaction, 'message_id') === undefined) return missing("reaction['message_id']")
  return typeof reaction?.['emoji'] === 'string' ? undefined : missing("reaction['emoji']")
}

/** PROVIDERS A6: at most three buttons with titles of 20, each once; ten rows in all, titles of 24. */
function checkInteractive(message: Json): MetaAnswer | undefined {
  const interactive = objectIn(message, 'interactive')
  const action = objectIn(interactive, 'action')
  if (interactive === undefined || action === undefined) return missing('interactive')
  if (interactive['type'] === 'button') {
    const titles = listIn(action, 'buttons').map(
      button => textIn(objectIn(objectOf(button), 'reply'), 'title') ?? '',
    )
    const fit = titles.every(title => title !== '' && length(title) <= 20)
    const good = titles.length > 0 && titles.length <= 3 && fit && new Set(titles).size === titles.length
    return good ? undefined : refusal(131009, 'Invalid buttons')
  }
  if (interactive['type'] === 'list') {
    const rows = listIn(action, 'sections').flatMap(section => listIn(objectOf(section) ?? {}, 'rows'))
    const fit = rows.every(row => length(textIn(objectOf(row), 'title') ?? '') <= 24)
    return rows.length > 0 && rows.length <= 10 && fit ? undefined : refusal(131009, 'Invalid rows')
  }
  return undefined
}

function checkTemplate(message: Json, { templates, hasMedia }: CheckOptions): MetaAnswer | undefined {
  const template = objectIn(message, 'template')
  const name = textIn(template, 'name')
  const language = textIn(objectIn(template, 'language'), 'code')
  if (template === undefined || name === undefined) return missing("template['name']")
  if (language === undefined) return missing("template['language']['code']")
  const known = templates?.find(known => known.name === name && known.language === language)
  if (templates !== undefined && known === undefined) {
    return refusal(132001, `template name (${name}) does not exist in ${language}`)
  }
  const components = listIn(template, 'components').map(component => objectOf(component) ?? {})
  for (const component of components) {
    for (const item of listIn(component, 'parameters')) {
      const refused = checkParameter(objectOf(item) ?? {}, hasMedia)
      if (refused !== undefined) return refused
    }
  }
  const body = components.find(component => component['type'] === 'body')
  const count = body === undefined ? 0 : listIn(body, 'parameters').length
  if (known?.bodyParameters !== undefined && count !== known.bodyParameters) {
    return refusal(132000, `body: number of localizable_params (${count}) does not match the expected number`)
  }
  return undefined
}

function checkParameter(parameter: Json, hasMedia: CheckOptions['hasMedia']): MetaAnswer | undefined {
  const type = textIn(parameter, 'type')
  if (type === undefined) return missing('parameters.type')
  const media = objectIn(parameter, type)
  if (type === 'text') return typeof parameter['text'] === 'string' ? undefined : missing('parameters.text')
  return media === undefined ? undefined : checkMediaSource(media, type, hasMedia)
}

/** Characters as people count them: an emoji is one. Only a text near its limit is counted at all. */
function length(text: string): number {
  return text.length <= 20 ? text.length : [...text].length
}
