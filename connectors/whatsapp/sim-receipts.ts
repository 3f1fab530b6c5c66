import type { Clock } from '../../model/clock.ts'
import type { Random } from '../../model/random.ts'
import type { Json } from '../kit/json.ts'
import { createReceipts, type Receipts as Planned, type Step, usualSteps } from '../kit/sim/receipts.ts'
import type { Behaviour } from './sim-behaviour.ts'
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

export type Receipts = Planned<Accepted> & {
  /** Sends one receipt now, of any kind. */
  emit(accepted: Accepted, status: string, at: number, code?: number, told?: () => void): void
}

export type ReceiptsOptions = {
  behaviour: () => Behaviour
  clock: Clock
  random: Random
  webhooks: Webhooks
  /** Told when a message reached a phone: tiers count that. */
  delivered: (accepted: Accepted) => void
}

/** Our words in Meta's (PROVIDERS A4). */
const WORDS = { sent: 'sent', received: 'delivered', read: 'read', failed: 'failed' } as const

/** What happens to an accepted message (PROVIDERS A4, A14): sent, delivered, read, each told in a webhook. */
export function createMetaReceipts(options: ReceiptsOptions): Receipts {
  const { behaviour, random, webhooks } = options
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
  const planned = createReceipts<Accepted>({
    ...options,
    atOf: ({ at }) => at,
    stepsOf: accepted => stepsOf(accepted, behaviour(), random),
    tell: (accepted, { status, at, code }, told) => {
      if (status === 'received' || status === 'read') options.delivered(accepted)
      emit(accepted, WORDS[status], at, code, told)
    },
  })
  return { ...planned, emit }
}

function stepsOf({ at, held, fails, type }: Accepted, behaviour: Behaviour, random: Random): Step[] {
  const from = at + (held ? behaviour.holdMs : 0)
  // "An outbound reaction only ever yields sent" (A4).
  return usualSteps(behaviour, random, { from, fails, ...(type === 'reaction' && { only: 'sent' }) })
}

/** PROVIDERS A4. */
function statusItem(
  accepted: Accepted,
  { status, at, code }: { status: string; at: number; code?: number },
  hiding: Behaviour['hiding'],
): Json {
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
