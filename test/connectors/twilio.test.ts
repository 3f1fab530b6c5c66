import { createHmac } from 'node:crypto'
import { createTwilioSim } from '../../connectors/twilio/sim.ts'
import { connectorLaws, type Delivery, QUICK, type Told, type Which } from '../contracts/connector.ts'

const NUMBERS: Record<Which, string> = {
  ours: '+15005550001',
  sibling: '+15005550002',
  stranger: '+15005550003',
}
const TOKENS: Record<Which, string> = {
  ours: 'the-auth-token-of-ours',
  sibling: 'the-auth-token-of-ours',
  stranger: 'the-auth-token-of-another-account',
}
const OURS = `AC${'1'.repeat(32)}`
const THEIRS = `AC${'2'.repeat(32)}`

connectorLaws({
  connector: 'twilio',
  start: () =>
    createTwilioSim({
      ...{ seed: 1, accountSid: OURS, authToken: TOKENS.ours, behaviour: QUICK },
      ...{ senders: [NUMBERS.ours, NUMBERS.sibling], services: {} },
      others: [{ accountSid: THEIRS, authToken: TOKENS.stranger, senders: [NUMBERS.stranger], services: {} }],
    }),
  config: (url, which) => ({
    accountSid: which === 'stranger' ? THEIRS : OURS,
    ...{ authToken: TOKENS[which], from: NUMBERS[which], apiBase: url },
    limits: { perSecond: 1000 },
  }),
  fixtures: ['twilio/fixtures'],
  people: { ana: '+14155550142', beto: '+14155550143' },
  receive: {
    batches: false,
    shared: true,
    deliver: (told, by, url) => told.map(one => signed(formOf(one), by, url, one)),
  },
  throttles: [
    { code: 20429, slows: 'account' },
    { code: 21611, slows: 'channel' },
  ],
  lostAnswer: 'reference',
  samples: { template: { content: { type: 'template', name: `HX${'a'.repeat(32)}`, language: 'en' } } },
})

/** PROVIDERS E1. A status comes by the URL that its message named. */
function signed(form: Record<string, string>, by: Which, base: string, told: Told): Delivery {
  const url = told.is === 'receipt' ? `${base}?ref=${told.of.reference}` : base
  const text = url + Object.entries(form).sort().flat().join('')
  const signature = createHmac('sha1', TOKENS[by]).update(text).digest('base64')
  const headers = { 'content-type': 'application/x-www-form-urlencoded', 'x-twilio-signature': signature }
  return { url, headers, body: new URLSearchParams(form).toString() }
}

function formOf(told: Told): Record<string, string> {
  const ours = NUMBERS[told.to]
  if (told.is === 'unknown') return { CallSid: 'CA1', From: '+14155550142', To: ours, CallStatus: 'ringing' }
  if (told.is === 'message') {
    const { id, from, text } = told
    return { MessageSid: `SM${id}`, SmsStatus: 'received', From: from, To: ours, Body: text, NumMedia: '0' }
  }
  const status = told.status === 'received' ? 'delivered' : told.status
  return { MessageSid: told.of.providerId, MessageStatus: status, From: ours, To: told.of.address }
}
