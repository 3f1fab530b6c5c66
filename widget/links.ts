/** Links to files that were asked for anew, and who waits for each. */
export type Links = {
  ask(file: string): Promise<string | null>
  answer(file: string, url: string | null): void
}

/** A link that never came is none. */
const LINK_MS = 10_000

export function createLinks(send: (file: string) => void): Links {
  const waiting = new Map<string, ((url: string | null) => void)[]>()
  const answer = (file: string, url: string | null): void => {
    for (const take of waiting.get(file) ?? []) take(url)
    waiting.delete(file)
  }
  return {
    answer,
    ask: file =>
      new Promise(take => {
        const others = waiting.get(file)
        waiting.set(file, [...(others ?? []), take])
        if (others !== undefined) return
        send(file)
        setTimeout(() => answer(file, null), LINK_MS)
      }),
  }
}
