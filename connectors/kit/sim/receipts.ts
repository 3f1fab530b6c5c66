import type { Clock } from '../../../model/clock.ts'
import type { Random } from '../../../model/random.ts'
import { type Behaviour, drawn } from './behaviour.ts'

/** What happens to an accepted message. `code` is the provider's, of `failed`. */
export type Step = { status: 'sent' | 'received' | 'read' | 'failed'; at: number; code?: number }

export type Receipts<Accepted> = {
  /** Plans the receipts of a message; `early` waits until the first one was acknowledged. */
  of(accepted: Accepted, early?: () => void): void
  /** Receipts that have not happened yet. */
  planned(): number
  close(): void
}

export type ReceiptsOptions<Accepted> = {
  behaviour: () => Behaviour
  clock: Clock
  random: Random
  /** When it was accepted, in milliseconds. */
  atOf(accepted: Accepted): number
  /** What will happen to it; `usualSteps` of most messages. */
  stepsOf(accepted: Accepted): Step[]
  /** Tells one; `told` is called when it was acknowledged. */
  tell(accepted: Accepted, step: Step, told?: () => void): void
}

/** Timers are rounded up to this: thousands of messages share few of them. */
const TICK_MS = 5

/** Tells what happens to accepted messages in their time, twice, late and in another order where that is asked for. */
export function createReceipts<Accepted>(options: ReceiptsOptions<Accepted>): Receipts<Accepted> {
  const { behaviour, clock, random, tell } = options
  let planned = 0
  let closed = false
  const later = (waitMs: number, run: () => void): void => {
    planned += 1
    const timer = setTimeout(
      () => {
        planned -= 1
        if (!closed) run()
      },
      Math.ceil(waitMs / TICK_MS) * TICK_MS,
    )
    // The simulator's server keeps the process alive, not what it still has to tell.
    timer.unref()
  }
  return {
    of: (accepted, early) => {
      if (!behaviour().receipts) {
        early?.()
        return
      }
      const steps = options.stepsOf(accepted)
      const order = random.fraction() < behaviour().reorders ? shuffled(steps, random) : steps
      order.forEach((step, index) => {
        // Drawn now and not when it is told: the same seed then makes the same choices, whatever the timers do.
        const twiceAfterMs = random.fraction() < behaviour().duplicates ? random.fraction() * 500 : undefined
        const once = (told?: () => void): void => {
          tell(accepted, step, told)
          if (twiceAfterMs !== undefined) later(twiceAfterMs, () => tell(accepted, step))
        }
        // Times stay true; a message out of order is told in the slots of the others.
        const slot = steps[index]?.at ?? step.at
        if (early !== undefined && index === 0) once(early)
        else if (slot <= clock.now() && index === 0) once()
        else later(slot - options.atOf(accepted), once)
      })
    },
    planned: () => planned,
    close: () => {
      closed = true
    },
  }
}

/** Sent, received, perhaps read; or failed with `fails`, the provider's code. `from` is when it begins. */
export function usualSteps(
  behaviour: Behaviour,
  random: Random,
  { from, fails, only }: { from: number; fails?: number | undefined; only?: 'sent' },
): Step[] {
  const sent = from + drawn(behaviour.sentMs, random)
  if (fails !== undefined) return [{ status: 'failed', at: sent, code: fails }]
  const steps: Step[] = [{ status: 'sent', at: sent }]
  if (only === 'sent') return steps
  const received = sent + drawn(behaviour.receivedMs, random)
  const isRead = random.fraction() < behaviour.readShare
  if (!isRead || random.fraction() >= behaviour.skipReceived) steps.push({ status: 'received', at: received })
  if (isRead) steps.push({ status: 'read', at: received + drawn(behaviour.readMs, random) })
  return steps
}

function shuffled<T>(items: readonly T[], random: Random): T[] {
  return items
    .map(item => ({ item, rank: random.fraction() }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ item }) => item)
}
