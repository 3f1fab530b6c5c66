import type { Address } from '../../model/address.ts'
import type { Consent, Consented, ConsentSource } from '../../model/consent.ts'
import { categoriesOf } from '../../model/consent.ts'
import type { Contact } from '../../model/contact.ts'
import type { ChannelId } from '../../model/ids.ts'
import { readAddress } from '../enqueue.ts'
import { Problem } from '../problem.ts'
import type { ConsentInput } from './bodies.ts'

/**
 * What a client wrote, as changes. Who opens every channel means those too that were closed one by one, which what is
 * said of every channel leaves alone: they are opened each.
 * @throws Problem impossible, if the address is not the contact's
 */
export function consentedOf(
  contact: Contact,
  input: ConsentInput,
  source: ConsentSource,
  known: readonly Consent[],
  now: number,
): Consented[] {
  const { category, state } = input
  const channel = (input.channel ?? null) as ChannelId | null
  const told = { kind: 'consented', category, state, source, raw: null, at: now } as const
  const named = input.address === undefined ? undefined : ownAddress(contact, input.address)
  const whose = named === undefined ? { contact: contact.id } : { address: named }
  const all: Consented = { ...told, channel, ...whose }
  if (channel !== null || state === 'withdrawn') return [all]
  const closed = known.filter(
    one =>
      one.state === 'withdrawn' &&
      one.channel !== null &&
      categoriesOf(category).includes(one.category) &&
      (named === undefined || isSame(one.address, named)),
  )
  return [
    all,
    ...closed.map(one => ({ ...told, channel: one.channel, category: one.category, address: one.address })),
  ]
}

function ownAddress(contact: Contact, text: string): Address {
  const address = readAddress(text, 'address')
  if (contact.addresses.some(one => isSame(one, address))) return address
  throw new Problem('impossible', `${text} is not an address of this contact.`, {
    errors: [{ field: 'address', message: 'must be one of the addresses of the contact' }],
  })
}

function isSame(a: Address, b: Address): boolean {
  return a.kind === b.kind && a.value === b.value
}
