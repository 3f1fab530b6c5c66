import { expect, test } from 'vitest'
import type { Inbound, WebhookRequest } from '../../connectors/connector.ts'
import { parse } from '../../connectors/twilio/parse.ts'

/** What is Twilio's own; the fixtures and the totality of `parse` are laws of `test/contracts/connector.ts`. */

const FROM = 'SmsStatus=received&MessageSid=SM1&From=%2B15005550006&To=%2B15005550001'

function read(form: string, channel?: string): Inbound[] {
  const url = 'https://gw.example.com/in/twilio'
  const request: WebhookRequest = {
    method: 'POST',
    url,
    query: {},
    headers: {},
    body: Buffer.from(form),
    at: 7,
  }
  return parse(request, channel === undefined ? {} : { channel })
}

test('a form means the same however its text was escaped', () => {
  const plain = read(`${FROM}&Body=1%2B1+%C3%B1`)
  expect(plain).toEqual(read(`${FROM}&Body=1%2b1%20%c3%b1`))
  expect(plain).toMatchObject([{ at: 7, content: { text: '1+1 ñ' } }])
})

test('more files than an MMS may have are not read', () => {
  const files = Array.from({ length: 12 }, (_, at) => `&MediaUrl${at}=https://a.example/${at}`).join('')
  const items = read(`${FROM}&NumMedia=12${files}`)
  expect(items).toHaveLength(10)
  expect(new Set(items.map(item => 'key' in item && item.key)).size).toBe(10)
})

test('RULES F1: every word that Twilio acts on closes or opens, in any case, alone', () => {
  const state = (text: string) =>
    read(`${FROM}&Body=${encodeURIComponent(text)}`).flatMap(item =>
      item.kind === 'consent' ? [item.state] : [],
    )
  for (const word of ['STOP', 'unsubscribe', 'End', 'QUIT', 'stopall', 'REVOKE', 'optout', ' cancel\n']) {
    expect([word, state(word)]).toEqual([word, ['withdrawn']])
  }
  for (const word of ['start', 'UNSTOP']) expect([word, state(word)]).toEqual([word, ['granted']])
  for (const word of ['yes', 'help', 'info', 'stop it', 'endless'])
    expect([word, state(word)]).toEqual([word, []])
})
