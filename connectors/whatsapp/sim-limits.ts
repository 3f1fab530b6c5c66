import type { Clock } from '../../model/clock.ts'
import type { Person } from './sim-people.ts'

/** PROVIDERS A11: "Model: GCRA, interval 6 s, tolerance 45". */
const PAIR_INTERVAL_MS = 6000
const PAIR_BURST = 45
/** PROVIDERS A12. */
const WINDOW_MS = 24 * 3_600_000
/** Conversations remembered before those that no longer matter are thrown out. */
const REMEMBERED_MAX = 500_000

export type SimNumber = {
  phoneNumberId: string
  displayPhoneNumber: string
  /** The WhatsApp account in `entry[].id`. */
  wabaId?: string
  portfolio?: string
  /** Both ways together; 80 if absent. */
  perSecond?: number
  /** Put before a `to` without `+` (A6); that of `displayPhoneNumber` is not guessed. */
  countryCode?: string
}

/** Meta's limits as Meta keeps them. All answers are about now; nothing here has a timer. */
export type Limits = {
  /** Whether this person's window with this number is open. */
  windowOpen(number: SimNumber, person: Person): boolean
  /** The person wrote: the window opens, and the number's throughput is charged. */
  received(number: SimNumber, person: Person): void
  /** Takes one message from the pair's allowance; false: 131056. */
  takePair(number: SimNumber, person: Person): boolean
  /** Takes one message from the number's second; false: 130429. */
  takeSecond(number: SimNumber): boolean
  /** Whether the portfolio may still write to this person outside a window. */
  tierAllows(number: SimNumber, person: Person): boolean
  /** A message outside a window was delivered: the person counts for 24 h. */
  delivered(number: SimNumber, person: Person): void
  /** People counted now, by portfolio. */
  counted(): Record<string, number>
}

/** @param tiers people a day by portfolio; one without an entry has no limit */
export function createLimits(clock: Clock, tiers: Readonly<Record<string, number>>): Limits {
  const windows = new Map<string, number>()
  const pairs = new Map<string, number>()
  const seconds = new Map<string, { tokens: number; at: number }>()
  const reached = new Map<string, Map<string, number>>()
  const take = (number: SimNumber, min: number): boolean => {
    const perSecond = number.perSecond ?? 80
    const now = clock.monotonic()
    const bucket = seconds.get(number.phoneNumberId) ?? { tokens: perSecond, at: now }
    bucket.tokens = Math.min(perSecond, bucket.tokens + ((now - bucket.at) * perSecond) / 1000)
    bucket.at = now
    seconds.set(number.phoneNumberId, bucket)
    if (bucket.tokens < min) return false
    bucket.tokens -= 1
    return true
  }
  const current = (portfolio: string): Map<string, number> => {
    const people = reached.get(portfolio) ?? new Map<string, number>()
    reached.set(portfolio, people)
    // In order of delivery, so the old ones are in front.
    for (const [userId, at] of people) {
      if (clock.now() - at < WINDOW_MS) break
      people.delete(userId)
    }
    return people
  }
  return {
    windowOpen: (number, person) =>
      clock.now() - (windows.get(pairOf(number, person)) ?? Number.NEGATIVE_INFINITY) < WINDOW_MS,
    received: (number, person) => {
      forget(windows, clock.now() - WINDOW_MS)
      windows.set(pairOf(number, person), clock.now())
      // Inbound is charged, never refused: the allowance of the next sends is gone (A11).
      take(number, Number.NEGATIVE_INFINITY)
    },
    takePair: (number, person) => {
      const now = clock.monotonic()
      forget(pairs, now)
      const pair = pairOf(number, person)
      const due = Math.max(pairs.get(pair) ?? now, now)
      if (due - now > (PAIR_BURST - 1) * PAIR_INTERVAL_MS) return false
      pairs.set(pair, due + PAIR_INTERVAL_MS)
      return true
    },
    takeSecond: number => take(number, 1),
    tierAllows: (number, person) => {
      const portfolio = portfolioOf(number)
      const people = current(portfolio)
      return people.has(person.userId) || people.size < (tiers[portfolio] ?? Number.POSITIVE_INFINITY)
    },
    delivered: (number, person) => {
      const people = current(portfolioOf(number))
      people.delete(person.userId)
      people.set(person.userId, clock.now())
    },
    counted: () =>
      Object.fromEntries([...reached.keys()].map(portfolio => [portfolio, current(portfolio).size])),
  }
}

function pairOf(number: SimNumber, person: Person): string {
  return `${number.phoneNumberId} ${person.userId}`
}

function portfolioOf(number: SimNumber): string {
  return number.portfolio ?? number.phoneNumberId
}

/** When there are too many, drops what ended before `from`. */
function forget(times: Map<string, number>, from: number): void {
  if (times.size < REMEMBERED_MAX) return
  for (const [key, at] of times) if (at < from) times.delete(key)
  if (times.size >= REMEMBERED_MAX) times.clear()
}
