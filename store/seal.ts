import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto'

/**
 * Secrets at rest: AES-256-GCM under a key of the operator's, each value bound to its `context` so that it cannot be
 * moved to another place, and marked with the id of its key so that keys can be replaced (RULES G1).
 */
export type Sealer = {
  seal(text: string, context: string): string
  /** @throws WrongKey when it was sealed with a key we do not have, or for another context, or was tampered with. */
  unseal(sealed: string, context: string): string
  /** Of the key that seals now. */
  keyId: string
}

export class WrongKey extends Error {
  override name = 'WrongKey'
}

const IV_BYTES = 12
const TAG_BYTES = 16

/** The first key seals, all of them open. A key is any text of enough entropy; the AES key is derived from it. */
export function createSealer(keys: readonly string[]): Sealer {
  const known = keys.map(key => ({
    id: hash(`omnibus key id ${key}`).toString('hex').slice(0, 8),
    key: hash(`omnibus seal ${key}`),
  }))
  const current = known[0]
  if (current === undefined) throw new WrongKey('there is no secret key')
  return {
    keyId: current.id,
    seal: (text, context) => {
      const iv = randomBytes(IV_BYTES)
      const cipher = createCipheriv('aes-256-gcm', current.key, iv).setAAD(Buffer.from(context))
      const bytes = Buffer.concat([iv, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()])
      return `${current.id}:${bytes.toString('base64')}`
    },
    unseal: (sealed, context) => {
      const [id, text = ''] = sealed.split(':', 2)
      const key = known.find(one => one.id === id)?.key
      if (key === undefined) throw new WrongKey(`it was sealed with the key ${id}, which is not given`)
      const bytes = Buffer.from(text, 'base64')
      try {
        const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, IV_BYTES))
        decipher.setAAD(Buffer.from(context)).setAuthTag(bytes.subarray(-TAG_BYTES))
        const body = bytes.subarray(IV_BYTES, -TAG_BYTES)
        return Buffer.concat([decipher.update(body), decipher.final()]).toString('utf8')
      } catch (cause) {
        throw new WrongKey('it does not open: wrong place, or damaged', { cause })
      }
    },
  }
}

function hash(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

/** Where a store keeps a text that only the right key opens, and what is sealed there (RULES G1). */
export const KEY_CHECK = 'keyCheck'
export const CHECK = 'omnibus'

/** Whether the sealer has the key that a store's check value was sealed with. */
export function fits(sealer: Sealer, keyCheck: string): boolean {
  try {
    return sealer.unseal(keyCheck, CHECK) === CHECK
  } catch {
    return false
  }
}
