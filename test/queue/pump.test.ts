import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { STEPS, type Step } from '../../model/steps.ts'
import { createRig, refuse } from './rig.ts'

test('2,000 messages to as many people leave once each and are durable as sent', async () => {
  await using rig = await createRig()
  const ids = await rig.enqueueMany(Array.from({ length: 2000 }, (_, i) => `Hola ${i}`))
  await rig.until('all sent', async () => (await rig.store.query('depth', {})).length === 0)
  expect(rig.calls.length).toBe(2000)
  expect(new Set(rig.calls.map(call => call.part.reference)).size).toBe(2000)
  for (const id of [ids[0], ids[999], ids[1999]]) {
    if (id === undefined) throw new Error('missing')
    expect(await rig.message(id)).toMatchObject({ status: 'sent', attempts: 1, providerIds: [`p.${id}.0.1`] })
  }
  expect(rig.queue.stats()).toMatchObject([
    { inFlight: 0, depth: { reply: 0, normal: 0, bulk: 0 }, oldest: null },
  ])
})

test('a connector that talks HTTP reaches its provider through the queue’s own way out', async () => {
  const provider = createServer((_request, response) => response.end('{"id":"wamid.1"}'))
  provider.listen(0, '127.0.0.1')
  await once(provider, 'listening')
  const url = `http://127.0.0.1:${(provider.address() as AddressInfo).port}/`
  {
    await using rig = await createRig({
      needs: () => ({
        http: async request => {
          const answer = await fetch(request.url, { method: request.method, signal: request.signal ?? null })
          const text = await answer.text()
          const stream = undefined as never
          return {
            status: answer.status,
            headers: {},
            text: async () => text,
            json: async () => JSON.parse(text),
            stream,
          }
        },
      }),
      send: async (_part, io) => {
        const answer = await io.http({ method: 'POST', url })
        return { providerIds: [((await answer.json()) as { id: string }).id], raw: 'accepted' }
      },
    })
    const id = await rig.enqueue('Hola')
    await rig.until('sent', async () => (await rig.message(id)).status === 'sent')
    expect((await rig.message(id)).providerIds).toEqual(['wamid.1'])
  }
  provider.close()
})

test('messages to one person leave in order, each after the answer to the one before', async () => {
  let underWay = 0
  await using rig = await createRig({
    send: async () => {
      underWay += 1
      expect(underWay).toBe(1)
      await new Promise(resolve => setTimeout(resolve, 2))
      underWay -= 1
      return undefined
    },
  })
  const texts = Array.from({ length: 20 }, (_, i) => `${i}`)
  await rig.enqueueMany(texts, { to: { kind: 'phone', value: '+5215500000000' } })
  await rig.until('all called', () => rig.calls.length === 20)
  expect(rig.calls.map(({ part }) => part.content)).toEqual(texts.map(text => ({ type: 'text', text })))
})

test('a retry goes on at the part that failed; the parts before it are not sent again', async () => {
  let failures = 0
  await using rig = await createRig({
    send: async part => {
      const isSecond = part.content.type === 'text' && part.content.text.startsWith('b')
      if (isSecond && failures++ === 0) throw refuse('providerFault', 20)
      return undefined
    },
  })
  const id = await rig.enqueue(['a', 'b', 'c'].map(letter => letter.repeat(90)).join('\n\n'))
  await rig.until('sent', async () => (await rig.message(id)).status === 'sent')
  expect(rig.calls.map(({ part }) => part.reference)).toEqual([
    `${id}.0.1`,
    `${id}.1.2`,
    `${id}.1.3`,
    `${id}.2.4`,
  ])
  expect((await rig.message(id)).providerIds).toEqual([`p.${id}.0.1`, `p.${id}.1.3`, `p.${id}.2.4`])
})

test('RULES B8: a paused channel holds its messages until it is resumed', async () => {
  await using rig = await createRig()
  const open = rig.directory.get(rig.channel)
  if (open === undefined) throw new Error('missing')
  rig.directory.set({ ...open, status: 'paused' })
  const id = await rig.enqueue('Hola')
  await new Promise(resolve => setTimeout(resolve, 100))
  expect(rig.calls).toEqual([])
  rig.directory.set(open)
  rig.queue.wake([open.senderGroup])
  await rig.until('sent', async () => (await rig.message(id)).status === 'sent')
})

test('a message whose time ran out is failed as expired and never sent', async () => {
  await using rig = await createRig({
    needs: needs => ({ clock: { ...needs.clock, now: () => needs.clock.now() } }),
  })
  const id = await rig.enqueue('Hola', { expiresAt: 1 })
  await rig.until('failed', async () => (await rig.message(id)).status === 'failed')
  expect((await rig.message(id)).failure).toMatchObject({ code: 'expired' })
  expect(rig.calls).toEqual([])
})

test('messages of a deleted channel fail as channelGone', async () => {
  await using rig = await createRig()
  const open = rig.directory.get(rig.channel)
  if (open === undefined) throw new Error('missing')
  rig.directory.set({ ...open, status: 'paused' })
  const id = await rig.enqueue('Hola')
  const { workspace, channel } = rig
  await rig.store.commit({ workspace, changes: [{ kind: 'channelDeleted', channel }] })
  rig.directory.remove(channel)
  rig.queue.wake([open.senderGroup])
  await rig.until('failed', async () => (await rig.message(id)).status === 'failed')
  expect(rig.calls).toEqual([])
})

test('a channel that the directory learns of late loses nothing', async () => {
  await using rig = await createRig()
  const open = rig.directory.get(rig.channel)
  if (open === undefined) throw new Error('missing')
  rig.directory.remove(rig.channel)
  const id = await rig.enqueue('Hola')
  await new Promise(resolve => setTimeout(resolve, 50))
  expect((await rig.message(id)).status).toBe('pending')
  rig.directory.set(open)
  rig.queue.wake([open.senderGroup])
  await rig.until('sent', async () => (await rig.message(id)).status === 'sent')
})

test('RULES E2: by write stamps a channel never exceeds its limit in any second', async () => {
  await using rig = await createRig({ perSecond: 50 })
  await rig.enqueueMany(Array.from({ length: 120 }, (_, i) => `${i}`))
  await rig.until('all sent', () => rig.calls.length === 120)
  const stamps = rig.calls.map(call => call.at)
  for (const [index, stamp] of stamps.entries()) {
    expect(
      stamps.filter(other => other >= stamp && other < stamp + 1000).length,
      `from ${index}`,
    ).toBeLessThanOrEqual(50)
  }
})

test('an answer passes a broadcast that fills the channel’s rate', async () => {
  await using rig = await createRig({ perSecond: 50 })
  await rig.enqueueMany(
    Array.from({ length: 200 }, (_, i) => `${i}`),
    { lane: 'bulk', source: { kind: 'broadcast', id: null } },
  )
  await rig.until('the broadcast runs', () => rig.calls.length > 5)
  const before = rig.calls.length
  await rig.enqueue('answer', {
    lane: 'reply',
    source: { kind: 'agent', id: null },
    to: { kind: 'phone', value: '+5215599999999' },
  })
  await rig.until('answered', () => rig.calls.some(({ part }) => part.address.value === '+5215599999999'))
  expect(rig.calls.length - before).toBeLessThan(20)
})

test('stop lets what is on the way settle and leaves the rest ready for the next process', async () => {
  const rig = await createRig({
    send: async () => {
      await new Promise(resolve => setTimeout(resolve, 100))
      return undefined
    },
  })
  await using _ = rig
  await rig.enqueueMany(Array.from({ length: 1000 }, (_unused, i) => `${i}`))
  await rig.until('under way', () => rig.calls.length > 10)
  await rig.queue.stop()
  const sent = rig.calls.length
  expect(sent).toBeLessThan(1000)
  const depth = await rig.store.query('depth', {})
  expect(depth.map(({ state }) => state)).toEqual(['ready'])
  expect(depth[0]?.count).toBe(1000 - sent)
})

test('the numbered steps are probed in their order', async () => {
  const seen: Step[] = []
  await using rig = await createRig({ needs: () => ({ probe: step => seen.push(step) }) })
  const id = await rig.enqueue('Hola')
  await rig.until('sent', async () => (await rig.message(id)).status === 'sent')
  await rig.until('settled', () => seen.length >= 4)
  expect(seen).toEqual(STEPS.filter(step => /outbound\.[3-6]/.test(step)))
})
