import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach } from 'vitest'
import type { Inbound, Io, Outbound, WebhookRequest } from '../../connectors/connector.ts'
import { createHttp } from '../../connectors/kit/http.ts'
import { parse } from '../../connectors/twilio/parse.ts'
import { signedByTwilio } from '../../connectors/twilio/signature.ts'
import { createTwilioSim, type TwilioSim, type TwilioSimOptions } from '../../connectors/twilio/sim.ts'
import type { TwilioConfig } from '../../connectors/twilio/twilio.ts'
import { SendFailure } from '../../model/failure.ts'
import { seededRandom } from '../../model/random.ts'
import { outbound } from './rig.ts'

const ACCOUNT = `AC${'1'.repeat(32)}`
export const SERVICE = `MG${'2'.repeat(32)}`
export const NUMBER = '+15005550001'
export const BEA = '+14155550142'
const TOKEN = 'auth-token'

/** The provider, what a connector may touch, and a gateway in miniature that takes its webhooks. */
export type TwilioRig = {
  sim: TwilioSim
  config: TwilioConfig
  io: Io
  /** What came, of every POST that was signed. */
  items: Inbound[]
  refused: () => number
  /** Where the channel's webhooks go. */
  url: string
}

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  await Promise.all(closing.splice(0).map(close => close()))
})

export async function started(options: Partial<TwilioSimOptions> = {}): Promise<TwilioRig> {
  const sim = await createTwilioSim({
    ...{ accountSid: ACCOUNT, authToken: TOKEN, seed: 1 },
    senders: [NUMBER, `whatsapp:${NUMBER}`, 'rcs:brand_agent', '22395', 'Acme'],
    services: { [SERVICE]: ['+15005550009'] },
    ...options,
    behaviour: { sentMs: [0, 5], receivedMs: [0, 5], readMs: [0, 5], readShare: 1, ...options.behaviour },
  })
  const { http, close } = createHttp({ egressAllow: ['loopback'], answerMs: 500 })
  const items: Inbound[] = []
  let refused = 0
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const asked: WebhookRequest = {
        method: request.method ?? 'GET',
        url: `http://${request.headers.host}${request.url}`,
        query: Object.fromEntries(new URL(request.url ?? '/', 'http://x').searchParams),
        headers: request.headers as Record<string, string | undefined>,
        body: Buffer.concat(chunks),
        at: Date.now(),
      }
      const isSigned = signedByTwilio(asked, TOKEN)
      if (isSigned) items.push(...parse(asked))
      else refused += 1
      response.writeHead(isSigned ? 200 : 401).end()
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/in/twilio/chn_1`
  closing.push(close, sim.stop, async () => server.close())
  await sim.subscribe(url)
  const io: Io = {
    http,
    signal: new AbortController().signal,
    now: () => Date.now(),
    random: seededRandom(1),
    memo: (_key, _forMs, make) => make(),
  }
  const config = { accountSid: ACCOUNT, authToken: TOKEN, from: NUMBER, apiBase: sim.url }
  return { sim, config, io, items, refused: () => refused, url }
}

/** A part to Bea whose receipts come back to the rig. */
export function toBea(rig: TwilioRig, content: Outbound['content'], more: Partial<Outbound> = {}): Outbound {
  return outbound(content, { address: { kind: 'phone', value: BEA }, webhookUrl: rig.url, ...more })
}

/** The failure of a send that is refused: our code and Twilio's. */
export async function refusedWith(promise: Promise<unknown>): Promise<[string, string | undefined]> {
  try {
    await promise
  } catch (error) {
    if (error instanceof SendFailure) return [error.failure.code, error.failure.provider?.code]
    throw error
  }
  throw new Error('it did not fail')
}
