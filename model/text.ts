/**
 * Text as people look for it: without case, accents and width, so that `JOSÉ`, `José` and `jose` are one. The letters
 * of other scripts stay what they are.
 */
export function fold(text: string): string {
  return text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase().trim()
}

/** The folded words of a text: what stands between letters and digits parts them. */
export function words(text: string): string[] {
  return fold(text).match(/[\p{L}\p{N}]+/gu) ?? []
}
