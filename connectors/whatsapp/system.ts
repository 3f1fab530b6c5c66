import type { Address } from '../../model/address.ts'
import type { System } from '../../model/content.ts'
import { type Json, objectIn, textIn } from '../kit/json.ts'
import { isUserId, phoneIn, userIdsIn, type Who, whoOf } from './who.ts'

/** What WhatsApp tells about a person, in the place of a message (PROVIDERS A3). */
export function readSystem(message: Json): System | undefined {
  const system = objectIn(message, 'system')
  const rawType = textIn(system, 'type')
  if (system === undefined || rawType === undefined) return undefined
  const text = textIn(system, 'body') ?? ''
  const address = ADDRESS.get(rawType)?.(system)
  const kind = KIND.get(rawType)
  if (kind === undefined) return { type: 'system', kind: 'other', text, rawType }
  return { type: 'system', kind, text, ...(address !== undefined && { address }) }
}

const KIND = new Map([
  ['user_changed_number', 'numberChanged'],
  ['user_changed_user_id', 'userIdChanged'],
] as const satisfies [string, System['kind']][]) as ReadonlyMap<string, 'numberChanged' | 'userIdChanged'>

/** Where the person is reached from now on. Before there was `wa_id` it was `new_wa_id`. */
const ADDRESS: ReadonlyMap<string, (system: Json) => Address | undefined> = new Map([
  [
    'user_changed_number',
    (system: Json): Address | undefined => {
      const value = phoneIn(textIn(system, 'wa_id')) ?? phoneIn(textIn(system, 'new_wa_id'))
      return value === undefined ? undefined : { kind: 'phone', value }
    },
  ],
  [
    'user_changed_user_id',
    (system: Json): Address | undefined => {
      const value = textIn(system, 'user_id')
      return isUserId(value) ? { kind: 'whatsapp', value } : undefined
    },
  ],
])

/**
 * Who it is about, with the address that was changed in `former`. undefined: nothing was changed that is told, and the
 * sender is read like that of any message.
 */
export function movedIn(
  message: Json,
  { kind, text, address }: System,
): (Who & { former?: Address }) | undefined {
  if (address === undefined) return undefined
  const phone = phoneIn(textIn(message, 'from'))
  if (kind === 'numberChanged') {
    // `from` is the old number.
    const userId = textIn(message, 'from_user_id')
    const who = whoOf(address.value, isUserId(userId) ? userId : undefined)
    return who && { ...who, ...(phone !== undefined && { former: { kind: 'phone', value: phone } }) }
  }
  // The previous id is only in the sentence; where that names none, or several, nobody guesses.
  const [former, another] = userIdsIn(text).filter(id => id !== address.value)
  const isTold = former !== undefined && another === undefined
  const who = whoOf(phone, address.value)
  return who && { ...who, ...(isTold && { former: { kind: 'whatsapp', value: former } }) }
}
