import type { Capabilities } from '../connectors/connector.ts'

export type TextLimit = Capabilities['text']

/** Length of a text in the unit of the limit. A character is a UTF-16 unit: never less than any provider counts. */
export function lengthOf(text: string, unit: TextLimit['unit']): number {
  return unit === 'bytes' ? Buffer.byteLength(text) : text.length
}

/**
 * Cuts a text into pieces of at most `limit.max`, at the best boundary near the end of each: between paragraphs, lines,
 * sentences, words; and only where there is none between graphemes. White space at a cut is dropped, nothing else.
 * A piece is over the limit only if a single character is.
 */
export function splitText(text: string, limit: TextLimit): string[] {
  if (lengthOf(text, limit.unit) <= limit.max) return [text]
  const pieces: string[] = []
  let rest = text
  while (lengthOf(rest, limit.unit) > limit.max) {
    const end = reach(rest, limit)
    const cut = boundary(rest, end)
    const piece = rest.slice(0, cut).trimEnd()
    if (piece !== '') pieces.push(piece)
    rest = rest.slice(cut).trimStart()
  }
  if (rest !== '') pieces.push(rest)
  // Nothing but white space: it is nobody's to drop, so the recipient gets as much of it as fits.
  return pieces.length === 0 ? [text.slice(0, reach(text, limit))] : pieces
}

/** How many UTF-16 units of the text fit, without half a surrogate pair; at least one character. */
function reach(text: string, { max, unit }: TextLimit): number {
  let end = Math.min(max, text.length)
  if (unit === 'bytes') {
    end = 0
    for (let bytes = 0; end < text.length; ) {
      const code = text.codePointAt(end) ?? 0
      bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4
      if (bytes > max) break
      end += code < 0x10000 ? 1 : 2
    }
  } else if (isInsidePair(text, end)) {
    end -= 1
  }
  return end > 0 ? end : (text.codePointAt(0) ?? 0) < 0x10000 ? 1 : 2
}

function isInsidePair(text: string, at: number): boolean {
  return isBetween(text.charCodeAt(at - 1), 0xd800, 0xdbff) && isBetween(text.charCodeAt(at), 0xdc00, 0xdfff)
}

function isBetween(code: number, from: number, to: number): boolean {
  return code >= from && code <= to
}

/** From the most to the least welcome. A match ends where the next piece may begin. */
const BOUNDARIES = [/\n\s*\n/g, /\n/g, /[.!?…。！？]["'”’)\]]*\s+|[。！？]/g, /\s+/g]
/** A better boundary is preferred to a later one only in the second half: short pieces cost the recipient more. */
const WORTH_SHARE = 0.5

function boundary(text: string, end: number): number {
  // One unit more than fits, so that white space just behind the limit is seen as the boundary that it is.
  const window = text.slice(0, end + 1)
  for (const pattern of BOUNDARIES) {
    const last = lastCut(window, pattern, end)
    const isWord = pattern === BOUNDARIES.at(-1)
    if (last > (isWord ? 0 : end * WORTH_SHARE)) return last
  }
  return graphemeCut(text, end)
}

function lastCut(window: string, pattern: RegExp, end: number): number {
  let last = 0
  for (const match of window.matchAll(pattern)) {
    // White space is dropped at a cut, so a match may begin within the limit and end behind it.
    const visible = match.index + match[0].trimEnd().length
    if (visible <= end && match.index > 0) last = Math.min(end, match.index + match[0].length)
  }
  return last
}

const graphemes = new Intl.Segmenter('und', { granularity: 'grapheme' })
/** The longest cluster that is kept whole, in UTF-16 units: enough for every emoji there is. */
const CLUSTER_MAX = 64

function graphemeCut(text: string, end: number): number {
  const found = graphemes.segment(text.slice(0, end + CLUSTER_MAX)).containing(end)
  return found !== undefined && found.index > 0 && end - found.index <= CLUSTER_MAX ? found.index : end
}
