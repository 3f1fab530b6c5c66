import type { Address } from '../../model/address.ts'
import { readReference } from '../../model/message.ts'
import type { Inbound } from '../connector.ts'
import { type Json, numberIn, objectIn, textIn } from '../kit/json.ts'
import { type Person, toldWith } from './besides.ts'
import { contentsIn } from './contents.ts'
import { readOptIn, readPolicy, readReaction, readReferral, readTap } from './events.ts'
import { timeOf } from './time.ts'

/** What is different between the two channels that have `messaging[]`. */
export type Dialect = {
  /** Of the addresses: PSIDs and IGSIDs are never joined. */
  kind: 'messenger' | 'instagram'
  /** Messenger reads by watermark, Instagram by message (PROVIDERS L8). */
  read: (event: Json, about: About) => Inbound[]
  /** An item of none of the kinds below. */
  other?: (item: Json, entry: Entry) => Inbound[] | undefined
}

/** The account that an entry is about, and when it was told. */
export type Entry = { id: string; at: number | undefined }

/** Whom an item is about, and when it happened. */
export type About = Person & { to: string; at: number }

type Read = (event: Json, about: About, dialect: Dialect) => Inbound[]

/** PROVIDERS B2 and C2, by the key of the item that says what it is. */
const EVENTS: readonly (readonly [key: string, read: Read])[] = [
  ['message', readMessage],
  ['message_edit', readEdit],
  ['postback', readTap],
  ['reaction', readReaction],
  ['delivery', readDelivery],
  ['read', (event, about, dialect) => dialect.read(event, about)],
  ['referral', readReferral],
  ['optin', readOptIn],
  ['policy_enforcement', readPolicy],
]

/** Known, and of no use to anyone here: who owns a thread, who linked an account, what somebody thinks of a bot. */
const IGNORED: readonly string[] = [
  'pass_thread_control',
  'take_thread_control',
  'request_thread_control',
  'app_roles',
  'account_linking',
  'response_feedback',
]

/**
 * One item of `messaging[]` or `standby[]`. `standby`: another app owns the thread, so nobody should answer
 * (PROVIDERS L9). `otherwise` is the time of the entry, for what has none of its own.
 */
export function readItem(item: Json, entry: Entry, dialect: Dialect, standby: boolean): Inbound[] {
  const sender = textIn(objectIn(item, 'sender'), 'id')
  const recipient = textIn(objectIn(item, 'recipient'), 'id')
  const isEcho = objectIn(item, 'message')?.['is_echo'] === true
  // Old Instagram set-ups have the Page's id on the entry (C1): who took part says better whose it is.
  const to = (isEcho ? sender : recipient) ?? entry.id
  const at = timeOf(item['timestamp']) ?? entry.at
  if (at === undefined) return [{ to, kind: 'rejected', why: 'timestamp' }]
  const person = isEcho ? recipient : sender
  const address: Address | undefined =
    person === undefined ? undefined : { kind: dialect.kind, value: person }
  for (const [key, read] of EVENTS) {
    const event = objectIn(item, key)
    if (event !== undefined) return read(event, { to, at, address, isEcho, standby }, dialect)
  }
  const known = IGNORED.find(key => item[key] !== undefined)
  if (known !== undefined) return [{ to, kind: 'ignored', why: known }]
  const other = dialect.other?.(item, entry)
  if (other !== undefined) return other
  return [{ to, kind: 'rejected', why: 'unknownEvent' }]
}

function readMessage(message: Json, about: About): Inbound[] {
  const { to, at, address, isEcho } = about
  const mid = textIn(message, 'mid')
  if (mid === undefined) return [{ to, kind: 'rejected', why: 'messageShape' }]
  if (message['is_deleted'] === true) return unsent(mid, about)
  const reference = textIn(message, 'metadata')
  // Our own send comes back: it tells the provider's time, which watermarks are compared with (RULES D5).
  if (isEcho && reference !== undefined && readReference(reference) !== undefined) {
    return [{ to, kind: 'receipt', of: { providerId: mid, reference }, status: 'sent', at, raw: 'echo' }]
  }
  if (address === undefined) return [{ to, kind: 'rejected', why: 'sender' }]
  const told = toldWith(message, about)
  const replyTo = textIn(objectIn(message, 'reply_to'), 'mid')
  return contentsIn(message).map((content, nth) => ({
    to,
    kind: isEcho ? 'echo' : 'message',
    key: nameOf(mid, nth),
    providerId: nameOf(mid, nth),
    at,
    address,
    content,
    ...(replyTo !== undefined && { replyTo }),
    ...told,
  }))
}

/** Several attachments of one message are a message each; only the first goes by the provider's own id. */
function nameOf(mid: string, nth: number): string {
  return nth === 0 ? mid : `${mid}#${nth}`
}

/** Instagram takes ten pictures in one message. */
const ATTACHMENTS_MAX = 10

/** Taken back, with everything that was read out of it: the copy must go (PROVIDERS C2). */
function unsent(mid: string, { to, at }: About): Inbound[] {
  const also = Array.from({ length: ATTACHMENTS_MAX - 1 }, (_, nth) => nameOf(mid, nth + 1))
  return [{ to, kind: 'deleted', key: `${mid} unsent`, of: mid, also, at }]
}

function readEdit(event: Json, { to, at }: About): Inbound[] {
  const mid = textIn(event, 'mid')
  if (mid === undefined) return [{ to, kind: 'rejected', why: 'messageShape' }]
  const text = textIn(event, 'text')
  // Instagram tells `num_edit: 0` and no text of a message that nobody edited.
  if (text === undefined) return [{ to, kind: 'ignored', why: 'editWithoutText' }]
  const key = `${mid} edit ${numberIn(event, 'num_edit') ?? at}`
  return [{ to, kind: 'edited', key, of: mid, at, content: { type: 'text', text } }]
}

/**
 * `mids` may be missing, and `watermark` counts everything before it (B2). Both are told: an id is certain whatever
 * our clocks say, and the watermark reaches what no id is told of.
 */
function readDelivery(event: Json, { to, at, address }: About): Inbound[] {
  const items: Inbound[] = []
  for (const mid of textsIn(event, 'mids')) {
    items.push({ to, kind: 'receipt', of: { providerId: mid }, status: 'received', at, raw: 'delivery' })
  }
  const upTo = timeOf(event['watermark'])
  if (upTo !== undefined && address !== undefined) {
    items.push({ to, kind: 'receipt', of: { upTo, address }, status: 'received', at, raw: 'delivery' })
  }
  return items.length > 0 ? items : [{ to, kind: 'rejected', why: 'deliveryShape' }]
}

function textsIn(object: Json, key: string): string[] {
  const list = object[key]
  return Array.isArray(list) ? list.filter(item => typeof item === 'string' && item !== '') : []
}
