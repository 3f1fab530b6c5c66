import { createHmac, randomBytes } from 'node:crypto'
import { type Address, phoneVariants } from '../model/address.ts'
import type { WorkspaceId } from '../model/ids.ts'

/**
 * What an address is called where it must not be told (RULES A6): a keyed hash, so that whoever has the rows and not
 * the key cannot try all the phones there are. The two forms of one line (RULES B6), and an e-mail address in any case,
 * are one: whoever said STOP to one of them said it to both.
 */
export type Pseudonym = (workspace: WorkspaceId, address: Address) => string

/** Where a store keeps the key, sealed with the secret key. */
export const ADDRESS_KEY = 'addressKey'

export function newAddressKey(): string {
  return randomBytes(32).toString('base64')
}

/** @param key undefined: the store was not given one, and asking it for a pseudonym throws */
export function pseudonymsOf(key: string | undefined): Pseudonym {
  return (workspace, { kind, value }) => {
    if (key === undefined) throw new Error('the store was not given the key that hides addresses')
    const text = `${workspace}\n${kind}\n${plainOf(kind, value)}`
    return createHmac('sha256', key).update(text).digest('base64url')
  }
}

function plainOf(kind: Address['kind'], value: string): string {
  if (kind === 'email') return value.toLowerCase()
  if (kind !== 'phone') return value
  return [value, ...phoneVariants(value)].toSorted()[0] ?? value
}
