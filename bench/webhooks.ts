import { NUMBER, PERSON, type Signature, type Template } from './requests.ts'

/** How one provider tells of a text of a person: the channel that it is told to, and the request that tells it. */
export type Webhook = {
  connector: string
  config: Record<string, string>
  /** @param url where the provider calls */
  template: (url: string) => Template
}

/** What stands before the number in the text of each, and after it: how readers count each message once. */
export const ASKED = { before: 'Es el número ', after: '.' }

/** Of the size that people write, and more than ASCII. */
const TEXT = `Hola, ¿me pueden ayudar con mi pedido? ${ASKED.before}${NUMBER}${ASKED.after} ¡Gracias!`
const SECONDS = 1_795_219_200

/** Meta's apps and their users. */
const META = { accessToken: 'bench-access-token', appSecret: 'bench-app-secret', verifyToken: 'bench' }

/** The account that is written to, and that the simulated provider knows. */
export const WHATSAPP = { phoneNumberId: '106540352242922', ...META }

/** PROVIDERS A3. */
export const whatsapp = {
  connector: 'whatsapp',
  config: WHATSAPP,
  template: () => {
    const message = {
      from: `521${PERSON}`,
      id: `wamid.bench${NUMBER}`,
      timestamp: String(SECONDS),
      type: 'text',
      text: { body: TEXT },
    }
    const value = {
      messaging_product: 'whatsapp',
      metadata: { display_phone_number: '15550783881', phone_number_id: WHATSAPP.phoneNumberId },
      contacts: [{ profile: { name: 'Ana' }, wa_id: `521${PERSON}` }],
      messages: [message],
    }
    return ofMeta({
      object: 'whatsapp_business_account',
      entry: [{ id: '1', changes: [{ value, field: 'messages' }] }],
    })
  },
} satisfies Webhook

const PAGE_ID = '1906385232743451'
const ACCOUNT_ID = '17841400008460056'

/** PROVIDERS B2. */
const messenger: Webhook = {
  connector: 'messenger',
  config: { pageId: PAGE_ID, ...META },
  template: () =>
    ofMeta(messaging('page', PAGE_ID, { person: `61234567${PERSON}`, mid: `m_bench${NUMBER}` })),
}

/** PROVIDERS C2. */
const instagram: Webhook = {
  connector: 'instagram',
  config: { accountId: ACCOUNT_ID, ...META },
  template: () =>
    ofMeta(messaging('instagram', ACCOUNT_ID, { person: `12544591${PERSON}`, mid: `aWdfbench${NUMBER}` })),
}

function messaging(object: string, account: string, { person, mid }: { person: string; mid: string }) {
  const item = {
    sender: { id: person },
    recipient: { id: account },
    timestamp: SECONDS * 1000,
    message: { mid, text: TEXT },
  }
  return { object, entry: [{ id: account, time: SECONDS * 1000, messaging: [item] }] }
}

/** PROVIDERS A2. */
function ofMeta(body: object): Template {
  const header = 'x-hub-signature-256: sha256='
  const signature: Signature = { header, algorithm: 'sha256', encoding: 'hex', secret: META.appSecret }
  return { headers: ['content-type: application/json'], body: JSON.stringify(body), signature }
}

const SECRET_TOKEN = 'bench-secret-token'

/** PROVIDERS D1, D2: a word instead of a signature. */
const telegram: Webhook = {
  connector: 'telegram',
  config: { botToken: '7000000001:bench-bot-token-0123456789-abcdefgh', secretToken: SECRET_TOKEN },
  template: () => {
    const person = { id: `77${PERSON}`, first_name: 'Ana', last_name: 'Torres', username: `ana${PERSON}` }
    const message = {
      message_id: `1${NUMBER}`,
      from: { ...person, is_bot: false, language_code: 'es' },
      chat: { ...person, type: 'private' },
      date: SECONDS,
      text: TEXT,
    }
    const update = JSON.stringify({ update_id: `1${NUMBER}`, message })
    return {
      headers: ['content-type: application/json', `x-telegram-bot-api-secret-token: ${SECRET_TOKEN}`],
      // Its ids are numbers, which a mark is not.
      body: update.replaceAll(/(id":)"([^"]+)"/g, '$1$2'),
    }
  },
}

const ACCOUNT_SID = `AC${'0'.repeat(31)}1`
const AUTH_TOKEN = 'bench-auth-token'
const OURS = '+15005550001'

/** PROVIDERS E1: a form, signed with the URL that it is sent to. */
const twilio: Webhook = {
  connector: 'twilio',
  config: { accountSid: ACCOUNT_SID, authToken: AUTH_TOKEN, from: OURS },
  template: url => {
    const sid = `SM${'0'.repeat(20)}${NUMBER}`
    const form: Record<string, string> = {
      ToCountry: 'US',
      ToState: '',
      SmsMessageSid: sid,
      NumMedia: '0',
      ToCity: '',
      FromZip: '',
      SmsSid: sid,
      FromState: '',
      SmsStatus: 'received',
      FromCity: '',
      Body: TEXT,
      FromCountry: 'MX',
      To: OURS,
      ToZip: '',
      NumSegments: '2',
      MessageSid: sid,
      AccountSid: ACCOUNT_SID,
      From: `+5255${PERSON}`,
      ApiVersion: '2010-04-01',
    }
    const names = Object.keys(form).toSorted()
    return {
      headers: ['content-type: application/x-www-form-urlencoded; charset=UTF-8'],
      body: String(new URLSearchParams(form)),
      signature: {
        ...{ header: 'x-twilio-signature: ', algorithm: 'sha1', encoding: 'base64', secret: AUTH_TOKEN },
        over: url + names.map(name => name + form[name]).join(''),
      },
    }
  },
}

/** Every connector that providers call; WhatsApp is what the others are compared with. */
export const WEBHOOKS: readonly Webhook[] = [whatsapp, messenger, instagram, telegram, twilio]
