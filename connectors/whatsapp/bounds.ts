import { type FailureCode, SendFailure } from '../../model/failure.ts'

/**
 * What is certain to be refused is not sent: Meta's own words for it (131009, 132012) name no field. These do, as the
 * API calls it.
 * @throws SendFailure always
 */
export function refuse(code: FailureCode, field: string, why: string): never {
  throw new SendFailure({ code, detail: `${field}: ${why}` })
}

/** @throws SendFailure `contentTooLarge`, or `code` */
export function within(
  field: string,
  text: string,
  max: number,
  code: FailureCode = 'contentTooLarge',
): string {
  const length = lengthOf(text)
  if (length > max) refuse(code, field, `${length} characters, of which WhatsApp takes ${max}`)
  return text
}

/** The same for how many there may be. @throws SendFailure */
export function countWithin(
  field: string,
  list: readonly unknown[],
  [min, max]: readonly [min: number, max: number],
  code: FailureCode = 'contentTooLarge',
): void {
  if (list.length >= min && list.length <= max) return
  refuse(code, field, `${list.length}, where WhatsApp takes ${min === max ? min : `${min} to ${max}`}`)
}

/** No two alike. @throws SendFailure naming the second one */
export function allUnlike(field: string, list: readonly string[], code: FailureCode, of: string): void {
  const seen = new Set<string>()
  for (const [index, text] of list.entries()) {
    if (seen.has(text)) refuse(code, `${field}[${index}].${of}`, 'is there twice, which WhatsApp refuses')
    seen.add(text)
  }
}

/** Characters as people count them, an emoji as one. Only what may be too long is counted at all. */
function lengthOf(text: string): number {
  return text.length <= 20 ? text.length : [...text].length
}
