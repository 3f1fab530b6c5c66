import type { Clock } from '../model/clock.ts'
import type { Claim, ClaimRequest, Store } from '../store/store.ts'

/**
 * The lease of a sender group and how long it still lets us write (RULES C3, C4).
 *
 * A lease is 30 s, so that another process takes over soon after this one dies, and a whole send may take 75 s, so a
 * send can outlive the lease under which it began. Both hold because a lease is renewed long before it ends, and
 * because what is on the way is tied to it:
 *
 * - while anything is in hand the lease is renewed every `RENEW_MS`;
 * - no request is written later than `leaseEnd − UNRENEWED_SEND_MS − 2 s`. The `sendTimeout` of RULES C4 is therefore
 *   how long a send may go on *without a renewal*; 75 s is what it may take with renewals;
 * - what is still on the way at `leaseEnd − 2 s` is aborted, and is uncertain.
 *
 * So whoever gets the lease next writes after our last byte. Rejected: a lease longer than 77 s, which keeps everything
 * standing for over a minute after a crash. The end is counted on the monotonic clock from before the store was asked,
 * which is never later than the store's own idea of it.
 */
export type Tenure = {
  /** The fencing number; undefined when we hold no lease that we know of. */
  fence(): number | undefined
  mayWrite(now: number): boolean
  /** When everything on the way must be over, monotonic. */
  endsAt(): number
  /** When to claim again although nothing is wanted, monotonic; Infinity without a lease. */
  renewAt(): number
  /** Takes or renews. `taken`: the lease is new, and what was claimed under a former one is no longer ours. */
  claim(ask: Omit<ClaimRequest, 'group' | 'holder' | 'leaseMs'>): Promise<{ claim: Claim; taken: boolean }>
  /** It has ended by our own clock. */
  forget(): void
  release(): Promise<void>
}

const LEASE_MS = 30_000
/** RULES C7: a text is answered within 20 s or not at all. */
const UNRENEWED_SEND_MS = 20_000
const MARGIN_MS = 2000
/** Leaves two more tries before writing has to stop, 8 s after the last renewal. */
const RENEW_MS = 2500

/** @param leaseMs another length, for tests of takeovers; all that is measured by it shrinks with it */
export function createTenure(
  store: Pick<Store, 'claim' | 'release'>,
  clock: Clock,
  group: string,
  holder: string,
  leaseMs = LEASE_MS,
): Tenure {
  const share = leaseMs / LEASE_MS
  let fence: number | undefined
  let since = Number.NEGATIVE_INFINITY
  const endsAt = (): number => since + leaseMs
  return {
    fence: () => fence,
    mayWrite: now => fence !== undefined && now <= endsAt() - (UNRENEWED_SEND_MS + MARGIN_MS) * share,
    endsAt: () => endsAt() - MARGIN_MS * share,
    renewAt: () => (fence === undefined ? Infinity : since + RENEW_MS * share),
    claim: async ask => {
      const asked = clock.monotonic()
      const claim = await store.claim({ ...ask, group, holder, leaseMs })
      const former = fence
      if (claim.held) {
        fence = claim.fence
        since = asked
      } else {
        fence = undefined
      }
      return { claim, taken: fence !== former }
    },
    forget: () => {
      fence = undefined
    },
    release: async () => {
      if (fence === undefined) return
      const lease = { group, holder, fence }
      fence = undefined
      await store.release(lease)
    },
  }
}
