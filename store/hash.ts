import { type Key, nameOf } from './decide/key.ts'
import type { TableName } from './tables.ts'

/**
 * Tables found by a hash of their key, in a column `key_hash`: their whole keys would be the largest index of all. That
 * a key is there once is `decide`'s doing: it reads before it writes.
 */
export const HASHED: ReadonlySet<TableName> = new Set(['providerIds', 'seen'])

/**
 * A key as an integer of 53 bits (cyrb53 mixing: two 32-bit multiplicative hashes). Only spreads rows over an index:
 * the whole key is compared too, so a collision costs a look at one more row and is no error.
 */
export function keyHash(key: Key): number {
  const text = nameOf(key)
  let a = 0xdeadbeef
  let b = 0x41c6ce57
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    a = Math.imul(a ^ code, 0x9e3779b1)
    b = Math.imul(b ^ code, 0x5f356495)
  }
  a = Math.imul(a ^ (a >>> 16), 0x85ebca6b) ^ Math.imul(b ^ (b >>> 13), 0xc2b2ae35)
  b = Math.imul(b ^ (b >>> 16), 0x85ebca6b) ^ Math.imul(a ^ (a >>> 13), 0xc2b2ae35)
  return (b & 0x1fffff) * 2 ** 32 + (a >>> 0)
}
