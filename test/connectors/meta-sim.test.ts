import { afterEach, expect, test } from 'vitest'
import { SAMPLES } from '../../connectors/meta/sim-samples.ts'
import { ANA_ID, createMetaRig, listen, META, type MetaName } from './meta-rig.ts'
import { outbound } from './rig.ts'

const QUICK = { sentMs: [0, 2], receivedMs: [0, 4], readMs: [0, 4], readShare: 1, redeliverMs: 5 } as const
const TEXT = { type: 'text', text: 'Hola' } as const

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const one of open.splice(0)) await one.close()
})

async function listening(name: MetaName, answer?: () => number) {
  const rig = await createMetaRig(name, { behaviour: QUICK })
  const subscriber = await listen(rig, answer)
  open.push(rig, subscriber)
  return { ...rig, subscriber }
}

test.each(Object.keys(META) as MetaName[])(
  '%s: what is sent comes back, and is told in its way',
  async name => {
    const { sim, subscriber, connector, config, io } = await listening(name)
    const reference = 'msg_01kdvhs2f4e8pvjb7xqk3z5m6n.0.1'
    const address = { kind: name, value: ANA_ID }
    const { providerIds } = await connector.send(outbound(TEXT, { address, reference }), config, io)
    expect(await sim.drained()).toBe(true)
    const [providerId = ''] = providerIds
    const receipts = subscriber.of('receipt')
    const at = receipts[0]?.at
    const told = receipts.map(({ of, status }) => ({ of, status }))
    const upTo = { of: { upTo: at, address } }
    expect(told).toEqual([
      { of: { providerId, reference }, status: 'sent' },
      ...(name === 'messenger'
        ? [
            { of: { providerId }, status: 'received' },
            { ...upTo, status: 'received' },
            { ...upTo, status: 'read' },
          ]
        : [{ of: { providerId, andBefore: address }, status: 'read' }]),
    ])
  },
)

test.each(Object.keys(META) as MetaName[])(
  '%s: everything that people do is read, redelivered until it is taken',
  async name => {
    let refusals = 2
    const { sim, subscriber } = await listening(name, () => (refusals-- > 0 ? 503 : 200))
    for (const sample of SAMPLES.keys()) sim.inject({ from: ANA_ID, sample, of: 'm_7' })
    sim.inject({ from: ANA_ID, text: 'from the inbox', echo: true })
    sim.inject({ from: ANA_ID, text: 'to another app', standby: true })
    sim.comment({ from: ANA_ID, text: 'How much?' })
    expect(await sim.drained()).toBe(true)
    expect(subscriber.of('rejected')).toEqual([])
    expect(subscriber.of('echo')).toMatchObject([{ content: { text: 'from the inbox' } }])
    const messages = subscriber.of('message')
    expect(messages.filter(({ besides }) => besides?.standby)).toMatchObject([
      { content: { text: 'to another app' } },
    ])
    expect(messages.at(-1)).toMatchObject({ content: { type: 'comment', text: 'How much?' } })
    expect(subscriber.of('consent').map(({ state }) => state)).toEqual(['granted', 'withdrawn'])
    expect(subscriber.posts.map(({ status }) => status)).toContain(503)
  },
)

test('by curl: somebody writes and comments; what is wrong with a request is said', async () => {
  const { sim, subscriber } = await listening('messenger')
  const post = async (path: string, body: object) => {
    const answer = await fetch(`${sim.url}/sim/${path}`, { method: 'POST', body: JSON.stringify(body) })
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
  }
  expect(await post('messages', { from: ANA_ID, text: 'Hola' })).toMatchObject({ status: 200 })
  const file = { from: ANA_ID, base64: 'aGVsbG8=', mimeType: 'image/png', type: 'image' }
  expect(await post('messages', file)).toMatchObject({ status: 200 })
  expect(await post('comments', { from: ANA_ID, text: 'How much?' })).toMatchObject({ status: 200 })
  expect(await post('people', { id: ANA_ID, gone: true })).toMatchObject({ status: 200 })
  expect(await post('messages', { from: ANA_ID, sample: 'dance' })).toMatchObject({ status: 400 })
  expect(await sim.drained()).toBe(true)
  expect(subscriber.of('message').map(({ content }) => content.type)).toEqual(['text', 'image', 'comment'])
})
