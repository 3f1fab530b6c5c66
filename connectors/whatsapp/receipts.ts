import type { Failure } from '../../model/failure.ts'
import type { Inbound } from '../connector.ts'
import { type Json, listIn, objectIn, objectOf, textIn } from '../kit/json.ts'
import { readGraphError } from '../meta/meta.ts'
import { timeOf } from '../meta/time.ts'
import { failureOf } from './failure.ts'
import { STATUS } from './status.ts'
import { phoneIn } from './who.ts'

/** An entry of `statuses[]` (PROVIDERS A4). */
export function readStatus(status: Json | undefined, to: string): Inbound {
  const providerId = textIn(status, 'id')
  const raw = textIn(status, 'status')
  if (status === undefined || providerId === undefined || raw === undefined) {
    return { to, kind: 'rejected', why: 'statusShape' }
  }
  const at = timeOf(status['timestamp'])
  if (at === undefined) return { to, kind: 'rejected', why: 'timestamp' }
  const ours = STATUS.get(raw)
  if (ours === undefined) return { to, kind: 'ignored', why: 'unknownStatus' }
  const reference = textIn(status, 'biz_opaque_callback_data')
  const member = memberOf(status)
  const detail = detailOf(status)
  return {
    to,
    kind: 'receipt',
    of: reference === undefined ? { providerId } : { providerId, reference },
    status: ours,
    at,
    raw,
    ...(ours === 'failed' && { failure: whyFailed(status) }),
    ...(member !== undefined && { member }),
    ...(detail !== undefined && { detail }),
  }
}

/** Of a group the member whose phone tells this; the text and the samples of Meta name the field differently. */
function memberOf(status: Json): string | undefined {
  if (status['recipient_type'] !== 'group') return undefined
  const member = textIn(status, 'recipient_participant_id') ?? textIn(status, 'participant_recipient_id')
  return phoneIn(member) ?? member
}

/** What it costs, and which conversation of Meta's it belongs to: kept in the timeline, applied to nothing. */
function detailOf(status: Json): Record<string, unknown> | undefined {
  const pricing = factsOf(objectIn(status, 'pricing'), {
    billable: 'billable',
    model: 'pricing_model',
    type: 'type',
    category: 'category',
  })
  const talk = objectIn(status, 'conversation')
  const conversation = factsOf(talk && { ...talk, origin: objectIn(talk, 'origin')?.['type'] }, {
    id: 'id',
    origin: 'origin',
    expiresAt: 'expiration_timestamp',
  })
  if (pricing === undefined && conversation === undefined) return undefined
  return { ...(pricing !== undefined && { pricing }), ...(conversation !== undefined && { conversation }) }
}

function factsOf(
  object: Json | undefined,
  names: Readonly<Record<string, string>>,
): Record<string, unknown> | undefined {
  const told = Object.entries(names).flatMap(([ours, theirs]) => {
    const value = object?.[theirs]
    return ['string', 'number', 'boolean'].includes(typeof value) ? [[ours, value] as const] : []
  })
  return told.length === 0 ? undefined : Object.fromEntries(told)
}

/** Unknown codes are final: the message was accepted once, and a failure we cannot read is no reason to repeat it. */
function whyFailed(status: Json): Failure {
  const first = objectOf(listIn(status, 'errors')[0])
  const error = first === undefined ? undefined : readGraphError(first)
  return error === undefined ? { code: 'undeliverable' } : failureOf(error, 'undeliverable')
}
