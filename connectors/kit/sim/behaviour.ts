import type { Random } from '../../../model/random.ts'

/** [from, to] in milliseconds; a value is drawn evenly in between. */
export type Span = readonly [number, number]

/**
 * How any simulated provider behaves (PROVIDERS M). Shares are probabilities from 0 to 1. A simulator adds its own keys
 * to these: its provider's limits, and what only it does.
 */
export type Behaviour = {
  // ——— The answer to a send
  answerMs: Span
  /** Certain refusals: with this share, this error instead of a look at the request. */
  refusals: readonly { share: number; code: number }[]
  /** The connection is reset before the request was taken. */
  resets: number
  /** 502 without the provider's body, by something in between; half of these messages were taken nevertheless. */
  bareFaults: number
  /** Taken, and then the connection breaks instead of an answer. */
  dropAnswers: number
  /** Taken, and no answer ever comes. */
  stalls: number
  /** Taken, and the answer stops in the middle. */
  trickles: number
  /** The first receipt is delivered before the answer is written. */
  early: number

  // ——— Receipts
  receipts: boolean
  sentMs: Span
  receivedMs: Span
  readMs: Span
  /** How many of the delivered are read. */
  readShare: number
  /** `read` without a `received` before it. */
  skipReceived: number
  /** Each receipt is sent a second time a little later. */
  duplicates: number
  /** The receipts of a message come in another order than they happened. */
  reorders: number
  /** Accepted, and reported as failed with `failureCode`. */
  failures: number
  failureCode: number

  // ——— Webhooks
  /** POSTs under way at a time. */
  postsMax: number
  /** Every n-th POST has a wrong signature; 0 for none. */
  corruptOneIn: number
  /** An unanswered POST counts as failed after this. */
  webhookMs: number
  /** First pause before a redelivery; it doubles each time. */
  redeliverMs: number
  redeliverMax: number
}

/** A good day: everything is taken, told and read, nothing twice. */
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
  failureCode: 0,
  postsMax: 32,
  corruptOneIn: 0,
  webhookMs: 10_000,
  redeliverMs: 1000,
  redeliverMax: 20,
}

/** How a simulated provider behaves now, and how that is changed while it runs. */
export type Conduct<B extends Behaviour = Behaviour> = {
  now(): B
  /** @throws Error naming the key that is unknown or has another type than the default */
  behave(patch: Record<string, unknown>): B
}

/** `goodDay` has every key that there is: those of `GOOD_DAY` and the provider's own. */
export function createConduct<B extends Behaviour>(goodDay: B, first: Partial<B> = {}): Conduct<B> {
  let behaviour: B = { ...goodDay, ...first }
  return {
    now: () => behaviour,
    behave: patch => {
      for (const [key, value] of Object.entries(patch)) {
        if (!Object.hasOwn(goodDay, key)) throw new Error(`unknown behaviour: ${key}`)
        const known: unknown = goodDay[key as keyof B]
        const same = Array.isArray(known) ? Array.isArray(value) : typeof known === typeof value
        if (!same) throw new Error(`${key}: expected ${Array.isArray(known) ? 'a list' : typeof known}`)
      }
      behaviour = { ...behaviour, ...(patch as Partial<B>) }
      return behaviour
    },
  }
}

/** A time of the span, whole milliseconds. */
export function drawn([from, to]: Span, random: Random): number {
  return from >= to ? from : Math.round(from + (to - from) * random.fraction())
}

/** Whether it happens this time. */
export function chance(random: Random, share: number): boolean {
  return share > 0 && random.fraction() < share
}
