/** Which messages are in view of the visitor. */
export type Sight = {
  follow(row: HTMLElement): void
  leave(row: HTMLElement): void
  /** Ids of messages that were not read. */
  unread: ReadonlySet<string>
  /** Tells of those that are in view and were not read. */
  look(): void
}

/** A message counts when half of it is in view, or when it fills half of the log, being taller than that. */
const SHARE = 0.5

/** @param tell of ids; called at every look until they are read */
export function createSight(root: HTMLElement, tell: (ids: readonly string[]) => void): Sight {
  const inView = new Set<string>()
  const idOf = (row: Element): string => (row as HTMLElement).dataset['id'] ?? ''
  const observer = new IntersectionObserver(
    entries => {
      for (const { target, intersectionRatio, intersectionRect, rootBounds } of entries) {
        const fills = intersectionRect.height > (rootBounds?.height ?? Number.POSITIVE_INFINITY) * SHARE
        if (intersectionRatio >= SHARE || fills) inView.add(idOf(target))
        else inView.delete(idOf(target))
      }
      sight.look()
    },
    { root, threshold: [0, 0.1, 0.25, SHARE] },
  )
  const sight: Sight = {
    unread: new Set(),
    follow: row => observer.observe(row),
    leave(row) {
      observer.unobserve(row)
      inView.delete(idOf(row))
    },
    look() {
      const ids = [...inView].filter(id => sight.unread.has(id))
      if (ids.length > 0) tell(ids)
    },
  }
  return sight
}
