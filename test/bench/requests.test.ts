import { Value } from 'typebox/value'
import { expect, test } from 'vitest'
import { makeRequests, messageOf, type Template } from '../../bench/requests.ts'
import { ASKED, WEBHOOKS } from '../../bench/webhooks.ts'
import type { Connector } from '../../connectors/connector.ts'
import { connectorOf } from '../../connectors/registry.ts'
import type { ChannelId } from '../../model/ids.ts'

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

/** Of the last two people of the pool and the first two. */
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
    const { verify, key, parse, errors } = channelOf(connector, config)
    expect(errors).toEqual([])
    const url = `http://${HOST}${PATH}`
    const messages = read(template(url), PLAN).flatMap(({ start, headers, body }) => {
      const request = { method: 'POST', url, query: {}, headers, body: Buffer.from(body), at: 1 }
      expect(start).toBe(`POST ${PATH} HTTP/1.1`)
      expect(headers['content-length']).toBe(String(Buffer.byteLength(body)))
      expect(verify.secrets(config).map(secret => verify.check(request, secret))).toEqual([true])
      expect(verify.check(request, 'another secret')).toBe(false)
      return parse(request, { channel: key })
    })
    const people = ['10009998', '10009999', '10000000', '10000001']
    const numbers = ['000000009998', '000000009999', '000000010000', '000000010001']
    const { kind, before } = ADDRESSES[connector] ?? { kind: 'unknown', before: '' }
    expect(messages).toMatchObject(
      people.map((person, index) => ({
        ...{ kind: 'message', to: key, address: { kind, value: before + person } },
        content: { text: expect.stringContaining(ASKED.before + numbers[index] + ASKED.after) as string },
      })),
    )
    expect(new Set(messages.map(item => 'key' in item && item.key)).size).toBe(4)
  },
)

/** What the connector makes of a channel with this config, whose type only it knows. */
function channelOf(name: string, config: object) {
  const connector = connectorOf(name) as Connector<object> | undefined
  const receive = connector?.receive
  if (connector === undefined || receive === undefined || 'unsigned' in receive.verify) {
    throw new Error(`${name} signs nothing`)
  }
  const errors = [...Value.Errors(connector.config, config)]
  return { ...receive, verify: receive.verify, errors, key: connector.keyOf(config, 'chn_x' as ChannelId) }
}

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
