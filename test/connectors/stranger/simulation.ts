import type { Simulation } from '../../../connectors/kit/sim/simulation.ts'
import { createPapyrusSim } from './sim.ts'

const SIMULATED = { from: '5511999990000', token: 'simulated-token', webhookSecret: 'simulated-secret' }

/** The simulated Papyrus for `omnibus simulate` and the demo: one number. */
export const simulation: Simulation = {
  start: async options => {
    const { from, token, webhookSecret } = SIMULATED
    const sim = await createPapyrusSim({ ...options, token, webhookSecret, numbers: [from] })
    return {
      ...sim,
      kinds: [],
      play: () => {},
      write: ({ phone }, text) => sim.write({ from: phone, text }),
    }
  },
  config: url => ({ ...SIMULATED, apiBase: url }),
  hints: url => `  A person writes: curl ${url}/sim/messages -d '{"from":"+5215512345678","text":"Hola"}'`,
}
