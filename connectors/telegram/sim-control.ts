import { type Json, numberIn, textIn } from '../kit/json.ts'
import { type ControlRoute, wanted } from '../kit/sim/control.ts'
import type { TelegramSim } from './sim.ts'

/**
 * What only the simulated Telegram can be told by curl:
 *
 *     curl $SIM/sim/messages  -d '{"from":777000123,"text":"Hola"}'
 *     curl $SIM/sim/messages  -d '{"from":777000123,"sample":"venue"}'
 *     curl $SIM/sim/taps      -d '{"from":777000123,"message":7,"button":"yes"}'
 *     curl $SIM/sim/reactions -d '{"from":777000123,"message":7,"emoji":"👍"}'
 *     curl $SIM/sim/people    -d '{"id":777000123,"blocked":true}'
 */
export function telegramRoutes(sim: TelegramSim): Readonly<Record<string, ControlRoute>> {
  return {
    'POST messages': body => ({ id: sim.inject(messageOf(body)) }),
    'POST taps': body => ({ id: sim.tap({ ...chosen(body), button: wanted(body, 'button') }) }),
    'POST reactions': body => sim.react({ ...chosen(body), emoji: textIn(body, 'emoji') ?? null }),
    'POST people': body => sim.change({ ...body, id: number(body, 'id') }),
  }
}

function number(body: Json, key: string): number {
  const value = numberIn(body, key)
  if (value === undefined) throw new Error(`${key} is missing`)
  return value
}

function personIn(body: Json): string {
  return String(numberIn(body, 'from') ?? wanted(body, 'from'))
}

function chosen(body: Json): { from: string; message: number; group?: number } {
  const group = numberIn(body, 'group')
  return { from: personIn(body), message: number(body, 'message'), ...(group !== undefined && { group }) }
}

function messageOf(body: Json) {
  const { base64: _, mimeType: __, kind: ___, ...rest } = body
  const bytes = textIn(body, 'base64')
  const kind = textIn(body, 'kind') ?? 'document'
  const mimeType = textIn(body, 'mimeType') ?? 'application/octet-stream'
  const media = bytes === undefined ? {} : { media: { bytes: Buffer.from(bytes, 'base64'), mimeType, kind } }
  return { ...rest, ...media, from: personIn(body) }
}
