import type { Clock } from '../../model/clock.ts'
import { type Json, objectIn } from '../kit/json.ts'
import type { Step } from '../kit/sim/receipts.ts'
import type { SimFacts } from './sim-check.ts'
import { escaped } from './sim-webhooks.ts'
import type { Accepted, MetaBehaviour, Update } from './sim-world.ts'

/** One entry for each account, in order of first mention (PROVIDERS B2, C2). */
export function bodyOf({ object }: SimFacts, updates: readonly Update[], clock: Clock): Buffer {
  const entries = new Map<string, { id: string; time: number } & Partial<Record<Update['list'], Json[]>>>()
  for (const { account, list, item } of updates) {
    const entry = entries.get(account.id) ?? { id: account.id, time: clock.now() }
    entries.set(account.id, entry)
    entry[list] = [...(entry[list] ?? []), item]
  }
  return Buffer.from(escaped(JSON.stringify({ object, entry: [...entries.values()] })))
}

/** What is told of a message that was taken: its echo, that it arrived, that it was seen. */
export function itemOf({ object }: SimFacts, accepted: Accepted, step: Step, { mids }: MetaBehaviour): Json {
  const { id, account, person, at } = accepted
  const [us, them] = [{ id: account.id }, { id: person }]
  if (step.status === 'sent') {
    return { sender: us, recipient: them, timestamp: at, message: echoOf(accepted) }
  }
  const item = { sender: them, recipient: us, timestamp: step.at }
  if (step.status === 'received') return { ...item, delivery: { ...(mids && { mids: [id] }), watermark: at } }
  return { ...item, read: object === 'page' ? { watermark: at } : { mid: id } }
}

function echoOf({ id, message }: Accepted): Json {
  const { text, metadata } = message
  const attachment = objectIn(message, 'attachment')
  return {
    ...{ mid: id, is_echo: true, app_id: 1517776481860111 },
    ...(metadata !== undefined && { metadata }),
    ...(text !== undefined && { text }),
    ...(attachment !== undefined && { attachments: [attachment] }),
  }
}
