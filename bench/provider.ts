import { createWhatsAppSim, type WhatsAppSim } from '../connectors/whatsapp/sim.ts'
import { answerQuestions } from './parts.ts'

/** The provider of `send` and `soak`: the WhatsApp simulator on a good day, without receipts until it is subscribed. */
export type ProviderQuestions = {
  listen: {
    input: { phoneNumberId: string; accessToken: string; appSecret: string; verifyToken: string }
    answer: { url: string }
  }
  /** From now on it tells what became of each message. */
  subscribe: { input: { webhookUrl: string }; answer: undefined }
  /** Answers whether nothing more is to be told. */
  drained: { input: { withinMs: number }; answer: boolean }
  stats: { input: undefined; answer: ReturnType<WhatsAppSim['stats']> }
}

/** What people take minutes for: a rate that is measured for seconds must hold the receipts too. */
const SOON = { sentMs: [0, 200], receivedMs: [0, 500], readMs: [0, 1000], readShare: 1 } as const

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
  subscribe: async ({ webhookUrl }) => {
    await listening().subscribe(webhookUrl)
    listening().behave({ receipts: true, ...SOON })
    return undefined
  },
  drained: ({ withinMs }) => listening().drained(withinMs),
  stats: () => listening().stats(),
})

function listening(): WhatsAppSim {
  if (sim === undefined) throw new Error('not listening')
  return sim
}
