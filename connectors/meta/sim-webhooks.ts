import { createHmac } from 'node:crypto'
import type { Random } from '../../model/random.ts'
import type { Delivery } from '../kit/sim/webhooks.ts'

/** How simulated webhooks of Meta's look from outside (PROVIDERS A2), whichever channel they are of. */

type Batched = { batchMax: number; batchMs: number }

/** Up to 1,000 updates a POST, signed with the app secret. */
export function metaDelivery(
  appSecret: string,
  behaviour: () => Batched,
): Pick<Delivery<unknown>, 'contentType' | 'batch' | 'sign'> {
  return {
    contentType: 'application/json',
    batch: () => ({ max: Math.min(behaviour().batchMax, 1000), waitMs: behaviour().batchMs }),
    sign: ({ body, corrupt }) => ({
      'user-agent': 'facebookexternalua',
      'x-hub-signature-256': `sha256=${signatureOf(body, corrupt ? `not ${appSecret}` : appSecret)}`,
    }),
  }
}

function signatureOf(body: Buffer, secret: string): string {
  return createHmac('sha256', secret).update(body).digest('hex')
}

export function isBeyondAscii(text: string): boolean {
  return /[\u0080-\uffff]/.test(text)
}

/** "Non-ASCII is sent \uXXXX-escaped" (A2). */
export function escaped(text: string): string {
  if (!isBeyondAscii(text)) return text
  return text.replace(/[\u0080-\uffff]/g, unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** What Meta does when a webhook is subscribed. @throws Error if the subscriber does not answer the challenge */
export async function handshake(url: string, verifyToken: string, random: Random): Promise<void> {
  const challenge = String(Math.floor(random.fraction() * 1e9))
  const target = new URL(url)
  target.searchParams.set('hub.mode', 'subscribe')
  target.searchParams.set('hub.challenge', challenge)
  target.searchParams.set('hub.verify_token', verifyToken)
  const answer = await fetch(target)
  const body = await answer.text()
  if (answer.status !== 200 || body !== challenge) throw new Error(`the handshake got ${answer.status}`)
}
