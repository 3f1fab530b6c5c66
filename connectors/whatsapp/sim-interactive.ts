import { type Json, listIn, objectIn, objectOf, textIn } from '../kit/json.ts'
import { type MetaAnswer, refusal } from './sim-errors.ts'

type Refused = MetaAnswer | undefined
type Media = (object: Json, type: string) => Refused
type Check = (interactive: Json, action: Json) => Refused

/**
 * What Meta refuses at once about an `interactive` object (PROVIDERS A6): limits are 131009, what is missing 131008,
 * and keys that a kind does not have 100.
 */
export function checkInteractive(message: Json, checkMedia: Media): Refused {
  const interactive = objectIn(message, 'interactive')
  const type = textIn(interactive, 'type')
  const action = objectIn(interactive, 'action')
  if (interactive === undefined || type === undefined) return missing("interactive['type']")
  if (action === undefined) return missing("interactive['action']")
  const check = CHECKS.get(type)
  if (check === undefined) return refusal(100, `Param interactive['type'] must be one of {${TYPES}}`)
  const bodyMax = type === 'list' ? 4096 : 1024
  return (
    checkText(interactive, 'body', bodyMax, true) ??
    checkText(interactive, 'footer', 60, false) ??
    checkHeader(interactive, type, checkMedia) ??
    check(interactive, action)
  )
}

const CHECKS: ReadonlyMap<string, Check> = new Map<string, Check>([
  ['button', (_, action) => checkButtons(action)],
  ['list', (_, action) => checkList(action)],
  ['cta_url', (_, action) => checkLink(action)],
  ['flow', (_, action) => checkFlow(action)],
  ['location_request_message', (_, action) => named(action, 'send_location')],
  ['request_contact_info', (_, action) => named(action, 'request_contact_info')],
  // Taken as they are: nothing here sends them (A6, "see vendor docs").
  ...[
    'product',
    'product_list',
    'catalog_message',
    'carousel',
    'address_message',
    'call_permission_request',
  ].map((type): [string, Check] => [type, () => undefined]),
])
const TYPES = [...CHECKS.keys()].join(', ')

function missing(name: string): MetaAnswer {
  return refusal(131008, `Required parameter ${name} is missing`)
}

function invalid(details: string): MetaAnswer {
  return refusal(131009, details)
}

function length(text: string): number {
  return [...text].length
}

function checkText(interactive: Json, part: string, max: number, must: boolean): Refused {
  if (interactive[part] === undefined) return must ? missing(`interactive['${part}']['text']`) : undefined
  const text = textIn(objectIn(interactive, part), 'text')
  if (text === undefined) return missing(`interactive['${part}']['text']`)
  return length(text) > max ? invalid(`${part} text is longer than ${max} characters`) : undefined
}

/** A list has text above, a request nothing, the others text or a file. */
function checkHeader(interactive: Json, type: string, checkMedia: Media): Refused {
  if (interactive['header'] === undefined) return undefined
  if (type.includes('request')) return refusal(100, "Unexpected key 'header' on param 'interactive'.")
  const header = objectIn(interactive, 'header')
  const kind = textIn(header, 'type')
  if (header === undefined || kind === undefined) return missing("interactive['header']['type']")
  if (kind === 'text') {
    const text = textIn(header, 'text')
    if (text === undefined) return missing("interactive['header']['text']")
    return length(text) > 60 ? invalid('header text is longer than 60 characters') : undefined
  }
  if (type === 'list' || !['image', 'video', 'document'].includes(kind)) {
    return invalid(`header of type ${kind} on ${type}`)
  }
  return checkMedia(objectIn(header, kind) ?? {}, kind)
}

function checkButtons(action: Json): Refused {
  const replies = listIn(action, 'buttons').map(item => {
    const button = objectOf(item)
    return button?.['type'] === 'reply' ? objectIn(button, 'reply') : undefined
  })
  if (replies.length < 1 || replies.length > 3)
    return invalid('Invalid buttons count. Min allowed: 1, max: 3')
  const titles = replies.map(reply => textIn(reply, 'title') ?? '')
  const ids = replies.map(reply => textIn(reply, 'id') ?? '')
  if (titles.some(title => title === '' || length(title) > 20)) return invalid('Button title length invalid')
  if (ids.some(id => id === '' || length(id) > 256)) return invalid('Button id length invalid')
  const unlike = new Set(titles).size === titles.length && new Set(ids).size === ids.length
  return unlike ? undefined : invalid('Duplicated title or id on the buttons')
}

function checkList(action: Json): Refused {
  const button = textIn(action, 'button')
  if (button === undefined) return missing("interactive['action']['button']")
  if (length(button) > 20) return invalid('Button title length invalid')
  const sections = listIn(action, 'sections').map(item => objectOf(item) ?? {})
  if (sections.length < 1 || sections.length > 10) return invalid('Invalid sections count. Max: 10')
  for (const section of sections) {
    const title = textIn(section, 'title')
    if (title === undefined && sections.length > 1) return missing('section title')
    if (title !== undefined && length(title) > 24) return invalid('Section title length invalid')
  }
  const rows = sections.flatMap(section => listIn(section, 'rows')).map(item => objectOf(item))
  if (rows.length < 1 || rows.length > 10) return invalid('Total row count exceed max allowed count: 10')
  for (const row of rows) {
    const [id, title, description = ''] = [
      textIn(row, 'id'),
      textIn(row, 'title'),
      textIn(row, 'description'),
    ]
    if (id === undefined || title === undefined) return missing('row id or title')
    if (length(id) > 200 || length(title) > 24 || length(description) > 72) {
      return invalid('Row id, title or description length invalid')
    }
  }
  const ids = rows.map(row => textIn(row, 'id'))
  return new Set(ids).size === ids.length ? undefined : invalid('Duplicated row id')
}

function checkLink(action: Json): Refused {
  const refused = named(action, 'cta_url')
  if (refused !== undefined) return refused
  const parameters = objectIn(action, 'parameters')
  const [label, url] = [textIn(parameters, 'display_text'), textIn(parameters, 'url')]
  if (label === undefined || url === undefined) return missing("interactive['action']['parameters']")
  if (length(label) > 20) return invalid('display_text length invalid')
  return /^https?:\/\/\S+$/.test(url) ? undefined : invalid('url is not a valid URI')
}

function checkFlow(action: Json): Refused {
  const refused = named(action, 'flow')
  if (refused !== undefined) return refused
  const parameters = objectIn(action, 'parameters')
  const [id, name] = [textIn(parameters, 'flow_id'), textIn(parameters, 'flow_name')]
  if ((id === undefined) === (name === undefined)) return invalid('one of flow_id and flow_name')
  if (parameters?.['flow_message_version'] !== '3') return invalid('flow_message_version must be 3')
  const label = textIn(parameters, 'flow_cta')
  if (label === undefined) return missing('flow_cta')
  if (length(label) > 30) return invalid('flow_cta length invalid')
  const does = parameters['flow_action'] ?? 'navigate'
  if (does !== 'navigate' && does !== 'data_exchange') return invalid('flow_action')
  const payload = objectIn(parameters, 'flow_action_payload')
  const goes = payload === undefined || textIn(payload, 'screen') !== undefined || does === 'data_exchange'
  return goes ? undefined : missing("flow_action_payload['screen']")
}

function named(action: Json, name: string): Refused {
  return action['name'] === name ? undefined : invalid(`action name must be ${name}`)
}
