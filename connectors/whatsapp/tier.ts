import type { Live } from '../../model/channel.ts'

/** `TIER_250`, `TIER_2K`, `TIER_100K` (PROVIDERS A11). */
const TIER = /^TIER_(\d{1,9})(K?)$/

/**
 * How many people a day may be written to first; null without limit, undefined if that is not said. The documents show
 * a word, their sample a number with −1 for unlimited: both are taken (PROVIDERS A5).
 */
export function tierOf(value: unknown): number | null | undefined {
  if (typeof value === 'number') return countOf(value)
  if (typeof value !== 'string') return undefined
  if (value === 'TIER_UNLIMITED') return null
  const [, digits, thousands] = TIER.exec(value) ?? []
  if (digits !== undefined) return Number(digits) * (thousands === 'K' ? 1000 : 1)
  return /^-?\d{1,9}$/.test(value) ? countOf(Number(value)) : undefined
}

function countOf(value: number): number | null | undefined {
  if (value === -1) return null
  return Number.isSafeInteger(value) && value > 0 ? value : undefined
}

const QUALITIES: ReadonlyMap<unknown, NonNullable<Live['quality']>> = new Map([
  ['GREEN', 'green'],
  ['YELLOW', 'yellow'],
  ['RED', 'red'],
])

/** What people think of a number (PROVIDERS A11); undefined for `UNKNOWN`, `NA` and what else comes. */
export function qualityOf(value: unknown): Live['quality'] {
  return QUALITIES.get(value)
}

/** Messages a second of one number, both ways together (PROVIDERS A11). */
export const THROUGHPUT = { standard: 80, high: 1000, coexistence: 20 } as const

/** PROVIDERS A1: `throughput.level`; what is neither (`NOT_APPLICABLE`) says nothing. */
export const LEVELS: ReadonlyMap<string, number> = new Map([
  ['STANDARD', THROUGHPUT.standard],
  ['HIGH', THROUGHPUT.high],
])
