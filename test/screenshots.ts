import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Page } from 'playwright-core'
import { launchChromium } from './chromium.ts'
import { openPanel, openStand, type PageOptions, sent, write } from './webchat-browser/stand.ts'

/**
 * `npm run screenshots`: the pictures of `docs/images/`, taken from a daemon with a website's chat and a real
 * conversation in it.
 */
const FOLDER = fileURLToPath(new URL('../docs/images/', import.meta.url))
const LOOK = [
  ['title', 'Luna Lamps'],
  ['subtitle', 'We answer within minutes'],
  ['greeting', 'Hello! How can we help you?'],
]
const attributes = LOOK.map(([name, value]) => `data-${name}="${value}"`).join(' ')
const DESKTOP = { viewport: { width: 960, height: 720 } }
const PHONE = {
  viewport: { width: 390, height: 780 },
  isMobile: true,
  hasTouch: true,
  deviceScaleFactor: 1.5,
}

/** A website, so that the chat is seen where it belongs. */
const WEBSITE = `
  body { margin: 0; padding: 56px 64px; font: 17px/1.6 system-ui, sans-serif; }
  body { background: #faf7f2; color: #3b342b; }
  h1 { margin: 0 0 12px; font-size: 44px; letter-spacing: -0.02em; }
  p { margin: 0 0 14px; max-width: 26em; }
  p:nth-of-type(n + 3) { display: none; }
  @media (prefers-color-scheme: dark) { body { background: #1d1b19; color: #d8d2c8; } }
`

const LAMP = `<style>body{margin:0;background:linear-gradient(#f6e3c8,#e9c79b)}</style>
<svg width="480" height="300" viewBox="0 0 480 300">
<ellipse cx="240" cy="262" rx="120" ry="12" fill="#b98a5a" opacity=".45"/>
<circle cx="240" cy="120" r="150" fill="#fff4d6" opacity=".5"/>
<path d="M170 150 L205 60 H275 L310 150 Z" fill="#c4622d"/>
<path d="M205 60 H275 L281 76 H199 Z" fill="#a94f20"/>
<rect x="232" y="150" width="16" height="52" fill="#7a4a2b"/>
<path d="M196 258 C196 214 214 200 240 200 C266 200 284 214 284 258 Z" fill="#8c5a36"/>
</svg>`

/** A text belongs to one conversation of the stand. */
const ENDINGS: Readonly<Record<string, string>> = { light: '🙂', dark: '🙏', mobile: '👋' }

mkdirSync(FOLDER, { recursive: true })
const stand = await openStand()
try {
  const lamp = await pictureOfLamp()
  await shoot('widget-light', { context: { ...DESKTOP, colorScheme: 'light' } }, converse(lamp, 'light'))
  await shoot('widget-dark', { context: { ...DESKTOP, colorScheme: 'dark' } }, converse(lamp, 'dark'))
  await shoot('widget-mobile', { context: PHONE }, converse(lamp, 'mobile'))
  const demo = `${stand.site.daemon.url}/webchat/${stand.site.channel}/demo`
  await shoot('demo', { context: DESKTOP, url: demo }, async page => page.locator('.launcher').waitFor())
  await shoot('api', { context: DESKTOP, url: `${stand.site.daemon.url}/docs` }, async page => {
    await page.locator('#sendMessage').scrollIntoViewIfNeeded()
    await page.locator('#sendMessage > summary').click()
  })
} finally {
  await stand[Symbol.asyncDispose]()
}

async function shoot(name: string, options: PageOptions, act: (page: Page) => Promise<void>): Promise<void> {
  const context = {
    reducedMotion: 'reduce',
    bypassCSP: options.url === undefined,
    ...options.context,
  } as const
  const page = await stand.page({ attributes, ...options, context })
  if (options.url === undefined) await page.addStyleTag({ content: WEBSITE })
  await act(page)
  await page.screenshot({ path: `${FOLDER}${name}.png` })
  await page.context().close()
}

function converse(lamp: string, theme: string): (page: Page) => Promise<void> {
  return async page => {
    await openPanel(page)
    const question = `Hi! Do you still have the clay lamp? ${ENDINGS[theme]}`
    await write(page, question)
    await sent(page, question)
    await stand.answer(question, {
      type: 'image',
      media: { id: lamp },
      caption: 'We do. This one is from today.',
    })
    await page.locator('.theirs .picture img').waitFor()
    const buttons = [
      { id: 'delivery', title: 'Delivery, two days' },
      { id: 'shop', title: 'I come to the shop' },
    ]
    await stand.answer(question, { type: 'buttons', text: 'How would you like to get it?', buttons })
    await page.getByRole('button', { name: 'Delivery, two days' }).waitFor()
    await page.getByRole('button', { name: 'Delivery, two days' }).click()
    await sent(page, 'Delivery, two days')
    await stand.answer(
      question,
      'It leaves tomorrow morning. You can follow it at https://lamps.example/follow',
    )
    await page.getByText('It leaves tomorrow').waitFor()
    await settled(page)
  }
}

/** Until the log stands at its end: images move it. */
async function settled(page: Page): Promise<void> {
  const log = `document.querySelector('omnibus-chat').shadowRoot.querySelector('.log')`
  await page.waitForFunction(`[...${log}.querySelectorAll('img')].every(image => image.complete)`)
  await page.waitForFunction(`${log}.scrollHeight - ${log}.scrollTop - ${log}.clientHeight < 2`)
}

async function pictureOfLamp(): Promise<string> {
  const browser = await launchChromium()
  const page = await browser.newPage({ viewport: { width: 480, height: 300 } })
  await page.setContent(LAMP)
  const png = await page.screenshot()
  await browser.close()
  const form = new FormData()
  form.append('file', new Blob([new Uint8Array(png)], { type: 'image/png' }), 'lamp.png')
  const { body } = await stand.site.daemon.call('POST', '/v1/files', { body: form })
  return (body as { id: string }).id
}
