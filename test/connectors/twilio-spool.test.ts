import { createHmac } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Message } from '../../model/message.ts'
import { StoreFailing } from '../../store/store.ts'
import { deliver, makeChannel, type Running, run, textDelivery } from '../gateway/daemon.ts'
import { scratch } from '../scratch.ts'

/** Twilio does not come again (PROVIDERS E1): what becomes of what it brings while the store is gone. */

const TOKEN = 'auth-token-of-tests'
const NUMBER = '+15005550001'
const PUBLIC = 'https://gw.example.com'

const open = (dataDir: string): Promise<Running> => run({ dataDir, publicUrl: PUBLIC })

async function bring(daemon: Running, id: string, token = TOKEN) {
  const form = { MessageSid: id, SmsStatus: 'received', From: '+14155550142', To: NUMBER, Body: id }
  const signed = `${PUBLIC}/in/twilio${Object.entries(form).sort().flat().join('')}`
  const headers = {
    'x-twilio-signature': createHmac('sha1', token).update(signed).digest('base64'),
    'content-type': 'application/x-www-form-urlencoded',
  }
  const body = new URLSearchParams(form).toString()
  const { status, text } = await daemon.call('POST', '/in/twilio', { token: null, headers, body })
  return [status, text]
}

/** The texts as the log tells them. */
async function told(daemon: Running): Promise<string[]> {
  const { data } = (await daemon.call('GET', '/v1/events?limit=200')).body as {
    data: { type: string; data: Message }[]
  }
  return data
    .filter(({ type }) => type === 'message.created')
    .map(({ data: { content } }) => (content.type === 'text' ? content.text : content.type))
}

async function counted(daemon: Running, name: string): Promise<number> {
  const { text } = await daemon.call('GET', '/metrics', { token: null })
  const line = text.split('\n').find(each => each.startsWith(name))
  return Number(line?.slice(line.lastIndexOf(' ')))
}

const TAKEN = [200, '<Response/>']

test('RULES B9: answered while the store is gone, stored once, in order, before later ones', async () => {
  await using folder = await scratch()
  const first = await open(folder.path)
  const account = { accountSid: `AC${'1'.repeat(32)}`, authToken: TOKEN, from: NUMBER }
  await first.call('POST', '/v1/channels', { body: { connector: 'twilio', name: 'N', config: account } })
  await makeChannel(first, '1')
  expect(await bring(first, 'SM1')).toEqual(TAKEN)
  const { commit } = first.store
  // The answer of one is lost, though it was stored.
  first.store.commit = async transaction => {
    await commit(transaction)
    throw new StoreFailing('the line is cut')
  }
  expect(await bring(first, 'SM2')).toEqual(TAKEN)
  first.store.commit = () => Promise.reject(new StoreFailing('the line is cut'))
  expect(await bring(first, 'SM3')).toEqual(TAKEN)
  expect((await bring(first, 'SM0', 'forged'))[0]).toBe(401)
  expect((await deliver(first, textDelivery({ number: '1', id: 'wamid.1' }))).status).toBe(503)
  expect(await counted(first, 'omnibus_spool_deliveries')).toBe(2)
  expect(await counted(first, 'omnibus_intake_requests_total{connector="twilio",result="spooled"}')).toBe(2)
  // It is back, and somebody is faster than the look at it.
  first.store.commit = commit
  expect(await bring(first, 'SM4')).toEqual(TAKEN)
  first.store.commit = () => Promise.reject(new StoreFailing('and cut again'))
  await first.stop()
  expect(readdirSync(join(folder.path, 'spool'))).toHaveLength(3)

  const second = await open(folder.path)
  try {
    expect(await bring(second, 'SM5')).toEqual(TAKEN)
    await expect.poll(() => told(second), { interval: 20 }).toEqual(['SM1', 'SM2', 'SM3', 'SM4', 'SM5'])
    await expect.poll(() => readdirSync(join(folder.path, 'spool')), { interval: 20 }).toEqual([])
    expect(await counted(second, 'omnibus_spool_deliveries')).toBe(0)
  } finally {
    await second.stop()
  }
})
