/** First in, first out, with a way back to the front. A ring, because `Array.shift` moves every element. */
export type Deque<T> = {
  readonly length: number
  push(item: T): void
  unshift(item: T): void
  shift(): T | undefined
  peek(): T | undefined
}

export function createDeque<T>(): Deque<T> {
  let ring: (T | undefined)[] = new Array(16)
  let head = 0
  let length = 0
  const grow = (): void => {
    if (length < ring.length) return
    ring = [...ring.slice(head), ...ring.slice(0, head), ...new Array(ring.length)]
    head = 0
  }
  return {
    get length() {
      return length
    },
    push: item => {
      grow()
      ring[(head + length) & (ring.length - 1)] = item
      length += 1
    },
    unshift: item => {
      grow()
      head = (head - 1) & (ring.length - 1)
      ring[head] = item
      length += 1
    },
    shift: () => {
      if (length === 0) return undefined
      const item = ring[head]
      ring[head] = undefined
      head = (head + 1) & (ring.length - 1)
      length -= 1
      return item
    },
    peek: () => (length === 0 ? undefined : ring[head]),
  }
}
