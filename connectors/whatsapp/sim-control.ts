import { type Json, textIn } from '../kit/json.ts'
import { type ControlRoute, wanted } from '../kit/sim/control.ts'
import type { WhatsAppSim } from './sim.ts'
import type { InjectedMessage, InjectedStatus } from './sim-inject.ts'

/**
 * What only the simulated WhatsApp can be told by curl:
 *
 *     curl $SIM/sim/messages -d '{"from":"+5215512345678","text":"Hola"}'
 *     curl $SIM/sim/messages -d '{"from":"+5215512345678","sample":"order"}'
 *     curl $SIM/sim/statuses -d '{"id":"wamid.…","status":"read"}'
 *     curl $SIM/sim/people   -d '{"phone":"+5215512345678","hidden":true,"optedOut":true}'
 */
export function whatsappRoutes(sim: WhatsAppSim): Record<string, ControlRoute> {
  return {
    'POST messages': body => ({ id: sim.inject(messageOf(body)) }),
    'POST statuses': body => sim.injectStatus(statusOf(body)),
    'POST errors': body => sim.injectError(Number(body['code'])),
    'POST people': body => changePerson(sim, body),
  }
}

function messageOf(body: Json): InjectedMessage {
  const { media: _, ...rest } = body
  const bytes = textIn(body, 'base64')
  const mimeType = textIn(body, 'mimeType')
  return {
    ...rest,
    from: wanted(body, 'from'),
    ...(bytes !== undefined && {
      media: { bytes: Buffer.from(bytes, 'base64'), mimeType: mimeType ?? 'application/octet-stream' },
    }),
  }
}

function statusOf(body: Json): InjectedStatus {
  return { ...body, status: wanted(body, 'status') }
}

function changePerson(sim: WhatsAppSim, body: Json): void {
  const phone = wanted(body, 'phone')
  if (body['hidden'] === true) sim.hide(phone)
  if (body['optedOut'] === true) sim.optOut(phone)
  if (body['optedOut'] === false) sim.resume(phone)
}
