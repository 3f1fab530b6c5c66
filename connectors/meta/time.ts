/** 9999-12-31: later ones are no times, and would break whoever writes them as a date. */
const TIME_MAX = 253_402_300_799_999

/** A string of seconds; a production connector has met milliseconds: ≥ 10^12 is taken for them (PROVIDERS A3). */
export function timeOf(value: unknown): number | undefined {
  const number = typeof value === 'string' || typeof value === 'number' ? Number(value) : Number.NaN
  const at = Math.trunc(number >= 1e12 ? number : number * 1000)
  return at > 0 && at <= TIME_MAX ? at : undefined
}
