import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { expect } from 'vitest'
import type { Message } from '../../model/message.ts'
import { launchChromium } from '../chromium.ts'
import { startProxy } from '../end-to-end/proxy.ts'
import { scratch } from '../scratch.ts'
import { openWebsite, type Website } from '../webchat/site.ts'
import { openShop, type Shop } from './shop.ts'

/** One browser, one daemon and one website for a whole file of tests; visitors of each test are its own. */
export type Stand = AsyncDisposable & {
  site: Website
  shop: Shop
  /** Between the browser and the daemon: the network that goes away. */
  proxy: Awaited<ReturnType<typeof startProxy>>
  /** The website in a browser of its own, or in another tab of one. */
  page(options?: PageOptions): Promise<Page>
  /** Messages of the conversation that this text belongs to. */
  messages(text: string): Promise<Message[]>
  /** Every text that an inbound message has, of the whole daemon. */
  texts(): Promise<string[]>
  answer(text: string, content: string | object): Promise<Message>
  /** What the website's policy refused, and what went wrong in its pages. */
  complaints: string[]
}

export type PageOptions = {
  context?: BrowserContextOptions
  /** Another tab of the same browser. */
  beside?: Page
  attributes?: string
  /** Another channel than the one of the stand. */
  channel?: string
  body?: string
  url?: string
}

const WATCH = `
  document.addEventListener('securitypolicyviolation', event => {
    console.error('policy: ' + event.violatedDirective + ' ' + event.blockedURI)
  })
  window.shift = 0
  new PerformanceObserver(list => {
    for (const entry of list.getEntries()) window.shift += entry.value
  }).observe({ type: 'layout-shift', buffered: true })
  window.longest = 0
  new PerformanceObserver(list => {
    for (const entry of list.getEntries()) window.longest = Math.max(window.longest, entry.duration)
  }).observe({ type: 'longtask', buffered: true })
`

export async function openStand(config: object = {}): Promise<Stand> {
  await using made = new AsyncDisposableStack()
  const folder = made.use(await scratch())
  const shop = made.use(await openShop())
  const place = { dataDir: folder.path, store: 'sqlite:', [Symbol.asyncDispose]: async () => {} }
  const site = made.use(await openWebsite(place, { origins: [shop.origin], ...config }))
  const proxy = made.use(await startProxy('127.0.0.1', Number(new URL(site.daemon.url).port)))
  const browser = made.adopt(await launchChromium(), open => open.close())
  const complaints: string[] = []
  const stand: Omit<Stand, keyof AsyncDisposable> = {
    ...{ site, shop, proxy, complaints },
    page: options => openPage(browser, stand, options),
    messages: text => messagesWith(site, text),
    texts: async () => (await allMessages(site)).map(textOf).filter(text => text !== ''),
    answer: async (text, content) => {
      const [message] = await messagesWith(site, text)
      const body = {
        conversation: message?.conversation,
        content: typeof content === 'string' ? { type: 'text', text: content } : content,
      }
      const answer = await site.daemon.call('POST', '/v1/messages', { body })
      expect(answer.status, answer.text).toBe(202)
      return answer.body
    },
  }
  const all = made.move()
  return Object.assign(stand, { [Symbol.asyncDispose]: () => all.disposeAsync() })
}

async function openPage(
  browser: Browser,
  { shop, site, proxy, complaints }: Omit<Stand, keyof AsyncDisposable>,
  { context, beside, attributes = '', channel, body = '', url }: PageOptions = {},
): Promise<Page> {
  const own = beside?.context() ?? (await browser.newContext({ locale: 'en-GB', ...context }))
  own.setDefaultTimeout(15_000)
  const page = await own.newPage()
  if (beside === undefined) await own.addInitScript(WATCH)
  page.on('pageerror', error => complaints.push(`error: ${error.message}`))
  page.on('console', message => {
    if (message.text().startsWith('policy: ')) complaints.push(message.text())
  })
  const daemon = `http://127.0.0.1:${proxy.port}`
  shop.embed = { daemon, channel: channel ?? site.channel, attributes, body }
  await page.goto(url ?? `${shop.origin}/lamps`)
  return page
}

async function allMessages({ daemon }: Website): Promise<Message[]> {
  const answer = await daemon.call('GET', '/v1/messages?limit=200')
  return (answer.body as { data: Message[] }).data
}

async function messagesWith(site: Website, text: string): Promise<Message[]> {
  const all = await allMessages(site)
  const conversation = all.find(message => textOf(message) === text)?.conversation
  return all.filter(message => message.conversation === conversation && conversation !== undefined)
}

function textOf({ content }: Message): string {
  return content !== null && 'text' in content && typeof content.text === 'string' ? content.text : ''
}

/** Opens the panel and waits until it is on the line. */
export async function openPanel(page: Page): Promise<void> {
  await page.locator('.launcher').click()
  await page.locator('.panel').waitFor()
}

export async function write(page: Page, text: string): Promise<void> {
  await page.locator('textarea').fill(text)
  await page.locator('textarea').press('Enter')
}

/** Waits until the page shows a message of the visitor as sent. */
export async function sent(page: Page, text: string): Promise<void> {
  await page.locator('.row.mine.shown', { hasText: text }).waitFor()
}

export function countOf(page: Page, text: string): Promise<number> {
  return page.locator('.row .bubble', { hasText: text }).count()
}

/** The root of the widget's own tree, in a page's script. */
export const SHADOW = "document.querySelector('omnibus-chat').shadowRoot"
