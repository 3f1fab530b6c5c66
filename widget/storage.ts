/** Texts by name, kept over a reload where the browser allows it. */
export type Keeper = {
  get(name: string): string | undefined
  /** `undefined` takes it away. */
  set(name: string, value: string | undefined): void
  names(): string[]
}

type Area = {
  readonly length: number
  key(at: number): string | null
  getItem(name: string): string | null
  setItem(name: string, value: string): void
  removeItem(name: string): void
}

/**
 * Names are kept under `prefix`. A browser may refuse its storage (private windows, blocked cookies, no room left):
 * what could not be written is remembered by the page alone, and the conversation then ends with it.
 *
 * @param find may throw: reading `localStorage` itself is refused in some frames
 */
export function openKeeper(find: () => Area, prefix: string): Keeper {
  const memory = new Map<string, string>()
  const area = attempt(find)
  return {
    get: name => memory.get(name) ?? attempt(() => area?.getItem(prefix + name)) ?? undefined,
    set(name, value) {
      memory.delete(name)
      if (value === undefined) {
        attempt(() => area?.removeItem(prefix + name))
        return
      }
      const isKept = attempt(() => {
        area?.setItem(prefix + name, value)
        return area !== undefined
      })
      if (isKept !== true) memory.set(name, value)
    },
    names() {
      const kept =
        attempt(() => Array.from({ length: area?.length ?? 0 }, (_, at) => area?.key(at) ?? '')) ?? []
      const ours = kept.filter(name => name.startsWith(prefix)).map(name => name.slice(prefix.length))
      return [...new Set([...ours, ...memory.keys()])]
    },
  }
}

/** JSON that may be anybody's: a text that cannot be read counts as none. */
export function readJson(text: string | undefined): unknown {
  return text === undefined ? undefined : attempt(() => JSON.parse(text) as unknown)
}

function attempt<Result>(work: () => Result): Result | undefined {
  try {
    return work()
  } catch {
    return undefined
  }
}
