import { createWhatsAppSim } from '../../connectors/whatsapp/sim.ts'
import type { Declared } from '../declared.ts'
import { SIMULATED } from './simulated.ts'

/** A provider, faked, while it runs. */
export type Simulator = {
  url: string
  /** A person writes to the business. */
  write(person: Person, text: string): void
  /** Webhooks go there from now on, once the handshake is done. */
  subscribe(webhookUrl: string): Promise<void>
  stop(): Promise<void>
}

export type Person = { name: string; phone: string }

/** Every provider that can be simulated: one entry each. */
export type Simulation = {
  /** The connector's name. */
  connector: string
  title: string
  start(options: { port: number; webhookUrl?: string }): Promise<Simulator>
  /** A channel that talks to it. */
  channel(url: string): Declared
  /** Lines for whoever tries it by hand. */
  hints(url: string): string
}

export const SIMULATIONS: readonly Simulation[] = [
  {
    connector: 'whatsapp',
    title: 'WhatsApp',
    start: async options => {
      const { appSecret, accessToken, verifyToken, phoneNumberId, displayPhoneNumber } = SIMULATED
      const sim = await createWhatsAppSim({
        ...options,
        ...{ appSecret, accessToken, verifyToken },
        numbers: [{ phoneNumberId, displayPhoneNumber }],
      })
      const { url, subscribe, stop } = sim
      return {
        url,
        subscribe,
        stop,
        write: ({ name, phone }, text) => sim.inject({ from: phone, name, text }),
      }
    },
    channel: url => {
      const { phoneNumberId, accessToken, appSecret, verifyToken } = SIMULATED
      const config = { phoneNumberId, accessToken, appSecret, verifyToken, apiBase: url }
      return { connector: 'whatsapp', name: 'Simulated WhatsApp', config, workspace: null }
    },
    hints:
      url => `  A person writes:      curl ${url}/sim/messages -d '{"from":"+5215512345678","text":"Hola"}'
  What was sent to it:  curl '${url}/sim/sent?last=10'
  A bad day:            curl -X PATCH ${url}/sim/behaviour -d '{"duplicates":0.5,"reorders":0.5}'`,
  },
]
