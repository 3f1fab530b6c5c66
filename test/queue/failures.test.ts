import { expect, test } from 'vitest'
import { createRig, refuse } from './rig.ts'

test('RULES D1: after a part failed for good the later ones are not sent', async () => {
  await using rig = await createRig({
    send: async () => {
      if (rig.calls.length === 2) throw refuse('undeliverable')
      return undefined
    },
  })
  const id = await rig.enqueue(['a', 'b', 'c'].map(letter => letter.repeat(90)).join('\n\n'))
  await rig.until('failed', async () => (await rig.message(id)).status === 'failed')
  expect(rig.calls.length).toBe(2)
  expect((await rig.message(id)).failure).toMatchObject({ code: 'undeliverable' })
})

test('certain failures are tried again, at most attemptsMax times, then the message fails', async () => {
  await using rig = await createRig({
    send: async () => {
      throw refuse('providerFault', 1)
    },
  })
  const id = await rig.enqueue('Hola')
  await rig.until('failed', async () => (await rig.message(id)).status === 'failed')
  expect(rig.calls.length).toBe(8)
  expect(await rig.message(id)).toMatchObject({ attempts: 8, failure: { code: 'attemptsUsed' } })
})

test('RULES C6: a provider that knows a part again is asked at once, under the same key', async () => {
  await using rig = await createRig({
    idempotent: true,
    send: async () => {
      if (rig.calls.length === 1) throw refuse('noAnswer')
      return undefined
    },
  })
  const id = await rig.enqueue('Hola', { source: { kind: 'broadcast', id: null } })
  await rig.until('sent', async () => (await rig.message(id)).status === 'sent')
  const [first, second] = rig.calls.map(({ part }) => part)
  expect(second?.key).toBe(first?.key)
  expect(second?.reference).not.toBe(first?.reference)
})

test('what the channel cannot carry fails without a call', async () => {
  await using rig = await createRig()
  const id = await rig.enqueue('', { content: { type: 'template', name: 't', language: 'es' } })
  await rig.until('failed', async () => (await rig.message(id)).status === 'failed')
  expect(rig.calls).toEqual([])
  expect((await rig.message(id)).failure).toMatchObject({ code: 'contentUnsupported' })
})

test('a defect of a connector before it called anybody is certain, after that uncertain', async () => {
  await using rig = await createRig({
    send: async (part, io) => {
      if (part.content.type === 'text' && part.content.text === 'late')
        await io.http({ method: 'GET', url: 'x' }).catch(() => {})
      throw new TypeError('oops')
    },
  })
  const [early, late] = await rig.enqueueMany(['early', 'late'])
  if (early === undefined || late === undefined) throw new Error('missing')
  await rig.until(
    'both told',
    async () => (await rig.message(early)).status === 'failed' && (await rig.message(late)).uncertain,
  )
  expect((await rig.message(early)).failure).toMatchObject({ code: 'internal' })
  expect((await rig.message(late)).status).toBe('pending')
})

test('RULES C6: an uncertain attempt is sent again for an API, given up for a broadcast', async () => {
  await using rig = await createRig({
    config: { onUncertain: { afterMs: 30 } },
    send: async part => {
      if (part.reference.endsWith('.1')) throw refuse('noAnswer')
      return undefined
    },
  })
  const asked = await rig.enqueue('api')
  const broadcast = await rig.enqueue('broadcast', { source: { kind: 'broadcast', id: null }, lane: 'bulk' })
  await rig.until(
    'resolved',
    async () =>
      (await rig.message(asked)).status === 'sent' && (await rig.message(broadcast)).status === 'failed',
  )
  expect(await rig.message(asked)).toMatchObject({ attempts: 2, uncertain: false })
  expect((await rig.message(broadcast)).failure).toMatchObject({ code: 'uncertain' })
  expect(rig.calls.length).toBe(3)
})

test('RULES C6: a repeated attempt has the same key; one after a certain failure has another', async () => {
  const answers = ['noAnswer', 'providerFault', undefined] as const
  let at = 0
  await using rig = await createRig({
    config: { onUncertain: { afterMs: 10 } },
    send: async () => {
      const code = answers[at++]
      if (code !== undefined) throw refuse(code, 10)
      return undefined
    },
  })
  const id = await rig.enqueue('Hola')
  await rig.until('sent', async () => (await rig.message(id)).status === 'sent')
  expect(rig.calls.map(({ part }) => part.key)).toEqual([`${id}.0.0`, `${id}.0.0`, `${id}.0.1`])
  expect(rig.calls[0]?.part.webhookUrl).toBe(`https://gw.example/in/test/${rig.channel}`)
})

test('RULES C6: the channel’s own policy stands above the source’s', async () => {
  await using rig = await createRig({
    config: JSON.parse('{ "onUncertain": { "afterMs": 10, "then": "fail" } }'),
    send: async () => {
      throw refuse('noAnswer')
    },
  })
  const id = await rig.enqueue('api')
  await rig.until('failed', async () => (await rig.message(id)).status === 'failed')
  expect(rig.calls.length).toBe(1)
})

test('RULES C5: a receipt with our reference resolves an uncertain attempt without a resend', async () => {
  await using rig = await createRig({
    config: { onUncertain: { afterMs: 1500 } },
    send: async () => {
      throw refuse('noAnswer')
    },
  })
  const id = await rig.enqueue('Hola')
  await rig.until('uncertain', async () => (await rig.message(id)).uncertain)
  const { workspace, channel } = rig
  const of = { providerId: 'wamid.9', reference: `${id}.0.1` }
  await rig.store.commit({
    workspace,
    changes: [{ kind: 'receipt', channel, of, status: 'received', at: 1, raw: 'delivered' }],
  })
  await new Promise(resolve => setTimeout(resolve, 1700))
  expect(rig.calls.length).toBe(1)
  expect(await rig.message(id)).toMatchObject({ status: 'received', uncertain: false })
})

test('RULES E4: a throttled channel pauses; another channel of the same account goes on', async () => {
  let throttled = true
  await using rig = await createRig({
    group: 'shared',
    send: async (_part, _io, channel) => {
      if (channel === 'one' && throttled) throw refuse('throttledChannel', 400)
      return undefined
    },
  })
  const two = await rig.addChannel('two', { group: 'shared' })
  await rig.enqueue('stopped')
  await rig.until('refused', () => rig.calls.length === 1)
  throttled = false
  await rig.until('paused', () => (rig.queue.stats()[0]?.paused.length ?? 0) > 0)
  await rig.enqueueMany(['a', 'b', 'c'])
  const passing = await rig.enqueueMany(['d', 'e', 'f'], { channel: two })
  await rig.until(
    'the other channel sent',
    () => rig.calls.filter(call => call.channel === 'two').length === 3,
  )
  expect(passing.length).toBe(3)
  expect(rig.calls.filter(call => call.channel === 'one').length).toBe(1)
  await rig.until('the paused one too', () => rig.calls.length === 8)
  const [first, probe] = rig.calls.filter(call => call.channel === 'one')
  expect((probe?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(399)
})

test('RULES E4: a throttled recipient waits alone', async () => {
  await using rig = await createRig({
    send: async part => {
      if (part.reference.endsWith('.0.1') && part.address.value === '+5215500000001')
        throw refuse('throttledRecipient', 300)
      return undefined
    },
  })
  await rig.enqueueMany(['slow', 'slow too'], { to: { kind: 'phone', value: '+5215500000001' } })
  await rig.enqueue('fast')
  await rig.until('the others sent', () => rig.calls.length === 2)
  await new Promise(resolve => setTimeout(resolve, 150))
  expect(rig.calls.length).toBe(2)
  await rig.until('all sent', () => rig.calls.length >= 4)
  const slow = rig.calls
    .filter(({ part }) => part.address.value === '+5215500000001')
    .map(({ part }) => part.content)
  expect(slow.slice(0, 2)).toEqual([
    { type: 'text', text: 'slow' },
    { type: 'text', text: 'slow' },
  ])
})

test('refused credentials make the channel failing, and a send that succeeds makes it ok', async () => {
  let broken = true
  await using rig = await createRig({
    send: async () => {
      if (broken) throw refuse('credentials', 100)
      return undefined
    },
  })
  const health = async () => (await rig.store.query('channels', {}))[0]?.health.state
  const id = await rig.enqueue('Hola')
  await rig.until('failing', async () => (await health()) === 'failing')
  broken = false
  await rig.until('ok', async () => (await health()) === 'ok')
  expect((await rig.message(id)).status).toBe('sent')
})

test('a store that fails for a while loses no acceptance', async () => {
  let failing = false
  await using rig = await createRig({
    needs: ({ store }) => ({
      store: {
        ...store,
        commit: async transaction => {
          if (failing) throw new Error('disk full')
          return await store.commit(transaction)
        },
      },
    }),
    send: async () => {
      failing = true
      return undefined
    },
  })
  const id = await rig.enqueue('Hola')
  await rig.until('called', () => rig.calls.length === 1)
  await new Promise(resolve => setTimeout(resolve, 120))
  expect((await rig.message(id)).status).toBe('pending')
  failing = false
  await rig.until('sent', async () => (await rig.message(id)).status === 'sent')
  expect(rig.calls.length).toBe(1)
})
