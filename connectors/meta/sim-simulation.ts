import type { Simulation } from '../kit/sim/simulation.ts'
import type { MetaSim, MetaSimOptions } from './sim.ts'
import { SAMPLES } from './sim-samples.ts'
import type { SimAccount } from './sim-world.ts'

/** What a simulated channel takes. */
const SIMULATED = {
  appSecret: 'simulated-app-secret',
  accessToken: 'simulated-access-token',
  verifyToken: 'simulated-verify-token',
} as const

/** One of the two for `omnibus simulate` and the demo, with one account. `key` is what config calls its id. */
export function metaSimulation(
  create: (options: MetaSimOptions) => Promise<MetaSim>,
  key: string,
  account: SimAccount,
): Simulation {
  return {
    start: async options => {
      const { url, subscribe, stop, behave, stats, drained, inject, comment } = await create({
        ...options,
        ...SIMULATED,
        accounts: [account],
      })
      return {
        ...{ url, subscribe, stop, behave, stats, drained },
        write: ({ phone }, text) => inject({ from: idOf(phone), text }),
        kinds: [...SAMPLES.keys(), 'comment'],
        play: ({ name, phone }, kind) => {
          if (kind === 'comment') comment({ from: idOf(phone), name, text: 'How much is it?' })
          else inject({ from: idOf(phone), sample: kind })
        },
      }
    },
    config: url => ({ ...SIMULATED, [key]: account.id, apiBase: url }),
    hints:
      url => `  A person writes:      curl ${url}/sim/messages -d '{"from":"6123456789012345","text":"Hola"}'
  A person comments:    curl ${url}/sim/comments -d '{"from":"6123456789012345","text":"How much?"}'
  What was sent to it:  curl '${url}/sim/sent?last=10'`,
  }
}

/** These know no phones: an id that looks like theirs, made of the digits. */
function idOf(phone: string): string {
  return `6${phone.replace(/\D/g, '').padStart(15, '0')}`
}
