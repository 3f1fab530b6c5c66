import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeChromium } from './chromium.ts'
import { openShop } from './webchat-browser/shop.ts'
import { openPanel, openStand, SHADOW, type Stand, sent, write } from './webchat-browser/stand.ts'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const FOCUSED = `${SHADOW}.activeElement?.className ?? ''`

/** The widget in a browser, on a website of another origin under a strict policy, against a whole daemon. */
describeChromium('the chat in a page', () => {
  let stand: Stand
  beforeAll(async () => {
    stand = await openStand()
  })
  afterAll(async () => {
    await stand?.[Symbol.asyncDispose]()
    // Every page of every test: the website's policy had nothing to refuse, and no script broke.
    expect(stand?.complaints).toEqual([])
  })

  test('a website that the channel does not allow gets no chat, and its developer is told', async () => {
    await using elsewhere = await openShop('127.0.0.1')
    elsewhere.embed = {
      daemon: `http://127.0.0.1:${stand.proxy.port}`,
      channel: stand.site.channel,
    }
    const page = await stand.page()
    const warned = page.waitForEvent('console', message => message.text().includes('no chat here'))
    await page.goto(elsewhere.origin)
    await warned
    expect(await page.locator('.launcher').count()).toBe(0)
    await page.context().close()
  })

  test.each([
    ['light', '#ffd43b'],
    ['light', '#3b5bdb'],
    ['dark', '#3b5bdb'],
    ['dark', '#1a1a1a'],
  ] as const)('axe finds nothing serious, closed or open (%s, %s)', async (colorScheme, color) => {
    const page = await stand.page({
      context: { colorScheme, reducedMotion: 'reduce' },
      attributes: `data-color="${color}"`,
    })
    await page.locator('.launcher').waitFor()
    expect(await seriousIn(page)).toEqual([])
    await openPanel(page)
    await write(page, `looked at in ${color}, ${colorScheme}`)
    await sent(page, `looked at in ${color}, ${colorScheme}`)
    const buttons = [{ id: 'a', title: 'One' }]
    await stand.answer(`looked at in ${color}, ${colorScheme}`, {
      type: 'buttons',
      text: 'https://example.com',
      buttons,
    })
    await page.getByRole('button', { name: 'One' }).waitFor()
    expect(await seriousIn(page)).toEqual([])
    await page.context().close()
  })

  test('the demo page of the daemon shows the chat, under its own policy', async () => {
    const page = await stand.page({ url: `${stand.site.daemon.url}/webchat/${stand.site.channel}/demo` })
    await openPanel(page)
    await write(page, 'from the demo page')
    await sent(page, 'from the demo page')
    await page.context().close()
  })

  test('the keyboard alone is enough', async () => {
    const page = await stand.page()
    const launcher = page.locator('.launcher')
    await launcher.waitFor()
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await page.locator('.panel').waitFor()
    expect(await launcher.getAttribute('aria-expanded')).toBe('true')
    await page.keyboard.type('written by keys')
    await page.keyboard.press('Shift+Enter')
    await page.keyboard.type('in two lines')
    await page.keyboard.press('Enter')
    await sent(page, 'written by keys')
    expect(await stand.texts()).toContain('written by keys\nin two lines')
    await page.keyboard.press('Escape')
    await page.locator('.panel').waitFor({ state: 'hidden' })
    expect(await page.evaluate(FOCUSED)).toContain('launcher')
    await page.context().close()
  })

  test('a small screen is filled, is modal, and keeps the focus inside', async () => {
    const reducedMotion = 'reduce'
    const context = {
      viewport: { width: 390, height: 780 },
      isMobile: true,
      hasTouch: true,
      reducedMotion,
    } as const
    const page = await stand.page({ context })
    await page.locator('.launcher').tap()
    const panel = page.locator('.panel')
    await panel.waitFor()
    expect(await panel.boundingBox()).toEqual({ x: 0, y: 0, width: 390, height: 780 })
    expect(await panel.getAttribute('aria-modal')).toBe('true')
    for (let at = 0; at < 8; at += 1) {
      await page.keyboard.press('Tab')
      expect(await page.evaluate('document.activeElement.tagName')).toBe('OMNIBUS-CHAT')
    }
    expect(await seriousIn(page)).toEqual([])
    await page.getByRole('button', { name: 'Close chat' }).tap()
    await panel.waitFor({ state: 'hidden' })
    await page.context().close()
  })

  test.each([
    ['es-MX', 'Escribe un mensaje'],
    ['pt-BR', 'Escreva uma mensagem'],
    ['it-IT', 'Scrivi un messaggio'],
    ['fr-FR', 'Write a message'],
  ])('speaks the language of the browser: %s', async (locale, text) => {
    const page = await stand.page({ context: { locale } })
    await openPanel(page)
    await page.getByPlaceholder(text).waitFor()
    await page.evaluate("omnibus('locale', 'es')")
    await page.getByPlaceholder('Escribe un mensaje').waitFor()
    await page.context().close()
  })

  test('the embedding costs the page no shift, and no socket before there is a visitor', async () => {
    const sockets: string[] = []
    const page = await stand.page({ url: 'about:blank' })
    page.on('websocket', socket => sockets.push(socket.url()))
    await page.goto(`${stand.shop.origin}/lamps`)
    await page.locator('.launcher').waitFor()
    expect(sockets).toEqual([])
    expect(await page.evaluate('window.shift')).toBe(0)
    await openPanel(page)
    await expect.poll(() => sockets.length).toBe(1)
    await page.context().close()
  })

  test('comes back when the website takes it away, and is there once if it is embedded twice', async () => {
    const twice = `<script async src="http://127.0.0.1:${stand.proxy.port}/webchat/widget.js"></script>`
    const page = await stand.page({ body: twice })
    await page.locator('.launcher').waitFor()
    const warned = page.waitForEvent('console', message => message.text().includes('there is no "explode"'))
    await page.evaluate("omnibus('explode', 1)")
    await warned
    await page.evaluate('document.body.replaceWith(document.createElement("body"))')
    await openPanel(page)
    expect(await page.locator('omnibus-chat').count()).toBe(1)
    await page.context().close()
  })

  test('asks what the channel wants to know before the first message, and remembers it', async () => {
    const preChat = [
      { name: 'name', kind: 'text', label: { en: 'Your name', es: 'Tu nombre' }, required: true },
      { name: 'email', kind: 'email', label: 'E-mail' },
    ]
    const config = { origins: [stand.shop.origin], preChat }
    const body = { connector: 'webchat', name: 'Asks', config }
    const made = await stand.site.daemon.call('POST', '/v1/channels', { body })
    const page = await stand.page({ channel: (made.body as { id: string }).id })
    await openPanel(page)
    await page.getByLabel('E-mail').fill('ana at home')
    await page.getByRole('button', { name: 'Start the conversation' }).click()
    await page.getByText('Please fill this in').waitFor()
    await page.getByText('Please write an e-mail address').waitFor()
    expect(await seriousIn(page)).toEqual([])
    await page.getByLabel('Your name').fill('Ana')
    await page.getByLabel('E-mail').fill('ana@example.com')
    await page.keyboard.press('Enter')
    await write(page, 'after the form')
    await sent(page, 'after the form')
    const [message] = await stand.messages('after the form')
    const { text } = await stand.site.daemon.call('GET', `/v1/conversations/${message?.conversation}`)
    expect(text).toContain('ana@example.com')
    await page.context().close()
  })
})

async function seriousIn(page: Page): Promise<string[]> {
  await page.evaluate(AXE)
  const found = (await page.evaluate("axe.run({ resultTypes: ['violations'] })")) as {
    violations: { id: string; impact: string; nodes: { html: string; failureSummary: string }[] }[]
  }
  return found.violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map(node => node.failureSummary + node.html).join(' ')}`)
}
