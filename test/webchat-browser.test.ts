import { createHmac } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeChromium } from './chromium.ts'
import { SECRET } from './webchat/site.ts'
import { openShop } from './webchat-browser/shop.ts'
import { openPanel, openStand, type Stand, sent, write } from './webchat-browser/stand.ts'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAoAAAAKCAIAAAACUFjqAAAAEklEQVR4nGPgn16EBzGMSmNDALe3TEE6a8grAAAAAElFTkSuQmCC',
  'base64',
)

/** The widget in a browser, on a website of another origin under a strict policy, against a whole daemon. */
describeChromium('the chat on a website', () => {
  let stand: Stand
  beforeAll(async () => {
    stand = await openStand({ identitySecret: SECRET, identity: 'optional' })
  })
  afterAll(async () => {
    const complaints = stand?.complaints
    await stand?.[Symbol.asyncDispose]()
    // Every page of every test: the website's policy had nothing to refuse, and no script broke.
    expect(complaints).toEqual([])
  })
  const count = async (page: Page, text: string): Promise<number> =>
    page.locator('.row .bubble', { hasText: text }).count()
  const stored = async (text: string): Promise<number> =>
    (await stand.texts()).filter(one => one === text).length

  test('a message is in the API and on SSE; its answer is in the page, then received, then read', async () => {
    await using events = await stand.site.follow()
    const page = await stand.page()
    await openPanel(page)
    await write(page, 'Is the lamp there?')
    await sent(page, 'Is the lamp there?')
    const [message] = await stand.messages('Is the lamp there?')
    expect(message).toMatchObject({ direction: 'inbound', connector: 'webchat' })
    const isTold = (event: { subject: string; type: string }): boolean =>
      event.subject === message?.id && event.type === 'message.created'
    await events.event('the message', isTold)

    await page.locator('.launcher').click()
    const answer = await stand.answer('Is the lamp there?', 'Yes, two of them')
    await expect.poll(async () => (await stand.site.message(answer.id)).status).toBe('received')
    expect(await page.locator('.launcher').getAttribute('aria-label')).toContain('1 unread message')
    await openPanel(page)
    await page.getByText('Yes, two of them').waitFor()
    await expect.poll(async () => (await stand.site.message(answer.id)).status).toBe('read')
    await page.context().close()
  })

  test('a daemon that restarts while the visitor writes loses nothing and doubles nothing', async () => {
    const page = await stand.page()
    await openPanel(page)
    await write(page, 'before the restart')
    await sent(page, 'before the restart')
    const restarted = stand.site.restart()
    await write(page, 'during the restart')
    await restarted
    await write(page, 'after the restart')
    await sent(page, 'during the restart')
    await sent(page, 'after the restart')
    for (const text of ['before the restart', 'during the restart', 'after the restart']) {
      expect([text, await count(page, text), await stored(text)]).toEqual([text, 1, 1])
    }
    await stand.answer('before the restart', 'an answer after it')
    await page.getByText('an answer after it').waitFor()
    await page.context().close()
  })

  test('two messages written without a network arrive once, in order, even if the page was reloaded', async () => {
    const page = await stand.page()
    await openPanel(page)
    await write(page, 'with a network')
    await sent(page, 'with a network')
    stand.proxy.hold()
    await write(page, 'the first without')
    await write(page, 'the second without')
    await page.locator('.row.mine.waiting', { hasText: 'the second without' }).waitFor()
    // The network is gone, the page is not: it comes again from the browser's cache, and knows what it had not sent.
    stand.proxy.cut()
    stand.proxy.letGo()
    await page.reload()
    await openPanel(page)
    await sent(page, 'the second without')
    const texts = (await page.locator('.row.mine .bubble').allTextContents()).map(text => text.trim())
    expect(texts).toEqual(['with a network', 'the first without', 'the second without'])
    for (const text of texts) expect(await stored(text)).toBe(1)
    await page.context().close()
  })

  test('a visitor who is identified later is joined to the contact; reset begins anew', async () => {
    const page = await stand.page()
    await openPanel(page)
    await write(page, 'who am I?')
    await sent(page, 'who am I?')
    const claim = { jwt: jwt({ sub: 'user-42', name: 'Ana Luna', email: 'ana@example.com' }) }
    await page.evaluate(`omnibus('identify', ${JSON.stringify(claim)})`)
    const [message] = await stand.messages('who am I?')
    const contact = async (): Promise<string> =>
      (await stand.site.daemon.call('GET', `/v1/contacts/${message?.contact}`)).text
    await expect.poll(contact).toContain('ana@example.com')
    expect(await contact()).toContain('Ana Luna')
    expect(await count(page, 'who am I?')).toBe(1)

    await page.evaluate("omnibus('reset')")
    await page.locator('.row.mine').waitFor({ state: 'detached' })
    await write(page, 'somebody else')
    await sent(page, 'somebody else')
    const [other] = await stand.messages('somebody else')
    expect(other?.contact).not.toBe(message?.contact)
    expect(await count(page, 'who am I?')).toBe(0)
    await page.context().close()
  })

  test('files go both ways; what is too large or of a wrong kind is refused by name', async () => {
    const page = await stand.page()
    await openPanel(page)
    await write(page, 'here is a photo')
    await sent(page, 'here is a photo')
    const chooser = page.locator('input[type=file]')
    await chooser.setInputFiles({ name: 'photo.png', mimeType: 'image/png', buffer: PNG })
    await page.locator('.row.mine .picture img').waitFor()
    const types = async (): Promise<unknown[]> =>
      (await stand.messages('here is a photo')).map(({ content }) => content?.type)
    expect(await types()).toContain('image')

    const form = new FormData()
    form.append('file', new Blob([PNG], { type: 'image/png' }), 'lamp.png')
    const { id } = (await stand.site.daemon.call('POST', '/v1/files', { body: form })).body as { id: string }
    await stand.answer('here is a photo', { type: 'image', media: { id }, caption: 'and ours' })
    const image = page.locator('.row.theirs .picture img')
    await image.waitFor()
    await expect
      .poll(() => page.evaluate(`${SHADOW}.querySelector('.theirs .picture img').naturalWidth`))
      .toBe(10)

    const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>')
    await chooser.setInputFiles({ name: 'x.svg', mimeType: 'image/svg+xml', buffer: svg })
    await page.getByText('Files of this kind are not accepted').waitFor()
    await chooser.setInputFiles({
      name: 'x.png',
      mimeType: 'image/png',
      buffer: Buffer.alloc(21 * 1024 * 1024),
    })
    await page.getByText('The file is too large. At most').waitFor()
    await page.context().close()
  })

  test('a text with markup is a text; its links are safe', async () => {
    const page = await stand.page()
    await openPanel(page)
    const text = '<img src=x onerror=alert(1)><b>bold</b> see https://example.com/a?b=1. javascript:alert(1)'
    await write(page, text)
    await sent(page, text)
    expect(await page.locator('.bubble b, .bubble img').count()).toBe(0)
    const link = page.locator('.row.mine .bubble a')
    expect(await link.count()).toBe(1)
    expect(await link.getAttribute('href')).toBe('https://example.com/a?b=1')
    expect(await link.getAttribute('rel')).toBe('noopener noreferrer')
    await page.context().close()
  })

  test('a choice is sent once, and its buttons are done', async () => {
    const page = await stand.page()
    await openPanel(page)
    await write(page, 'what can I choose?')
    await sent(page, 'what can I choose?')
    const buttons = [
      { id: 'a', title: 'The clay one' },
      { id: 'b', title: 'The glass one' },
    ]
    await stand.answer('what can I choose?', { type: 'buttons', text: 'Which?', buttons })
    await page.getByRole('button', { name: 'The glass one' }).click()
    await sent(page, 'The glass one')
    const reply = (await stand.messages('what can I choose?')).find(
      ({ content }) => content?.type === 'reply',
    )
    expect(reply?.content).toMatchObject({ type: 'reply', payload: 'b', text: 'The glass one' })
    expect(await page.getByRole('button', { name: 'The clay one' }).isDisabled()).toBe(true)
    await page.context().close()
  })

  test('several tabs are one visitor: each shows what the other wrote, and what was read is read in both', async () => {
    const page = await stand.page()
    await openPanel(page)
    await write(page, 'from the first tab')
    await sent(page, 'from the first tab')
    const other = await stand.page({ beside: page })
    await openPanel(other)
    await sent(other, 'from the first tab')
    await write(other, 'from the second tab')
    await sent(page, 'from the second tab')
    expect(await stored('from the second tab')).toBe(1)
    await other.locator('.launcher').click()
    await page.bringToFront()
    await stand.answer('from the first tab', 'read this')
    await page.getByText('read this').waitFor()
    await other.locator('.badge').waitFor({ state: 'hidden' })
    await page.context().close()
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

  test.each(['light', 'dark'] as const)(
    'axe finds nothing serious, closed or open (%s)',
    async colorScheme => {
      const page = await stand.page({
        context: { colorScheme, reducedMotion: 'reduce' },
        attributes: 'data-color="#ffd43b"',
      })
      await page.locator('.launcher').waitFor()
      expect(await seriousIn(page)).toEqual([])
      await openPanel(page)
      await write(page, `looked at in ${colorScheme}`)
      await sent(page, `looked at in ${colorScheme}`)
      const buttons = [{ id: 'a', title: 'One' }]
      await stand.answer(`looked at in ${colorScheme}`, {
        type: 'buttons',
        text: 'https://example.com',
        buttons,
      })
      await page.getByRole('button', { name: 'One' }).waitFor()
      expect(await seriousIn(page)).toEqual([])
      await page.context().close()
    },
  )

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
    expect(await stored('written by keys\nin two lines')).toBe(1)
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

const SHADOW = "document.querySelector('omnibus-chat').shadowRoot"
const FOCUSED = 'document.activeElement.shadowRoot?.activeElement?.className ?? ""'

async function seriousIn(page: Page): Promise<string[]> {
  await page.evaluate(AXE)
  const found = (await page.evaluate("axe.run({ resultTypes: ['violations'] })")) as {
    violations: { id: string; impact: string; nodes: { html: string; failureSummary: string }[] }[]
  }
  return found.violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map(node => node.failureSummary + node.html).join(' ')}`)
}

function jwt(claims: object): string {
  const now = Math.floor(Date.now() / 1000)
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const signed = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ iat: now, exp: now + 600, ...claims })}`
  return `${signed}.${createHmac('sha256', SECRET).update(signed).digest('base64url')}`
}
