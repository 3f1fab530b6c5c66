import { createWhatsAppSim, type WhatsAppSim } from '../../connectors/whatsapp/sim.ts'
import type { Behaviour } from '../../connectors/whatsapp/sim-behaviour.ts'
import { whatsappConfig } from '../gateway/daemon.ts'
import type { Life } from './life.ts'
import { NUMBER } from './load.ts'

/** The provider, which outlives the daemon. */
export async function provider(
  behaviour: Partial<Behaviour>,
  seed: number,
): Promise<WhatsAppSim & AsyncDisposable> {
  const { accessToken, appSecret, verifyToken } = whatsappConfig(NUMBER)
  const sim = await createWhatsAppSim({
    ...{ seed, accessToken, appSecret, verifyToken, behaviour },
    numbers: [{ phoneNumberId: NUMBER, displayPhoneNumber: `+${NUMBER}` }],
  })
  // Its own getter `sent` must not be copied, so the object itself learns to dispose.
  return Object.assign(sim, { [Symbol.asyncDispose]: () => sim.stop() })
}

/** RULES C6, in the queue's words, and the channel's rate: one that is never in the way if absent. */
type Sending = { afterMs: number; policy?: 'resend' | 'fail'; perSecond?: number }

/** Points the provider's webhooks at this life. Returns its one channel, which the first life makes. */
export async function connect(life: Life, sim: WhatsAppSim, sending: Sending): Promise<string> {
  const { body } = await life.call('GET', '/v1/channels')
  const [known] = (body as { data: { id: string }[] }).data
  const id = known?.id ?? (await made(life, sim, sending))
  await sim.subscribe(`${life.url}/in/whatsapp`)
  return id
}

async function made(
  life: Life,
  sim: WhatsAppSim,
  { afterMs, policy = 'resend', perSecond = 1000 }: Sending,
): Promise<string> {
  const onUncertain = Object.fromEntries([
    ['afterMs', afterMs],
    ['then', policy],
  ])
  const config = whatsappConfig(NUMBER, { apiBase: sim.url, onUncertain, limits: { perSecond } })
  const answer = await life.call('POST', '/v1/channels', { connector: 'whatsapp', name: 'Crash', config })
  if (answer.status !== 201) throw new Error(`the channel was answered ${answer.status}`)
  return (answer.body as { id: string }).id
}
