import { Pool } from 'undici'
import { answerQuestions } from './parts.ts'
import { CONTACTS, TEXT } from './requests.ts'

/** The ceiling of `send`: undici posting the same bodies to the same provider, and remembering nothing. */
export type LoopQuestions = { run: { input: LoopRun; answer: { accepted: number; perSecond: number } } }

export type LoopRun = {
  url: string
  phoneNumberId: string
  accessToken: string
  connections: number
  ms: number
  first: number
}

answerQuestions<LoopQuestions>({
  run: async ({ url, phoneNumberId, accessToken, connections, ms, first }) => {
    const pool = new Pool(url, { connections, pipelining: 1 })
    const path = `/v26.0/${phoneNumberId}/messages`
    const headers = { authorization: `Bearer ${accessToken}`, 'content-type': 'application/json' }
    const startedAt = performance.now()
    let next = first
    let accepted = 0
    const lane = async (): Promise<void> => {
      while (performance.now() - startedAt < ms) {
        const answer = await pool.request({ method: 'POST', path, headers, body: bodyOf(next++) })
        await answer.body.text()
        if (answer.statusCode === 200) accepted++
      }
    }
    await Promise.all(Array.from({ length: connections }, lane))
    const took = performance.now() - startedAt
    await pool.close()
    return { accepted, perSecond: (accepted / took) * 1000 }
  },
})

/** What `connectors/whatsapp/send.ts` makes of the message that `requests.ts` enqueues. */
function bodyOf(number: number): string {
  return JSON.stringify({
    messaging_product: 'whatsapp',
    recipient_type: 'individual',
    to: `+521${10_000_000 + (number % CONTACTS)}`,
    biz_opaque_callback_data: `bare_${String(number).padStart(25, '0')}.0.1`,
    type: 'text',
    text: { body: `${TEXT}${String(number).padStart(12, '0')}`, preview_url: false },
  })
}
