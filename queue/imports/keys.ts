import { keyHash } from '../../store/hash.ts'

/**
 * Remembers millions of keys in a few megabytes: a table of their hashes. Two keys may be taken for one, with a million
 * of them in one of 18,000 files; it only counts repeated rows, and what is written is decided by the keys themselves.
 */
export type KeySet = {
  /** Whether it was there already. */
  add(key: string): boolean
}

const SLOTS_MIN = 1024
/** Above this share of full slots it grows. */
const FULL = 0.6

export function createKeySet(): KeySet {
  let slots = new Float64Array(SLOTS_MIN)
  let count = 0
  const put = (hash: number): boolean => {
    const mask = slots.length - 1
    for (let at = hash % slots.length; ; at = (at + 1) & mask) {
      if (slots[at] === hash) return true
      if (slots[at] === 0) {
        slots[at] = hash
        return false
      }
    }
  }
  return {
    add: key => {
      if (count > slots.length * FULL) {
        const before = slots
        slots = new Float64Array(before.length * 2)
        for (const hash of before) if (hash !== 0) put(hash)
      }
      const isKnown = put(keyHash([key]))
      if (!isKnown) count += 1
      return isKnown
    },
  }
}
