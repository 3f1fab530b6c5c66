import type { State } from '../state.ts'
import { isForVisitor } from '../thread.ts'
import { element } from './element.ts'
import { type Item, itemsOf, keyOf, signatureOf } from './items.ts'
import { rowView, updateRow } from './row.ts'
import { createSight } from './sight.ts'
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

/** @param isSeen whether the panel is open and the page visible */
export function createLog(stage: Stage, isSeen: () => boolean): Log {
  const { client, words } = stage
  const { older, rows, typing, scroller, newer, spoken, root } = partsOf(stage)
  const sight = createSight(scroller, ids => isSeen() && client.viewed(ids))
  const list = createList(rows, stage, sight)
  let isAtEnd = true
  let oldest: string | undefined

  const toEnd = (): void => {
    scroller.scrollTop = scroller.scrollHeight
    isAtEnd = true
    newer.hidden = true
  }
  newer.addEventListener('click', toEnd)
  scroller.addEventListener('scroll', () => {
    isAtEnd = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < END_PX
    if (isAtEnd) newer.hidden = true
    if (scroller.scrollTop < BEGINNING_PX) client.older()
  })
  // Images arrive after their messages; a keyboard makes the panel smaller.
  const follow = new ResizeObserver(() => isAtEnd && toEnd())
  follow.observe(rows)
  follow.observe(scroller)

  return {
    root,
    toEnd,
    look: sight.look,
    render(state, greeting) {
      const { messages, more } = state.thread
      const [first, last] = [keyOf(messages[0]), keyOf(messages.at(-1))]
      const [height, top] = [scroller.scrollHeight, scroller.scrollTop]
      const isHistory = oldest !== undefined && first !== oldest && list.has(oldest)
      const isNews = last !== undefined && !list.has(last)
      // What was there before is not read out when it is loaded.
      scroller.setAttribute('aria-live', isHistory || oldest === undefined ? 'off' : 'polite')
      list.place(itemsOf(state, greeting))
      sight.unread = new Set(messages.filter(one => one.status !== 'read').map(one => one.id))
      older.hidden = !more
      older.disabled = state.isLoading
      typing.hidden = !state.isTyping
      const says = state.isTyping ? words.say('typing') : ''
      if (spoken.textContent !== says) spoken.textContent = says
      if (isHistory) scroller.scrollTop = top + scroller.scrollHeight - height
      else if (isAtEnd || messages.at(-1)?.from === 'visitor') toEnd()
      else if (isNews) newer.hidden = false
      oldest = first ?? oldest
      sight.look()
    },
  }
}

function partsOf({ client, words: { say } }: Stage) {
  const older = element(
    'button',
    { class: 'word older', type: 'button', on: { click: () => client.older() } },
    say('older'),
  )
  const rows = element('div', { class: 'rows' })
  const dots = element('div', { class: 'bubble' }, ...[1, 2, 3].map(() => element('i')))
  const typing = element('div', { class: 'row theirs typing', hidden: true, 'aria-hidden': 'true' }, dots)
  const spoken = element('div', { class: 'unseen', 'aria-live': 'polite' })
  const newer = element('button', { class: 'newer', type: 'button', hidden: true }, say('newer'))
  const scroller = element(
    'div',
    { class: 'log', role: 'log', 'aria-live': 'off', 'aria-label': say('log'), tabindex: '0' },
    older,
    rows,
    typing,
  )
  const root = element('div', { class: 'middle' }, scroller, newer, spoken)
  return { older, rows, typing, scroller, newer, spoken, root }
}

/** Rows by the keys of their items: a row is made anew when what it shows is another, and else stays as it is. */
function createList(rows: HTMLElement, stage: Stage, sight: ReturnType<typeof createSight>) {
  const drawn = new Map<string, { row: HTMLElement; signature: string }>()

  const rowOf = (item: Item): HTMLElement => {
    const signature = signatureOf(item)
    const known = drawn.get(item.key)
    if (known?.signature === signature) {
      updateRow(known.row, item, stage)
      return known.row
    }
    const row = rowView(item, stage)
    if (known !== undefined) sight.leave(known.row)
    if (item.kind === 'message' && isForVisitor(item.message)) sight.follow(row)
    drawn.set(item.key, { row, signature })
    return row
  }
  const drop = (keys: ReadonlySet<string>): void => {
    for (const [key, { row }] of drawn) {
      if (keys.has(key)) continue
      sight.leave(row)
      row.remove()
      drawn.delete(key)
    }
  }
  return {
    has: (key: string): boolean => drawn.has(key),
    place(items: readonly Item[]): void {
      drop(new Set(items.map(item => item.key)))
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
    },
  }
}
