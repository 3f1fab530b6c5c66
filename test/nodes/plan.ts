import type { Random } from '../../model/random.ts'
import { seededRandom } from '../../model/random.ts'
import { STEPS, type Step } from '../../model/steps.ts'
import type { Mode } from './server.ts'
import { LEASE_MS } from './writes.ts'

/** One thing that goes wrong. Which node it hits is known by whether it holds the lease at that moment. */
export type Fault = { afterMs: number; whom: Whom } & (
  | { kind: 'kill'; at: { step: Step; nth: number } | null; downMs: number }
  | { kind: 'freeze'; forMs: number }
  | { kind: 'restart'; mode: Mode; downMs: number }
  | { kind: 'stall'; forMs: number; end: 'goesOn' | 'isCut' }
  | { kind: 'cut' }
)

type Whom = 'holder' | 'other'

export type Plan = {
  seed: number
  faults: readonly Fault[]
  /** `onUncertain.afterMs`: short, and policy resolves what a death left open; long, and receipts do. */
  uncertainMs: number
  /** Receipts that come late leave it to the answers to prove what was sent. */
  receiptMs: readonly [number, number]
  perSecond: number
}

export const PLAN_NAMES = ['nodes', 'freeze', 'restart', 'stall'] as const
export type PlanName = (typeof PLAN_NAMES)[number]

const UNCERTAIN_MS = [200, 2000, 8000] as const
const RECEIPT_MS = [
  [0, 40],
  [500, 3000],
  [6000, 10_000],
] as const
const PER_SECOND = [50, 80, 120] as const
const FAULTS_MAX = 4
const NTH_MAX = 20
/** Between two faults: some hit a node that is not well yet. */
const AFTER_MS = [200, 2500] as const
const DOWN_MS = 1.5 * LEASE_MS
const STALL_MS = [500, 12_000] as const
const OUTAGE_MS = 3000

/** @param count of faults; one to four if absent */
export function planOf(name: PlanName, seed: number, count?: number): Plan {
  const random = seededRandom(seed)
  const faults = Array.from({ length: count ?? 1 + upTo(random, FAULTS_MAX) }, (_, index) => {
    const afterMs = between(random, AFTER_MS)
    // The holder is the one with more to lose.
    const whom = random.fraction() < 0.6 || index === 0 ? ('holder' as const) : ('other' as const)
    return { afterMs, whom, ...FAULTS[name](random) }
  })
  return {
    seed,
    faults,
    uncertainMs: oneOf(random, UNCERTAIN_MS),
    receiptMs: oneOf(random, RECEIPT_MS),
    perSecond: oneOf(random, PER_SECOND),
  }
}

type Kind = Fault extends infer F ? (F extends Fault ? Omit<F, 'afterMs' | 'whom'> : never) : never

const FAULTS: Readonly<Record<PlanName, (random: Random) => Kind>> = {
  nodes: random => ({
    kind: 'kill',
    at: random.fraction() < 0.5 ? null : { step: oneOf(random, STEPS), nth: 1 + upTo(random, NTH_MAX) },
    downMs: upTo(random, DOWN_MS),
  }),
  freeze: random => ({ kind: 'freeze', forMs: LEASE_MS + between(random, [-1000, 5000]) }),
  restart: random => ({
    kind: 'restart',
    mode: oneOf(random, ['fast', 'immediate']),
    downMs: random.fraction() < 0.5 ? 0 : upTo(random, OUTAGE_MS),
  }),
  stall: random => {
    if (random.fraction() < 0.2) return { kind: 'cut' }
    const end = random.fraction() < 0.6 ? 'goesOn' : 'isCut'
    return { kind: 'stall', forMs: between(random, STALL_MS), end }
  },
}

function upTo(random: Random, max: number): number {
  return Math.floor(random.fraction() * max)
}

function between(random: Random, [from, to]: readonly [number, number]): number {
  return from + upTo(random, to - from)
}

function oneOf<const A extends readonly [unknown, ...unknown[]]>(random: Random, all: A): A[number] {
  return all[upTo(random, all.length)] ?? all[0]
}
