import { Value } from 'typebox/value'
import { expect, test } from 'vitest'
import { makeRequests, messageOf, type Template } from '../../bench/requests.ts'
import { ASKED, WEBHOOKS } from '../../bench/webhooks.ts'
import type { WebhookRequest } from '../../connectors/connector.ts'
import { connectorOf } from '../../connectors/registry.ts'

/** A load that the daemon refuses, or takes for one message, would measure nothing. */
const HOST = '127.0.0.1:1'

function read(template: Template, { path, first, count }: { path: string; first: number; count: number }) {
  const { bytes, length } = makeRequests({ host: HOST, path, first, count, template })
  return Array.from({ length: count }, (_, index) => {
    const text = bytes.toString('utf8', index * length, (index + 1) * length)
    const [head = '', body = ''] = text.split('\r\n\r\n')
    const [start, ...headers] = head.split('\r\n')
    return { start, headers: Object.fromEntries(headers.map(line => line.split(': '))), body }
  })
}

/** The first is of the last person of the pool, so that the third is of the first one again. */
const PATH = '/in/x/chn_x'
const PLAN = { path: PATH, first: 9_998, count: 4 }
const ADDRESSES: Record<string, { kind: string; before: string }> = {
  whatsapp: { kind: 'phone', before: '+521' },
  messenger: { kind: 'messenger', before: '61234567' },
  instagram: { kind: 'instagram', before: '12544591' },
  telegram: { kind: 'telegram', before: '77' },
  twilio: { kind: 'phone', before: '+5255' },
}

test.each(WEBHOOKS)(
  'webhooks of $connector are signed, and each is another message',
  ({ connector, config, template }) => {
    const known = connectorOf(connector)
    const receive = known?.receive
    if (known === undefined || receive === undefined) throw new Error('nobody calls it')
    expect([...Value.Errors(known.config, config)]).toEqual([])
    const url = `http://${HOST}${PATH}`
    const messages = read(template(url), PLAN).map(({ start, headers, body }) => {
      const request: WebhookRequest = {
        ...{ method: 'POST', url, query: {}, headers },
        ...{ body: Buffer.from(body), at: 1 },
      }
      expect(start).toBe(`POST ${PATH} HTTP/1.1`)
      expect(headers['content-length']).toBe(String(Buffer.byteLength(body)))
      expect(receive.verify.secrets(config).map(secret => receive.verify.check(request, secret))).toEqual([
        true,
      ])
      expect(receive.verify.check(request, 'another secret')).toBe(false)
      return receive.parse(request, { channel: known.keyOf(config) })
    })
    const { kind, before } = ADDRESSES[connector] ?? { kind: '', before: '' }
    expect(messages.flat()).toMatchObject(
      ['9998', '9999', '0000', '0001'].map((person, index) => ({
        ...{ kind: 'message', to: known.keyOf(config) },
        address: { kind, value: `${before}1000${person}` },
        content: {
          type: 'text',
          text: expect.stringContaining(`${ASKED.before}00000000${9_998 + index}`.slice(0)) as string,
        },
      })),
    )
    expect(new Set(messages.flat().map(item => ('key' in item ? item.key : undefined))).size).toBe(4)
  },
)

test('the messages of the benchmark are requests of the API', () => {
  const [request] = read(messageOf({ channel: 'chn_x', token: 't' }), {
    ...{ path: '/v1/messages', first: 7, count: 1 },
  })
  expect(request?.headers).toMatchObject({ authorization: 'Bearer t', 'content-type': 'application/json' })
  expect(JSON.parse(request?.body ?? '')).toEqual({
    channel: 'chn_x',
    to: '+52110000007',
    content: { type: 'text', text: 'bench number 000000000007' },
  })
})
