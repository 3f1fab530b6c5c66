/** A binary heap of things to wake at a time. Only what was held back gets in, so it is empty in normal work. */
export type Heap<T> = {
  add(item: T, at: number): void
  /** Takes out everything due by `now`, earliest first. */
  due(now: number): T[]
  nextAt(): number | undefined
  clear(): void
}

export function createHeap<T>(): Heap<T> {
  const heap: { at: number; item: T }[] = []
  return {
    add: (item, at) => {
      heap.push({ at, item })
      rise(heap)
    },
    due: now => {
      const out: T[] = []
      for (let top = heap[0]; top !== undefined && top.at <= now; top = heap[0]) {
        out.push(top.item)
        removeTop(heap)
      }
      return out
    },
    nextAt: () => heap[0]?.at,
    clear: () => {
      heap.length = 0
    },
  }
}

type Entry = { at: number }

function rise(heap: Entry[]): void {
  let child = heap.length - 1
  while (child > 0) {
    const parent = (child - 1) >> 1
    if (atOf(heap, parent) <= atOf(heap, child)) return
    swap(heap, parent, child)
    child = parent
  }
}

function removeTop(heap: Entry[]): void {
  swap(heap, 0, heap.length - 1)
  heap.pop()
  let parent = 0
  for (;;) {
    const left = 2 * parent + 1
    const least = atOf(heap, left + 1) < atOf(heap, left) ? left + 1 : left
    if (atOf(heap, least) >= atOf(heap, parent)) return
    swap(heap, parent, least)
    parent = least
  }
}

function atOf(heap: readonly Entry[], index: number): number {
  return heap[index]?.at ?? Number.POSITIVE_INFINITY
}

function swap(heap: Entry[], a: number, b: number): void {
  const [x, y] = [heap[a], heap[b]]
  if (x === undefined || y === undefined) return
  heap[a] = y
  heap[b] = x
}
