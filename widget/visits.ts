import type { PageVisit } from '../connectors/webchat/frames.ts'

/** A website of one page may change its address at every key that is pressed. */
const QUIET_MS = 1000

/**
 * Tells which page the visitor is on, now and whenever it is another. The Navigation API tells of every change; where
 * there is none, the functions that websites change their address with are listened to.
 */
export function followVisits(tell: (visit: PageVisit) => void): void {
  let told = ''
  let timer: ReturnType<typeof setTimeout> | undefined
  let referrer = document.referrer

  const look = (): void => {
    if (location.href === told) return
    const visit = { url: location.href, title: document.title, ...(referrer === '' ? {} : { referrer }) }
    told = referrer = location.href
    tell(visit)
  }
  /** The title changes after the address does. */
  const later = (): void => {
    clearTimeout(timer)
    timer = setTimeout(look, QUIET_MS)
  }
  look()
  const { navigation } = window as { navigation?: EventTarget }
  if (navigation !== undefined) {
    navigation.addEventListener('currententrychange', later)
    return
  }
  for (const name of ['pushState', 'replaceState'] as const) {
    const before = history[name]
    history[name] = function (this: History, ...args: Parameters<History['pushState']>) {
      before.apply(this, args)
      later()
    }
  }
  window.addEventListener('popstate', later)
  window.addEventListener('hashchange', later)
}
