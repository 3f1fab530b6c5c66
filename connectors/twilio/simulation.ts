import type { Simulation } from '../kit/sim/simulation.ts'
import { createTwilioSim } from './sim.ts'

const SIMULATED = {
  accountSid: `AC${'5'.repeat(32)}`,
  authToken: 'simulated-auth-token',
  from: '+15005550001',
} as const

/** The simulated Twilio for `omnibus simulate` and the demo: one number of the US. */
export const simulation: Simulation = {
  start: async options => {
    const { accountSid, authToken, from } = SIMULATED
    const sim = await createTwilioSim({ ...options, accountSid, authToken, senders: [from], services: {} })
    const { url, subscribe, stop, behave, stats, drained } = sim
    return {
      ...{ url, subscribe, stop, behave, stats, drained },
      write: ({ name, phone }, text) => sim.inject({ from: phone, name, text }),
      kinds: ['picture', 'pictures', 'card'],
      play: ({ name, phone }, sample) => sim.inject({ from: phone, name, sample }),
    }
  },
  config: url => ({ ...SIMULATED, apiBase: url }),
  hints: url => `  A person writes:      curl ${url}/sim/messages -d '{"from":"+14155550142","text":"Hi"}'
  What was sent to it:  curl '${url}/sim/sent?last=10'
  A bad day:            curl -X PATCH ${url}/sim/behaviour -d '{"duplicates":0.5,"reorders":0.5}'`,
}
