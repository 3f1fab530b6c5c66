type Child = Node | string | undefined | false

type Listeners = { readonly [Type in keyof HTMLElementEventMap]?: (event: HTMLElementEventMap[Type]) => void }

type Props = {
  readonly class?: string
  readonly on?: Listeners
  /** Attributes; `undefined` and `false` leave one out, `true` is an empty one. */
  readonly [attribute: string]: unknown
}

/**
 * An element of the page. Texts become text nodes: nothing that a person or the daemon wrote is ever read as markup.
 * There is no `style`, which a website's policy would refuse.
 */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  { class: names, on = {}, ...attributes }: Props = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag)
  if (names !== undefined) made.className = names
  for (const [name, value] of Object.entries(attributes)) setAttribute(made, name, value)
  for (const [type, listen] of Object.entries(on)) made.addEventListener(type, listen as EventListener)
  made.append(...children.filter(child => child !== undefined && child !== false))
  return made
}

export function setAttribute(of: Element, name: string, value: unknown): void {
  if (value === undefined || value === false || value === null) of.removeAttribute(name)
  else of.setAttribute(name, value === true ? '' : String(value))
}

/** Text for a screen reader alone. */
export function unseen(text: string): HTMLElement {
  return element('span', { class: 'unseen' }, text)
}

const ICONS = {
  bubble:
    'M12 3c5 0 9 3.4 9 7.7s-4 7.7-9 7.7l-3-.4-4.4 2.6a.5.5 0 0 1-.7-.6l1-3.6A7 7 0 0 1 3 11c0-5 4-8 9-8Z',
  down: 'm5.5 9 6.5 6.5L18.5 9',
  close: 'M6 6l12 12M18 6 6 18',
  send: 'M4 12 3.6 4.6a.6.6 0 0 1 .9-.6l16 7.4a.6.6 0 0 1 0 1.1l-16 7.5a.6.6 0 0 1-.9-.7L4 12h8',
  clip: 'm20 11-8.3 8.3a5 5 0 0 1-7.4-7.4l8.5-8.4a3.5 3.5 0 0 1 5 5l-8.5 8.4a1.8 1.8 0 0 1-2.5-2.5L14.4 7',
  check: 'm5 12.5 4.5 4.5L19 7.5',
  clock: 'M12 7v5l3 2M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17Z',
  document: 'M13.5 3H7a2 2 0 0 0-2 2v14a2 2 0 0 0 2 2h10a2 2 0 0 0 2-2V8.5L13.5 3Zm0 0v5.5H19',
  place: 'M12 21s7-6 7-11.3a7 7 0 0 0-14 0C5 15 12 21 12 21Zm0-8.5a2.7 2.7 0 1 0 0-5.4 2.7 2.7 0 0 0 0 5.4Z',
  out: 'M14 4h6v6M20 4l-9 9M18 14v5a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1V7a1 1 0 0 1 1-1h5',
} as const

const SVG = 'http://www.w3.org/2000/svg'

/** Drawn in lines, in the colour of the text around it; it says nothing to a screen reader. */
export function icon(name: keyof typeof ICONS): SVGElement {
  const svg = document.createElementNS(SVG, 'svg')
  const path = document.createElementNS(SVG, 'path')
  for (const [key, value] of Object.entries({
    viewBox: '0 0 24 24',
    'aria-hidden': 'true',
    class: `icon icon-${name}`,
  })) {
    svg.setAttribute(key, value)
  }
  path.setAttribute('d', ICONS[name])
  svg.append(path)
  return svg
}
