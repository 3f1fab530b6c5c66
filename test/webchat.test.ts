import { expect, test } from 'vitest'
import { onEachStore } from './end-to-end/stores.ts'
import { openWebsite } from './webchat/site.ts'

onEachStore(({ place }) => {
  test('a visitor writes, is answered, and what the page tells becomes the status', async () => {
    await using at = await place()
    await using site = await openWebsite(at)
    const ana = await site.visit({
      language: 'es-MX',
      page: { url: 'https://www.example.com/a', title: 'A' },
    })
    expect(ana.welcome).toMatchObject({ resume: 'again', reason: 'new', messages: [], more: false })
    const said = await ana.write('Hola')
    expect(said).toMatchObject({ type: 'accepted' })
    const own = await ana.next('message')
    expect(own.message).toMatchObject({ from: 'visitor', clientId: said.id, content: { text: 'Hola' } })
    const inbound = await site.message(own.message.id)
    const reply = await site.answer({ conversation: inbound.conversation }, 'Buenas')
    const { message } = await ana.next('message')
    expect(message).toMatchObject({ id: reply.id, from: 'agent', status: 'sent' })
    ana.say({ type: 'received', ids: [reply.id] })
    await ana.next('changed', frame => frame.message.status === 'received')
    ana.say({ type: 'read', ids: [reply.id] })
    await ana.next('changed', frame => frame.message.status === 'read')
    expect((await site.message(reply.id)).status).toBe('read')
  })
})
