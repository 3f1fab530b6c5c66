import { createHmac } from 'node:crypto'
import { createWhatsAppSim } from '../../connectors/whatsapp/sim.ts'
import { connectorLaws, QUICK, type Told, type Which } from '../contracts/connector.ts'

const NUMBERS: Record<Which, string> = {
  ours: '106540352242922',
  sibling: '106540352242923',
  stranger: '106540352242924',
}
const APP_SECRETS: Record<Which, string> = {
  ours: 'the-secret-of-our-app',
  sibling: 'the-secret-of-our-app',
  stranger: 'the-secret-of-another-app',
}
const TOKEN = 'the-access-token-of-whatsapp'

connectorLaws({
  connector: 'whatsapp',
  start: () =>
    createWhatsAppSim({
      ...{ seed: 1, appSecret: APP_SECRETS.ours, accessToken: TOKEN, verifyToken: 'the-word-of-ours' },
      numbers: Object.values(NUMBERS).map(phoneNumberId => ({
        phoneNumberId,
        displayPhoneNumber: '15550783881',
      })),
      behaviour: QUICK,
    }),
  config: (url, which) => ({
    ...{ phoneNumberId: NUMBERS[which], accessToken: TOKEN, appSecret: APP_SECRETS[which] },
    ...{ verifyToken: 'the-word-of-ours', apiBase: url },
  }),
  fixtures: ['whatsapp/fixtures'],
  people: { ana: '+5215512345678', beto: '+5511987654321' },
  receive: {
    batches: true,
    shared: true,
    deliver: (told, by, url) => {
      const entry = told.map(one => ({ id: '102290129340398', changes: [changeOf(one)] }))
      const body = JSON.stringify({ object: 'whatsapp_business_account', entry })
      const signature = createHmac('sha256', APP_SECRETS[by]).update(body).digest('hex')
      const headers = { 'content-type': 'application/json', 'x-hub-signature-256': `sha256=${signature}` }
      return [{ url, body, headers }]
    },
  },
  throttles: [
    { code: 130429, slows: 'channel' },
    { code: 131056, slows: 'recipient' },
    { code: 80007, slows: 'account' },
  ],
  lostAnswer: 'reference',
  samples: {
    reaction: { content: { type: 'reaction', emoji: '👍' }, reactionTo: 'wamid.IN' },
    template: { content: { type: 'template', name: 'order_ready', language: 'es_MX' } },
  },
})

/** PROVIDERS A3, A4. */
function changeOf(told: Told): object {
  const metadata = { display_phone_number: '15550783881', phone_number_id: NUMBERS[told.to] }
  const value = { messaging_product: 'whatsapp', metadata }
  const timestamp = String(Math.floor(told.at / 1000))
  if (told.is === 'unknown') return { field: 'something_new', value }
  if (told.is === 'message') {
    const { id, from, text } = told
    const message = { from: from.slice(1), id: `wamid.${id}`, timestamp, type: 'text', text: { body: text } }
    return { field: 'messages', value: { ...value, messages: [message] } }
  }
  const { providerId: id, reference } = told.of
  const status = told.status === 'received' ? 'delivered' : told.status
  const item = { id, status, timestamp, recipient_id: '5215512345678', biz_opaque_callback_data: reference }
  return { field: 'messages', value: { ...value, statuses: [item] } }
}
