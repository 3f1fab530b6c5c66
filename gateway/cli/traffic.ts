import type { Call } from './usage.ts'
import { UsageError } from './usage.ts'

/**
 * What people do through simulated providers, and how often: `text` is a line of the play, a name is one of the kinds
 * that a simulator has (`image`), `any` each of them in turn. A simulator without such a kind gets a line instead.
 */
export type Mix = readonly string[]

const USUAL_MIX = 'text=3,any=1'
const WEIGHT_MAX = 100

/** A bad day of all providers: what is told twice, late and wrongly, and answers that never come. */
const BAD_DAY = {
  ...{ duplicates: 0.2, reorders: 0.2, early: 0.1, corruptOneIn: 50 },
  ...{ dropAnswers: 0.02, bareFaults: 0.02, resets: 0.02, failures: 0.02 },
} as const

/** `--mix text=3,location=1` as a round of things to do. @throws UsageError */
export function mixOf({ own }: Call): Mix {
  const pairs = pairsOf('--mix', own['--mix'] ?? USUAL_MIX)
  return pairs.flatMap(([kind, value]) => {
    const weight = Number(value)
    if (!Number.isInteger(weight) || weight < 0 || weight > WEIGHT_MAX) {
      throw new UsageError(`--mix: ${kind} must be a whole number up to ${WEIGHT_MAX}`)
    }
    return Array<string>(weight).fill(kind)
  })
}

/** `--faults bad`, or `duplicates=0.5,early=0.1`: a change of every simulator's behaviour. @throws UsageError */
export function faultsOf({ own }: Call): Record<string, unknown> {
  const given = own['--faults']
  if (given === undefined) return {}
  if (given === 'bad') return BAD_DAY
  return Object.fromEntries(
    pairsOf('--faults', given).map(([key, value]) => {
      try {
        return [key, JSON.parse(value)]
      } catch {
        return [key, value]
      }
    }),
  )
}

function pairsOf(flag: string, text: string): [string, string][] {
  return text.split(',').map(pair => {
    const [name = '', value] = pair.split('=')
    if (name === '' || value === undefined) throw new UsageError(`${flag} is a list like name=1,name=2`)
    return [name.trim(), value.trim()]
  })
}
