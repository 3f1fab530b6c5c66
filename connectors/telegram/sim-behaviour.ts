/** [from, to] in milliseconds; a value is drawn evenly in between. */
type Span = readonly [number, number]

/**
 * How the simulated Telegram behaves. Shares are probabilities from 0 to 1. The defaults are those of a good day, with
 * Telegram's own limits switched off so that they are asked for by name.
 */
export type SimBehaviour = {
  // ——— The answer to a send
  answerMs: Span
  /** Certain refusals: with this share, this error instead of a look at the request. */
  refusals: readonly { share: number; code: number }[]
  /** What a 429 asks to wait. */
  retryAfterS: number
  /** The connection is reset before the request was taken. */
  resets: number
  /** 502 by something in between; half of these messages were taken nevertheless. */
  bareFaults: number
  /** Taken, and then the connection breaks instead of an answer. */
  dropAnswers: number
  /** Taken, and no answer ever comes. */
  stalls: number

  // ——— Updates
  /** Each update is delivered a second time. */
  duplicates: number
  /** POSTs under way at a time (`max_connections`). */
  postsMax: number
  /** Every n-th POST has a wrong secret; 0 for none. */
  corruptOneIn: number
  /** An unanswered POST counts as failed after this. */
  webhookMs: number
  /** First pause before a redelivery; it doubles each time. */
  redeliverMs: number
  redeliverMax: number
  /** How long `getUpdates` holds a question open at most. */
  heldMs: number

  // ——— Telegram's limits (D4); off unless asked for
  /** 429: one message a second to a person, 3 at once; 20 a minute to a group. */
  chats: boolean
  /** 429: 30 messages a second of a bot. */
  bots: boolean
  /** 400: a bot cannot write to a person who never wrote. */
  strangers: boolean
}

export const GOOD_DAY: SimBehaviour = {
  answerMs: [0, 0],
  refusals: [],
  retryAfterS: 1,
  resets: 0,
  bareFaults: 0,
  dropAnswers: 0,
  stalls: 0,
  duplicates: 0,
  postsMax: 40,
  corruptOneIn: 0,
  webhookMs: 10_000,
  redeliverMs: 1000,
  redeliverMax: 20,
  heldMs: 50_000,
  chats: false,
  bots: false,
  strangers: false,
}

/**
 * Reads a change of behaviour as it comes over HTTP.
 * @throws Error naming the key that is unknown or has another type than the default
 */
export function readBehaviour(patch: Record<string, unknown>): Partial<SimBehaviour> {
  for (const [key, value] of Object.entries(patch)) {
    if (!Object.hasOwn(GOOD_DAY, key)) throw new Error(`unknown behaviour: ${key}`)
    const known: unknown = GOOD_DAY[key as keyof SimBehaviour]
    const same = Array.isArray(known) ? Array.isArray(value) : typeof known === typeof value
    if (!same) throw new Error(`${key}: expected ${Array.isArray(known) ? 'a list' : typeof known}`)
  }
  return patch as Partial<SimBehaviour>
}
