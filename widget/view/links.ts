/** A piece of a text: as it is, or with a place that it links to. */
export type Piece = { text: string; href?: string }

/** Each part is bounded, so that a text of one long word costs no more than any other. */
const CANDIDATE = new RegExp(
  [
    String.raw`\b(?:https?:\/\/|mailto:)[^\s<>"]{1,2000}`,
    String.raw`\btel:\+?[\d().-]{3,30}`,
    String.raw`\bwww\.[\w-]{1,63}\.[^\s<>"]{2,2000}`,
    String.raw`(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}`,
  ].join('|'),
  'gi',
)
/** What ends a sentence does not belong to the address before it. */
const TAIL = /[.,;:!?'"»”’…]+$/
const SAFE = ['http:', 'https:', 'mailto:', 'tel:']

/** Finds addresses in a text that stays text: no other scheme than these becomes a link. */
export function linksIn(text: string): Piece[] {
  const pieces: Piece[] = []
  let end = 0
  for (const match of text.matchAll(CANDIDATE)) {
    const word = withoutTail(match[0])
    const href = safeUrl(addressOf(word))
    if (href === undefined) continue
    if (match.index > end) pieces.push({ text: text.slice(end, match.index) })
    pieces.push({ text: word, href })
    end = match.index + word.length
  }
  if (end < text.length || pieces.length === 0) pieces.push({ text: text.slice(end) })
  return pieces
}

/** A URL that a click may open, or undefined. */
export function safeUrl(url: string): string | undefined {
  try {
    const parsed = new URL(url)
    return SAFE.includes(parsed.protocol) ? parsed.href : undefined
  } catch {
    return undefined
  }
}

function addressOf(word: string): string {
  if (/^(https?|mailto|tel):/i.test(word)) return word
  return /^www\./i.test(word) ? `https://${word}` : `mailto:${word}`
}

/** A closing bracket stays if the address has its opening one: `https://en.wikipedia.org/wiki/A_(b)`. */
function withoutTail(word: string): string {
  let kept = word.replace(TAIL, '')
  while (/[)\]]$/.test(kept) && !isBalanced(kept)) kept = kept.slice(0, -1).replace(TAIL, '')
  return kept
}

function isBalanced(word: string): boolean {
  const count = (mark: string): number => word.split(mark).length
  return word.endsWith(')') ? count('(') >= count(')') : count('[') >= count(']')
}
