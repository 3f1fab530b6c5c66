import { createHmac } from 'node:crypto'
import type { Clock } from '../../model/clock.ts'
import type { Json } from '../kit/json.ts'
import { createWebhooks, type Webhooks as Deliveries } from '../kit/sim/webhooks.ts'
import type { Behaviour } from './sim-behaviour.ts'
import type { SimNumber } from './sim-limits.ts'

/** One thing to tell the subscriber: an entry of the list of this name, with its entry of `contacts[]`. */
export type Update = {
  number: SimNumber
  kind: 'messages' | 'statuses' | 'message_echoes' | 'errors'
  item: Json
  contact?: Json
}

export type Webhooks = Deliveries<Update>

/**
 * Delivers webhooks as Meta does (PROVIDERS A2): up to 1,000 updates a POST, signed over the raw bytes, everything
 * that is not ASCII written as an escape.
 */
export function createMetaWebhooks(appSecret: string, behaviour: () => Behaviour, clock: Clock): Webhooks {
  return createWebhooks<Update>({
    behaviour,
    contentType: 'application/json',
    batch: () => ({ max: Math.min(behaviour().batchMax, 1000), waitMs: behaviour().batchMs }),
    bodyOf: updates => bodyOf(updates, clock),
    sign: ({ body, corrupt }) => ({
      'user-agent': 'facebookexternalua',
      'x-hub-signature-256': `sha256=${signatureOf(body, corrupt ? `not ${appSecret}` : appSecret)}`,
    }),
  })
}

function signatureOf(body: Buffer, secret: string): string {
  return createHmac('sha256', secret).update(body).digest('hex')
}

const ECHOES = 'smb_message_echoes'

/** PROVIDERS A3: one change for each number and kind, in order of first mention. */
function bodyOf(updates: readonly Update[], clock: Clock): Buffer {
  const changes = new Map<string, { number: SimNumber; value: { contacts?: Json[] } & Json; items: Json[] }>()
  for (const { number, kind, item, contact } of updates) {
    const key = `${kind} ${number.phoneNumberId}`
    let change = changes.get(key)
    if (change === undefined) {
      const { displayPhoneNumber: display_phone_number, phoneNumberId: phone_number_id } = number
      const items: Json[] = []
      const metadata = { display_phone_number, phone_number_id }
      change = { number, items, value: { messaging_product: 'whatsapp', metadata, [kind]: items } }
      changes.set(key, change)
    }
    change.items.push(item)
    if (contact !== undefined) {
      change.value.contacts ??= []
      change.value.contacts.push(contact)
    }
  }
  const time = Math.floor(clock.now() / 1000)
  const entries = Map.groupBy(changes.values(), ({ number }) => number.wabaId ?? '0')
  const entry = [...entries].map(([id, all]) => ({
    id,
    time,
    changes: all.map(({ value }) => ({ field: value['message_echoes'] ? ECHOES : 'messages', value })),
  }))
  return Buffer.from(escaped(JSON.stringify({ object: 'whatsapp_business_account', entry })))
}

/** "Non-ASCII is sent \uXXXX-escaped" (PROVIDERS A2). */
function escaped(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: everything beyond ASCII is what is meant.
  if (!/[^\x00-\x7f]/.test(text)) return text
  return text.replace(/[\u0080-\uffff]/g, unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
