/** How an SMS text is cut: what the provider charges and paces by. */
export type Segments = {
  encoding: 'gsm7' | 'ucs2'
  /** Length in the encoding's unit: septets, or UTF-16 code units. */
  units: number
  /** The texts of the parts, in order; one part for an empty text. */
  parts: string[]
}

/** 3GPP TS 23.038 §6.2.1, one septet each, without ESC (which is no character of its own). */
const BASIC = new Set(
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà',
)
/** §6.2.1.1: ESC and a character, two septets that may not be parted. */
const EXTENSION = new Set('^{}\\[~]|€\f')

/** A part carries a six-byte header as soon as there are several (8-bit concatenation reference). */
const SINGLE_MAX = { gsm7: 160, ucs2: 70 } as const
const PART_MAX = { gsm7: 153, ucs2: 67 } as const

/**
 * Cuts a text into SMS segments as the network does. One character outside GSM-7 puts the whole text into UCS-2;
 * neither an extension pair nor a surrogate pair straddles two parts.
 */
export function segmentsOf(text: string): Segments {
  const encoding = isGsm7(text) ? 'gsm7' : 'ucs2'
  let units = 0
  for (const character of text) units += widthOf(character, encoding)
  if (units <= SINGLE_MAX[encoding]) return { encoding, units, parts: [text] }
  const parts: string[] = []
  let start = 0
  let end = 0
  let filled = 0
  for (const character of text) {
    const width = widthOf(character, encoding)
    if (filled + width > PART_MAX[encoding]) {
      parts.push(text.slice(start, end))
      start = end
      filled = 0
    }
    filled += width
    end += character.length
  }
  parts.push(text.slice(start))
  return { encoding, units, parts }
}

/** Whether every character has a place in GSM-7's two tables. */
function isGsm7(text: string): boolean {
  for (const character of text) if (!BASIC.has(character) && !EXTENSION.has(character)) return false
  return true
}

/** Iterating a string gives surrogate pairs whole, so that a character is never parted. */
function widthOf(character: string, encoding: Segments['encoding']): number {
  if (encoding === 'ucs2') return character.length
  return EXTENSION.has(character) ? 2 : 1
}
