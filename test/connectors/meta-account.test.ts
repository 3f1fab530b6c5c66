import { describe, expect, test } from 'vitest'
import { ACCOUNT, ANA_ID, type MetaRig, NAMES, rigOf } from './meta-rig.ts'
import { outbound, storedFile } from './rig.ts'

const TEXT = { type: 'text', text: 'Hola' } as const
const PNG = storedFile(Buffer.from('a picture'), 'image/png', 'año.png')

describe.each(NAMES)('%s', name => {
  test('what people send can be fetched, and what is gone fails', async () => {
    const { connector, config, io, sim } = await rigOf(name)
    const media = { bytes: Buffer.from('bytes'), type: 'image', mimeType: 'image/png' }
    sim.inject({ from: ANA_ID, media })
    const ref = `${sim.url}/sim-media/100000000000001`
    const got = await connector.fetchMedia?.({ ref, mimeType: 'image/jpeg' }, config, io)
    expect(got).toMatchObject({ mimeType: 'image/png', size: 5 })
    expect((await got?.stream.toArray())?.join('')).toBe('bytes')
    const gone = { ref: `${sim.url}/sim-media/7`, mimeType: 'image/jpeg' }
    await expect(connector.fetchMedia?.(gone, config, io)).rejects.toThrow('mediaFailed')
  })

  test('the check tells refused credentials, and who cannot be reached', async () => {
    const { connector, config, io } = await rigOf(name)
    expect(await connector.check(config, io)).toMatchObject({ state: 'ok' })
    const wrong = await connector.check({ ...config, accessToken: 'other' }, io)
    expect(wrong).toMatchObject({ state: 'failing', why: expect.stringContaining('credentials: 190') })
    expect(wrong.why).not.toContain('other')
    const away = { ...config, apiBase: 'http://127.0.0.1:1' }
    expect(await connector.check(away, io)).toMatchObject({ state: 'unknown' })
  })
})

test('PROVIDERS B4: a utility template needs no window; values go by position or by name', async () => {
  const templates = [{ name: 'order_ready', language: 'es_MX', status: 'APPROVED' }]
  const { send, refused, connector, config, io } = await rigOf('messenger', {
    templates,
    behaviour: { windows: true },
  })
  const template = { type: 'template', name: 'order_ready', language: 'es-MX' } as const
  const buttons = [{ index: 0, payload: 'track' }]
  const { body } = await send({ ...template, parameters: { body: { 2: 'hoy', 1: 'Ana' }, buttons } })
  expect(body).toMatchObject({
    messaging_type: 'UTILITY',
    message: {
      template: {
        name: 'order_ready',
        language: { code: 'es_MX' },
        components: [
          {
            type: 'body',
            parameters: [
              { type: 'text', text: 'Ana' },
              { type: 'text', text: 'hoy' },
            ],
          },
          { type: 'buttons', parameters: [{ type: 'POSTBACK', payload: 'track' }] },
        ],
      },
    },
  })
  expect(await refused({ ...template, name: 'other' })).toMatchObject({ code: 'badRequest' })
  expect(await connector.templates?.(config, io)).toEqual([
    { id: '1', category: 'UTILITY', name: 'order_ready', language: 'es_MX', status: 'approved' },
  ])
})

/** When a token ends, and what the check says to it. */
const ENDS = [
  [0, { state: 'ok' }],
  [60, { state: 'ok' }],
  [5, { state: 'ok', why: /^the access token ends on \d{4}-\d\d-\d\d$/ }],
  [-1, { state: 'failing', why: /190\/463/ }],
] as const

test.each(ENDS)('a token that ends in %i days is told', async (days, { state, ...told }) => {
  const own = { appId: '1517776481860111' }
  const { connector, config, io, sim } = await rigOf('messenger', {}, own)
  sim.behave({ tokenEnds: days === 0 ? 0 : Math.floor(Date.now() / 1000) + days * 86_400 })
  const health = await connector.check(config, io)
  expect(health).toMatchObject({ state })
  if ('why' in told) expect(health.why).toMatch(told.why)
  else expect(health).not.toHaveProperty('why')
})

test('PROVIDERS C1: Instagram by either login: its host, its path, its account', async () => {
  const facebook = await rigOf('instagram', {}, { login: 'facebook', accountId: ACCOUNT })
  const asked: string[] = []
  const io = {
    ...facebook.io,
    http: (request: Parameters<MetaRig['io']['http']>[0]) => {
      asked.push(request.url)
      return facebook.io.http(request)
    },
  }
  const { connector, config } = facebook
  const part = outbound({ type: 'image', media: PNG }, { address: { kind: 'instagram', value: ANA_ID } })
  await connector.send(part, config, io)
  expect(asked.map(url => new URL(url).pathname)).toEqual([
    '/v26.0/me/message_attachments',
    '/v26.0/me/messages',
  ])
  const { apiBase: _, ...real } = config
  const hosts: string[] = []
  const nowhere = { ...io, http: (request: { url: string }) => Promise.reject(hosts.push(request.url)) }
  for (const login of ['facebook', 'instagram']) {
    const own = { ...real, login, pageId: '77' }
    await connector.send(outbound(TEXT, { address: part.address }), own, nowhere).catch(() => {})
  }
  expect(hosts).toEqual([
    'https://graph.facebook.com/v26.0/77/messages',
    `https://graph.instagram.com/v26.0/${ACCOUNT}/messages`,
  ])
  const wrong = { ...config, login: 'instagram', accountId: '9' }
  expect(await connector.check(wrong, facebook.io)).toMatchObject({
    state: 'failing',
    why: `the access token is of the account ${ACCOUNT}: set accountId to it`,
  })
  const ends = { ...config, login: 'instagram', accessTokenEnds: '2020-01-01T00:00:00Z' }
  expect(await connector.check(ends, facebook.io)).toMatchObject({
    state: 'failing',
    why: 'the access token ended on 2020-01-01',
  })
})
