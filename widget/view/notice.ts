import type { State } from '../state.ts'
import type { TextKey } from '../texts/en.ts'
import { element } from './element.ts'
import type { Stage } from './stage.ts'

/** A line that does not come up in this time is worth a word. */
const PATIENCE_MS = 2500

/** A word about the line: being connected, cut off, or closed for good. */
export function createNotice(stage: Stage): { root: HTMLElement; render(state: State): void } {
  const { client, words } = stage
  let timer: ReturnType<typeof setTimeout> | undefined
  let isLate = false
  const text = element('span')
  const again = element(
    'button',
    { class: 'word', type: 'button', on: { click: () => client.connect() } },
    words.say('again'),
  )
  const root = element('div', { class: 'notice', role: 'status', hidden: true }, text, again)

  const render = (state: State): void => {
    const isDown = state.line === 'opening' || state.line === 'greeting' || state.line === 'waiting'
    if (!isDown) {
      clearTimeout(timer)
      timer = undefined
      isLate = false
    } else if (timer === undefined) {
      timer = setTimeout(() => {
        isLate = true
        render(client.state())
      }, PATIENCE_MS)
    }
    const key = keyOf(state, isLate)
    root.hidden = key === undefined
    again.hidden = state.line !== 'ended'
    const said = key === undefined ? '' : words.say(key)
    // Said once to a screen reader, not at every change of something else.
    if (text.textContent !== said) text.textContent = said
  }
  return { root, render }
}

function keyOf({ line, ended }: State, isLate: boolean): TextKey | undefined {
  if (line === 'ended') return ended === 'channelGone' ? 'gone' : 'ended'
  if (!isLate) return undefined
  return line === 'waiting' ? 'offline' : 'connecting'
}
