/** [from, to] in milliseconds; a value is drawn evenly in between. */
export type Span = readonly [number, number]

/**
 * How the simulated provider behaves. Shares are probabilities from 0 to 1. The defaults are those of a good day,
 * with Meta's own limits switched off so that they are asked for by name.
 */
export type Behaviour = {
  // ——— The answer to a send
  answerMs: Span
  /** Certain refusals: with this share, this error instead of a look at the request. */
  refusals: readonly { share: number; code: number }[]
  /** The connection is reset before the request was taken. */
  resets: number
  /** 502 without Meta's body, by something in between; half of these messages were taken nevertheless. */
  bareFaults: number
  /** Taken, and then the connection breaks instead of an answer. */
  dropAnswers: number
  /** Taken, and no answer ever comes. */
  stalls: number
  /** Taken, and the answer stops in the middle. */
  trickles: number
  /** The `sent` receipt is delivered before the answer is written. */
  early: number

  // ——— Receipts
  receipts: boolean
  sentMs: Span
  receivedMs: Span
  readMs: Span
  /** How many of the delivered are read. */
  readShare: number
  /** `read` without a `delivered` before it. */
  skipReceived: number
  /** Each receipt is sent a second time a little later. */
  duplicates: number
  /** The receipts of a message come in another order than they happened. */
  reorders: number
  /** Accepted, and reported as `failed` with `failureCode`. */
  failures: number
  failureCode: number
  /** Templates held for quality assessment for `holdMs`. */
  holds: number
  holdMs: number

  // ——— Webhooks
  /** Updates in one POST at most, 1 to 1000. */
  batchMax: number
  /** How long an update waits for company. */
  batchMs: number
  /** POSTs under way at a time. */
  postsMax: number
  /** Every n-th POST has a wrong signature; 0 for none. */
  corruptOneIn: number
  /** An unanswered POST counts as failed after this. */
  webhookMs: number
  /** First pause before a redelivery; it doubles each time. */
  redeliverMs: number
  redeliverMax: number
  millisecondTimestamps: boolean
  /** How a person who hides the phone looks: fields left out, fields empty, or the user id in their place (A9). */
  hiding: 'omitted' | 'empty' | 'replaced'

  // ——— Meta's limits (A11, A12); off unless asked for
  /** 131056: per number and person, one message in 6 s, 45 at once. */
  pairs: boolean
  /** 130429: per number, in and out together. */
  throughput: boolean
  /** 131047: free-form only within 24 h of the person's last message. */
  windows: boolean
  /** 131048: people reached outside a window in 24 h, per portfolio. */
  tiers: boolean
  /** Window and opt-out refusals come as `failed` receipts after a 200, as Meta often does. */
  lateRefusals: boolean
}

export const GOOD_DAY: Behaviour = {
  answerMs: [0, 0],
  refusals: [],
  resets: 0,
  bareFaults: 0,
  dropAnswers: 0,
  stalls: 0,
  trickles: 0,
  early: 0,
  receipts: true,
  sentMs: [0, 300],
  receivedMs: [0, 2000],
  readMs: [0, 3000],
  readShare: 0.7,
  skipReceived: 0,
  duplicates: 0,
  reorders: 0,
  failures: 0,
  failureCode: 131026,
  holds: 0,
  holdMs: 5000,
  batchMax: 50,
  batchMs: 0,
  postsMax: 32,
  corruptOneIn: 0,
  webhookMs: 10_000,
  redeliverMs: 1000,
  redeliverMax: 20,
  millisecondTimestamps: false,
  hiding: 'omitted',
  pairs: false,
  throughput: false,
  windows: false,
  tiers: false,
  lateRefusals: false,
}

/**
 * Reads a change of behaviour as it comes over HTTP.
 * @throws Error naming the key that is unknown or has another type than the default
 */
export function readBehaviour(patch: Record<string, unknown>): Partial<Behaviour> {
  for (const [key, value] of Object.entries(patch)) {
    if (!Object.hasOwn(GOOD_DAY, key)) throw new Error(`unknown behaviour: ${key}`)
    const known: unknown = GOOD_DAY[key as keyof Behaviour]
    const same = Array.isArray(known) ? Array.isArray(value) : typeof known === typeof value
    if (!same) throw new Error(`${key}: expected ${Array.isArray(known) ? 'a list' : typeof known}`)
  }
  return patch as Partial<Behaviour>
}
