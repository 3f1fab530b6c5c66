/** Randomness as a parameter: the simulations pass a seeded one and print the seed. */
export type Random = {
  /** Fills `bytes` and returns it. */
  fill(bytes: Uint8Array): Uint8Array
  /** A number in [0, 1), for jitter and sampling; never for secrets. */
  fraction(): number
}

export const systemRandom: Random = {
  fill: bytes => crypto.getRandomValues(bytes as Uint8Array<ArrayBuffer>),
  fraction: () => Math.random(),
}

/**
 * A repeatable source (mulberry32: 32 bits of state, passes gjrand's small tests, good enough to drive tests).
 * Not for anything that must be unguessable.
 */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let z = state
    z = Math.imul(z ^ (z >>> 15), z | 1)
    z ^= z + Math.imul(z ^ (z >>> 7), z | 61)
    return (z ^ (z >>> 14)) >>> 0
  }
  return {
    fill: bytes => {
      for (let i = 0; i < bytes.length; i++) bytes[i] = next() & 0xff
      return bytes
    },
    fraction: () => next() / 2 ** 32,
  }
}
