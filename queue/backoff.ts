import { ATTEMPTS_MAX, type Failure, type FailureKind, kindOf } from '../model/failure.ts'
import type { Random } from '../model/random.ts'

/** A provider that asks for a longer pause is taken at its word up to here; then it is tried, and asks again. */
const RETRY_AFTER_MAX_MS = 86_400_000
/** Added to a provider's own "retry after", as a share of it, so that messages told the same do not return together. */
const SPREAD = 0.1

type Curve = { baseMs: number; factor: number; capMs: number }

/**
 * How waits grow, by what waits. The recipient's curve is Meta's 4^X s for its pair rate (PROVIDERS A11, error 131056);
 * the channel's starts with the 1–2 s that PROVIDERS I names for 130429.
 */
const CURVES: Record<FailureKind['scope'], Curve> = {
  message: { baseMs: 1000, factor: 2, capMs: 300_000 },
  recipient: { baseMs: 4000, factor: 4, capMs: 600_000 },
  channel: { baseMs: 2000, factor: 2, capMs: 300_000 },
  account: { baseMs: 2000, factor: 2, capMs: 300_000 },
}

/**
 * How long a message waits before its next attempt: exponential with full jitter, [0, limit), since many messages
 * that failed together must not come back together. What the provider asked for stands instead, and is never cut short.
 *
 * @param tries attempts that failed in a row so far, at least 1
 */
export function retryDelayMs(failure: Failure, tries: number, random: Random): number {
  const asked = askedMs(failure)
  if (asked !== undefined) return Math.ceil(asked * (1 + SPREAD * random.fraction()))
  return Math.ceil(limitMs(kindOf(failure).scope, tries) * random.fraction())
}

/**
 * How long a whole scope pauses. Only one call comes back at its end, so there is nothing to spread: the jitter covers
 * the upper half, and the provider always gets at least half of what the curve says.
 */
export function pauseMs(failure: Failure, level: number, random: Random): number {
  const asked = askedMs(failure)
  if (asked !== undefined) return asked
  return Math.ceil(limitMs(kindOf(failure).scope, level) * (0.5 + random.fraction() / 2))
}

/**
 * Whether a part that failed for certain is tried again. Attempts that were refused for a reason wider than the message
 * (channel, account) do not use it up: such a scope calls one probe at a time, and `expiresAt` bounds the wait.
 *
 * @param partAttempts attempts made for this part, the failed one included
 */
export function mayRetry(failure: Failure, partAttempts: number): boolean {
  const { retry, scope } = kindOf(failure)
  if (retry === 'never') return false
  if (failure.attemptsMax !== undefined) return partAttempts < Math.min(failure.attemptsMax, ATTEMPTS_MAX)
  return scope === 'channel' || scope === 'account' || partAttempts < ATTEMPTS_MAX
}

/** The failure of a message whose attempts are used up; keeps the provider's word of the last one. */
export function attemptsUsed(last: Failure): Failure {
  return { code: 'attemptsUsed', provider: last.provider ?? { code: last.code } }
}

function askedMs(failure: Failure): number | undefined {
  if (failure.retryAfterMs === undefined) return undefined
  return Math.min(Math.max(0, failure.retryAfterMs), RETRY_AFTER_MAX_MS)
}

function limitMs(scope: FailureKind['scope'], tries: number): number {
  const { baseMs, factor, capMs } = CURVES[scope]
  return Math.min(capMs, baseMs * factor ** (tries - 1))
}
