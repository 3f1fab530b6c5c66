import { afterEach } from 'vitest'
import { send } from '../../connectors/whatsapp/send.ts'
import type { WhatsAppSimOptions } from '../../connectors/whatsapp/sim.ts'
import { SendFailure } from '../../model/failure.ts'
import { createRig, createSubscriber, outbound, type Rig, type Subscriber } from './rig.ts'

const QUICK = { sentMs: [0, 5], receivedMs: [0, 10], readMs: [0, 10], readShare: 1, redeliverMs: 5 } as const
const TEXT = { type: 'text', text: 'Hola' } as const

export const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  await Promise.all(closing.splice(0).map(close => close()))
})

export async function started(
  options: Partial<WhatsAppSimOptions> = {},
  answer?: () => number,
): Promise<Rig & Subscriber> {
  const subscriber = await createSubscriber(answer)
  const rig = await createRig({ ...options, behaviour: { ...QUICK, ...options.behaviour } })
  closing.push(rig.close, subscriber.close)
  await rig.sim.subscribe(subscriber.url)
  return { ...rig, ...subscriber, close: rig.close }
}

export function sending(
  rig: Rig,
  more: Parameters<typeof outbound>[1] = {},
  content = outbound(TEXT).content,
) {
  return send(outbound(content, more), rig.config, rig.io)
}

/** The provider's code for a send that is refused. */
export async function refusedWith(promise: Promise<unknown>): Promise<string | undefined> {
  try {
    await promise
    return undefined
  } catch (error) {
    if (error instanceof SendFailure) return error.failure.provider?.code
    throw error
  }
}
