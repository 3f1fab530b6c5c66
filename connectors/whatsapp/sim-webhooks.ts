import type { Clock } from '../../model/clock.ts'
import type { Json } from '../kit/json.ts'
import { createWebhooks, type Webhooks as Deliveries } from '../kit/sim/webhooks.ts'
import { escaped, metaDelivery } from '../meta/sim-webhooks.ts'
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
    ...metaDelivery(appSecret, behaviour),
    bodyOf: updates => bodyOf(updates, clock),
  })
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
