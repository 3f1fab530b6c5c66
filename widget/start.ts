import type { Appearance, IdentityClaim, ShownMessage } from '../connectors/webchat/frames.ts'
import { SUBPROTOCOL } from '../connectors/webchat/frames.ts'
import { now, random, uuid, warn } from './browser.ts'
import { createClient } from './client.ts'
import { fetchConfig } from './config.ts'
import type { Options } from './options.ts'
import type { createSignals } from './signals.ts'
import type { Client } from './state.ts'
import { openKeeper } from './storage.ts'
import { createTabs, type Tabs } from './tabs.ts'
import { localeOf, type Words, wordsIn } from './texts/texts.ts'
import { transferTo } from './transfer.ts'
import { createSound } from './view/sound.ts'
import { Z_INDEX } from './view/theme.ts'
import { createView, type View } from './view/view.ts'
import { followVisits } from './visits.ts'

/** The widget in a page, once the channel has said what it looks like. */
export type Running = {
  view: View
  identify(claim: IdentityClaim): void
  reset(): void
  locale(tag: string): void
}

type Signals = ReturnType<typeof createSignals>

/**
 * Puts the launcher into the page. A visitor who was here before is connected at once, any other when it opens the
 * panel.
 */
export async function start(options: Options, signals: Signals): Promise<Running | undefined> {
  const path = `${options.url}/webchat/${encodeURIComponent(options.channel)}`
  const page = await fetchConfig(`${path}/config`)
  if (page === undefined) return undefined
  const name = `omnibus.${options.channel}.`
  const keeper = openKeeper(() => window.localStorage, name)
  const tabs = createTabs({
    name,
    keeper,
    uuid,
    locks: navigator.locks,
    channel: typeof BroadcastChannel === 'function' ? new BroadcastChannel(name) : undefined,
  })
  const wordsOf = (locale: string): Words => wordsIn(localeOf(locale, navigator.languages))
  const look = (): Appearance => ({ ...client.state().page.theme, ...options.look })

  const client: Client = createClient({
    page,
    keeper,
    tabs,
    connect: () => new WebSocket(path.replace(/^http/, 'ws'), SUBPROTOCOL),
    transfer: transferTo(`${path}/files`),
    language: navigator.language,
    now,
    random,
    uuid,
    onChange: soon(() => changed()),
    onMessage: message => arrived(message, look(), tabs, signals),
    onWarning: warn,
  })
  const view = createView({
    client,
    words: wordsOf(options.locale ?? page.locale),
    url: options.url,
    look,
    zIndex: options.zIndex ?? Z_INDEX,
    now,
    onOpen: () => signals.tell('open', undefined),
    onClose: () => signals.tell('close', undefined),
  })
  const changed = followUnread(client, view, options, signals)
  view.show(options.launcher)
  if (options.trackPages) followVisits(visit => client.visit(visit))
  stayAwake(client)
  if (client.isKnown()) client.connect()
  return {
    view,
    identify: claim => client.identify(claim),
    reset: () => client.reset(),
    locale: tag => view.speak(wordsOf(tag)),
  }
}

/** Many changes of one moment are drawn once. Not at the next frame: a page in the background has none. */
function soon(work: () => void): () => void {
  let isAsked = false
  return () => {
    if (isAsked) return
    isAsked = true
    queueMicrotask(() => {
      isAsked = false
      work()
    })
  }
}

const sound = createSound()

function arrived(message: ShownMessage, look: Appearance, tabs: Tabs, signals: Signals): void {
  if (message.from === 'visitor') return
  const text = 'text' in message.content ? message.content.text : null
  signals.tell('message', { id: message.id, from: message.from, text })
  if (look.sound === true) tabs.once(`sound.${message.id}`, () => sound.play())
}

function followUnread(client: Client, view: View, { titleCount }: Options, signals: Signals): () => void {
  let told = 0
  return () => {
    view.render()
    const { unread } = client.state()
    if (unread === told) return
    told = unread
    signals.tell('unread', unread)
    if (titleCount) {
      const title = document.title.replace(/^\(\d+\+?\) /, '')
      document.title = unread > 0 ? `(${unread}) ${title}` : title
    }
  }
}

/** The line is looked at when there is reason to think that it changed. */
function stayAwake(client: Client): void {
  window.addEventListener('online', () => client.wake())
  window.addEventListener('pageshow', () => client.wake())
  window.addEventListener('pagehide', () => client.sleep())
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') client.wake()
  })
}
