/** Longer hints are taken for mistakes and cut: no provider asks for more than days. */
const RETRY_AFTER_MAX_MS = 7 * 86_400_000

/**
 * Reads a `Retry-After` header (RFC 9110 §10.2.3): seconds, or an HTTP date.
 * @param now the present, for the date form, in milliseconds
 * @returns how long to wait in milliseconds, at least 0; undefined if there is none or it is unreadable
 */
export function retryAfterMs(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined
  const text = header.trim()
  // Whole seconds by the specification; fractions are met in the wild and harmless.
  const wait = /^\d{1,9}(\.\d+)?$/.test(text) ? Math.ceil(Number(text) * 1000) : dateOf(text) - now
  return Number.isNaN(wait) ? undefined : Math.min(Math.max(wait, 0), RETRY_AFTER_MAX_MS)
}

/** `Date.parse` reads all three HTTP forms, and bare numbers as years: those are no dates here. */
function dateOf(text: string): number {
  return /^[A-Za-z]{3,9},? /.test(text) ? Date.parse(text) : Number.NaN
}
