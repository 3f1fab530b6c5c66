import type { Simulation } from '../kit/sim/simulation.ts'
import { createWhatsAppSim } from './sim.ts'
import { SAMPLES } from './sim-samples.ts'
import { SIMULATED } from './simulated.ts'

/** The simulated WhatsApp for `omnibus simulate` and the demo: one number. */
export const simulation: Simulation = {
  start: async options => {
    const { appSecret, accessToken, verifyToken, phoneNumberId, displayPhoneNumber } = SIMULATED
    const sim = await createWhatsAppSim({
      ...options,
      ...{ appSecret, accessToken, verifyToken },
      numbers: [{ phoneNumberId, displayPhoneNumber }],
    })
    const { url, subscribe, stop, behave, stats, drained } = sim
    return {
      ...{ url, subscribe, stop, behave, stats, drained },
      write: ({ name, phone }, text) => sim.inject({ from: phone, name, text }),
      kinds: [...SAMPLES.keys()],
      play: ({ name, phone }, sample) => sim.inject({ from: phone, name, sample }),
    }
  },
  config: url => {
    const { phoneNumberId, accessToken, appSecret, verifyToken } = SIMULATED
    return { phoneNumberId, accessToken, appSecret, verifyToken, apiBase: url }
  },
  hints: url => `  A person writes:      curl ${url}/sim/messages -d '{"from":"+5215512345678","text":"Hola"}'
  What was sent to it:  curl '${url}/sim/sent?last=10'
  A bad day:            curl -X PATCH ${url}/sim/behaviour -d '{"duplicates":0.5,"reorders":0.5}'`,
}
