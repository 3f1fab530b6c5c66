import { createWhatsAppSim, type WhatsAppSim } from '../../connectors/whatsapp/sim.ts'
import type { Behaviour } from '../../connectors/whatsapp/sim-behaviour.ts'
import type { Message } from '../../model/message.ts'
import type { Probe } from '../../model/steps.ts'
import { makeChannel, type Running, run, whatsappConfig } from '../gateway/daemon.ts'
import { type Subscriber, subscribe } from './events.ts'
import type { Place } from './stores.ts'

export const FIRST = '106540352242922'
export const SECOND = '106540352242923'

/** A daemon and its provider over real HTTP: two numbers, webhooks subscribed, a CRM that follows. */
export type World = AsyncDisposable & {
  daemon: Running
  /** Another daemon over what this one kept, once this one has stopped. */
  again(): Promise<Running>
  sim: WhatsAppSim
  /** The channel of `FIRST` and of `SECOND`. */
  first: string
  second: string
  crm: Subscriber
  message(id: string): Promise<Message>
  post(input: object): Promise<Message>
}

/**
 * @param makePlace where it keeps everything; disposed of with the world
 * @param more config of both channels
 */
export async function createWorld(
  makePlace: () => Promise<Place>,
  behaviour: Partial<Behaviour> = {},
  more = {},
  probe?: Probe,
): Promise<World> {
  const { accessToken, appSecret, verifyToken } = whatsappConfig(FIRST)
  const sim = await createWhatsAppSim({
    ...{ seed: 1, accessToken, appSecret, verifyToken },
    numbers: [
      { phoneNumberId: FIRST, displayPhoneNumber: '+15550783881' },
      { phoneNumberId: SECOND, displayPhoneNumber: '+15550783882' },
    ],
    behaviour: { sentMs: [0, 40], receivedMs: [0, 80], readMs: [0, 80], readShare: 1, ...behaviour },
  })
  const place = await makePlace()
  const { dataDir, store } = place
  const start = (options = {}) => run({ parts: ['gateway', 'router', 'queue'], dataDir, store }, options)
  const daemon = await start(probe === undefined ? {} : { probe })
  const config = { apiBase: sim.url, ...more }
  const { id: first, webhookUrl } = await makeChannel(daemon, FIRST, config)
  const { id: second } = await makeChannel(daemon, SECOND, config)
  await sim.subscribe(webhookUrl)
  const crm = await subscribe(daemon.url)
  return {
    ...{ daemon, sim, first, second, crm },
    again: () => start(),
    message: async id => (await daemon.call('GET', `/v1/messages/${id}`)).body as Message,
    post: async input => {
      const answer = await daemon.call('POST', '/v1/messages', { body: { channel: first, ...input } })
      if (answer.status !== 202) throw new Error(answer.text)
      return answer.body
    },
    [Symbol.asyncDispose]: async () => {
      await crm[Symbol.asyncDispose]()
      await daemon.stop()
      await sim.stop()
      await place[Symbol.asyncDispose]()
    },
  }
}
