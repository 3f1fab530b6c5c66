import type { Appearance } from '../../connectors/webchat/frames.ts'
import type { State } from '../state.ts'
import { type Composer, createComposer, roundButton } from './composer.ts'
import { element, setAttribute } from './element.ts'
import { formBeforeFirst } from './form.ts'
import { createLog, type Log } from './log.ts'
import { createNotice } from './notice.ts'
import type { Stage } from './stage.ts'

export type Panel = {
  root: HTMLElement
  render(state: State, look: Appearance): void
  /** Where the visitor goes on. */
  focus(): void
  setModal(isModal: boolean): void
  log: Log
  composer: Composer
}

export type PanelOptions = {
  stage: Omit<Stage, 'focusInput'>
  close(): void
  isSeen(): boolean
}

const FOCUSABLE = 'button, [href], input, select, textarea, audio, video, [tabindex="0"]'

/** The window of the conversation: a dialog with a header, the log, and where the visitor writes or the form. */
export function createPanel({ stage: given, close, isSeen }: PanelOptions): Panel {
  const stage: Stage = { ...given, focusInput: () => focus() }
  const { client, words } = stage
  const { say } = words
  const log = createLog(stage, isSeen)
  const composer = createComposer(stage)
  const notice = createNotice(stage)
  const title = element('h2', { id: 'omnibus-title' })
  const subtitle = element('p')
  const closer = roundButton('close', say('close'), 'button')
  closer.addEventListener('click', close)
  const empty = element('p', { class: 'empty' }, say('empty'))
  const bottom = element('div', { class: 'bottom' }, composer.root)
  const root = element(
    'div',
    { class: 'panel', role: 'dialog', 'aria-labelledby': 'omnibus-title', hidden: true, tabindex: '-1' },
    element('header', {}, element('div', {}, title, subtitle), closer),
    notice.root,
    log.root,
    empty,
    bottom,
    element('div', { class: 'drop', 'aria-hidden': 'true' }, say('drop')),
  )
  let form: ReturnType<typeof formBeforeFirst> | undefined
  let asked = ''

  const isFormNeeded = ({ page, thread, visitor, entries }: State): boolean =>
    page.preChat.length > 0 &&
    client.form() === undefined &&
    visitor?.identified !== true &&
    entries.length === 0 &&
    !thread.messages.some(message => message.from === 'visitor')

  /** The form takes the place of the field until it is filled in. */
  const showForm = (state: State): void => {
    const wanted = isFormNeeded(state) ? JSON.stringify(state.page.preChat) : ''
    if (wanted === asked) return
    asked = wanted
    form = wanted === '' ? undefined : formBeforeFirst(state.page.preChat, stage)
    const hadFocus = bottom.matches(':focus-within')
    bottom.replaceChildren(form?.root ?? composer.root)
    if (hadFocus) focus()
  }
  const focus = (): void => (form === undefined ? composer.focus() : form.focus())

  root.addEventListener('keydown', event => {
    if (event.key === 'Escape') {
      event.preventDefault()
      close()
    }
    if (event.key === 'Tab' && root.getAttribute('aria-modal') === 'true') keepInside(event, root)
  })
  acceptDrops(root, files => client.attach(files))

  return {
    root,
    log,
    composer,
    focus,
    render(state, look) {
      title.textContent = look.title ?? say('title')
      subtitle.textContent = look.subtitle ?? ''
      subtitle.hidden = look.subtitle === undefined
      notice.render(state)
      showForm(state)
      composer.render(state)
      const isEmpty = state.thread.messages.length + state.entries.length + state.uploads.length === 0
      empty.hidden = !isEmpty || look.greeting !== undefined || form !== undefined
      log.render(state, look.greeting)
    },
    setModal: isModal => setAttribute(root, 'aria-modal', String(isModal)),
  }
}

/** On a small screen the page behind cannot be seen, so the keyboard does not go there. */
function keepInside(event: KeyboardEvent, root: HTMLElement): void {
  const inside = [...root.querySelectorAll<HTMLElement>(FOCUSABLE)].filter(
    one => one.offsetParent !== null && !one.hasAttribute('disabled') && one.tabIndex >= 0,
  )
  const [first, last] = [inside[0], inside.at(-1)]
  const active = (root.getRootNode() as ShadowRoot).activeElement
  if (event.shiftKey ? active === first || active === root : active === last) {
    event.preventDefault()
    const next = event.shiftKey ? last : first
    next?.focus()
  }
}

function acceptDrops(root: HTMLElement, take: (files: File[]) => void): void {
  const hasFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes('Files') === true
  root.addEventListener('dragover', event => {
    if (!hasFiles(event)) return
    event.preventDefault()
    root.classList.add('dropping')
  })
  root.addEventListener('dragleave', event => {
    if (!root.contains(event.relatedTarget as Node | null)) root.classList.remove('dropping')
  })
  root.addEventListener('drop', event => {
    root.classList.remove('dropping')
    if (!hasFiles(event)) return
    event.preventDefault()
    take([...(event.dataTransfer?.files ?? [])])
  })
}
