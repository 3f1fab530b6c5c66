import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import type { CloudEvent } from '../model/event.ts'
import type { WorkspaceId } from '../model/ids.ts'
import type { Message } from '../model/message.ts'
import { subscribe } from './end-to-end/events.ts'
import { onEachStore } from './end-to-end/stores.ts'
import { createWorld, FIRST, SECOND, type World } from './end-to-end/world.ts'
import { deliver, makeChannel, signature, textDelivery } from './gateway/daemon.ts'

const ANA = '+5215512345678'

async function messages({ daemon }: World, query = ''): Promise<Message[]> {
  return ((await daemon.call('GET', `/v1/messages?limit=200${query}`)).body as { data: Message[] }).data
}

async function statusIs(world: World, id: string, status: string): Promise<void> {
  await expect.poll(async () => (await world.message(id)).status, { timeout: 10_000 }).toBe(status)
}

onEachStore(({ place }) => {
  test('a signed webhook is 200 and a message.created; sent three times it is one message', async () => {
    await using world = await createWorld(place)
    const { daemon, crm, first } = world
    const body = textDelivery({ number: FIRST, id: 'wamid.1', text: '¿Está abierto?' })
    const answers = [await deliver(daemon, body), await deliver(daemon, body), await deliver(daemon, body)]
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
    const created = await crm.event('message.created', ({ type }) => type === 'message.created')
    expect(created).toMatchObject({
      specversion: '1.0',
      workspace: daemon.workspace,
      data: {
        ...{ channel: first, direction: 'inbound', status: null, providerIds: ['wamid.1'] },
        content: { type: 'text', text: '¿Está abierto?' },
      },
    })
    // One more, so that a second event for the first would have come before it.
    await deliver(daemon, textDelivery({ number: FIRST, id: 'wamid.2' }))
    await crm.event('the next', ({ data }) => (data as Message).providerIds?.[0] === 'wamid.2')
    expect(crm.events.filter(({ type }) => type === 'message.created')).toHaveLength(2)
    expect(crm.events.map(({ sequence }) => sequence)).toEqual(crm.events.map((_, index) => index + 1))
    expect(await messages(world)).toHaveLength(2)
  })

  test("a batch over two numbers is attributed to each; another workspace's is untouched", async () => {
    await using world = await createWorld(place)
    const { daemon, first, second } = world
    const other = 'wks_01jabcdefghjkmnpqrstvwxyz0' as WorkspaceId
    await daemon.store.commit({ workspace: other, changes: [{ kind: 'workspaceCreated', name: 'Other' }] })
    await makeChannel(daemon, '2001', { appSecret: 'their-secret' }, `?workspace=${other}`)
    const body = textDelivery(
      { number: SECOND, id: 'wamid.b' },
      { number: '2001', id: 'wamid.theirs' },
      { number: FIRST, id: 'wamid.a' },
    )
    expect((await deliver(daemon, body)).status).toBe(200)
    const channels = (await messages(world)).map(({ providerIds, channel }) => [providerIds[0], channel])
    expect(Object.fromEntries(channels)).toEqual({ 'wamid.a': first, 'wamid.b': second })
    expect(await messages(world, `&workspace=${other}`)).toEqual([])
    const forged = { ...signature(body, 'not-the-secret') }
    expect((await daemon.call('POST', '/in/whatsapp', { body, token: null, headers: forged })).status).toBe(
      401,
    )
  })

  test('a reply is the exact body of the Cloud API and ends as read, however its receipts come', async () => {
    await using world = await createWorld(place, { duplicates: 1, reorders: 1, early: 1 })
    const { daemon, sim, crm } = world
    const wamid = sim.inject({ from: ANA, text: 'Hola' })
    const asked = (await crm.event('the question', ({ type }) => type === 'message.created')).data as Message
    const content = { type: 'text', text: 'Sí, hasta las 20 h: https://example.com' }
    const body = { conversation: asked.conversation, content, replyTo: { id: asked.id } }
    const { id } = (await daemon.call('POST', '/v1/messages', { body })).body as Message
    await statusIs(world, id, 'read')
    expect(sim.sent.map(sent => sent.body)).toEqual([
      {
        messaging_product: 'whatsapp',
        recipient_type: 'individual',
        to: ANA,
        context: { message_id: wamid },
        biz_opaque_callback_data: `${id}.0.1`,
        type: 'text',
        text: { body: 'Sí, hasta las 20 h: https://example.com', preview_url: false },
      },
    ])
    expect(await sim.drained()).toBe(true)
    const read = await world.message(id)
    expect(read).toMatchObject({ status: 'read', failure: null, uncertain: false, attempts: 1 })
    expect(Object.keys(read.statusTimes ?? {}).toSorted()).toEqual(['pending', 'read', 'received', 'sent'])

    sim.injectStatus({ reference: `${id}.0.1`, status: 'failed', code: 131026 })
    expect(await sim.drained()).toBe(true)
    expect(await world.message(id)).toEqual(read)
    const told = crm.ofMessage(id).filter(({ type }) => type !== 'message.created')
    expect(told.every(({ type }) => type === 'message.status')).toBe(true)
    const ladder = ['pending', 'sent', 'received', 'read']
    const ranks = told.map(({ data }) => ladder.indexOf((data as { status: string }).status))
    expect(ranks).toEqual([...new Set(ranks)].toSorted())
    expect(ranks.at(-1)).toBe(3)
  })

  test('media in: fetched after the answer, checked, and streamed by /v1/files', async () => {
    await using world = await createWorld(place)
    const { daemon, sim, crm } = world
    const bytes = Buffer.alloc(300_000, 'a photo, ')
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    sim.inject({ from: ANA, type: 'image', media: { bytes, mimeType: 'image/jpeg', caption: 'Look' } })
    const created = await crm.event('message.created', ({ type }) => type === 'message.created')
    const { id, content } = created.data as Message
    expect(content).toMatchObject({ type: 'image', caption: 'Look', media: { state: 'pending' } })
    const fetched = await crm.event(
      'message.media',
      ({ type, subject }) => type === 'message.media' && subject === id,
    )
    expect(fetched.data).toMatchObject({ media: { state: 'stored', sha256, size: bytes.length } })
    const shown = (await world.message(id)).content
    const url = shown.type === 'image' ? shown.media.url : undefined
    expect(url).toMatch(/^\/v1\/files\/fil_/)
    const redirect = await daemon.call('GET', String(url))
    const file = await fetch(new URL(String(redirect.headers.get('location')), daemon.url))
    expect(file.headers.get('content-type')).toBe('image/jpeg')
    expect(
      createHash('sha256')
        .update(Buffer.from(await file.arrayBuffer()))
        .digest('hex'),
    ).toBe(sha256)
  })

  test('media out: a file that was uploaded here is uploaded there, and sent by its id', async () => {
    await using world = await createWorld(place)
    const { daemon, sim } = world
    const form = new FormData()
    form.append('file', new Blob([Buffer.from('a png')], { type: 'image/png' }), 'menu.png')
    const kept = (await daemon.call('POST', '/v1/files', { body: form })).body as {
      id: string
      sha256: string
    }
    const { id } = await world.post({
      to: ANA,
      content: { type: 'image', media: { id: kept.id }, caption: 'Menú' },
    })
    await statusIs(world, id, 'read')
    const [sent] = sim.sent
    const mediaId = (sent?.body['image'] as { id: string } | undefined)?.id
    expect(sent?.body).toEqual({
      messaging_product: 'whatsapp',
      recipient_type: 'individual',
      to: ANA,
      biz_opaque_callback_data: `${id}.0.1`,
      type: 'image',
      image: { id: mediaId, caption: 'Menú' },
    })
    const headers = { authorization: 'Bearer access-token-1' }
    const there = await (await fetch(`${sim.url}/v26.0/${mediaId}`, { headers })).json()
    expect(there).toMatchObject({ mime_type: 'image/png', sha256: kept.sha256, file_size: 5 })
  })

  test('a template goes out with its header, body and buttons as components', async () => {
    await using world = await createWorld(place)
    const parameters = {
      header: { '1': 'A-17' },
      body: { '1': 'Ana', '2': '18:00' },
      buttons: [
        { index: 0, payload: 'CONFIRM' },
        { index: 1, text: 'A-17' },
      ],
    }
    const content = { type: 'template', name: 'order_ready', language: 'es-MX', parameters }
    const { id } = await world.post({ to: ANA, content })
    await statusIs(world, id, 'read')
    const text = (value: string) => ({ type: 'text', text: value })
    expect(world.sim.sent[0]?.body).toEqual({
      messaging_product: 'whatsapp',
      recipient_type: 'individual',
      to: ANA,
      biz_opaque_callback_data: `${id}.0.1`,
      type: 'template',
      template: {
        name: 'order_ready',
        language: { code: 'es_MX' },
        components: [
          { type: 'header', parameters: [text('A-17')] },
          { type: 'body', parameters: [text('Ana'), text('18:00')] },
          {
            type: 'button',
            sub_type: 'quick_reply',
            index: '0',
            parameters: [{ type: 'payload', payload: 'CONFIRM' }],
          },
          { type: 'button', sub_type: 'url', index: '1', parameters: [text('A-17')] },
        ],
      },
    })
  })

  test('a refusal for now is tried again under a new reference; one for good is final', async () => {
    await using world = await createWorld(place, { refusals: [{ share: 1, code: 131000 }] })
    const { sim, crm, daemon } = world
    const { id } = await world.post({ to: ANA, content: { type: 'text', text: 'Hola' } })
    await expect.poll(() => sim.sent.length).toBeGreaterThan(0)
    sim.behave({ refusals: [] })
    await statusIs(world, id, 'read')
    // On a slow machine it is refused more than once before the provider is told to stop.
    const last = sim.sent.length
    expect(last).toBeGreaterThan(1)
    expect(sim.sent.map(({ reference, code }) => [reference, code])).toEqual(
      sim.sent.map((_, index) => [`${id}.0.${index + 1}`, index + 1 < last ? 131000 : null]),
    )
    const { data } = (await daemon.call('GET', `/v1/messages/${id}/timeline`)).body as {
      data: { kind: string }[]
    }
    expect(data.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['created', 'retry', 'accepted']))
    sim.behave({ refusals: [{ share: 1, code: 131026 }] })
    const undeliverable = await world.post({ to: ANA, content: { type: 'text', text: 'Hola' } })
    const failed = await crm.event('message.failed', ({ type }) => type === 'message.failed')
    expect(failed).toMatchObject({
      subject: undeliverable.id,
      data: { failure: { provider: { code: '131026' } } },
    })
    expect((await world.message(undeliverable.id)).attempts).toBe(1)
  })

  test('a restart in the middle: all that was accepted is sent once, and the log goes on', async () => {
    await using world = await createWorld(place, {}, { limits: { perSecond: 60 } })
    const { daemon, sim, crm } = world
    const inbound = textDelivery({ number: FIRST, id: 'wamid.before' })
    expect((await deliver(daemon, inbound)).status).toBe(200)
    // All at once, so that most of them wait for the limit whatever a commit takes.
    const posts = Array.from({ length: 40 }, (_, index) =>
      world.post({ to: `+52155${10_000_000 + index}`, content: { type: 'text', text: `${index}` } }),
    )
    const ids = (await Promise.all(posts)).map(({ id }) => id)
    await expect.poll(() => sim.stats().accepted).toBeGreaterThan(5)
    await daemon.stop()
    const before = sim.stats().accepted
    expect(before).toBeLessThan(ids.length)

    const again = await world.again()
    try {
      await sim.subscribe(`${again.url}/in/whatsapp`)
      expect((await deliver(again, inbound)).status).toBe(200)
      const { sequence = 0 } = crm.events.at(-1) ?? {}
      await using resumed = await subscribe(again.url, sequence)
      const read = ({ type, data }: CloudEvent): boolean =>
        type === 'message.status' && (data as { status: string }).status === 'read'
      const all = (): CloudEvent[] => [...crm.events, ...resumed.events]
      await expect.poll(() => all().filter(read).length, { timeout: 15_000 }).toBe(ids.length)
      expect(sim.sent.map(({ reference }) => reference).toSorted()).toEqual(
        ids.map(id => `${id}.0.1`).toSorted(),
      )
      expect(all().map(event => event.sequence)).toEqual(all().map((_, index) => index + 1))
      expect(all().filter(({ type }) => type === 'message.created')).toHaveLength(ids.length + 1)
    } finally {
      await again.stop()
    }
  })
})
