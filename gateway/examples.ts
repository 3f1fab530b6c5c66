/**
 * Bodies as a client sends them. `/openapi.json` and `/docs` show them, and a test sends each to its route, with ids of
 * things that are there.
 */
const ID = '01k5h6x0c8f2sbn3qv7d9w4ekm'

const text = { type: 'text', text: 'Hello Ana, your order is ready.' }
const image = { type: 'image', media: { id: `fil_${ID}` }, caption: 'The blue one' }
const buttons = {
  type: 'buttons',
  text: 'When shall we come?',
  buttons: [
    { id: 'morning', title: 'In the morning' },
    { id: 'evening', title: 'In the evening' },
  ],
}
const form = {
  type: 'flow',
  text: 'Book a visit.',
  button: 'Choose a time',
  flow: { id: '106540352242923', screen: 'DATES' },
}
const template = {
  type: 'template',
  name: 'order_ready',
  language: 'es_MX',
  parameters: { body: { '1': 'Ana' } },
}

export const MESSAGES = [
  { channel: `chn_${ID}`, to: '+5215512345678', content: text },
  { contact: `ctc_${ID}`, content: image },
  { conversation: `cnv_${ID}`, content: buttons, replyTo: { id: `msg_${ID}` } },
  { channel: `chn_${ID}`, to: '+5215512345678', content: template },
  { conversation: `cnv_${ID}`, content: { type: 'request', what: 'location', text: 'Where are you?' } },
  { conversation: `cnv_${ID}`, content: form },
  { contact: `ctc_${ID}`, content: { type: 'reaction', emoji: '👍', to: { id: `msg_${ID}` } } },
]

export const CHANNELS = [
  {
    connector: 'whatsapp',
    name: 'Support MX',
    config: {
      phoneNumberId: '106540352242922',
      accessToken: 'EAAG…',
      appSecret: 'the secret of the app',
      verifyToken: 'a word of your choice',
    },
  },
]
export const CONTACTS = [
  {
    name: 'Ana María López',
    phone: '+5215512345678',
    email: 'ana@example.com',
    language: 'es-MX',
    timeZone: 'America/Mexico_City',
    tags: ['VIP'],
  },
]
export const CONTACT_PATCHES = [{ name: 'Ana López', country: 'MX', email: null }]
export const CONTACT_TAGS = [{ tags: ['VIP', 'Monterrey'] }]
export const TAGS = [{ name: 'VIP' }]
const customers = {
  all: [
    { field: 'tags', op: 'has', value: 'VIP' },
    { field: 'lastSeenAt', op: 'before', value: { daysAgo: 30 } },
    { not: { field: 'country', op: 'oneOf', value: ['AR', 'CL'] } },
  ],
}
export const CONTACT_SEARCHES = [{ filter: customers, limit: 20 }, { q: 'ana gar' }, { q: '300 123' }]
export const CONTACT_COUNTS = [{ filter: customers }]
export const SEGMENTS = [{ name: 'Quiet customers', filter: customers }]
export const SEGMENT_PATCHES = [{ name: 'Customers who went quiet' }]
export const FIELD_PATCHES = [{ title: 'Plan of the customer' }]
export const FIELDS = [
  { key: 'plan', title: 'Plan', type: 'list', options: ['free', 'gold'] },
  { key: 'orders', title: 'Orders', type: 'number' },
]
export const CONSENTS = [
  { category: 'marketing', state: 'withdrawn' },
  { channel: `chn_${ID}`, category: 'all', state: 'granted' },
]
export const MERGES = [{ from: `ctc_${ID}`, into: `ctc_${ID}` }]
export const CHANNEL_PATCHES = [
  { answers: { stop: 'You will not hear from us any more.', help: false } },
  { status: 'paused' },
  { name: 'Support', config: { wabaId: '10259' } },
]
export const CLOSINGS = [{ category: 'delivered', summary: 'Wanted to know when the order comes.' }]
export const READS = [{}, { typing: true }]
export const REPLAYS = [{}, { id: `rej_${ID}` }]
export const TOKENS = [
  { name: 'CRM', role: 'backend' },
  { name: 'Ana', role: 'agent', expiresAt: '2099-01-01T00:00:00Z' },
]
export const TYPINGS = [{ on: true }]
export const WORKSPACES = [{ name: 'Acme' }]
