import type { Appearance } from '../../connectors/webchat/frames.ts'
import type { Client } from '../state.ts'
import type { Words } from '../texts/texts.ts'
import { element, icon, setAttribute } from './element.ts'
import { createPanel, type Panel } from './panel.ts'
import { schemeOf, themeRules } from './theme.ts'
import rules from './widget.css?inline'

export type View = {
  render(): void
  open(): void
  close(): void
  isOpen(): boolean
  /** Whether the launcher is there at all. */
  show(on: boolean): void
  speak(words: Words): void
}

export type ViewOptions = {
  client: Client
  words: Words
  url: string
  /** What the channel and the page say of the looks. */
  look(): Appearance
  zIndex: number
  now(): number
  onOpen(): void
  onClose(): void
}

/** A window that is no wider than this is filled by the panel (PROVIDERS H4). */
const SMALL = '(max-width: 667px)'

/**
 * What the visitor sees: a launcher in the corner, and the panel once it was opened. It lives in a shadow tree, so that
 * neither the website's styles nor ours reach the other side. Until the panel is opened only the launcher is made.
 */
export function createView(options: ViewOptions): View {
  const { client } = options
  const small = matchMedia(SMALL)
  const dark = matchMedia('(prefers-color-scheme: dark)')
  const theme = new CSSStyleSheet()
  let themed = ''
  let words = options.words
  let panel: Panel | undefined
  let isOpen = false

  const badge = element('span', { class: 'badge', hidden: true, 'aria-hidden': 'true' })
  const launcher = element(
    'button',
    {
      class: 'launcher',
      type: 'button',
      'aria-haspopup': 'dialog',
      on: { click: () => (isOpen ? close() : open()) },
    },
    icon('bubble'),
    icon('down'),
    badge,
  )
  const root = element('div', { class: 'root' }, launcher)
  const host = hostOf(root, theme)

  const makePanel = (): Panel => {
    const stage = { client, words, url: options.url, now: options.now }
    const isSeen = (): boolean => isOpen && document.visibilityState === 'visible'
    const made = createPanel({ stage, close, isSeen })
    root.prepend(made.root)
    return made
  }
  const render = (): void => {
    const state = client.state()
    const look = options.look()
    const scheme = schemeOf(look.dark, dark.matches)
    const wanted = themeRules(look, scheme, options.zIndex)
    if (themed !== wanted) theme.replaceSync(wanted)
    themed = wanted
    Object.assign(root.dataset, { scheme, side: look.position === 'left' ? 'left' : 'right' })
    root.lang = words.language
    renderLauncher(state.unread, look)
    if (isOpen) panel?.render(state, look)
  }
  const renderLauncher = (unread: number, look: Appearance): void => {
    const says = isOpen ? words.say('close') : (look.title ?? words.say('open'))
    const count = words.say(unread === 1 ? 'unreadOne' : 'unreadMany', { n: unread })
    launcher.setAttribute('aria-expanded', String(isOpen))
    launcher.setAttribute('aria-label', unread > 0 && !isOpen ? `${says}, ${count}` : says)
    badge.textContent = unread > 9 ? '9+' : String(unread)
    badge.hidden = unread === 0 || isOpen
  }

  const open = (): void => {
    if (isOpen) return
    isOpen = true
    panel ??= makePanel()
    panel.root.hidden = false
    root.classList.add('open')
    panel.setModal(small.matches)
    client.connect()
    render()
    panel.log.toEnd()
    // On a small screen the keyboard would cover what there is to read.
    if (small.matches) panel.root.focus({ preventScroll: true })
    else panel.focus()
    panel.log.look()
    options.onOpen()
  }
  const close = (): void => {
    if (!isOpen || panel === undefined) return
    isOpen = false
    const hadFocus = panel.root.matches(':focus-within')
    panel.root.hidden = true
    root.classList.remove('open')
    render()
    if (hadFocus) launcher.focus({ preventScroll: true })
    options.onClose()
  }

  dark.addEventListener('change', render)
  small.addEventListener('change', () => panel?.setModal(small.matches))
  document.addEventListener('visibilitychange', () => panel?.log.look())
  followKeyboard(root)
  stayInPage(host)
  render()

  return {
    render,
    open,
    close,
    isOpen: () => isOpen,
    show: on => setAttribute(launcher, 'hidden', !on),
    speak(next) {
      words = next
      const text = panel?.composer.text ?? ''
      panel?.root.remove()
      panel = undefined
      if (isOpen) {
        panel = makePanel()
        panel.root.hidden = false
        panel.setModal(small.matches)
        panel.composer.text = text
      }
      render()
    },
  }
}

function hostOf(root: HTMLElement, theme: CSSStyleSheet): HTMLElement {
  const host = element('omnibus-chat' as 'div')
  const shadow = host.attachShadow({ mode: 'open' })
  const sheet = new CSSStyleSheet()
  sheet.replaceSync(rules)
  shadow.adoptedStyleSheets = [sheet, theme]
  shadow.append(root)
  // What is written here is not a shortcut of the website's.
  for (const type of ['keydown', 'keypress', 'keyup'])
    host.addEventListener(type, event => event.stopPropagation())
  return host
}

/** Before it comes back: a website that keeps taking it away is not kept busy with it. */
const AWAY_MS = 50

/** Websites that swap their body (Turbo, Astro, Ajax themes) take the widget with it: it comes back by itself. */
function stayInPage(host: HTMLElement): void {
  const attach = (): void => {
    if (!host.isConnected) (document.body ?? document.documentElement).append(host)
  }
  let timer: ReturnType<typeof setTimeout> | undefined
  const observer = new MutationObserver(() => {
    clearTimeout(timer)
    timer = setTimeout(() => {
      attach()
      watch()
    }, AWAY_MS)
  })
  const watch = (): void => {
    observer.disconnect()
    observer.observe(document, { childList: true })
    observer.observe(document.documentElement, { childList: true })
    if (document.body !== null) observer.observe(document.body, { childList: true })
  }
  attach()
  watch()
}

/** The keyboard of a phone covers the window without changing its size: the panel takes what is left of it. */
function followKeyboard(root: HTMLElement): void {
  const view = window.visualViewport
  if (view === null) return
  const fill = (): void => {
    // Fingers that spread make the view smaller too; they want to look closer, not at less.
    if (view.scale > 1.01) return
    root.style.setProperty('--height', `${Math.round(view.height)}px`)
    root.style.setProperty('--top', `${Math.round(view.offsetTop)}px`)
  }
  view.addEventListener('resize', fill)
  view.addEventListener('scroll', fill)
  fill()
}
