import { type Json, textIn } from '../kit/json.ts'
import { type ControlRoute, wanted } from '../kit/sim/control.ts'
import type { TwilioSim } from './sim.ts'
import type { InjectedMessage } from './sim-people.ts'

/**
 * What only the simulated Twilio can be told by curl:
 *
 *     curl $SIM/sim/messages -d '{"from":"+14155550142","text":"Hi"}'
 *     curl $SIM/sim/messages -d '{"from":"+14155550142","sample":"picture"}'
 *     curl $SIM/sim/statuses -d '{"id":"SM…","status":"undelivered","code":30003}'
 *     curl $SIM/sim/people   -d '{"phone":"+14155550142","optedOut":true}'
 */
export function twilioRoutes(sim: TwilioSim): Record<string, ControlRoute> {
  return {
    'POST messages': body => ({ id: sim.inject(messageOf(body)) }),
    'POST statuses': body => sim.injectStatus({ ...body, status: wanted(body, 'status') }),
    'POST people': body => {
      const phone = wanted(body, 'phone')
      if (body['optedOut'] === true) sim.optOut(phone)
      if (body['optedOut'] === false) sim.resume(phone)
    },
  }
}

function messageOf(body: Json): InjectedMessage {
  const { media: _, ...rest } = body
  const bytes = textIn(body, 'base64')
  const mimeType = textIn(body, 'mimeType') ?? 'application/octet-stream'
  return {
    ...rest,
    from: wanted(body, 'from'),
    ...(bytes !== undefined && { media: [{ bytes: Buffer.from(bytes, 'base64'), mimeType }] }),
  }
}
