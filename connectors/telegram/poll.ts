import type { Deliver, Inbound, Io, Poll } from '../connector.ts'
import { numberIn, objectOf } from '../kit/json.ts'
import { ask, call, Refused } from './call.ts'
import { readUpdate, UPDATES } from './parse.ts'
import { botOf, type TelegramConfig } from './telegram.ts'

/** How long Telegram holds a question open while nothing comes (PROVIDERS D1: up to 50 s), and how long we wait. */
const HELD_S = 25
const ANSWER_MS = 40_000

/** Long polling (PROVIDERS D1), for a daemon that nobody can call. */
export const poll: Poll<TelegramConfig> = { enabled: ({ mode }) => mode === 'poll', run }

/**
 * Asks for updates until it is told to stop. Telegram forgets an update when a later one is asked for. The number that
 * is asked for next moves in the commit of what came before it: a crash in between brings the same updates again, and
 * none is lost.
 */
async function run(
  config: TelegramConfig,
  from: string | undefined,
  deliver: Deliver,
  io: Io,
): Promise<void> {
  let offset = from === undefined ? undefined : Number(from)
  while (!io.signal.aborted) {
    const updates = await updatesFrom(offset, config, io)
    if (updates.length === 0) continue
    const next = 1 + Math.max(...updates.map(update => numberIn(objectOf(update), 'update_id') ?? -1))
    await deliver(
      updates.map(update => itemOf(update, config, io)),
      String(next),
    )
    offset = next
  }
}

/** What cannot be read is kept as it came. */
function itemOf(update: unknown, config: TelegramConfig, io: Io): Inbound {
  const item = readUpdate(objectOf(update) ?? {}, botOf(config), io.now())
  return item.kind === 'rejected' ? { ...item, raw: JSON.stringify(update) } : item
}

async function updatesFrom(
  offset: number | undefined,
  config: TelegramConfig,
  io: Io,
): Promise<readonly unknown[]> {
  const body = {
    timeout: HELD_S,
    limit: 100,
    allowed_updates: UPDATES,
    ...(offset !== undefined && { offset }),
  }
  try {
    const result = await call({ ...ask('getUpdates', body), answerMs: ANSWER_MS }, config, io)
    return Array.isArray(result) ? result : []
  } catch (error) {
    // Aborted while it waited: that is how it ends.
    if (io.signal.aborted) return []
    // A webhook and polling exclude each other (D1); the config says which one is meant. What waits there is kept.
    if (!(error instanceof Refused && /webhook/i.test(error.refusal.says))) throw error
    await call(ask('deleteWebhook', { drop_pending_updates: false }), config, io)
    return []
  }
}
