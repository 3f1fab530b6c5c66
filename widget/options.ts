import type { Appearance } from '../connectors/webchat/frames.ts'

/**
 * What a website says with `omnibus('init', …)`, or by `data-` attributes of the script. Its word goes before the
 * channel's.
 */
export type Options = {
  /** `chn_…` */
  channel: string
  /** Of the daemon; absent: where the script came from. */
  url: string
  /** `auto`, es, pt, it, en; absent: the channel's. */
  locale?: string
  look: Appearance
  zIndex?: number
  /** Whether the launcher is there; a website with a button of its own calls `open`. */
  launcher: boolean
  /** `(2)` before the page's title while there are unread messages. */
  titleCount: boolean
  /** Whether the daemon is told which pages the visitor sees. */
  trackPages: boolean
}

type Given = Readonly<Record<string, unknown>>

const LOOKS: readonly (keyof Appearance)[] = [
  'color',
  'position',
  'dark',
  'title',
  'subtitle',
  'greeting',
  'sound',
  'offset',
]

/** Options as they were written, or what is missing of them. */
export function readOptions(given: Given, scriptUrl: string | undefined): Options | string {
  const channel = given['channel']
  if (typeof channel !== 'string' || channel === '')
    return "init needs a channel: omnibus('init', { channel: 'chn_…' })"
  const url = originOf(given['url'] ?? scriptUrl)
  if (url === undefined)
    return "init needs the daemon's address: omnibus('init', { channel, url: 'https://…' })"
  const look = Object.fromEntries(
    LOOKS.flatMap(name => (given[name] === undefined ? [] : [[name, said(given[name])]])),
  )
  return {
    channel,
    url,
    look,
    launcher: said(given['launcher']) !== false,
    titleCount: said(given['titleCount']) === true,
    trackPages: said(given['trackPages']) !== false,
    ...(typeof given['locale'] === 'string' ? { locale: given['locale'] } : {}),
    ...(Number.isFinite(Number(given['zIndex'] ?? Number.NaN)) ? { zIndex: Number(given['zIndex']) } : {}),
  }
}

/** Attributes are texts: `data-launcher="false"`. */
function said(value: unknown): unknown {
  return value === 'true' ? true : value === 'false' ? false : value
}

/** A daemon behind a path of a website (`https://example.com/omnibus`) keeps its path. */
function originOf(url: unknown): string | undefined {
  try {
    const { origin, pathname, protocol } = new URL(String(url))
    const path = pathname.replace(/\/webchat\/widget\.js$/, '').replace(/\/$/, '')
    return protocol === 'http:' || protocol === 'https:' ? origin + path : undefined
  } catch {
    return undefined
  }
}
