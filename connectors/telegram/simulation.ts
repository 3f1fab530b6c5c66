import type { Person, Simulation } from '../kit/sim/simulation.ts'
import { createTelegramSim } from './sim.ts'
import { SAMPLES } from './sim-inject.ts'

const TOKEN = '7000000001:simulated-bot-token-of-35-characters'
const SECRET = 'simulated-secret-token'

/** The simulated Telegram for `omnibus simulate` and the demo: one bot. A person's number is that of the phone. */
export const simulation: Simulation = {
  start: async ({ webhookUrl, ...options }) => {
    // On the URL of all channels nobody can tell whose an update is: it is set by the channel's own check.
    const isOwn = webhookUrl !== undefined && /\/in\/telegram\/./.test(webhookUrl)
    const bots = [{ token: TOKEN, username: 'simulated_bot', name: 'Simulated' }]
    const sim = await createTelegramSim({
      ...{ ...options, bots, secretToken: SECRET },
      ...(isOwn && { webhookUrl }),
    })
    const { url, subscribe, stop, behave, stats, drained } = sim
    const who = ({ name, phone }: Person) => ({ from: phone, name })
    return {
      ...{ url, subscribe, stop, behave, stats, drained },
      write: (person, text) => sim.inject({ ...who(person), text }),
      kinds: Object.keys(SAMPLES),
      play: (person, sample) => sim.inject({ ...who(person), sample }),
    }
  },
  config: url => ({ botToken: TOKEN, secretToken: SECRET, apiBase: url }),
  hints: url => `  Its webhook is set by a check of the channel; mode poll needs none.
  A person writes:      curl ${url}/sim/messages -d '{"from":777000123,"text":"Hola"}'
  A person taps:        curl ${url}/sim/taps -d '{"from":777000123,"message":1,"button":"yes"}'
  What was sent to it:  curl '${url}/sim/sent?last=10'
  A bad day:            curl -X PATCH ${url}/sim/behaviour -d '{"duplicates":0.5,"chats":true}'`,
}
