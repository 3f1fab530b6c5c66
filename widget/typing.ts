/** Who writes, both ways: what the visitor's keyboard tells, and what is shown of the other side. */
export type Typing = {
  /** The visitor's keyboard. */
  mine(on: boolean): void
  /** The visitor's message is on its way, which ends its writing by itself. */
  said(): void
  theirs(on: boolean): void
  isTheirs(): boolean
}

/** At most one word in this time, and an end by itself after that (frames.ts). */
export const TYPING_MS = 3000
export const TYPING_ENDS_MS = 6000

export function createTyping(now: () => number, say: (on: boolean) => void, onChange: () => void): Typing {
  let saidAt = Number.NEGATIVE_INFINITY
  let isTheirs = false
  let ends: ReturnType<typeof setTimeout> | undefined

  const theirs = (on: boolean): void => {
    clearTimeout(ends)
    if (on) ends = setTimeout(() => theirs(false), TYPING_ENDS_MS)
    if (isTheirs === on) return
    isTheirs = on
    onChange()
  }
  return {
    mine(on) {
      if (on ? now() - saidAt < TYPING_MS : saidAt === Number.NEGATIVE_INFINITY) return
      saidAt = on ? now() : Number.NEGATIVE_INFINITY
      say(on)
    },
    said() {
      saidAt = Number.NEGATIVE_INFINITY
    },
    theirs,
    isTheirs: () => isTheirs,
  }
}
