import { type Json, listIn, objectIn, objectOf, textIn } from '../kit/json.ts'
import { type MetaAnswer, refusal } from './sim-errors.ts'

/** A template of the account. Only what is `APPROVED`, or says no status, may be sent. */
export type SimTemplate = {
  name: string
  language: string
  category: 'utility' | 'marketing' | 'authentication'
  status?: string
  /** How many variables the body has. Told by `components` too. */
  bodyParameters?: number
  /** As Meta lists them: `{ type: 'BODY', text: 'Hola {{1}}' }`, `{ type: 'BUTTONS', buttons: […] }`. */
  components?: readonly Json[]
}

type Refused = MetaAnswer | undefined
type Media = (object: Json, type: string) => Refused

/**
 * What Meta refuses at once about a `template` object (PROVIDERS A7, A13): the template's state, then each component,
 * then both against each other, where the account says what its templates are.
 */
export function checkTemplate(
  message: Json,
  templates: readonly SimTemplate[] | undefined,
  checkMedia: Media,
): Refused {
  const template = objectIn(message, 'template')
  const name = textIn(template, 'name')
  const language = textIn(objectIn(template, 'language'), 'code')
  if (template === undefined || name === undefined) return missing("template['name']")
  if (language === undefined) return missing("template['language']['code']")
  const known = templates?.find(known => known.name === name && known.language === language)
  const state = templates === undefined ? undefined : checkState(known, `${name} in ${language}`)
  if (state !== undefined) return state
  const components = listIn(template, 'components').map(component => objectOf(component) ?? {})
  for (const component of components) {
    const refused = checkComponent(component, checkMedia)
    if (refused !== undefined) return refused
  }
  return known === undefined ? undefined : checkAgainst(known, components)
}

function missing(name: string): MetaAnswer {
  return refusal(131008, `Required parameter ${name} is missing`)
}

/** PROVIDERS A13: 132001 missing or not approved, 132015 paused, 132016 disabled. */
function checkState(known: SimTemplate | undefined, called: string): Refused {
  if (known === undefined) return refusal(132001, `template name (${called}) does not exist`)
  const status = known.status ?? 'APPROVED'
  if (status === 'PAUSED') return refusal(132015)
  if (status === 'DISABLED') return refusal(132016)
  return status === 'APPROVED' ? undefined : refusal(132001, `template (${called}) is ${status}`)
}

function checkComponent(component: Json, checkMedia: Media): Refused {
  const type = textIn(component, 'type')?.toLowerCase()
  if (type === 'carousel') return checkCards(component, checkMedia)
  if (type === undefined || !['header', 'body', 'button', 'limited_time_offer'].includes(type)) {
    return refusal(100, `Invalid component type ${type}`)
  }
  const parameters = listIn(component, 'parameters').map(item => objectOf(item) ?? {})
  const refused = type === 'button' ? checkButton(component, parameters) : undefined
  if (refused !== undefined) return refused
  const named = parameters.filter(parameter => parameter['parameter_name'] !== undefined).length
  if (named > 0 && named < parameters.length) return refusal(132000, 'named and positional are mixed')
  for (const parameter of parameters) {
    const refused = checkParameter(parameter, type, checkMedia)
    if (refused !== undefined) return refused
  }
  return undefined
}

function checkCards(component: Json, checkMedia: Media): Refused {
  const cards = listIn(component, 'cards').map(item => objectOf(item) ?? {})
  if (cards.length < 2 || cards.length > 10) return refusal(132012, 'cards: 2 to 10')
  for (const [index, card] of cards.entries()) {
    if (card['card_index'] !== index) return refusal(132012, `card_index must be ${index}`)
    for (const item of listIn(card, 'components')) {
      const refused = checkComponent(objectOf(item) ?? {}, checkMedia)
      if (refused !== undefined) return refused
    }
  }
  return undefined
}

const BUTTON_PARAMETER: ReadonlyMap<unknown, string> = new Map([
  ['quick_reply', 'payload'],
  ['url', 'text'],
  ['copy_code', 'coupon_code'],
  ['flow', 'action'],
])

function checkButton(component: Json, parameters: readonly Json[]): Refused {
  const wanted = BUTTON_PARAMETER.get(component['sub_type'])
  if (wanted === undefined) return refusal(100, 'Invalid sub_type')
  const index = Number(component['index'])
  if (!Number.isInteger(index) || index < 0 || index > 9) return refusal(131009, 'button index')
  return parameters.every(({ type }) => type === wanted)
    ? undefined
    : refusal(132012, `button parameter must be ${wanted}`)
}

const MEDIA = new Set(['image', 'video', 'document'])

function checkParameter(parameter: Json, component: string, checkMedia: Media): Refused {
  const type = textIn(parameter, 'type')
  if (type === undefined) return missing('parameters.type')
  if (MEDIA.has(type)) return checkMedia(objectIn(parameter, type) ?? {}, type)
  const check = PARAMETERS.get(type)
  if (check === undefined) return refusal(100, `Invalid parameter type ${type}`)
  return check(parameter, component)
}

type Check = (parameter: Json, component: string) => Refused

const PARAMETERS: ReadonlyMap<string, Check> = new Map<string, Check>([
  ['text', checkText],
  ['payload', parameter => (typeof parameter['payload'] === 'string' ? undefined : missing('payload'))],
  [
    'coupon_code',
    ({ coupon_code: code }) =>
      typeof code === 'string' && code !== '' && code.length <= 15
        ? undefined
        : refusal(132018, 'coupon_code'),
  ],
  [
    'currency',
    parameter => {
      const { code, amount_1000 } = objectIn(parameter, 'currency') ?? {}
      const fine = /^[A-Z]{3}$/.test(String(code)) && Number.isInteger(amount_1000)
      return fine ? undefined : refusal(132012, 'currency')
    },
  ],
  [
    'date_time',
    object => (textIn(objectIn(object, 'date_time'), 'fallback_value') ? undefined : missing('date_time')),
  ],
  [
    'location',
    parameter => {
      const { latitude, longitude } = objectIn(parameter, 'location') ?? {}
      return latitude === undefined || longitude === undefined ? missing('location') : undefined
    },
  ],
  ['action', parameter => (objectIn(parameter, 'action') === undefined ? missing('action') : undefined)],
  [
    'limited_time_offer',
    parameter =>
      Number.isInteger(objectIn(parameter, 'limited_time_offer')?.['expiration_time_ms'])
        ? undefined
        : missing('expiration_time_ms'),
  ],
  [
    'product',
    parameter =>
      textIn(objectIn(parameter, 'product'), 'product_retailer_id') ? undefined : missing('product'),
  ],
])

/** "Text with newline/tab or > 4 spaces in a param": 132018 (A7). */
function checkText(parameter: Json, component: string): Refused {
  const text = textIn(parameter, 'text')
  if (text === undefined) return missing('parameters.text')
  if (/[\n\r\t]| {5}/.test(text))
    return refusal(132018, 'Param text cannot have new-line/tab or more than 4 spaces')
  const max = component === 'header' ? 60 : component === 'body' ? 1024 : 2000
  return [...text].length > max ? refusal(132005, `${component} text too long`) : undefined
}

/** Whether what was sent is what the template asks for: how many, by position or by name, and of which format. */
function checkAgainst(known: SimTemplate, components: readonly Json[]): Refused {
  const body = components.find(({ type }) => type === 'body')
  const sent = body === undefined ? [] : listIn(body, 'parameters').map(item => objectOf(item))
  const wanted = variablesIn(textIn(componentOf(known, 'BODY'), 'text') ?? '')
  const count = known.components === undefined ? known.bodyParameters : wanted.length
  if (count !== undefined && sent.length !== count) {
    return refusal(132000, `body: number of localizable_params (${sent.length}) does not match (${count})`)
  }
  const isNamed = wanted.some(name => !/^\d+$/.test(name))
  const names = sent.map(parameter => textIn(parameter, 'parameter_name'))
  if (isNamed && wanted.some(name => !names.includes(name)))
    return refusal(132012, 'Parameter name is missing')
  return checkFormat(known, components) ?? checkIndexes(known, components)
}

function componentOf({ components }: SimTemplate, type: string): Json | undefined {
  return components?.find(component => component['type'] === type)
}

/** Each once, in the order in which they stand. */
function variablesIn(text: string): string[] {
  return [...new Set([...text.matchAll(/\{\{\s*(\w+)\s*\}\}/g)].map(([, name = '']) => name))]
}

function checkFormat(known: SimTemplate, components: readonly Json[]): Refused {
  const format = textIn(componentOf(known, 'HEADER'), 'format')?.toLowerCase()
  if (format === undefined || format === 'text') return undefined
  const header = components.find(({ type }) => type === 'header')
  const sent = textIn(objectOf(listIn(header ?? {}, 'parameters')[0]), 'type')
  return sent === format ? undefined : refusal(132012, `header: Format mismatch, expected ${format}`)
}

function checkIndexes(known: SimTemplate, components: readonly Json[]): Refused {
  if (known.components === undefined) return undefined
  const buttons = listIn(componentOf(known, 'BUTTONS') ?? {}, 'buttons').length
  const outside = components.find(({ type, index }) => type === 'button' && Number(index) >= buttons)
  return outside === undefined ? undefined : refusal(132018, `there is no button ${outside['index']}`)
}
