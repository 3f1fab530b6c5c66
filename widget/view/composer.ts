import type { State } from '../state.ts'
import { element, icon, setAttribute } from './element.ts'
import type { Stage } from './stage.ts'

export type Composer = {
  root: HTMLElement
  render(state: State): void
  focus(): void
  /** Text that was not sent, for a panel that is drawn anew. */
  text: string
}

/** Lines of text before the field scrolls. */
const HEIGHT_MAX_PX = 140
/** The visitor is told how much room is left when less than this share is. */
const NEARLY_FULL = 0.9

/** Where the visitor writes: Enter sends, Shift and Enter begins a line; files by button, paste or drop. */
export function createComposer(stage: Stage): Composer {
  const { client, words } = stage
  const { say } = words

  const field = element('textarea', {
    id: 'omnibus-field',
    rows: 1,
    placeholder: say('write'),
    'aria-describedby': 'omnibus-count',
    enterkeyhint: 'send',
    dir: 'auto',
    on: {
      input: () => changed(true),
      blur: () => client.typing(false),
      keydown(event) {
        // Enter that chooses a word of an input method is not for sending.
        if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
        event.preventDefault()
        submit()
      },
      paste(event) {
        const files = [...(event.clipboardData?.files ?? [])]
        if (files.length === 0) return
        event.preventDefault()
        client.attach(files)
      },
    },
  })
  const chooser = element('input', {
    type: 'file',
    multiple: true,
    hidden: true,
    tabindex: '-1',
    'aria-label': say('attach'),
    on: {
      change() {
        client.attach([...(chooser.files ?? [])])
        chooser.value = ''
        field.focus()
      },
    },
  })
  const attach = element(
    'button',
    {
      class: 'round',
      type: 'button',
      'aria-label': say('attach'),
      title: say('attach'),
      on: { click: () => chooser.click() },
    },
    icon('clip'),
  )
  const send = element(
    'button',
    { class: 'round send', type: 'submit', 'aria-label': say('send'), title: say('send') },
    icon('send'),
  )
  const count = element('div', { id: 'omnibus-count', class: 'count', 'aria-live': 'polite' })
  const root = element(
    'form',
    {
      class: 'composer',
      novalidate: true,
      on: {
        submit(event) {
          event.preventDefault()
          submit()
        },
      },
    },
    element('label', { class: 'unseen', for: 'omnibus-field' }, say('write')),
    count,
    element('div', { class: 'line' }, attach, field, send),
    chooser,
  )

  const changed = (isTyped: boolean): void => {
    const { textMax } = client.state().page
    const length = field.value.length
    const isTooLong = length > textMax
    count.textContent = length > textMax * NEARLY_FULL ? say('tooLong', { n: textMax, m: length }) : ''
    count.classList.toggle('bad', isTooLong)
    setAttribute(field, 'aria-invalid', isTooLong)
    // Not `disabled`, which would take the focus of whoever is on it.
    setAttribute(send, 'aria-disabled', isTooLong || field.value.trim() === '')
    grow(field)
    if (isTyped) client.typing(field.value.trim() !== '')
  }
  const submit = (): void => {
    const text = field.value.trim()
    if (text === '' || text.length > client.state().page.textMax) return
    client.say({ type: 'text', text })
    field.value = ''
    changed(false)
    field.focus()
  }

  changed(false)
  return {
    root,
    focus: () => field.focus({ preventScroll: true }),
    render({ page: { files } }) {
      chooser.accept = files.mimeTypes.join(',')
      attach.hidden = files.bytesMax === 0
    },
    get text() {
      return field.value
    },
    set text(text) {
      field.value = text
      changed(false)
    },
  }
}

/** As high as its text. By the object model, which no policy of a website refuses. */
function grow(field: HTMLTextAreaElement): void {
  field.style.height = 'auto'
  if (field.scrollHeight > 0) field.style.height = `${Math.min(field.scrollHeight, HEIGHT_MAX_PX)}px`
}
