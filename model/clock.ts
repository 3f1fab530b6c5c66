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
  if (at !== latest.at) latest = { at, text: new Date(at).toISOString() }
  return latest.text
}

/** Everything in one commit carries one time, and formatting it is not cheap: the last one is remembered. */
let latest = { at: 0, text: '1970-01-01T00:00:00.000Z' }
