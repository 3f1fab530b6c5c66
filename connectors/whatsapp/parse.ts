import { type Address, phoneOf } from '../../model/address.ts'
import type { Failure } from '../../model/failure.ts'
import type { Inbound, WebhookRequest } from '../connector.ts'
import { type Json, listIn, objectIn, objectOf, parseJson, textIn } from '../kit/json.ts'
import { readGraphError } from '../meta/meta.ts'
import { readContent } from './content.ts'
import { failureOf } from './failure.ts'
import { STATUS } from './status.ts'

/**
 * Reads a webhook of the WhatsApp Cloud API (PROVIDERS A3–A5). Every entry, change, message and status becomes one
 * item under its own phone number id: Meta puts up to 1,000 updates of many numbers into one request.
 */
export function parse(request: WebhookRequest): Inbound[] {
  const body = objectOf(parseJson(request.body.toString('utf8')))
  if (body === undefined) return [rejected('', 'notJson')]
  if (body['object'] !== 'whatsapp_business_account') return [rejected('', 'notWhatsApp')]
  const items: Inbound[] = []
  for (const item of listIn(body, 'entry')) {
    const entry = objectOf(item)
    if (entry === undefined) items.push(rejected('', 'entryShape'))
    else readEntry(entry, items)
  }
  return items.length > 0 ? items : [rejected('', 'empty')]
}

function rejected(to: string, why: string): Inbound {
  return { to, kind: 'rejected', why }
}

/** PROVIDERS A5: known, and not ours to act on yet. A field that is not here is news, and kept. */
const OTHER_FIELDS = new Set([
  'account_alerts',
  'account_review_update',
  'account_update',
  'automatic_events',
  'business_capability_update',
  'business_username_update',
  'calls',
  'flows',
  'group_lifecycle_update',
  'group_participants_update',
  'group_settings_update',
  'group_status_update',
  'history',
  'message_template_components_update',
  'message_template_quality_update',
  'message_template_status_update',
  'partner_solutions',
  'payment_configuration_update',
  'phone_number_name_update',
  'phone_number_quality_update',
  'security',
  'smb_app_state_sync',
  'smb_message_echoes',
  'template_category_update',
  'user_preferences',
])

function readEntry(entry: Json, items: Inbound[]): void {
  for (const item of listIn(entry, 'changes')) {
    const change = objectOf(item)
    const field = textIn(change, 'field')
    const value = objectIn(change, 'value')
    const to = textIn(objectIn(value, 'metadata'), 'phone_number_id') ?? textIn(entry, 'id') ?? ''
    if (field !== undefined && OTHER_FIELDS.has(field)) items.push({ to, kind: 'ignored', why: field })
    else if (field !== 'messages')
      items.push(rejected(to, field === undefined ? 'changeShape' : 'unknownField'))
    else if (value === undefined) items.push(rejected(to, 'valueShape'))
    else readValue(value, to, items)
  }
}

function readValue(value: Json, to: string, items: Inbound[]): void {
  const before = items.length
  const contacts = listIn(value, 'contacts')
  for (const message of listIn(value, 'messages')) items.push(readMessage(objectOf(message), contacts, to))
  for (const status of listIn(value, 'statuses')) items.push(readStatus(objectOf(status), to))
  // About the account, not about a message (A3); the channel's health learns it from failed sends.
  for (const _ of listIn(value, 'errors')) items.push({ to, kind: 'ignored', why: 'accountError' })
  if (items.length === before) items.push({ to, kind: 'ignored', why: 'empty' })
}

function readMessage(message: Json | undefined, contacts: readonly unknown[], to: string): Inbound {
  const id = textIn(message, 'id')
  if (message === undefined || id === undefined) return rejected(to, 'messageShape')
  const at = timeOf(message['timestamp'])
  if (at === undefined) return rejected(to, 'timestamp')
  if (textIn(message, 'group_id') !== undefined) return { to, kind: 'ignored', why: 'group' }
  const contact = contactOf(message, contacts)
  const addresses = addressesOf(message, contact)
  if (addresses === undefined) return rejected(to, 'sender')
  const name = textIn(objectIn(contact, 'profile'), 'name')
  const replyTo = textIn(objectIn(message, 'context'), 'id')
  const content = readContent(message)
  const reactionTo =
    content.type === 'reaction' ? textIn(objectIn(message, 'reaction'), 'message_id') : undefined
  return {
    to,
    kind: 'message',
    key: id,
    providerId: id,
    at,
    ...addresses,
    ...(name !== undefined && { name }),
    content,
    ...(replyTo !== undefined && { replyTo }),
    ...(reactionTo !== undefined && { reactionTo }),
  }
}

/** 9999-12-31: later ones are no times, and would break whoever writes them as a date. */
const TIME_MAX = 253_402_300_799_999

/** A string of seconds; a production connector has met milliseconds: ≥ 10^12 is taken for them (A3). */
function timeOf(value: unknown): number | undefined {
  const number = typeof value === 'string' || typeof value === 'number' ? Number(value) : Number.NaN
  const at = Math.trunc(number >= 1e12 ? number : number * 1000)
  return at > 0 && at <= TIME_MAX ? at : undefined
}

/** The entry of `contacts[]` about this sender. They come in the order of first mention, not of messages. */
function contactOf(message: Json, contacts: readonly unknown[]): Json | undefined {
  const from = textIn(message, 'from')
  const userId = textIn(message, 'from_user_id')
  for (const item of contacts) {
    const contact = objectOf(item)
    const itsId = textIn(contact, 'user_id')
    const itsPhone = textIn(contact, 'wa_id')
    if (userId !== undefined && itsId === userId) return contact
    if (from !== undefined && (itsPhone === from || itsId === from)) return contact
  }
  return contacts.length === 1 && from === undefined && userId === undefined
    ? objectOf(contacts[0])
    : undefined
}

/** `CC.` and ≤ 128 alphanumerics, `CC.ENT.…` for linked portfolios (A9). */
const USER_ID = /^[A-Z]{2}\.[A-Za-z0-9.]{1,140}$/

/**
 * Who wrote. Username users have no phone here: `from` and `wa_id` are absent or `""`, or hold the business-scoped
 * user id themselves (A3, A9).
 *
 * With a phone, the phone is the address and the user id goes along in `also`: answers by `to` reach the person, it
 * is what a company knows people by, and it is the only address that other channels share. The id ties the two
 * together, so that the day the phone is hidden the person stays the same contact.
 */
function addressesOf(
  message: Json,
  contact: Json | undefined,
): { address: Address; also?: Address[] } | undefined {
  const from = textIn(message, 'from')
  const waId = textIn(contact, 'wa_id')
  const phone = phoneIn(from) ?? phoneIn(waId)
  const userId = [textIn(message, 'from_user_id'), textIn(contact, 'user_id'), from, waId].find(
    id => id !== undefined && USER_ID.test(id),
  )
  const user: Address | undefined = userId === undefined ? undefined : { kind: 'whatsapp', value: userId }
  if (phone === undefined) return user && { address: user }
  const address: Address = { kind: 'phone', value: phone }
  return user === undefined ? { address } : { address, also: [user] }
}

/** A `wa_id` has no `+` (PROVIDERS, rule 8). */
function phoneIn(text: string | undefined): string | undefined {
  return text === undefined ? undefined : phoneOf(text)
}

function readStatus(status: Json | undefined, to: string): Inbound {
  const providerId = textIn(status, 'id')
  const raw = textIn(status, 'status')
  if (status === undefined || providerId === undefined || raw === undefined)
    return rejected(to, 'statusShape')
  const at = timeOf(status['timestamp'])
  if (at === undefined) return rejected(to, 'timestamp')
  // One member reading it does not make a group's message read (A4).
  if (status['recipient_type'] === 'group') return { to, kind: 'ignored', why: 'group' }
  const ours = STATUS.get(raw)
  if (ours === undefined) return { to, kind: 'ignored', why: 'unknownStatus' }
  const reference = textIn(status, 'biz_opaque_callback_data')
  return {
    to,
    kind: 'receipt',
    of: reference === undefined ? { providerId } : { providerId, reference },
    status: ours,
    at,
    raw,
    ...(ours === 'failed' && { failure: whyFailed(status) }),
  }
}

/** Unknown codes are final: the message was accepted once, and a failure we cannot read is no reason to repeat it. */
function whyFailed(status: Json): Failure {
  const first = objectOf(listIn(status, 'errors')[0])
  const error = first === undefined ? undefined : readGraphError(first)
  return error === undefined ? { code: 'undeliverable' } : failureOf(error, 'undeliverable')
}
