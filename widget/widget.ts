import type { IdentityClaim } from '../connectors/webchat/frames.ts'
import { warn, whenIdle } from './browser.ts'
import { readOptions } from './options.ts'
import { createSignals } from './signals.ts'
import { type Running, start } from './start.ts'

/**
 * The chat on a website: what `/webchat/widget.js` is. It takes the place of the function `omnibus` that the embedding
 * line left in the page, and does what was asked of that one.
 *
 *   omnibus('init', { channel: 'chn_…' })
 *   omnibus('identify', { jwt })
 *   omnibus('open')
 */
type Call = (verb: string, ...values: unknown[]) => void
type Page = { omnibus?: Call & { q?: ArrayLike<unknown>[]; isHere?: boolean } }

const signals = createSignals()
let isStarted = false
let running: Running | undefined
/** What was asked before the widget runs. */
let waiting: ((running: Running) => void)[] = []

function when(work: (running: Running) => void): void {
  if (running === undefined) waiting.push(work)
  else work(running)
}

const VERBS: Readonly<Record<string, (...values: unknown[]) => void>> = {
  init: given => init((given ?? {}) as Record<string, unknown>),
  identify: claim => when(it => it.identify(claim as IdentityClaim)),
  reset: () => when(it => it.reset()),
  open: () => when(({ view }) => view.open()),
  close: () => when(({ view }) => view.close()),
  toggle: () => when(({ view }) => (view.isOpen() ? view.close() : view.open())),
  show: () => when(({ view }) => view.show(true)),
  hide: () =>
    when(({ view }) => {
      view.close()
      view.show(false)
    }),
  locale: tag => when(it => it.locale(String(tag))),
  on: (name, listener) => signals.on(String(name), listener as () => void),
  off: (name, listener) => signals.off(String(name), listener as () => void),
}

/** Nothing that is asked of the widget may break the page that asks. */
function call(verb: unknown, ...values: unknown[]): void {
  const act = Object.hasOwn(VERBS, String(verb)) ? VERBS[String(verb)] : undefined
  if (act === undefined) {
    warn(`there is no "${String(verb)}"; there are ${Object.keys(VERBS).join(', ')}`)
    return
  }
  try {
    act(...values)
  } catch (error) {
    warn(`"${String(verb)}" failed`, error)
  }
}

function init(given: Record<string, unknown>): void {
  if (isStarted) return
  const options = readOptions(given, scriptUrl)
  if (typeof options === 'string') {
    warn(options)
    return
  }
  isStarted = true
  whenIdle(() => {
    start(options, signals).then(
      started => {
        if (started === undefined) return
        running = started
        for (const work of waiting) work(started)
        waiting = []
        signals.tell('ready', undefined)
      },
      error => warn('the chat could not start', error),
    )
  })
}

/** Google Tag Manager runs scripts that do not know themselves; the element is found by its address then. */
function findScript(): HTMLScriptElement | null {
  const { currentScript } = document
  if (currentScript instanceof HTMLScriptElement) return currentScript
  return document.querySelector<HTMLScriptElement>('script[src*="/webchat/widget.js"]')
}

const script = findScript()
const scriptUrl = script?.src
const page = window as unknown as Page
const asked = page.omnibus

// A page may have the line twice, in its theme and in a plugin: what came first does what the second one asks.
if (asked?.isHere !== true) {
  page.omnibus = Object.assign(call as Call, { isHere: true })
  for (const values of Array.from(asked?.q ?? [])) call(...(Array.from(values) as [unknown, ...unknown[]]))
}
if (script?.dataset['channel'] !== undefined) page.omnibus?.('init', { url: scriptUrl, ...script.dataset })
