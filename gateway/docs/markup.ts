/** HTML that may be put into HTML. */
export type Markup = { readonly markup: string }
type Part = Markup | string | number | readonly Part[]

/** HTML as a template: what is put in is escaped, unless it is markup itself. */
export function html(texts: TemplateStringsArray, ...parts: Part[]): Markup {
  const rest = parts.map((part, at) => shown(part) + (texts[at + 1] ?? ''))
  return { markup: (texts[0] ?? '') + rest.join('') }
}

export const NOTHING: Markup = { markup: '' }

/** Paragraphs, with `code` in backticks. */
export function prose(text: string): Markup[] {
  return text.split('\n\n').map(paragraph => html`<p>${line(paragraph)}</p>`)
}

/** One line of it. */
export function line(text: string): Markup[] {
  return text.split('`').map((part, at) => (at % 2 === 1 ? html`<code>${part}</code>` : html`${part}`))
}

function shown(part: Part): string {
  if (typeof part === 'object' && 'markup' in part) return part.markup
  if (typeof part === 'object') return part.map(shown).join('')
  return String(part).replace(/[&<>"']/g, letter => ESCAPED[letter] ?? letter)
}

const ESCAPED: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}
