import { expect, test } from 'vitest'
import { run } from '../gateway/daemon.ts'
import { describePostgres, freshDatabase } from '../postgres.ts'
import { scratch } from '../scratch.ts'
import { openWebsite } from './site.ts'

describePostgres('on two nodes', () => {
  test('a visitor of one node is answered, and signed out, by the other', async () => {
    await using made = new AsyncDisposableStack()
    const database = made.use(await freshDatabase())
    const [here, there] = [made.use(await scratch()), made.use(await scratch())]
    const site = made.use(await openWebsite({ dataDir: here.path, store: database.url } as never))
    const node = await run({ dataDir: there.path, store: database.url, parts: ['gateway'] })
    made.defer(() => node.close())
    await expect.poll(async () => (await node.call('GET', '/v1/channels')).text).toContain(site.channel)
    const ana = await site.visit()
    await ana.write('Hola')
    const { message } = await ana.next('message')
    const { conversation } = await site.message(message.id)
    const tab = await site.visit({ token: ana.token }, { url: node.url })
    expect(tab.thread.has(message.id)).toBe(true)
    const body = { conversation, content: { type: 'text', text: 'Buenas' } }
    expect((await node.call('POST', '/v1/messages', { body })).status).toBe(202)
    for (const page of [ana, tab]) await page.next('message', frame => frame.message.from === 'agent')
    ana.say({ type: 'reset' })
    expect(await tab.next('bye')).toMatchObject({ code: 'otherToken' })
  })
})
