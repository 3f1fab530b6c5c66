import { expect, test } from 'vitest'
import { problem } from '../gateway/daemon.ts'
import { openedWebsite } from './opened.ts'

/** What a page says, and what it may not. */
const website = openedWebsite()
const { from } = website

test('a text of 100 KB is refused by its name, HTML is text, and empty is nothing', async () => {
  const ana = await website.site.visit({}, { headers: from() })
  expect(await ana.write('x'.repeat(100_000))).toMatchObject({ type: 'refused', code: 'textTooLong' })
  expect(await ana.write(' \n')).toMatchObject({ type: 'refused', code: 'textEmpty' })
  const html = '<img src=x onerror=alert(1)><script>alert(1)</script>'
  expect(await ana.write(html)).toMatchObject({ type: 'accepted' })
  expect((await ana.next('message')).message.content).toEqual({ type: 'text', text: html })
})

test('a frame in a wrong form is an error; who goes on gets no more', async () => {
  const ana = await website.site.visit({}, { headers: from() })
  ana.socket.send('hola')
  expect(await ana.next('error')).toMatchObject({ code: 'badFrame' })
  ana.socket.send('{"type":"dance"}')
  expect(await ana.next('error')).toMatchObject({ code: 'unknownFrame' })
  ana.say({ type: 'hello' })
  expect(await ana.next('error')).toMatchObject({ code: 'notNow' })
  for (let index = 0; index < 10; index++) ana.socket.send('hola')
  expect(await ana.next('bye')).toMatchObject({ code: 'badFrames', again: false })
  await ana.gone
})

test('a visitor who writes too much is told to wait, and by when', async () => {
  const ana = await website.site.visit({}, { headers: from() })
  const answers = await Promise.all(Array.from({ length: 30 }, (_, index) => ana.write(`${index}`)))
  const refused = answers.filter(answer => answer.type === 'refused')
  expect(refused.length).toBeGreaterThan(0)
  expect(refused[0]).toMatchObject({ code: 'tooFast', retryAfterMs: expect.any(Number) })
  expect(answers[0]).toMatchObject({ type: 'accepted' })
})

test('a frame above the bound ends the socket', async () => {
  const ana = await website.site.visit({}, { headers: from() })
  ana.socket.send(JSON.stringify({ type: 'page', page: { url: 'x'.repeat(300_000) } }))
  expect(await ana.gone).toBe(1009)
})

test('only what was offered to this visitor can be chosen', async () => {
  const [ana, eva] = [
    await website.site.visit({}, { headers: from() }),
    await website.site.visit({}, { headers: from() }),
  ]
  await ana.write('Hola')
  await eva.write('Hola')
  const own = await website.site.message((await ana.next('message')).message.id)
  const content = {
    ...{ type: 'buttons', text: 'Which?' },
    buttons: [
      { id: 'a', title: 'A' },
      { url: 'https://www.example.com', title: 'See' },
    ],
  }
  await website.site.daemon.call('POST', '/v1/messages', {
    body: { conversation: own.conversation, content },
  })
  const { message } = await ana.next('message')
  expect(message.content).toEqual(content)
  const choice = { type: 'choice', to: message.id, payload: 'a', text: 'whatever' } as const
  expect(await eva.write(choice)).toMatchObject({ code: 'choiceUnknown' })
  expect(await ana.write({ ...choice, payload: 'b' })).toMatchObject({ code: 'choiceUnknown' })
  expect(await ana.write(choice)).toMatchObject({ type: 'accepted' })
  const chosen = (await ana.next('message')).message
  expect(chosen).toMatchObject({ content: { type: 'choice', text: 'A' }, replyTo: message.id })
  expect((await website.site.message(chosen.id)).content).toMatchObject({
    type: 'reply',
    kind: 'button',
    payload: 'a',
  })
})

test("receipts of another's message change nothing", async () => {
  const [ana, eva] = [
    await website.site.visit({}, { headers: from() }),
    await website.site.visit({}, { headers: from() }),
  ]
  await ana.write('Hola')
  await eva.write('Hola')
  const own = await website.site.message((await ana.next('message')).message.id)
  const reply = await website.site.answer({ conversation: own.conversation }, 'Buenas')
  await ana.next('message')
  eva.say({ type: 'read', ids: [reply.id, own.id, 'nonsense'] })
  eva.say({ type: 'ping' })
  await eva.next('pong')
  expect((await website.site.message(reply.id)).status).toBe('sent')
})

test('typing goes both ways, and moves nobody in the log', async () => {
  const ana = await website.site.visit({}, { headers: from() })
  await ana.write('Hola')
  const own = await website.site.message((await ana.next('message')).message.id)
  const { url } = website.site.daemon
  const gone = new AbortController()
  const stream = await fetch(`${url}/v1/events?typing=true`, {
    headers: { authorization: 'Bearer the-admin-token-of-tests', accept: 'text/event-stream' },
    signal: gone.signal,
  })
  const told = untilTyping(stream.body as ReadableStream<Uint8Array>)
  ana.say({ type: 'typing', on: true })
  expect(await told).toMatch(
    new RegExp(
      `event: typing\ndata: {"channel":"${website.site.channel}",.*"conversation":"${own.conversation}","on":true}`,
    ),
  )
  gone.abort()
  await website.site.daemon.call('POST', `/v1/conversations/${own.conversation}/typing`, {
    body: { on: true },
  })
  expect(await ana.next('typing')).toMatchObject({ on: true })
  const wrong = await website.site.daemon.call('POST', `/v1/conversations/${own.conversation}/typing`, {
    body: {},
  })
  expect(problem(wrong)).toMatchObject({ errors: [{ field: 'on' }] })
})

async function untilTyping(body: ReadableStream<Uint8Array>): Promise<string> {
  let text = ''
  for await (const chunk of body) {
    text += Buffer.from(chunk).toString()
    if (/event: typing\ndata: .*\n\n/.test(text)) return text
  }
  return text
}
