/**
 * How many requests a token may make: a bucket of `2 × perSecond` that fills with `perSecond`. Kept as one number a
 * token, the time at which its bucket is full again (the generic cell rate algorithm), so a request costs a look-up
 * and an addition, and an idle token nothing. Each node counts by itself.
 */
export type RateLimit = {
  /** Takes one of the token's requests, at `nowMs` of a monotonic clock. `waitMs`: 0 is go. */
  take(token: string, nowMs: number): { waitMs: number; headers: Record<string, string> }
}

const BURST_S = 2
const BUCKETS_MAX = 10_000

/** `perSecond` 0: no limit, and undefined, so that nobody pays for it. */
export function createRateLimit(perSecond: number): RateLimit | undefined {
  if (perSecond === 0) return undefined
  const quota = perSecond * BURST_S
  const eachMs = 1000 / perSecond
  const policy = `"requests";q=${quota};w=${BURST_S}`
  const fullAt = new Map<string, number>()
  return {
    take: (token, nowMs) => {
      const filledAt = Math.max(fullAt.get(token) ?? 0, nowMs)
      const nextAt = filledAt + eachMs
      const waitMs = Math.max(0, nextAt - nowMs - BURST_S * 1000)
      // The millisecond's fraction: a bucket that is full to within rounding errors is full.
      const isTaken = waitMs < 1e-6
      const until = isTaken ? nextAt : filledAt
      if (isTaken) {
        if (fullAt.size >= BUCKETS_MAX && !fullAt.has(token)) forgetFull(fullAt, nowMs)
        fullAt.set(token, until)
      }
      const left = Math.max(0, Math.floor(quota - (until - nowMs) / eachMs + 1e-6))
      const headers = {
        'ratelimit-policy': policy,
        ratelimit: `"requests";r=${left};t=${Math.ceil((until - nowMs) / 1000)}`,
      }
      return { waitMs: isTaken ? 0 : waitMs, headers }
    },
  }
}

/** A full bucket is as good as none. Where that frees none, all begin anew: too many requests rather than too few. */
function forgetFull(fullAt: Map<string, number>, nowMs: number): void {
  for (const [token, at] of fullAt) if (at <= nowMs) fullAt.delete(token)
  if (fullAt.size >= BUCKETS_MAX) fullAt.clear()
}
