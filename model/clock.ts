/**
 * Time as a parameter. Nothing else in the project reads a clock, so that every rule about time can be tested
 * with plain numbers.
 */
export type Clock = {
  /** Wall time, integer milliseconds UTC. It may jump backwards: never measure a wait with it. */
  now(): number
  /** Milliseconds since some fixed moment, with a fraction; never goes backwards. */
  monotonic(): number
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
}

/** RFC 3339 in UTC with milliseconds, the form of every time in the API. */
export function rfc3339(at: number): string {
  if (at === latest.at) return latest.text
  if (at !== before.at) before = { at, text: new Date(at).toISOString() }
  ;[latest, before] = [before, latest]
  return latest.text
}

/** A commit is full of the same two times, ours and the provider's, and formatting one is not cheap. */
let latest = { at: 0, text: '1970-01-01T00:00:00.000Z' }
let before = latest
