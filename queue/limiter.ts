/**
 * How fast a channel may write, as arithmetic: GCRA, the leaky bucket kept as one number (ITU-T I.371, annex A).
 *
 * It answers in milliseconds (0 is go) and owns no timer; whoever asks waits. Aimed at `perSecond × headroom`, with
 * a burst tolerance so small that pace and burst together stay within `perSecond` in every window of one second.
 * The tolerance is what makes up for late timers and slow commits: without it each of them would be lost for good.
 *
 * Rejected: a window counter (twice the rate at its edges), a token bucket with a timer (same numbers, one more life).
 */
export type Limiter = {
  /** Milliseconds until `cost` messages may be written; 0 is go. `now` is monotonic. */
  waitMs(now: number, cost?: number): number
  /** Charges what is written now. Call it after `waitMs` said 0. */
  take(now: number, cost?: number): void
  /** Messages a second it aims at; null when nothing limits it. */
  pace(): number | null
  /** Another rate from now on; what was written still counts. A first rate starts without a burst. */
  retune(perSecond: number | null, now: number): void
  /** Forgets any saved-up burst, as after a lease was taken over from someone whose writes we cannot know. */
  drain(now: number): void
}

/** Subtracted from the tolerance, so that stamps rounded to whole milliseconds keep the bound too. */
const ROUNDING_MS = 1
const WINDOW_MS = 1000

/**
 * A limiter that starts without a burst (RULES C4).
 *
 * @param perSecond messages a second that the provider allows; null is unlimited
 * @param headroom share of it that we use, in (0, 1] (`limits.headroom`, RULES C3)
 * @param now monotonic milliseconds
 */
export function createLimiter(perSecond: number | null, headroom: number, now: number): Limiter {
  let rate = perSecond === null ? null : rateOf(perSecond, headroom)
  // When the last message written would have left at an even pace.
  let paidUntil = Number.NEGATIVE_INFINITY
  const drain = (at: number): void => {
    if (rate !== null) paidUntil = Math.max(paidUntil, at + rate.toleranceMs)
  }
  drain(now)
  return {
    waitMs: (at, cost = 1) => {
      if (rate === null) return 0
      const ahead = (Math.min(cost, rate.costMax) - 1) * rate.intervalMs
      return Math.max(0, paidUntil + ahead - rate.toleranceMs - at)
    },
    take: (at, cost = 1) => {
      if (rate !== null) paidUntil = Math.max(paidUntil, at) + cost * rate.intervalMs
    },
    pace: () => (rate === null ? null : WINDOW_MS / rate.intervalMs),
    retune: (next, at) => {
      const isFirst = rate === null
      rate = next === null ? null : rateOf(next, headroom)
      if (isFirst) drain(at)
    },
    drain,
  }
}

/**
 * N messages whose first and last are less than a second apart satisfy (N − 1) × interval − tolerance < 1000, so
 * N ≤ ceil((1000 + tolerance) / interval); the tolerance is the largest for which that stays within `perSecond`.
 */
function rateOf(perSecond: number, headroom: number) {
  const intervalMs = WINDOW_MS / (perSecond * headroom)
  const costMax = Math.max(1, Math.floor(perSecond))
  const toleranceMs = Math.max(0, costMax * intervalMs - WINDOW_MS - ROUNDING_MS)
  return { intervalMs, toleranceMs, costMax }
}
