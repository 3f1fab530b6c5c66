import type { Clock } from '../model/clock.ts'

/** Failed signatures by client address (RULES B2). */
export type FailureLimit = {
  /** Whether this address has used up its failures for now. `address` is asked only if any address has. */
  reached(address: () => string): boolean
  /** Counts one; answers whether the address has now used up its failures. */
  count(address: string): boolean
}

const FAILURES_MAX = 30
const WINDOW_MS = 60_000
const ADDRESSES_MAX = 10_000

/** A fixed window is enough: it bounds what forging costs us, and no honest sender is shut out by it (see `verify`). */
export function createFailureLimit(clock: Clock): FailureLimit {
  let failures = new Map<string, number>()
  let windowStart = clock.monotonic()
  let anyReached = false
  const roll = (): void => {
    if (clock.monotonic() - windowStart < WINDOW_MS) return
    windowStart = clock.monotonic()
    failures = new Map()
    anyReached = false
  }
  return {
    reached: address => {
      if (!anyReached) return false
      roll()
      return (failures.get(address()) ?? 0) >= FAILURES_MAX
    },
    count: address => {
      roll()
      const known = failures.get(address)
      // Beyond the bound on addresses nobody new is counted; what they cost is bounded by `SECRETS_TRIED_MAX`.
      if (known === undefined && failures.size >= ADDRESSES_MAX) return false
      const count = (known ?? 0) + 1
      failures.set(address, count)
      if (count >= FAILURES_MAX) anyReached = true
      return count > FAILURES_MAX
    },
  }
}
