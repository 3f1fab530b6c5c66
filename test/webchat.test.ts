import { expect, test } from 'vitest'
import { startProxy } from './end-to-end/proxy.ts'
import { onEachStore } from './end-to-end/stores.ts'
import { run } from './gateway/daemon.ts'
import { jwt, SECRET } from './webchat/signed.ts'
import { openWebsite, type Website } from './webchat/site.ts'
import type { Visitor } from './webchat/visitor.ts'

/** What a website's chat promises through restarts, broken lines and changes of who it is. */
onEachStore(({ place, heldPlace }) => {
  /** Where the visitor's first message of this socket went. */
  const begin = async (site: Website, visitor: Visitor, text = 'Hola'): Promise<string> => {
    await visitor.write(text)
    const { message } = await visitor.next('message', frame => frame.message.from === 'visitor')
    return (await site.message(message.id)).conversation ?? ''
  }
  const texts = (visitor: Visitor): string[] =>
    [...visitor.thread.values()].map(({ content }) => ('text' in content ? content.text : content.type))

  test('a visitor writes, is answered, and what the page tells becomes the status', async () => {
    await using at = await place()
    await using site = await openWebsite(at, { preChat: [{ name: 'name', kind: 'text', label: 'Name' }] })
    const page = { url: 'https://www.example.com/a', title: 'A', referrer: 'https://search.example/' }
    const ana = await site.visit({ language: 'es-MX', page })
    expect(ana.welcome).toMatchObject({ resume: 'again', reason: 'new', messages: [], more: false })
    // A page view is nobody yet.
    expect(await site.list('contacts')).toEqual([])
    const said = await ana.write('Hola', { form: { name: 'Ana', other: 'x' } })
    const own = await ana.next('message')
    expect(own.message).toMatchObject({ from: 'visitor', clientId: said.id, content: { text: 'Hola' } })
    const inbound = await site.message(own.message.id)
    const { body: conversation } = await site.daemon.call('GET', `/v1/conversations/${inbound.conversation}`)
    expect(conversation).toMatchObject({
      context: {
        ...{ language: 'es-MX', page: page.url, title: 'A', referrer: page.referrer },
        'form.name': 'Ana',
      },
    })
    expect(conversation).not.toHaveProperty(['context', 'form.other'])
    expect(await site.list('contacts')).toMatchObject([{ name: 'Ana' }])
    const reply = await site.answer({ conversation: inbound.conversation }, 'Buenas')
    const { message } = await ana.next('message')
    expect(message).toMatchObject({ id: reply.id, from: 'agent', status: 'sent' })
    ana.say({ type: 'received', ids: [reply.id] })
    await ana.next('changed', frame => frame.message.status === 'received')
    ana.say({ type: 'read', ids: [reply.id] })
    await ana.next('changed', frame => frame.message.status === 'read')
    expect((await site.message(reply.id)).status).toBe('read')
    // The same again is no change: the newest event stays the newest.
    const before = await site.head()
    for (const type of ['received', 'read'] as const) ana.say({ type, ids: [reply.id] })
    ana.say({ type: 'ping' })
    await ana.next('pong')
    expect(await site.head()).toBe(before)
  })

  test("RULES B1: a message under one id is one message, and hides no other visitor's", async () => {
    await using at = await place()
    await using site = await openWebsite(at)
    const [ana, eva] = [await site.visit(), await site.visit()]
    const id = crypto.randomUUID()
    const [first, second] = [await ana.write('Hola', { id }), await ana.write('Hola', { id })]
    expect(second).toEqual(first)
    expect(await eva.write('Hello', { id })).toMatchObject({ type: 'accepted' })
    expect(await site.list('messages')).toHaveLength(2)
  })

  test('the daemon restarts while a visitor writes: nothing is lost, nothing comes twice', async () => {
    await using at = await place()
    await using site = await openWebsite(at)
    const ana = await site.visit()
    const conversation = await begin(site, ana)
    const id = crypto.randomUUID()
    ana.say({ type: 'message', id, content: { type: 'text', text: 'Sigues?' } })
    const stopped = site.restart()
    expect(await ana.next('bye')).toMatchObject({ code: 'restarting', again: true })
    await stopped
    await site.answer({ conversation }, 'Buenas')
    const again = await site.visit({ token: ana.token, after: ana.cursor })
    expect(again.welcome.token).toBeUndefined()
    expect(again.welcome).toMatchObject({ resume: 'continued', visitor: ana.welcome.visitor })
    // Whether the page knew that the first try was taken or not.
    expect(await again.write('Sigues?', { id })).toMatchObject({ type: 'accepted' })
    const told = () => [...new Set([...texts(ana), ...texts(again)])].toSorted()
    await expect.poll(told).toEqual(['Buenas', 'Hola', 'Sigues?'])
    expect(await site.list('messages')).toHaveLength(3)
  })

  test('the network is gone for a while: what was said meanwhile comes in order', async () => {
    await using at = await place()
    await using site = await openWebsite(at)
    const daemonUrl = new URL(site.daemon.url)
    await using proxy = await startProxy(daemonUrl.hostname, Number(daemonUrl.port))
    const through = { url: `http://127.0.0.1:${proxy.port}`, origin: 'https://www.example.com' }
    const ana = await site.visit({}, through)
    const conversation = await begin(site, ana)
    proxy.cut()
    await ana.gone
    const answers = ['Buenas', 'Sigo aquí']
    for (const text of answers) await site.answer({ conversation }, text)
    await expect
      .poll(async () => (await site.list('messages')).filter(({ status }) => status === 'sent').length)
      .toBe(2)
    const again = await site.visit({ token: ana.token, after: ana.cursor }, through)
    expect(again.welcome).toMatchObject({ resume: 'continued', more: false })
    expect(texts(again)).toEqual(answers)
    await Promise.all(['uno', 'dos'].map(text => again.write(text)))
    await again.next(
      'message',
      frame => 'text' in frame.message.content && frame.message.content.text === 'dos',
    )
    expect(texts(again)).toEqual([...answers, 'uno', 'dos'])
  })

  test('a page that missed nothing is told so; one that is too far behind begins anew', async () => {
    await using at = await place()
    await using site = await openWebsite(at)
    const ana = await site.visit()
    await begin(site, ana)
    ana.say({ type: 'ping' })
    const { cursor } = await ana.next('pong')
    const same = await site.visit({ token: ana.token, after: cursor ?? '' })
    expect(same.welcome).toMatchObject({ resume: 'continued', messages: [] })
    const thread = await site.visit({ token: ana.token })
    expect(thread.welcome).toMatchObject({
      resume: 'again',
      reason: 'noCursor',
      messages: [{ from: 'visitor' }],
    })
    for (const after of ['zzzzzz', 'no cursor']) {
      const lost = await site.visit({ token: ana.token, after })
      expect(lost.welcome).toMatchObject({ resume: 'again', messages: [{ from: 'visitor' }] })
    }
    const forged = await site.visit({ token: `${ana.token.slice(0, -3)}xxx`, after: ana.cursor })
    expect(forged.welcome).toMatchObject({ resume: 'again', reason: 'otherVisitor', messages: [] })
    expect(forged.welcome.visitor.id).not.toBe(ana.welcome.visitor.id)
  })

  test('several tabs are one visitor: all see what one writes, and that another has read', async () => {
    await using at = await place()
    await using site = await openWebsite(at)
    const first = await site.visit()
    const conversation = await begin(site, first)
    const second = await site.visit({ token: first.token })
    await second.write('de nuevo')
    await first.next(
      'message',
      frame => 'text' in frame.message.content && frame.message.content.text === 'de nuevo',
    )
    const { id } = await site.answer({ conversation }, 'Buenas')
    await Promise.all([first, second].map(tab => tab.next('message', frame => frame.message.id === id)))
    second.say({ type: 'read', ids: [id] })
    const seen = await first.next('changed', frame => frame.message.id === id)
    expect(seen.message.status).toBe('read')
  })

  test('older messages come page by page', async () => {
    await using at = await place()
    await using site = await openWebsite(at)
    const ana = await site.visit()
    const conversation = await begin(site, ana, '0')
    for (let index = 1; index <= 55; index++) await site.answer({ conversation }, String(index))
    await ana.next('message', frame => 'text' in frame.message.content && frame.message.content.text === '55')
    const again = await site.visit({ token: ana.token })
    expect(again.welcome.more).toBe(true)
    expect(texts(again)).toEqual(Array.from({ length: 50 }, (_, index) => String(index + 6)))
    again.say({ type: 'history', before: again.welcome.messages[0]?.id ?? '' })
    const page = await again.next('history')
    expect(page.more).toBe(false)
    expect(page.messages.map(({ content }) => 'text' in content && content.text)).toEqual([...'012345'])
  })

  test('an identity joins the visitor to the contact that is known, on all devices', async () => {
    await using at = await place()
    await using site = await openWebsite(at, { identitySecret: SECRET })
    const identity = { jwt: jwt({ sub: '42', name: 'Ana', email: 'ana@example.com' }) }
    const desk = await site.visit({ identity })
    expect(desk.welcome.visitor).toMatchObject({ identified: true, name: 'Ana' })
    const conversation = await begin(site, desk)
    expect(await site.list('contacts')).toMatchObject([{ name: 'Ana' }])
    const [contact] = await site.list('contacts')
    expect(contact?.['addresses']).toEqual(
      expect.arrayContaining([
        { kind: 'webchat', value: 'user:42' },
        { kind: 'email', value: 'ana@example.com' },
      ]),
    )
    // On the phone somebody writes, and logs in afterwards.
    const phone = await site.visit()
    await begin(site, phone, 'Soy yo')
    expect(await site.list('contacts')).toHaveLength(2)
    phone.say({ type: 'identify', identity })
    const told = await phone.next('identified')
    expect(told).toMatchObject({ visitor: { identified: true, name: 'Ana' }, again: true })
    expect(await site.list('contacts')).toHaveLength(1)
    const again = await site.visit({ token: told.token })
    expect(texts(again)).toEqual(['Hola', 'Soy yo'])
    // The token from before the login opens nothing any more.
    const old = await site.visit({
      token: phone.token === told.token ? (phone.welcome.token ?? '') : phone.token,
    })
    expect(old.welcome).toMatchObject({ reason: 'otherVisitor', messages: [] })
    const { id } = await site.answer({ contact: contact?.['id'] }, 'Buenas')
    await Promise.all([desk, again].map(device => device.next('message', frame => frame.message.id === id)))
    // The later of the two conversations goes on.
    expect((await site.message(id)).conversation).not.toBe(conversation)
  })

  test('who proves the same again is no news; who proves to be another is another visitor', async () => {
    await using at = await place()
    await using site = await openWebsite(at, { identitySecret: SECRET })
    const ana = await site.visit({ identity: { jwt: jwt({ sub: '42' }) } })
    await begin(site, ana)
    const before = await site.head()
    const same = await site.visit({
      token: ana.token,
      after: ana.cursor,
      identity: { jwt: jwt({ sub: '42' }) },
    })
    expect(same.welcome).toMatchObject({ resume: 'continued', visitor: ana.welcome.visitor })
    expect(await site.head()).toBe(before)
    const eva = await site.visit({
      token: ana.token,
      after: ana.cursor,
      identity: { jwt: jwt({ sub: '43' }) },
    })
    expect(eva.welcome).toMatchObject({ resume: 'again', reason: 'otherVisitor', messages: [] })
    await begin(site, eva)
    expect(await site.list('contacts')).toHaveLength(2)
    const wrong = await site.visit({ identity: { jwt: jwt({ sub: '42' }, { secret: 'guessed' }) } })
    expect(wrong.welcome).toMatchObject({ visitor: { identified: false }, messages: [] })
    expect(await wrong.next('identityRefused')).toMatchObject({ code: 'identityWrong' })
  })

  test('after a reset the page is somebody else, and no other page shows the thread', async () => {
    await using at = await place()
    await using site = await openWebsite(at)
    const ana = await site.visit()
    const conversation = await begin(site, ana)
    const before = ana.token
    const tab = await site.visit({ token: before })
    ana.say({ type: 'reset' })
    const told = await ana.next('identified')
    expect(told).toMatchObject({ visitor: { identified: false }, again: true })
    expect(told.visitor.id).not.toBe(ana.welcome.visitor.id)
    expect(await tab.next('bye')).toMatchObject({ code: 'otherToken', again: true })
    const old = await site.visit({ token: before, after: tab.cursor })
    expect(old.welcome).toMatchObject({ reason: 'otherVisitor', messages: [] })
    const { id } = await site.answer({ conversation }, 'Buenas')
    await expect.poll(async () => (await site.message(id)).status).toBe('sent')
    ana.say({ type: 'ping' })
    await ana.next('pong')
    expect(ana.thread.has(id)).toBe(false)
  })

  test('invariant 8: what cannot be made durable is not accepted, and comes again', async () => {
    await using at = await heldPlace()
    await using site = await openWebsite(at)
    const ana = await site.visit()
    at.hold()
    const id = crypto.randomUUID()
    const answer = await ana.write('Hola', { id }).finally(() => at.letGo())
    expect(answer).toMatchObject({ type: 'refused', code: 'unavailable', retryAfterMs: expect.any(Number) })
    await expect
      .poll(async () => (await ana.write('Hola', { id })).type, { timeout: 15_000 })
      .toBe('accepted')
    expect(await site.list('messages')).toHaveLength(1)
  })

  test('a first start has a chat, a later one has what was left of it', async () => {
    await using at = await place()
    const first = await run(at, { firstChannel: undefined as never })
    const [channel] = ((await first.call('GET', '/v1/channels')).body as { data: { id: string }[] }).data
    expect(channel).toMatchObject({ connector: 'webchat', name: 'Website', config: { origins: [] } })
    expect(first.demoUrl).toBe(`${first.url}/webchat/${channel?.id}/demo`)
    await first.call('DELETE', `/v1/channels/${channel?.id}`)
    await first.stop()
    const second = await run(at, { firstChannel: undefined as never })
    expect(second.demoUrl).toBeNull()
    expect((await second.call('GET', '/v1/channels')).body).toMatchObject({ data: [] })
    await second.stop()
  })
})
