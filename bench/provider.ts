import { createWhatsAppSim, type WhatsAppSim } from '../connectors/whatsapp/sim.ts'
import { answerQuestions } from './parts.ts'

/** The provider of `send`: the WhatsApp simulator on a good day, without receipts. */
export type ProviderQuestions = {
  listen: {
    input: { phoneNumberId: string; accessToken: string; appSecret: string; verifyToken: string }
    answer: { url: string }
  }
  stats: { input: undefined; answer: ReturnType<WhatsAppSim['stats']> }
}

let sim: WhatsAppSim | undefined

answerQuestions<ProviderQuestions>({
  listen: async ({ phoneNumberId, ...secrets }) => {
    sim = await createWhatsAppSim({
      ...secrets,
      numbers: [{ phoneNumberId, displayPhoneNumber: '15550783881', portfolio: 'bench' }],
      behaviour: { receipts: false },
      logMax: 1,
    })
    return { url: sim.url }
  },
  stats: () => {
    if (sim === undefined) throw new Error('not listening')
    return sim.stats()
  },
})
