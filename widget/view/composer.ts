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

/** The field grows to this, then it scrolls. */
const HEIGHT_MAX_PX = 140
/** The visitor is told how much room is left when more than this share is used. */
const NEARLY_FULL = 0.9

/** Where the visitor writes: Enter sends, Shift and Enter begins a line; files by button, paste or drop. */
export function createComposer(stage: Stage): Composer {
  const { client, words } = stage
  const field = fieldOf(stage, { changed, submit })
  const chooser = chooserOf(stage, field)
  const attach = roundButton('clip', words.say('attach'), 'button')
  const send = roundButton('send', words.say('send'), 'submit')
  const count = element('div', { id: 'omnibus-count', class: 'count', 'aria-live': 'polite' })
  const root = element(
    'form',
    { class: 'composer', novalidate: true },
    element('label', { class: 'unseen', for: field.id }, words.say('write')),
    count,
    element('div', { class: 'line' }, attach, field, send),
    chooser,
  )
  attach.addEventListener('click', () => chooser.click())
  root.addEventListener('submit', event => {
    event.preventDefault()
    submit()
  })

  function changed(): void {
    const { textMax } = client.state().page
    const { length } = field.value
    const isTooLong = length > textMax
    const room = length > textMax * NEARLY_FULL ? `${length} / ${textMax}` : ''
    count.textContent = isTooLong ? `${words.say('tooLong', { n: textMax })}: ${room}` : room
    count.classList.toggle('bad', isTooLong)
    setAttribute(field, 'aria-invalid', isTooLong && 'true')
    // Not `disabled`, which would take the focus of whoever is on it.
    setAttribute(send, 'aria-disabled', (isTooLong || field.value.trim() === '') && 'true')
    grow(field)
  }
  function submit(): void {
    const text = field.value.trim()
    if (text === '' || field.value.length > client.state().page.textMax) return
    client.say({ type: 'text', text })
    field.value = ''
    changed()
    field.focus()
  }

  changed()
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
      changed()
    },
  }
}

function fieldOf({ client, words }: Stage, does: { changed(): void; submit(): void }): HTMLTextAreaElement {
  const field = element('textarea', {
    id: 'omnibus-field',
    rows: 1,
    placeholder: words.say('write'),
    'aria-describedby': 'omnibus-count',
    enterkeyhint: 'send',
    dir: 'auto',
    on: {
      input() {
        does.changed()
        client.typing(field.value.trim() !== '')
      },
      blur: () => client.typing(false),
      keydown(event) {
        // Enter that chooses a word of an input method is not for sending.
        if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
        event.preventDefault()
        does.submit()
      },
      paste(event) {
        const files = [...(event.clipboardData?.files ?? [])]
        if (files.length === 0) return
        event.preventDefault()
        client.attach(files)
      },
    },
  })
  return field
}

function chooserOf({ client, words }: Stage, field: HTMLElement): HTMLInputElement {
  const chooser = element('input', {
    type: 'file',
    multiple: true,
    hidden: true,
    'aria-label': words.say('attach'),
    on: {
      change() {
        client.attach([...(chooser.files ?? [])])
        chooser.value = ''
        field.focus()
      },
    },
  })
  return chooser
}

export function roundButton(
  name: Parameters<typeof icon>[0],
  label: string,
  type: 'button' | 'submit',
): HTMLButtonElement {
  return element('button', { class: `round ${name}`, type, 'aria-label': label, title: label }, icon(name))
}

/** As high as its text. By the object model, which no policy of a website refuses. */
function grow(field: HTMLTextAreaElement): void {
  field.style.height = 'auto'
  if (field.scrollHeight > 0) field.style.height = `${Math.min(field.scrollHeight, HEIGHT_MAX_PX)}px`
}
