import type { ContactCard, PostalAddress } from '../../model/content.ts'
import { type Json, listIn, objectIn, objectOf, textIn } from '../kit/json.ts'

/** A card of `contacts[]` (PROVIDERS A3); total: a field that is not there, or not a text, is left out. */
export function readCard(card: Json): ContactCard {
  const name = objectIn(card, 'name')
  const parts = [textIn(name, 'first_name'), textIn(name, 'last_name')].filter(part => part !== undefined)
  const organization = textIn(objectIn(card, 'org'), 'company')
  const emails = entriesOf(card, 'emails', 'email', email => ({ email }))
  const urls = entriesOf(card, 'urls', 'url', url => ({ url }))
  const addresses = listIn(card, 'addresses').flatMap(item => postalOf(objectOf(item)))
  const [birthday, vcard] = [textIn(card, 'birthday'), textIn(card, 'vcard')]
  return {
    name: textIn(name, 'formatted_name') ?? parts.join(' '),
    phones: listIn(card, 'phones').flatMap(item => {
      const object = objectOf(item)
      const whatsapp = textIn(object, 'wa_id')
      const phone = textIn(object, 'phone') ?? whatsapp
      return phone === undefined
        ? []
        : [{ phone, ...typeOf(object), ...(whatsapp !== undefined && { whatsapp }) }]
    }),
    ...(emails.length > 0 && { emails }),
    ...(organization !== undefined && { organization }),
    ...(urls.length > 0 && { urls }),
    ...(addresses.length > 0 && { addresses }),
    ...(birthday !== undefined && { birthday }),
    ...(vcard !== undefined && { vcard }),
  }
}

function entriesOf<T>(
  card: Json,
  list: string,
  key: string,
  make: (text: string) => T,
): (T & { type?: string })[] {
  return listIn(card, list).flatMap(item => {
    const object = objectOf(item)
    const text = textIn(object, key)
    return text === undefined ? [] : [{ ...make(text), ...typeOf(object) }]
  })
}

function typeOf(object: Json | undefined): { type?: string } {
  const type = textIn(object, 'type')
  return type === undefined ? {} : { type }
}

const POSTAL = ['street', 'city', 'state', 'zip', 'country', 'type'] as const

function postalOf(object: Json | undefined): PostalAddress[] {
  const told = POSTAL.flatMap(key => {
    const text = textIn(object, key)
    return text === undefined ? [] : [[key, text] as const]
  })
  return told.length === 0 ? [] : [Object.fromEntries(told)]
}
