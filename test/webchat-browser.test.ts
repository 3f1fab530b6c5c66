import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeChromium } from './chromium.ts'
import { subscribe } from './end-to-end/events.ts'
import { jwt, SECRET } from './webchat/signed.ts'
import { countOf, openPanel, openStand, SHADOW, type Stand, sent, write } from './webchat-browser/stand.ts'

const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAoAAAAKCAIAAAACUFjqAAAAEklEQVR4nGPgn16EBzGMSmNDALe3TEE6a8grAAAAAElFTkSuQmCC',
  'base64',
)

/** The widget in a browser, on a website of another origin under a strict policy, against a whole daemon. */
describeChromium('a conversation on a website', () => {
  let stand: Stand
  beforeAll(async () => {
    stand = await openStand({ identitySecret: SECRET, identity: 'optional' })
  })
  afterAll(async () => {
    await stand?.[Symbol.asyncDispose]()
    // Every page of every test: the website's policy had nothing to refuse, and no script broke.
    expect(stand?.complaints).toEqual([])
  })
  const stored = async (text: string): Promise<number> =>
    (await stand.texts()).filter(one => one === text).length

  test('a message is in the API and on SSE; its answer is received, then read', async () => {
    await using events = await subscribe(stand.site.daemon.url)
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
      expect([text, await countOf(page, text), await stored(text)]).toEqual([text, 1, 1])
    }
    await stand.answer('before the restart', 'an answer after it')
    await page.getByText('an answer after it').waitFor()
    await page.context().close()
  })

  test('what is written without a network arrives once, in order, even after a reload', async () => {
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
    expect(await countOf(page, 'who am I?')).toBe(1)

    await page.evaluate("omnibus('reset')")
    await page.locator('.row.mine').waitFor({ state: 'detached' })
    await write(page, 'somebody else')
    await sent(page, 'somebody else')
    const [other] = await stand.messages('somebody else')
    expect(other?.contact).not.toBe(message?.contact)
    expect(await countOf(page, 'who am I?')).toBe(0)
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

  test('several tabs are one visitor: what is written or read in one is so in the other', async () => {
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
})
