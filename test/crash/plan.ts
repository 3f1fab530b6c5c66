import { seededRandom } from '../../model/random.ts'
import { STEPS, type Step } from '../../model/steps.ts'
import type { CrashPlan } from './crash.ts'

/** With the first, crashes are resolved by policy; with the second, by receipts that come soon after the restart. */
const AFTER_MS = [200, 3000] as const
/** From before it listens to well into the traffic; the first life is left to make something that can be lost. */
const MOMENT_MS = [300, 1800] as const
const FIRST_MS = 500
const DEATHS_MAX = 3
/** What passes several times under this load, even where a claim brings many messages. */
const NTH_MAX = 20
const CLAIMS_MAX = 3

/** A kill at the step, somewhere within the traffic. */
export function stepPlan(step: Step, seed: number): CrashPlan {
  const random = seededRandom(seed)
  const nth = 1 + Math.floor(random.fraction() * (step === 'outbound.3.claimed' ? CLAIMS_MAX : NTH_MAX))
  return { seed, afterMs: AFTER_MS[0], kills: [{ step, nth }] }
}

/** One to three deaths, at moments and steps that nobody chose. */
export function randomPlan(seed: number): CrashPlan {
  const random = seededRandom(seed)
  const upTo = (max: number): number => Math.floor(random.fraction() * max)
  const kills = Array.from({ length: 1 + upTo(DEATHS_MAX) }, (_, index) => {
    const step = STEPS[upTo(STEPS.length)] ?? 'inbound.1.verified'
    const isByStep = random.fraction() < 0.5 && step !== 'outbound.3.claimed'
    if (isByStep) return { step, nth: 1 + upTo(NTH_MAX) }
    return { afterMs: MOMENT_MS[0] + upTo(MOMENT_MS[1] - MOMENT_MS[0]) + (index === 0 ? FIRST_MS : 0) }
  })
  return { seed, afterMs: AFTER_MS[upTo(2)] ?? AFTER_MS[0], kills }
}
