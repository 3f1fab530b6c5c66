import { createHmac } from 'node:crypto'

/** Requests of one length, one after the other, ready to be written: signing is not part of what is measured. */
export type Requests = { bytes: Buffer; length: number; count: number }

/** What a request is made for. `first` numbers them: no two requests of one benchmark have the same number. */
export type RequestPlan = { host: string; path: string; first: number; count: number } & (
  | { kind: 'webhook'; phoneNumberId: string; appSecret: string }
  | { kind: 'message'; channel: string; token: string }
)

/** How many people write and are written to. */
export const CONTACTS = 10_000

const DIGITS = 12
const NUMBER = '#'.repeat(DIGITS)
const PHONE = '@'.repeat(8)
const SIGNATURE = 's'.repeat(64)

/** `wamid.bench` and the request's number: how readers count each message once. */
export const PROVIDER_ID = 'wamid.bench'
/** The same in the text of an outbound message. */
export const TEXT = 'bench number '

export function makeRequests(plan: RequestPlan): Requests {
  const template = templateOf(plan)
  const { length } = template
  const bodyAt = template.indexOf('\r\n\r\n') + 4
  const numberAt = positionsOf(template, NUMBER)
  const phoneAt = positionsOf(template, PHONE)
  const signatureAt = template.indexOf(SIGNATURE)
  const bytes = Buffer.allocUnsafe(length * plan.count)
  for (let index = 0; index < plan.count; index++) {
    const from = index * length
    const number = plan.first + index
    template.copy(bytes, from)
    for (const at of numberAt) bytes.write(String(number).padStart(DIGITS, '0'), from + at, 'latin1')
    for (const at of phoneAt) bytes.write(String(10_000_000 + (number % CONTACTS)), from + at, 'latin1')
    if (plan.kind === 'webhook') {
      const body = bytes.subarray(from + bodyAt, from + length)
      bytes.write(
        createHmac('sha256', plan.appSecret).update(body).digest('hex'),
        from + signatureAt,
        'latin1',
      )
    }
  }
  return { bytes, length, count: plan.count }
}

/** A text of the size that people write, in the envelope of the Cloud API (PROVIDERS A3). */
function templateOf(plan: RequestPlan): Buffer {
  const body = JSON.stringify(plan.kind === 'webhook' ? webhookBody(plan.phoneNumberId) : messageBody(plan))
  const authorization =
    plan.kind === 'webhook'
      ? `x-hub-signature-256: sha256=${SIGNATURE}`
      : `authorization: Bearer ${plan.token}`
  const head = [
    `POST ${plan.path} HTTP/1.1`,
    `host: ${plan.host}`,
    'content-type: application/json',
    authorization,
    `content-length: ${Buffer.byteLength(body)}`,
  ]
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`)
}

function webhookBody(phoneNumberId: string): object {
  const message = {
    from: `521${PHONE}`,
    id: `${PROVIDER_ID}${NUMBER}`,
    timestamp: '1795219200',
    type: 'text',
    text: { body: `Hola, ¿me pueden ayudar con mi pedido? Es el número ${NUMBER}. ¡Gracias!` },
  }
  const value = {
    messaging_product: 'whatsapp',
    metadata: { display_phone_number: '15550783881', phone_number_id: phoneNumberId },
    contacts: [{ profile: { name: 'Ana' }, wa_id: `521${PHONE}` }],
    messages: [message],
  }
  return {
    object: 'whatsapp_business_account',
    entry: [{ id: '1', changes: [{ value, field: 'messages' }] }],
  }
}

function messageBody({ channel }: { channel: string }): object {
  return { channel, to: `+521${PHONE}`, content: { type: 'text', text: `${TEXT}${NUMBER}` } }
}

function positionsOf(template: Buffer, mark: string): number[] {
  const found: number[] = []
  for (let at = template.indexOf(mark); at >= 0; at = template.indexOf(mark, at + 1)) found.push(at)
  return found
}
