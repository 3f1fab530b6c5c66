import type { Clock } from '../../model/clock.ts'
import type { Random } from '../../model/random.ts'
import type { Json } from '../kit/json.ts'
import type { Behaviour, Span } from './sim-behaviour.ts'
import { statusError } from './sim-errors.ts'
import type { SimNumber } from './sim-limits.ts'
import type { Person } from './sim-people.ts'
import type { Webhooks } from './sim-webhooks.ts'

/** A message that Meta took. */
export type Accepted = {
  id: string
  number: SimNumber
  person: Person
  reference: string | undefined
  type: string
  category: 'service' | 'utility' | 'marketing' | 'authentication'
  held: boolean
  /** It will fail with this code although it was accepted. */
  fails: number | undefined
  at: number
  /** Of a group, whose phone tells. */
  member?: string
}

export type Receipts = {
  /** Plans the receipts of a message; `early` waits until the first one was acknowledged. */
  of(accepted: Accepted, early?: () => void): void
  /** Sends one receipt now, of any kind. */
  emit(accepted: Accepted, status: string, at: number, code?: number, told?: () => void): void
  /** Receipts that have not happened yet. */
  planned(): number
  close(): void
}

type Step = { status: string; at: number; code?: number }

export type ReceiptsOptions = {
  behaviour: () => Behaviour
  clock: Clock
  random: Random
  webhooks: Webhooks
  /** Told when a message reached a phone: tiers count that. */
  delivered: (accepted: Accepted) => void
}

/** Timers are rounded up to this: thousands of messages share few of them. */
const TICK_MS = 5

/** What happens to an accepted message (PROVIDERS A4, A14): sent, delivered, read, each told in a webhook. */
export function createReceipts(options: ReceiptsOptions): Receipts {
  const { behaviour, clock, random, webhooks } = options
  let planned = 0
  let closed = false
  const emit: Receipts['emit'] = (accepted, status, at, code, told) => {
    const { number, person } = accepted
    const { millisecondTimestamps, hiding } = behaviour()
    // One webhook tells of all members, each with a status of its own (A4).
    const [member, ...others] =
      accepted.member === undefined && status !== 'sent' ? (person.members ?? []) : []
    if (member !== undefined) {
      for (const other of others) emit({ ...accepted, member: other }, status, at, code)
      emit({ ...accepted, member }, status, at, code, told)
      return
    }
    const item = statusItem(accepted, { status, at, ...(code !== undefined && { code }) }, hiding)
    if (millisecondTimestamps) item['timestamp'] = String(at)
    // Contacts come with sent, delivered and read, not with failed (A4).
    if (status === 'failed' || person.members !== undefined) {
      webhooks.emit({ number, kind: 'statuses', item }, told)
    } else webhooks.emit({ number, kind: 'statuses', item, contact: contactItem(person, hiding) }, told)
  }
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
  const of: Receipts['of'] = (accepted, early) => {
    if (!behaviour().receipts) {
      early?.()
      return
    }
    const steps = stepsOf(accepted, behaviour(), random)
    const order = random.fraction() < behaviour().reorders ? shuffled(steps, random) : steps
    order.forEach((step, index) => {
      // Drawn now and not when it is told: the same seed then makes the same choices, whatever the timers do.
      const twiceAfterMs = random.fraction() < behaviour().duplicates ? random.fraction() * 500 : undefined
      const tell = (told?: () => void): void => {
        if (step.status === 'delivered' || step.status === 'read') options.delivered(accepted)
        emit(accepted, step.status, step.at, step.code, told)
        if (twiceAfterMs !== undefined) {
          later(twiceAfterMs, () => emit(accepted, step.status, step.at, step.code))
        }
      }
      // Times stay true; a message out of order is told in the slots of the others.
      const slot = steps[index]?.at ?? step.at
      if (early !== undefined && index === 0) tell(early)
      else if (slot <= clock.now() && index === 0) tell()
      else later(slot - accepted.at, tell)
    })
  }
  return {
    of,
    emit,
    planned: () => planned,
    close: () => {
      closed = true
    },
  }
}

function stepsOf(accepted: Accepted, behaviour: Behaviour, random: Random): Step[] {
  const start = accepted.at + (accepted.held ? behaviour.holdMs : 0)
  const sent = start + drawn(behaviour.sentMs, random)
  if (accepted.fails !== undefined) return [{ status: 'failed', at: sent, code: accepted.fails }]
  const steps: Step[] = [{ status: 'sent', at: sent }]
  // "An outbound reaction only ever yields sent" (A4).
  if (accepted.type === 'reaction') return steps
  const delivered = sent + drawn(behaviour.receivedMs, random)
  const isRead = random.fraction() < behaviour.readShare
  if (!isRead || random.fraction() >= behaviour.skipReceived) {
    steps.push({ status: 'delivered', at: delivered })
  }
  if (isRead) steps.push({ status: 'read', at: delivered + drawn(behaviour.readMs, random) })
  return steps
}

function drawn([from, to]: Span, random: Random): number {
  return from >= to ? from : Math.round(from + (to - from) * random.fraction())
}

function shuffled<T>(items: readonly T[], random: Random): T[] {
  return items
    .map(item => ({ item, rank: random.fraction() }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ item }) => item)
}

/** PROVIDERS A4. */
function statusItem(accepted: Accepted, { status, at, code }: Step, hiding: Behaviour['hiding']): Json {
  const { person } = accepted
  const item: Json = { id: accepted.id, status, timestamp: String(Math.floor(at / 1000)) }
  const phone = phoneShown(person, hiding)
  if (phone !== undefined) item['recipient_id'] = phone
  if (person.members === undefined) item['recipient_user_id'] = person.userId
  else item['recipient_type'] = 'group'
  if (accepted.member !== undefined) item['recipient_participant_id'] = accepted.member
  if (accepted.reference !== undefined) item['biz_opaque_callback_data'] = accepted.reference
  if (code !== undefined) item['errors'] = [statusError(code)]
  else if (status !== 'read') {
    const type = accepted.category === 'service' ? 'free_customer_service' : 'regular'
    item['pricing'] = {
      billable: type === 'regular',
      pricing_model: 'PMP',
      type,
      category: accepted.category,
    }
  }
  return item
}

/** How a phone looks in a payload; undefined: the field is left out (PROVIDERS A9). */
export function phoneShown(person: Person, hiding: Behaviour['hiding']): string | undefined {
  if (!person.hidden) return person.phone ?? undefined
  return hiding === 'omitted' ? undefined : hiding === 'empty' ? '' : person.userId
}

export function contactItem(person: Person, hiding: Behaviour['hiding']): Json {
  const waId = phoneShown(person, hiding)
  return {
    profile: { name: person.name },
    ...(waId !== undefined && { wa_id: waId }),
    user_id: person.userId,
  }
}
