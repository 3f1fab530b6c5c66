import type { State } from '../state.ts'
import { isForVisitor } from '../thread.ts'
import { element } from './element.ts'
import { type Item, itemsOf, keyOf, signatureOf } from './items.ts'
import { rowView, updateRow } from './row.ts'
import type { Stage } from './stage.ts'

export type Log = {
  root: HTMLElement
  render(state: State, greeting: string | undefined): void
  /** To the newest message. */
  toEnd(): void
  /** Tells the daemon of what is in view, if the visitor sees the page at all. */
  look(): void
}

/** Closer to the end than this, new messages are followed. */
const END_PX = 80
/** Closer to the beginning than this, older messages are asked for. */
const BEGINNING_PX = 120

type Drawn = { row: HTMLElement; signature: string }

/** @param isSeen whether the panel is open and the page visible */
export function createLog(stage: Stage, isSeen: () => boolean): Log {
  const { say } = stage.words
  const drawn = new Map<string, Drawn>()
  const inView = new Set<string>()
  let unread = new Set<string>()
  let isAtEnd = true
  let oldest: string | undefined

  const older = element(
    'button',
    { class: 'word older', type: 'button', on: { click: () => stage.client.older() } },
    say('older'),
  )
  const rows = element('div', { class: 'rows' })
  const typing = element('div', { class: 'row theirs typing', hidden: true })
  typing.append(element('div', { class: 'bubble' }, ...[1, 2, 3].map(() => element('i'))))
  const spoken = element('div', { class: 'unseen', 'aria-live': 'polite' })
  const newer = element(
    'button',
    { class: 'newer', type: 'button', hidden: true, on: { click: () => toEnd() } },
    say('newer'),
  )
  const scroller = element(
    'div',
    { class: 'log', role: 'log', 'aria-live': 'polite', 'aria-label': say('log'), tabindex: '0' },
    older,
    rows,
    typing,
  )
  const root = element('div', { class: 'middle' }, scroller, newer, spoken)

  const toEnd = (): void => {
    scroller.scrollTop = scroller.scrollHeight
    isAtEnd = true
    newer.hidden = true
  }
  const look = (): void => {
    const ids = [...inView].filter(id => unread.has(id))
    if (ids.length > 0 && isSeen()) stage.client.viewed(ids)
  }
  const observer = new IntersectionObserver(
    entries => {
      for (const { target, intersectionRatio, intersectionRect, rootBounds } of entries) {
        const id = (target as HTMLElement).dataset['id'] ?? ''
        // Half of the message, or half of the panel if the message is taller than it.
        const fills = rootBounds !== null && intersectionRect.height > rootBounds.height / 2
        if (intersectionRatio >= 0.5 || fills) inView.add(id)
        else inView.delete(id)
      }
      look()
    },
    { root: scroller, threshold: [0, 0.1, 0.25, 0.5] },
  )
  new ResizeObserver(() => {
    if (isAtEnd) toEnd()
  }).observe(rows)
  scroller.addEventListener('scroll', () => {
    isAtEnd = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < END_PX
    if (isAtEnd) newer.hidden = true
    if (scroller.scrollTop < BEGINNING_PX) stage.client.older()
  })

  /** The row of an item, made anew if what it shows is another. */
  const rowOf = (item: Item): HTMLElement => {
    const signature = signatureOf(item)
    const known = drawn.get(item.key)
    if (known?.signature === signature) {
      updateRow(known.row, item, stage)
      return known.row
    }
    const row = rowView(item, stage)
    if (known !== undefined) observer.unobserve(known.row)
    if (item.kind === 'message' && isForVisitor(item.message)) observer.observe(row)
    drawn.set(item.key, { row, signature })
    return row
  }
  const place = (items: readonly Item[]): void => {
    let next = rows.firstChild
    for (const item of items) {
      const before = drawn.get(item.key)?.row
      const row = rowOf(item)
      if (before !== undefined && before !== row) {
        if (next === before) next = row
        before.replaceWith(row)
      }
      if (row === next) next = row.nextSibling
      else rows.insertBefore(row, next)
    }
    const keys = new Set(items.map(item => item.key))
    for (const [key, { row }] of drawn) {
      if (keys.has(key)) continue
      observer.unobserve(row)
      row.remove()
      drawn.delete(key)
    }
  }

  return {
    root,
    toEnd,
    look,
    render(state, greeting) {
      const { messages, more } = state.thread
      const [first, last] = [keyOf(messages[0]), keyOf(messages.at(-1))]
      const height = scroller.scrollHeight
      const top = scroller.scrollTop
      const isHistory = oldest !== undefined && first !== oldest && drawn.has(oldest)
      const known = drawn.size
      // What was there before is not read out when it is loaded.
      scroller.setAttribute('aria-live', isHistory || known === 0 ? 'off' : 'polite')
      unread = new Set(messages.filter(message => message.status !== 'read').map(message => message.id))
      const isNew = last !== undefined && !drawn.has(last)
      place(itemsOf(state, greeting))
      older.hidden = !more
      older.disabled = state.isLoading
      typing.hidden = !state.isTyping
      spoken.textContent = state.isTyping ? say('typing') : ''
      if (isHistory) scroller.scrollTop = top + scroller.scrollHeight - height
      else if (isAtEnd) toEnd()
      else if (isNew) newer.hidden = false
      oldest = first
      look()
    },
  }
}
