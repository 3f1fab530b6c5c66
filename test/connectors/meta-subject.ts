import { createHmac } from 'node:crypto'
import { readReference } from '../../model/message.ts'
import { QUICK, type Subject, type Told, type Which } from '../contracts/connector.ts'
import { META, type MetaName } from './meta-rig.ts'

const ACCOUNTS: Record<Which, string> = {
  ours: '1906385232743451',
  sibling: '1906385232743452',
  stranger: '1906385232743453',
}
const APP_SECRETS: Record<Which, string> = {
  ours: 'the-secret-of-our-app',
  sibling: 'the-secret-of-our-app',
  stranger: 'the-secret-of-another-app',
}
const TOKEN = 'the-access-token-of-the-page'
const WORD = 'the-word-of-ours'

/** What only Messenger and Instagram know, for the laws. */
export function metaSubject(name: MetaName): Subject {
  const { create, key } = META[name]
  return {
    connector: name,
    start: () =>
      create({
        ...{ seed: 1, appSecret: APP_SECRETS.ours, accessToken: TOKEN, verifyToken: WORD },
        accounts: Object.values(ACCOUNTS).map(id => ({ id, name: 'Shop' })),
        behaviour: QUICK,
      }),
    config: (url, which) => ({
      ...{ [key]: ACCOUNTS[which], accessToken: TOKEN, appSecret: APP_SECRETS[which] },
      ...{ verifyToken: WORD, apiBase: url },
    }),
    fixtures: [`${name}/fixtures`],
    people: { ana: `${name}:6123456789012345`, beto: `${name}:6123456789012346` },
    receive: {
      batches: true,
      shared: true,
      deliver: (told, by, url) => {
        const entry = told.map(one => ({
          id: ACCOUNTS[one.to],
          time: one.at,
          messaging: [itemOf(name, one)],
        }))
        const body = JSON.stringify({ object: name === 'messenger' ? 'page' : 'instagram', entry })
        const signature = createHmac('sha256', APP_SECRETS[by]).update(body).digest('hex')
        const headers = { 'content-type': 'application/json', 'x-hub-signature-256': `sha256=${signature}` }
        return [{ url, body, headers }]
      },
    },
    throttles: [
      { code: 613, slows: 'channel' },
      { code: 2018352, slows: 'recipient' },
      { code: 4, slows: 'account' },
    ],
    lostAnswer: 'reference',
    samples: {
      reaction: { content: { type: 'reaction', emoji: '👍' }, reactionTo: 'm_IN' },
      template: { content: { type: 'template', name: 'order_ready', language: 'es_MX' } },
    },
  }
}

const NEVER_SENT = `msg_${'0'.repeat(26)}.0.1`

/** PROVIDERS B2, C2. */
function itemOf(name: MetaName, told: Told): object {
  const us = { id: ACCOUNTS[told.to] }
  const item = (person: string) => ({ sender: { id: bare(person) }, recipient: us, timestamp: told.at })
  if (told.is === 'unknown') return { ...item('1'), something_new: {} }
  if (told.is === 'message') return { ...item(told.from), message: { mid: `m_${told.id}`, text: told.text } }
  const { providerId: mid, reference, address } = told.of
  if (told.status === 'sent') {
    // An echo with a reference that is none of ours is what another app wrote, and a message.
    const metadata = readReference(reference) === undefined ? NEVER_SENT : reference
    const message = { mid, metadata, is_echo: true, text: 'Hola' }
    return { sender: us, recipient: { id: bare(address) }, timestamp: told.at, message }
  }
  if (told.status === 'received') return { ...item(address), delivery: { mids: [mid], watermark: told.at } }
  return { ...item(address), read: name === 'messenger' ? { watermark: told.at } : { mid } }
}

function bare(address: string): string {
  return address.replace(/^\w+:/, '')
}
