import { expect, test } from 'vitest'
import { createWhatsAppSim } from '../../connectors/whatsapp/sim.ts'
import type { Message } from '../../model/message.ts'
import { onEachStore } from '../end-to-end/stores.ts'
import { makeChannel, run, whatsappConfig } from './daemon.ts'

onEachStore(({ place }) => {
  test('a person writes, is answered, and reads the answer: all by the doors a company uses', async () => {
    await using home = await place()
    const { dataDir, store } = home
    const daemon = await run({ parts: ['gateway', 'router', 'queue'], dataDir, store })
    const { appSecret, accessToken, verifyToken } = whatsappConfig('1')
    const sim = await createWhatsAppSim({
      appSecret,
      accessToken,
      verifyToken,
      numbers: [{ phoneNumberId: '1', displayPhoneNumber: '+15550783881' }],
      behaviour: {
        duplicates: 0.5,
        reorders: 0.5,
        early: 0.5,
        readShare: 1,
      },
    })
    try {
      const channel = await makeChannel(daemon, '1', { apiBase: sim.url })
      await sim.subscribe(channel.webhookUrl)
      const checked = await daemon.call('POST', `/v1/channels/${channel.id}/check`)
      expect(checked.body).toMatchObject({ health: { state: 'ok' } })
      const photo = { bytes: Buffer.from('a photo'), mimeType: 'image/jpeg' }
      sim.inject({ from: '+5215512345678', type: 'image', media: photo })
      const inbound = async (): Promise<Message | undefined> => {
        const page = await daemon.call('GET', '/v1/messages?direction=inbound')
        return (page.body as { data: Message[] }).data[0]
      }
      await expect
        .poll(inbound, { timeout: 5_000 })
        .toMatchObject({ content: { media: { state: 'stored' } } })
      const [conversation, content] = [(await inbound())?.conversation, (await inbound())?.content]
      const url = content?.type === 'image' ? content.media.url : ''
      const link = (await daemon.call('GET', url)).headers.get('location') ?? ''
      expect((await daemon.call('GET', link, { token: null })).text).toBe('a photo')
      const sent = await daemon.call('POST', '/v1/messages', {
        body: { conversation, content: { type: 'text', text: 'Thanks!' } },
      })
      const { id } = sent.body as Message
      const status = async (): Promise<string | null> =>
        ((await daemon.call('GET', `/v1/messages/${id}`)).body as Message).status
      await expect.poll(status, { timeout: 10_000 }).toBe('read')
      const { text } = await daemon.call('GET', '/metrics', { token: null })
      expect(text).toContain('omnibus_sends_total{connector="whatsapp",result="accepted"} 1')
    } finally {
      await daemon.stop()
      await sim.stop()
    }
  })
})
