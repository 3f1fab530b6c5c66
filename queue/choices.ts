import type { Around, Capabilities, Choosable } from '../connectors/connector.ts'
import type { Buttons, Content, Flow, List, Request, StoredMedia } from '../model/content.ts'
import type { Choices } from '../model/menu.ts'
import { paragraphs } from './plain.ts'
import { lengthOf, splitText } from './split.ts'

/** How buttons and lists are shown on a channel, as far as it can; what it cannot becomes numbered text in `fit.ts`. */

/** As which of the provider's forms these buttons can go; undefined: only as text. */
export function formOf(content: Buttons<unknown>, can: Capabilities): 'buttons' | 'quick' | undefined {
  const fits = { buttons: carriesButtons(content, can), quick: carriesQuick(content, can) }
  const forms = content.quick === true ? (['quick', 'buttons'] as const) : (['buttons', 'quick'] as const)
  return forms.find(form => fits[form])
}

function carriesButtons({ buttons }: Buttons<unknown>, can: Capabilities): boolean {
  const known = can.buttons
  if (known === undefined || !can.carries.includes('buttons') || !isWithin(buttons, known, can)) return false
  const links = buttons.filter(button => 'url' in button).length
  if (links > 0 && known.urls === undefined) return false
  if (links > 0 && known.urls === 'alone' && buttons.length > 1) return false
  return known.unique !== true || new Set(buttons.map(({ title }) => title)).size === buttons.length
}

function carriesQuick({ buttons }: Buttons<unknown>, can: Capabilities): boolean {
  return can.quick !== undefined && isWithin(buttons, can.quick, can) && !buttons.some(one => 'url' in one)
}

function isWithin(buttons: Buttons<unknown>['buttons'], known: Choosable, { text }: Capabilities): boolean {
  if (buttons.length > known.max) return false
  return buttons.every(
    button =>
      lengthOf(button.title, text.unit) <= known.titleMax &&
      (!('id' in button) || isShortId(button.id, known.idBytesMax)),
  )
}

function isShortId(id: string, bytesMax: number | undefined): boolean {
  return bytesMax === undefined || Buffer.byteLength(id) <= bytesMax
}

export function carriesList({ button, sections }: List, can: Capabilities): boolean {
  const known = can.list
  if (known === undefined || !can.carries.includes('list')) return false
  const isShort = (text: string | undefined, max: number | undefined): boolean =>
    text === undefined || max === undefined || lengthOf(text, can.text.unit) <= max
  const rows = sections.flatMap(section => section.rows)
  return (
    rows.length <= known.rowsMax &&
    sections.length <= (known.sectionsMax ?? Number.POSITIVE_INFINITY) &&
    isShort(button, known.buttonMax) &&
    sections.every(({ title }) => isShort(title, known.sectionTitleMax)) &&
    rows.every(
      ({ id, title, description }) =>
        isShort(title, known.titleMax) &&
        isShort(description, known.descriptionMax) &&
        isShortId(id, known.idBytesMax),
    )
  )
}

/** The header and the footer where the channel has a place for them, and otherwise in the text. */
export function placed<C extends { text: string; header?: Header; footer?: string }>(
  content: C,
  around: Around | undefined,
  { text: { unit } }: Capabilities,
): C {
  const { header, footer, ...rest } = content
  const above = textOf(header)
  const staysAbove = above !== undefined && lengthOf(above, unit) <= (around?.headerMax ?? 0)
  const staysBelow = footer !== undefined && lengthOf(footer, unit) <= (around?.footerMax ?? 0)
  const isFile = header !== undefined && above === undefined
  return {
    ...rest,
    text: paragraphs([staysAbove ? undefined : above, content.text, staysBelow ? undefined : footer]),
    ...((staysAbove || isFile) && { header }),
    ...(staysBelow && { footer }),
  } as C
}

/** A list's is bare text, those of others are text or a file. */
type Header = string | { text: string } | { media: unknown }

function textOf(header: Header | undefined): string | undefined {
  if (typeof header === 'string' || header === undefined) return header
  return 'text' in header ? header.text : undefined
}

/** The text before its last piece goes ahead as plain text. */
export function above(
  content: Buttons<StoredMedia> | List | Request | Flow<StoredMedia>,
  textMax: number,
  can: Capabilities,
): Content[] {
  const pieces = splitText(content.text, { max: Math.min(textMax, can.text.max), unit: can.text.unit })
  const last = pieces.pop() ?? ''
  return [...pieces.map((text): Content => ({ type: 'text', text })), { ...content, text: last }]
}

/** What an answer by number would mean; undefined where nothing can be chosen. */
export function choicesOf(content: Buttons<unknown> | List): Choices | undefined {
  const items =
    content.type === 'list'
      ? content.sections.flatMap(({ rows }) => rows.map(({ id, title }) => ({ id, title })))
      : content.buttons.map(button => ({ id: 'id' in button ? button.id : null, title: button.title }))
  if (items.every(({ id }) => id === null)) return undefined
  const kind = content.type === 'list' ? 'list' : content.quick === true ? 'quick' : 'button'
  return { kind, items }
}
