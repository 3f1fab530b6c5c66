import type { Button, Buttons, Flow, List, Request } from '../../model/content.ts'
import type { Io, OutboundMedia } from '../connector.ts'
import type { Json } from '../kit/json.ts'
import { allUnlike, countWithin, refuse, within } from './bounds.ts'
import { mediaOfType } from './media.ts'
import type { WhatsAppConfig } from './whatsapp.ts'

/** Longest texts, and how many of each (PROVIDERS A6). `queue/fit.ts` keeps to those that `CAN` has too. */
export const MAX = {
  body: 1024,
  listBody: 4096,
  header: 60,
  footer: 60,
  buttons: 3,
  buttonTitle: 20,
  buttonId: 256,
  url: 2000,
  rows: 10,
  sections: 10,
  sectionTitle: 24,
  rowTitle: 24,
  rowDescription: 72,
  rowId: 200,
  flowButton: 30,
} as const

/** What a person answers by choosing, filling in or sharing. */
export type Interactive = Buttons<OutboundMedia> | List | Flow<OutboundMedia> | Request

/**
 * The `interactive` object of a message. A promise only where a header's file is to be uploaded.
 * @throws SendFailure naming the field that WhatsApp would not take
 */
export function interactiveContent(said: Interactive, config: WhatsAppConfig, io: Io): Json | Promise<Json> {
  const object = objectOf(said)
  const header = 'header' in said ? said.header : undefined
  if (header === undefined) return whole(object)
  if (typeof header === 'string') return whole(object, textHeader('content.header', header))
  if ('text' in header) return whole(object, textHeader('content.header.text', header.text))
  return mediaOfType(header, config, io).then(media => whole(object, media))
}

function whole({ type, ...rest }: Json, header?: Json): Json {
  return { type: 'interactive', interactive: { type, ...(header !== undefined && { header }), ...rest } }
}

function textHeader(field: string, text: string): Json {
  return { type: 'text', text: within(field, text, MAX.header) }
}

function objectOf(said: Interactive): Json {
  switch (said.type) {
    case 'buttons':
      return buttonsOf(said)
    case 'list':
      return { type: 'list', ...around(said, MAX.listBody), action: listAction(said) }
    case 'flow':
      return { type: 'flow', ...around(said, MAX.body), action: flowAction(said) }
    case 'request':
      return { ...REQUEST[said.what], body: { text: within('content.text', said.text, MAX.body) } }
  }
}

/** A6; that the action of `request_contact_info` is named like its type is unconfirmed. */
const REQUEST = {
  location: { type: 'location_request_message', action: { name: 'send_location' } },
  contact: { type: 'request_contact_info', action: { name: 'request_contact_info' } },
} as const satisfies Record<Request['what'], Json>

function around({ text, footer }: { text: string; footer?: string }, bodyMax: number): Json {
  return {
    body: { text: within('content.text', text, bodyMax) },
    ...(footer !== undefined && { footer: { text: within('content.footer', footer, MAX.footer) } }),
  }
}

/** Up to three that answer, or one that opens a link: the two are different messages. */
function buttonsOf(said: Buttons<OutboundMedia>): Json {
  const texts = around(said, MAX.body)
  const [first] = said.buttons
  if (first !== undefined && 'url' in first) {
    if (said.buttons.length > 1) refuse('contentUnsupported', 'content.buttons[1]', 'stands beside a link')
    return { type: 'cta_url', ...texts, action: linkAction(first) }
  }
  countWithin('content.buttons', said.buttons, [1, MAX.buttons])
  const titles = said.buttons.map(({ title }) => title)
  allUnlike('content.buttons', titles, 'contentUnsupported', 'title')
  return { type: 'button', ...texts, action: { buttons: said.buttons.map(answerButton) } }
}

function linkAction({ url, title }: { url: string; title: string }): Json {
  return {
    name: 'cta_url',
    parameters: {
      display_text: within('content.buttons[0].title', title, MAX.buttonTitle),
      url: within('content.buttons[0].url', url, MAX.url),
    },
  }
}

function answerButton(button: Button, index: number): Json {
  const field = `content.buttons[${index}]`
  if ('url' in button) refuse('contentUnsupported', field, 'a link stands beside other buttons')
  const reply = {
    id: within(`${field}.id`, button.id, MAX.buttonId),
    title: within(`${field}.title`, button.title, MAX.buttonTitle),
  }
  return { type: 'reply', reply }
}

function listAction({ button, sections }: List): Json {
  countWithin('content.sections', sections, [1, MAX.sections])
  const rows = sections.flatMap(section => section.rows)
  countWithin('content.sections[].rows', rows, [1, MAX.rows])
  allUnlike(
    'content.sections[].rows',
    rows.map(({ id }) => id),
    'contentUnsupported',
    'id',
  )
  return {
    button: within('content.button', button, MAX.buttonTitle),
    // Without any title they are one: Meta wants titles where there are several.
    sections: (sections.every(({ title }) => title === undefined) ? [{ rows }] : sections).map(sectionOf),
  }
}

function sectionOf(
  { title, rows }: List['sections'][number],
  at: number,
  { length: count }: readonly unknown[],
): Json {
  const field = `content.sections[${at}]`
  if (title === undefined && count > 1) refuse('contentUnsupported', `${field}.title`, 'is missing')
  return {
    ...(title !== undefined && { title: within(`${field}.title`, title, MAX.sectionTitle) }),
    rows: rows.map((row, index) => rowOf(row, `${field}.rows[${index}]`)),
  }
}

function rowOf({ id, title, description }: List['sections'][number]['rows'][number], field: string): Json {
  return {
    id: within(`${field}.id`, id, MAX.rowId),
    title: within(`${field}.title`, title, MAX.rowTitle),
    ...(description !== undefined && {
      description: within(`${field}.description`, description, MAX.rowDescription),
    }),
  }
}

function flowAction({ button, flow }: Flow<OutboundMedia>): Json {
  const { token, action, screen, data, draft } = flow
  const payload = { ...(screen !== undefined && { screen }), ...(data !== undefined && { data }) }
  if (data !== undefined && screen === undefined && action !== 'exchange') {
    refuse('contentUnsupported', 'content.flow.screen', 'is missing: data go to a screen')
  }
  return {
    name: 'flow',
    parameters: {
      flow_message_version: '3',
      ...('id' in flow ? { flow_id: flow.id } : { flow_name: flow.name }),
      flow_cta: within('content.button', button, MAX.flowButton),
      ...(token !== undefined && { flow_token: token }),
      flow_action: action === 'exchange' ? 'data_exchange' : 'navigate',
      ...(Object.keys(payload).length > 0 && { flow_action_payload: payload }),
      ...(draft === true && { mode: 'draft' }),
    },
  }
}
