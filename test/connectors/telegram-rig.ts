import { afterEach } from 'vitest'
import type { Io, Outbound } from '../../connectors/connector.ts'
import { createHttp } from '../../connectors/kit/http.ts'
import { send } from '../../connectors/telegram/send.ts'
import {
  createTelegramSim,
  type TelegramSim,
  type TelegramSimOptions,
} from '../../connectors/telegram/sim.ts'
import type { TelegramConfig } from '../../connectors/telegram/telegram.ts'
import { systemClock } from '../../model/clock.ts'
import { type FailureCode, kindOf, SendFailure } from '../../model/failure.ts'
import { seededRandom } from '../../model/random.ts'
import { createMemo } from '../../queue/memo.ts'
import { outbound } from './rig.ts'

export const TOKEN = '7000000001:AAGvC3dUMYrx8b0mN5tQe1WzJhK2LpSfXyE'
export const ANA = 777000123
export const GROUP = -1001234567890
export const TEXT = { type: 'text', text: 'Hola' } as const

export type TelegramRig = {
  sim: TelegramSim
  config: TelegramConfig
  io: Io
  /** Sends to Ana, or to somebody else. */
  send(content: Outbound['content'], more?: Partial<Outbound>): ReturnType<typeof send>
  /** What the newest call had, without its chat. */
  last(): { method: string | undefined; body: Record<string, unknown> }
}

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  await Promise.all(closing.splice(0).map(close => close()))
})

/** What tests of the Telegram connector need around it: the provider, and what it may touch. */
export async function started(
  options: Partial<TelegramSimOptions> = {},
  config: Partial<TelegramConfig> = {},
  answerMs = 10_000,
): Promise<TelegramRig> {
  const bots = [{ token: TOKEN, username: 'tienda_bot', name: 'Tienda' }]
  const sim = await createTelegramSim({ bots, seed: 1, secretToken: 'word', ...options })
  const { http, close } = createHttp({ egressAllow: ['loopback'], answerMs })
  closing.push(sim.stop, close)
  const rig = {
    sim,
    config: { botToken: TOKEN, secretToken: 'word', apiBase: sim.url, ...config },
    io: {
      http,
      signal: new AbortController().signal,
      now: systemClock.now,
      random: seededRandom(1),
      memo: createMemo(systemClock).of('chn'),
    },
  }
  return {
    ...rig,
    send: (content, more = {}) =>
      send(outbound(content, { address: personOf(ANA), ...more }), rig.config, rig.io),
    last: () => {
      const { method, body: { chat_id: _, ...body } = {} } = sim.sent.at(-1) ?? {}
      return { method, body }
    },
  }
}

export function personOf(id: number): Outbound['address'] {
  return { kind: id < 0 ? 'group' : 'telegram', value: String(id) }
}

/** The failure of what is refused: its code, and whether it is certain. */
export async function failing(promise: Promise<unknown>): Promise<[FailureCode, boolean]> {
  const { failure } = await failureOf(promise)
  return [failure.code, kindOf(failure).certain]
}

export async function failureOf(promise: Promise<unknown>): Promise<SendFailure> {
  try {
    await promise
  } catch (error) {
    if (error instanceof SendFailure) return error
    throw error
  }
  throw new Error('it was sent')
}
