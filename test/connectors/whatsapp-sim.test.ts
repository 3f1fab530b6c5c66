import { expect, test } from 'vitest'
import type { Inbound } from '../../connectors/connector.ts'
import { fetchMedia } from '../../connectors/whatsapp/media.ts'
import { systemClock } from '../../model/clock.ts'
import { ANA, createRig, createSubscriber, NUMBER } from './rig.ts'
import { closing, refusedWith, sending, started } from './simulated.ts'

function words(items: readonly Inbound[]): string[] {
  return items.flatMap(item => (item.kind === 'receipt' ? [item.raw] : []))
}

test('a handshake with the wrong token fails', async () => {
  const subscriber = await createSubscriber()
  const rig = await createRig({ verifyToken: 'another' })
  closing.push(rig.close, subscriber.close)
  await expect(rig.sim.subscribe(subscriber.url)).rejects.toThrow('403')
})

test('a send is followed by sent, delivered and read, signed, with our reference', async () => {
  const rig = await started()
  const { providerIds } = await sending(rig, { reference: 'msg_a.0.1' })
  expect(await rig.sim.drained()).toBe(true)
  expect(words(rig.items)).toEqual(['sent', 'delivered', 'read'])
  for (const item of rig.items) {
    expect(item).toMatchObject({ to: NUMBER, of: { providerId: providerIds[0], reference: 'msg_a.0.1' } })
  }
  expect(rig.sim.stats()).toMatchObject({ accepted: 1, referencesTwice: 0, partsTwice: 0 })
})

test('a reaction only ever yields sent, and read can come without delivered', async () => {
  const rig = await started({ behaviour: { skipReceived: 1 } })
  await sending(rig, { reactionTo: 'wamid.X' }, { type: 'reaction', emoji: '👍' })
  expect(await rig.sim.drained()).toBe(true)
  expect(words(rig.items)).toEqual(['sent'])
  await sending(rig)
  expect(await rig.sim.drained()).toBe(true)
  expect(words(rig.items)).toEqual(['sent', 'sent', 'read'])
})

test('receipts come twice, out of order and as failures when asked', async () => {
  const rig = await started({ behaviour: { duplicates: 1, reorders: 1, receivedMs: [20, 30] } })
  for (let i = 0; i < 10; i++) await sending(rig)
  expect(await rig.sim.drained()).toBe(true)
  const told = words(rig.items)
  expect(told).toHaveLength(60)
  const first = new Map<string, string>()
  for (const item of rig.items) {
    if (item.kind !== 'receipt' || !('providerId' in item.of)) continue
    if (!first.has(item.of.providerId)) first.set(item.of.providerId, item.raw)
  }
  expect([...first.values()].some(word => word !== 'sent')).toBe(true)
  rig.sim.behave({ failures: 1, failureCode: 131026, duplicates: 0 })
  await sending(rig)
  expect(await rig.sim.drained()).toBe(true)
  expect(rig.items.at(-1)).toMatchObject({ status: 'failed', failure: { code: 'undeliverable' } })
})

test('a receipt can be there before the answer to its send', async () => {
  const rig = await started({ behaviour: { early: 1 } })
  const sent = await sending(rig)
  expect(rig.items[0]).toMatchObject({ raw: 'sent', of: { providerId: sent.providerIds[0] } })
})

test('a dropped answer was accepted: its receipts come, and a second send is noticed', async () => {
  const rig = await started({ behaviour: { dropAnswers: 1 } })
  const part = { reference: 'msg_drop.0.1' }
  await expect(sending(rig, part)).rejects.toThrow('noAnswer')
  rig.sim.behave({ dropAnswers: 0 })
  await sending(rig, part)
  await sending(rig, { reference: 'msg_drop.0.2' })
  expect(await rig.sim.drained()).toBe(true)
  expect(rig.items.filter(item => item.kind === 'receipt')).toHaveLength(9)
  expect(rig.sim.stats()).toMatchObject({ accepted: 3, referencesTwice: 1, partsTwice: 2 })
})

test('updates travel together, at most as many as asked', async () => {
  const rig = await started({ behaviour: { batchMax: 1000, batchMs: 50, receipts: false } })
  for (let i = 0; i < 1500; i++) rig.sim.inject({ from: ANA, text: `text ${i}` })
  expect(await rig.sim.drained()).toBe(true)
  expect(rig.posts.map(post => post.size)).toEqual([1000, 500])
  expect(rig.items).toHaveLength(1500)
})

test('what is not answered 200 is told again until it is; corrupted signatures are refused', async () => {
  let failures = 3
  const rig = await started({ behaviour: { corruptOneIn: 3 } }, () => (failures-- > 0 ? 503 : 200))
  const id = rig.sim.inject({ from: ANA, text: 'ñandú 👍', name: 'Ana' })
  expect(await rig.sim.drained()).toBe(true)
  expect(rig.posts.map(post => post.status)).toEqual([503, 503, 401, 503, 200])
  expect(rig.items).toMatchObject([
    { providerId: id, name: 'Ana', content: { type: 'text', text: 'ñandú 👍' } },
  ])
  expect(rig.sim.stats().webhooks).toMatchObject({ corrupted: 1, redelivered: 4, lost: 0, waiting: 0 })
})

test.each(['omitted', 'empty', 'replaced'] as const)(
  'a username user (%s) is one person in messages, sends and receipts',
  async hiding => {
    const rig = await started({ behaviour: { hiding } })
    rig.sim.hide(ANA)
    rig.sim.inject({ from: ANA, text: 'hola' })
    expect(await rig.sim.drained()).toBe(true)
    const [message] = rig.items
    if (message?.kind !== 'message') throw new Error('no message')
    expect(message.address.kind).toBe('whatsapp')
    expect(message.also).toBeUndefined()
    await sending(rig, { address: message.address })
    expect(await rig.sim.drained()).toBe(true)
    expect(words(rig.items)).toEqual(['sent', 'delivered', 'read'])
    expect(rig.sim.sent.at(-1)).toMatchObject({ userId: message.address.value, to: message.address.value })
  },
)

test("a to without + gets the sender's own country code: the trap of PROVIDERS L14", async () => {
  const rig = await started({ behaviour: { receipts: false } })
  const answer = await fetch(`${rig.sim.url}/v26.0/${NUMBER}/messages`, {
    method: 'POST',
    headers: { authorization: 'Bearer token' },
    body: '{"messaging_product":"whatsapp","to":"5215512345678","text":{"body":"x"}}',
  })
  expect(await answer.json()).toMatchObject({
    contacts: [{ input: '5215512345678', wa_id: '15215512345678' }],
  })
})

test.each<[string, object, number]>([
  ['without messaging_product', { messaging_product: undefined }, 100],
  ['without a recipient', { to: undefined }, 131008],
  ['to no number', { to: 'Ana' }, 131009],
  ['of an unknown type', { type: 'poll' }, 100],
  ['without text', { text: {} }, 131008],
  ['with a text too long', { text: { body: 'x'.repeat(4097) } }, 100],
  ['with media never uploaded', { type: 'image', image: { id: '1' } }, 100],
  ['with a caption on audio', { type: 'audio', audio: { link: 'https://x.mx/a', caption: 'c' } }, 100],
  [
    'with a caption too long',
    { type: 'image', image: { link: 'https://x.mx/a', caption: 'x'.repeat(1025) } },
    100,
  ],
  [
    'with two buttons of one title',
    {
      type: 'interactive',
      interactive: {
        type: 'button',
        body: { text: 'x' },
        action: {
          buttons: ['a', 'b'].map(id => ({ type: 'reply', reply: { id, title: 'A' } })),
        },
      },
    },
    131009,
  ],
  ['with a reference too long', { biz_opaque_callback_data: 'x'.repeat(513) }, 100],
])('Meta refuses a message %s', async (_name, change, code) => {
  const rig = await started()
  const good = { messaging_product: 'whatsapp', to: ANA, type: 'text', text: { body: 'x' } }
  const answer = await fetch(`${rig.sim.url}/v26.0/${NUMBER}/messages`, {
    method: 'POST',
    headers: { authorization: 'Bearer token' },
    body: JSON.stringify({ ...good, ...change }),
  })
  expect(answer.status).toBe(400)
  expect(await answer.json()).toMatchObject({
    error: { type: 'OAuthException', code, message: expect.stringMatching(/^\(#/) },
  })
})

test('media that a person sent can be fetched with the token for five minutes', async () => {
  let now = Date.UTC(2026, 10, 20)
  const rig = await started({ clock: { now: () => now, monotonic: systemClock.monotonic } })
  const bytes = Buffer.from('a voice note')
  rig.sim.inject({ from: ANA, type: 'audio', media: { bytes, mimeType: 'audio/ogg', voice: true } })
  expect(await rig.sim.drained()).toBe(true)
  const [message] = rig.items
  if (message?.kind !== 'message' || message.content.type !== 'audio') throw new Error('no audio')
  const { media } = message.content
  const { stream, sha256, size, mimeType } = await fetchMedia(media, rig.config, rig.io)
  expect(Buffer.concat(await stream.toArray())).toEqual(bytes)
  expect([sha256, size, mimeType]).toEqual([media.sha256, bytes.length, 'audio/ogg'])

  const headers = { authorization: 'Bearer token', 'user-agent': 'x' }
  const resolved = await fetch(`${rig.sim.url}/v26.0/${media.ref}`, { headers })
  const { url } = (await resolved.json()) as { url: string }
  expect((await fetch(url, { headers })).status).toBe(200)
  expect((await fetch(url)).status).toBe(401)
  now += 5 * 60_000 + 1
  expect((await fetch(url, { headers })).status).toBe(404)
})

test('people can drive it by curl', async () => {
  const rig = await started({ behaviour: { receipts: false } })
  const curl = async (method: string, path: string, body?: object) => {
    const answer = await fetch(`${rig.sim.url}/sim/${path}`, {
      method,
      ...(body && { body: JSON.stringify(body) }),
    })
    return [answer.status, await answer.json()] as const
  }
  expect(await curl('POST', 'messages', { from: ANA, text: 'hola' })).toEqual([
    200,
    { id: expect.stringMatching(/^wamid\./) },
  ])
  const { providerIds } = await sending(rig)
  expect(await curl('GET', 'sent?last=1')).toMatchObject([200, { data: [{ id: providerIds[0], to: ANA }] }])
  expect(await curl('POST', 'statuses', { id: providerIds[0], status: 'read' })).toEqual([200, { ok: true }])
  expect(await curl('POST', 'statuses', { id: 'wamid.none', status: 'read' })).toMatchObject([400, {}])
  expect(await curl('PATCH', 'behaviour', { duplicates: 0.5 })).toMatchObject([200, { duplicates: 0.5 }])
  expect(await curl('PATCH', 'behaviour', { nonsense: 1 })).toMatchObject([
    400,
    { error: expect.stringContaining('nonsense') },
  ])
  expect(await curl('PATCH', 'behaviour', { duplicates: 'often' })).toMatchObject([400, {}])
  expect(await curl('GET', 'nothing')).toMatchObject([404, {}])
  expect(await rig.sim.drained()).toBe(true)
  expect(await curl('GET', 'stats')).toMatchObject([200, { accepted: 1, webhooks: { acknowledged: 2 } }])
  expect(rig.items.map(item => item.kind)).toEqual(['message', 'receipt'])
})

test('the same seed makes the same choices', async () => {
  const run = async () => {
    const rig = await started({ seed: 7, behaviour: { refusals: [{ share: 0.5, code: 131000 }] } })
    const codes: (string | undefined)[] = []
    for (let i = 0; i < 20; i++) codes.push(await refusedWith(sending(rig)))
    return codes
  }
  const first = await run()
  expect(new Set(first)).toEqual(new Set([undefined, '131000']))
  expect(await run()).toEqual(first)
})
