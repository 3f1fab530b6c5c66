import { FAILURES, tellsFailing } from '../../model/failure.ts'
import type { Besides } from '../../model/message.ts'
import type { Inbound, WebhookRequest } from '../connector.ts'
import { type Json, listIn, objectIn, objectOf, parseJson, textIn } from '../kit/json.ts'
import { contextOf } from '../meta/besides.ts'
import { readGraphError } from '../meta/meta.ts'
import { timeOf } from '../meta/time.ts'
import { ACCOUNT_FIELDS } from './account.ts'
import { besidesIn } from './besides.ts'
import { consentIn } from './consent.ts'
import { readContent } from './content.ts'
import { failureOf } from './failure.ts'
import { readStatus } from './receipts.ts'
import { movedIn } from './system.ts'
import { contactOf, type Who, whoIn } from './who.ts'

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

/** PROVIDERS A5: known, and of no use here. A field that is neither here nor in `ACCOUNT_FIELDS` is news, and kept. */
const OTHER_FIELDS = new Set([
  'automatic_events',
  'business_username_update',
  'calls',
  'flows',
  'group_lifecycle_update',
  'group_participants_update',
  'group_settings_update',
  'group_status_update',
  'history',
  // The edited text alone, without what else the template has: `check` reads the whole anew.
  'message_template_components_update',
  'partner_solutions',
  'payment_configuration_update',
  'security',
  'smb_app_state_sync',
])

function readEntry(entry: Json, items: Inbound[]): void {
  for (const item of listIn(entry, 'changes')) {
    const change = objectOf(item)
    const field = textIn(change, 'field')
    const value = objectIn(change, 'value')
    const to = textIn(objectIn(value, 'metadata'), 'phone_number_id') ?? textIn(entry, 'id') ?? ''
    const isWritten = field === 'messages' || field === 'smb_message_echoes'
    if (field !== undefined && OTHER_FIELDS.has(field)) items.push({ to, kind: 'ignored', why: field })
    else if (field === undefined || !(isWritten || ACCOUNT_FIELDS.has(field)))
      items.push(rejected(to, field === undefined ? 'changeShape' : 'unknownField'))
    else if (change === undefined || value === undefined) items.push(rejected(to, 'valueShape'))
    else if (isWritten) readValue(value, to, items)
    else items.push(...readAccountField(field, { entry, change, value, to }))
  }
}

type Place = { entry: Json; change: Json; value: Json; to: string }

function readAccountField(field: string, { entry, change, value, to }: Place): Inbound[] {
  // Seconds, and on all but `messages` always there (A3).
  const at = timeOf(entry['time'])
  if (at === undefined) return [rejected(to, 'timestamp')]
  const account = textIn(entry, 'id') ?? to
  const items = ACCOUNT_FIELDS.get(field)?.(value, { to, account, at, field, change }) ?? []
  return items.length > 0 ? items : [{ to, kind: 'ignored', why: field }]
}

function readValue(value: Json, to: string, items: Inbound[]): void {
  const before = items.length
  const contacts = listIn(value, 'contacts')
  for (const message of listIn(value, 'messages')) {
    items.push(readMessage(objectOf(message), contacts, to, 'message'))
  }
  for (const echo of listIn(value, 'message_echoes')) {
    items.push(readMessage(echoOf(objectOf(echo)), contacts, to, 'echo'))
  }
  for (const item of listIn(value, 'statuses')) {
    const status = objectOf(item)
    const receipt = readStatus(status, to)
    items.push(receipt)
    if (receipt.kind === 'receipt' && receipt.failure !== undefined) items.push(...consentIn(receipt, status))
  }
  for (const error of listIn(value, 'errors')) items.push(readAccountError(objectOf(error), to))
  if (items.length === before) items.push({ to, kind: 'ignored', why: 'empty' })
}

/** Written by the business in the phone app (A5): it belongs to the person it went to, as if they had written it. */
function echoOf(echo: Json | undefined): Json | undefined {
  return echo && { ...echo, from: echo['to'], from_user_id: echo['to_user_id'] }
}

type Written = 'message' | 'echo'

function readMessage(
  message: Json | undefined,
  contacts: readonly unknown[],
  to: string,
  kind: Written,
): Inbound {
  const id = textIn(message, 'id')
  if (message === undefined || id === undefined) return rejected(to, 'messageShape')
  const at = timeOf(message['timestamp'])
  if (at === undefined) return rejected(to, 'timestamp')
  const amended = readAmendment(message)
  if (amended !== undefined) return { to, key: id, at, ...amended }
  const contact = contactOf(message, contacts)
  const content = readContent(message)
  const told = besidesIn(message)
  const sender = content.type === 'system' ? movedIn(message, content) : undefined
  const who = whereOf(message, sender ?? whoIn(message, contact), contact, kind, told)
  if (who === undefined) return rejected(to, 'sender')
  const replyTo = textIn(objectIn(message, 'context'), 'id')
  const reactionTo =
    content.type === 'reaction' ? textIn(objectIn(message, 'reaction'), 'message_id') : undefined
  const context = contextOf(told)
  return {
    to,
    kind,
    key: id,
    providerId: id,
    at,
    ...who,
    content,
    ...(replyTo !== undefined && { replyTo }),
    ...(reactionTo !== undefined && { reactionTo }),
    ...(context !== undefined && { context }),
  }
}

/** A message to a group belongs to the group, and says which of its members wrote it. */
function whereOf(
  message: Json,
  who: Who | undefined,
  contact: Json | undefined,
  kind: Written,
  told: Omit<Besides, 'author'> | undefined,
): (Who & { name?: string; besides?: Besides }) | undefined {
  const name = textIn(objectIn(contact, 'profile'), 'name')
  const group = textIn(message, 'group_id')
  if (group === undefined) {
    return who && { ...who, ...(name !== undefined && { name }), ...(told && { besides: told }) }
  }
  const isMember = who !== undefined && kind === 'message'
  const author = isMember ? { author: { address: who.address, name: name ?? null } } : undefined
  const besides = author === undefined ? told : { ...author, ...told }
  return { address: { kind: 'group', value: group }, ...(besides !== undefined && { besides }) }
}

/** `edit` and `revoke` of a message (A3). One that does not say of which is kept as `unsupported`. */
function readAmendment(
  message: Json,
): { kind: 'deleted'; of: string } | ({ kind: 'edited'; of: string } & Pick<Edit, 'content'>) | undefined {
  const type = textIn(message, 'type')
  if (type !== 'edit' && type !== 'revoke') return undefined
  const object = objectIn(message, type)
  const of = textIn(object, 'original_message_id')
  if (of === undefined) return undefined
  if (type === 'revoke') return { kind: 'deleted', of }
  const said = objectIn(object, 'message')
  return said && { kind: 'edited', of, content: readContent(said) }
}

type Edit = Extract<Inbound, { kind: 'edited' }>

/** About the account, not about a message (A3): what only its owner can mend makes the channel `failing`. */
function readAccountError(object: Json | undefined, to: string): Inbound {
  const error = object && readGraphError(object)
  const failure = error && failureOf(error, 'undeliverable')
  if (failure === undefined || !tellsFailing(failure)) return { to, kind: 'ignored', why: 'accountError' }
  return { to, kind: 'channel', health: { state: 'failing', why: FAILURES[failure.code].says } }
}
