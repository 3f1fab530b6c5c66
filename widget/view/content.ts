import type { ShownContent, ShownMessage } from '../../connectors/webchat/frames.ts'
import { element, icon, unseen } from './element.ts'
import { linksIn, safeUrl } from './links.ts'
import { fileView } from './media.ts'
import type { Stage } from './stage.ts'

type Of<Type extends ShownContent['type']> = Extract<ShownContent, { type: Type }>

/** A message whose content is of this type, as the parts of its bubble. */
type Draw<Type extends ShownContent['type']> = (content: Of<Type>, row: Row) => (Node | undefined)[]

export type Row = { message: ShownMessage; isDone: boolean; stage: Stage }

const DRAW: { readonly [Type in ShownContent['type']]: Draw<Type> } = {
  text: ({ text }) => [textView(text)],
  file: ({ file, kind, caption }, { stage }) => [fileView(file, kind, stage), textView(caption)],
  buttons: (content, row) => [
    headerView(content.header, row.stage),
    textView(content.text),
    footerView(content.footer),
    element(
      'div',
      { class: 'choices' },
      ...content.buttons.map(button =>
        'url' in button ? outward(button.url, button.title, row.stage) : choice(button, row),
      ),
    ),
  ],
  list: (content, row) => [
    headerView(content.header === undefined ? undefined : { text: content.header }, row.stage),
    textView(content.text),
    footerView(content.footer),
    listView(content, row),
  ],
  choice: ({ text }) => [textView(text)],
  location: (content, { stage }) => [locationView(content, stage)],
  deleted: (_, { stage }) => [element('em', { class: 'quiet' }, stage.words.say('deleted'))],
  other: (_, { stage }) => [element('em', { class: 'quiet' }, stage.words.say('other'))],
}

/** A type that this page does not know is shown as one that the chat does not show. */
export function contentView(row: Row): (Node | undefined)[] {
  const { content } = row.message
  const draw = (DRAW[content.type] ?? DRAW.other) as Draw<ShownContent['type']>
  return draw(content, row)
}

function textView(text: string | undefined): HTMLElement | undefined {
  if (text === undefined || text === '') return undefined
  const pieces = linksIn(text).map(({ text, href }) =>
    href === undefined ? text : element('a', { href, target: '_blank', rel: 'noopener noreferrer' }, text),
  )
  return element('p', { dir: 'auto' }, ...pieces)
}

function headerView(header: Of<'buttons'>['header'], stage: Stage): HTMLElement | undefined {
  if (header === undefined) return undefined
  if ('text' in header) return element('p', { class: 'strong', dir: 'auto' }, header.text)
  return fileView(header.file, header.kind, stage)
}

function footerView(footer: string | undefined): HTMLElement | undefined {
  return footer === undefined ? undefined : element('p', { class: 'quiet', dir: 'auto' }, footer)
}

/** A choice is sent once. The buttons of one that was made stay, and do nothing. */
function choice(
  { id, title, description }: { id: string; title: string; description?: string },
  { message, isDone, stage }: Row,
): HTMLElement {
  const press = (): void => {
    stage.client.say({ type: 'choice', to: message.id, payload: id, text: title })
    stage.focusInput()
  }
  return element(
    'button',
    { class: 'choice', type: 'button', disabled: isDone, on: { click: press } },
    element('span', {}, title),
    description !== undefined && element('span', { class: 'quiet' }, description),
  )
}

function outward(url: string, title: string, { words }: Stage): HTMLElement | undefined {
  const href = safeUrl(url)
  if (href === undefined) return undefined
  return element(
    'a',
    { class: 'choice', href, target: '_blank', rel: 'noopener noreferrer' },
    element('span', {}, title, icon('out')),
    unseen(`, ${words.say('newWindow')}`),
  )
}

/** The list's rows are behind its button. */
function listView(content: Of<'list'>, row: Row): HTMLElement {
  const rows = element(
    'div',
    { class: 'choices', hidden: true },
    ...content.sections.map(({ title, rows }) =>
      element(
        'div',
        { role: 'group', 'aria-label': title, class: 'choices' },
        title !== undefined && element('p', { class: 'section', 'aria-hidden': 'true' }, title),
        ...rows.map(one => choice(one, row)),
      ),
    ),
  )
  const toggle = element(
    'button',
    {
      class: 'choice',
      type: 'button',
      'aria-expanded': 'false',
      disabled: row.isDone,
      on: {
        click() {
          rows.hidden = !rows.hidden
          toggle.setAttribute('aria-expanded', String(!rows.hidden))
        },
      },
    },
    element('span', {}, content.button || row.stage.words.say('chooseOne')),
    icon('down'),
  )
  return element('div', { class: 'choices' }, toggle, rows)
}

function locationView({ latitude, longitude, name, address }: Of<'location'>, { words }: Stage): HTMLElement {
  const at = `${Number(latitude)}/${Number(longitude)}`
  const href = `https://www.openstreetmap.org/?mlat=${Number(latitude)}&mlon=${Number(longitude)}#map=16/${at}`
  return element(
    'a',
    { class: 'document', href, target: '_blank', rel: 'noopener noreferrer' },
    icon('place'),
    element(
      'span',
      {},
      element('span', { class: 'name' }, name ?? words.say('location')),
      element('span', { class: 'quiet' }, address ?? `${latitude}, ${longitude}`),
    ),
    unseen(`, ${words.say('newWindow')}`),
  )
}
