/**
 * What stays open longer than a request, by the token that opened it: it ends when the token counts no more. Every
 * `everyMs` each token is looked at once, however much it has open; without anything open there is no timer.
 */
export type Watch = {
  add(hash: string, gone: () => void): () => void
  /** The token counts no more. */
  end(hash: string): void
  stop(): void
}

export function createWatch(isGood: (hash: string) => Promise<boolean>, everyMs: number): Watch {
  const open = new Map<string, Set<() => void>>()
  let timer: NodeJS.Timeout | undefined
  const end = (hash: string): void => {
    for (const gone of open.get(hash) ?? []) gone()
  }
  const look = async (): Promise<void> => {
    for (const hash of [...open.keys()]) {
      // A store that does not answer says nothing about the token.
      if (!(await isGood(hash).catch(() => true))) end(hash)
    }
  }
  const stop = (): void => {
    clearInterval(timer)
    timer = undefined
  }
  return {
    add: (hash, gone) => {
      const theirs = open.get(hash) ?? new Set()
      open.set(hash, theirs.add(gone))
      timer ??= setInterval(() => void look(), everyMs).unref()
      return () => {
        theirs.delete(gone)
        if (theirs.size === 0 && open.get(hash) === theirs) open.delete(hash)
        if (open.size === 0) stop()
      }
    },
    end,
    stop,
  }
}
