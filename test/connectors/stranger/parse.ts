import type { Inbound, WebhookRequest } from '../../../connectors/connector.ts'
import { type Json, listIn, numberIn, objectOf, parseJson, textIn } from '../../../connectors/kit/json.ts'
import { phoneOf } from '../../../model/address.ts'
import type { Failure } from '../../../model/failure.ts'

type Status = Extract<Inbound, { kind: 'receipt' }>['status']

/** How far a text has come, in Papyrus' words. */
const STATUS: ReadonlyMap<string, Status> = new Map([
  ['queued', 'pending'],
  ['handed', 'sent'],
  ['delivered', 'received'],
  ['dead', 'failed'],
])

/** Why it is dead. */
const DEAD: ReadonlyMap<number, Failure['code']> = new Map([
  [1, 'recipientInvalid'],
  [2, 'undeliverable'],
  [3, 'blocked'],
])

export function parse({ body }: WebhookRequest): Inbound[] {
  const delivery = objectOf(parseJson(body.toString('utf8')))
  if (delivery === undefined) return [rejected('', 'notJson')]
  const events = listIn(delivery, 'events')
  if (events.length === 0) return [rejected('', 'noEvents')]
  return events.map(event => read(objectOf(event)))
}

function rejected(to: string, why: string): Inbound {
  return { to, kind: 'rejected', why }
}

function read(event: Json | undefined): Inbound {
  const to = textIn(event, 'number') ?? ''
  const at = Date.parse(textIn(event, 'at') ?? '')
  if (event === undefined || Number.isNaN(at)) return rejected(to, 'eventShape')
  switch (event['type']) {
    case 'text':
      return readText(event, to, at)
    case 'state':
      return readState(event, to, at)
    case 'optout':
      return readOptOut(event, to, at)
    case 'quota':
      return readQuota(event, to, at)
    case 'ping':
      return { to, kind: 'ignored', why: 'ping' }
    default:
      return rejected(to, 'unknownType')
  }
}

function readText(event: Json, to: string, at: number): Inbound {
  const id = textIn(event, 'id')
  const from = phoneOf(textIn(event, 'from') ?? '')
  const text = textIn(event, 'text')
  if (id === undefined || from === undefined) return rejected(to, 'textShape')
  return {
    ...{ to, kind: 'message', key: id, providerId: id, at, address: { kind: 'phone', value: from } },
    content: text === undefined ? { type: 'unsupported', rawType: 'empty' } : { type: 'text', text },
  }
}

function readState(event: Json, to: string, at: number): Inbound {
  const providerId = textIn(event, 'id')
  const raw = textIn(event, 'state') ?? ''
  const status = STATUS.get(raw)
  if (providerId === undefined || status === undefined) return rejected(to, 'stateShape')
  const reference = textIn(event, 'ref')
  const of = { providerId, ...(reference !== undefined && { reference }) }
  const told = { to, kind: 'receipt', of, status, at, raw } as const
  if (status !== 'failed') return told
  const why = numberIn(event, 'why') ?? 0
  return { ...told, failure: { code: DEAD.get(why) ?? 'undeliverable', provider: { code: String(why) } } }
}

function readOptOut(event: Json, to: string, at: number): Inbound {
  const phone = phoneOf(textIn(event, 'from') ?? '')
  if (phone === undefined) return rejected(to, 'optOutShape')
  return {
    ...{ to, kind: 'consent', key: `optout ${phone} ${at}`, at, address: { kind: 'phone', value: phone } },
    ...{ category: 'all', state: 'withdrawn', raw: 'optout' },
  }
}

function readQuota(event: Json, to: string, at: number): Inbound {
  const perSecond = numberIn(event, 'perSecond')
  if (perSecond === undefined || perSecond <= 0) return rejected(to, 'quotaShape')
  return { to, kind: 'limits', at, live: { perSecond }, raw: String(perSecond) }
}
