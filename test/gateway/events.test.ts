import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemClock } from '../../model/clock.ts'
import { FOR_EVER } from '../contracts/store/retention.ts'
import { deliver, makeChannel, problem, type Running, run, TOKEN, textDelivery } from './daemon.ts'

let daemon: Running

beforeAll(async () => {
  daemon = await run()
  await makeChannel(daemon, '1')
})
afterAll(() => daemon.close())

type SseEvent = { id: number; type: string; data: { sequence: number; type: string } }

/** Reads a stream until `enough` says so, then hangs up. */
async function read(
  headers: Record<string, string>,
  enough: (events: SseEvent[]) => boolean,
  query = '',
): Promise<SseEvent[]> {
  const gone = new AbortController()
  const answer = await fetch(`${daemon.url}/v1/events${query}`, {
    headers: { authorization: `Bearer ${TOKEN}`, accept: 'text/event-stream', ...headers },
    signal: AbortSignal.any([gone.signal, AbortSignal.timeout(10_000)]),
  })
  expect(answer.status).toBe(200)
  const events: SseEvent[] = []
  let text = ''
  for await (const chunk of answer.body as ReadableStream<Uint8Array>) {
    text += Buffer.from(chunk).toString()
    const blocks = text.split('\n\n')
    text = blocks.pop() ?? ''
    events.push(...blocks.flatMap(readBlock))
    if (enough(events)) break
  }
  gone.abort()
  return events
}

function readBlock(block: string): SseEvent[] {
  const field = (name: string): string | undefined =>
    block
      .split('\n')
      .find(line => line.startsWith(`${name}: `))
      ?.slice(name.length + 2)
  const id = field('id')
  return id === undefined
    ? []
    : [
        {
          id: Number(id),
          type: field('event') ?? '',
          data: JSON.parse(field('data') ?? '') as SseEvent['data'],
        },
      ]
}

async function head(): Promise<number> {
  const [workspace] = await daemon.store.query('workspaces', {})
  return workspace?.head ?? 0
}

let count = 0
function someone(): Promise<unknown> {
  return deliver(daemon, textDelivery({ number: '1', id: `wamid.${count++}` }))
}

test('JSON pages give every number once, and next is the last one read', async () => {
  for (let index = 0; index < 5; index++) await someone()
  const seen: number[] = []
  let after = 0
  for (;;) {
    const page = await daemon.call('GET', `/v1/events?after=${after}&limit=3`)
    const { data, next } = page.body as { data: { sequence: number; specversion: string }[]; next: number }
    expect(next).toBe(data.at(-1)?.sequence ?? after)
    if (data.length === 0) break
    expect(data.length).toBeLessThanOrEqual(3)
    seen.push(...data.map(({ sequence }) => sequence))
    after = next
  }
  expect(seen).toEqual(Array.from({ length: await head() }, (_, index) => index + 1))
})

test('an event is a CloudEvent; the content of a message is not pending twice', async () => {
  await someone()
  const page = await daemon.call('GET', `/v1/events?limit=1000`)
  const { data } = page.body as { data: { type: string; data: object }[] }
  expect(data.findLast(({ type }) => type === 'message.created')).toMatchObject({
    specversion: '1.0',
    id: expect.stringMatching(/^evt_/),
    subject: expect.stringMatching(/^msg_/),
    workspace: daemon.workspace,
    data: { direction: 'inbound', content: { type: 'text', text: 'Hola' } },
  })
})

test('invariant 5: a stream that is cut again and again skips nothing and repeats nothing', async () => {
  let writing = true
  const writer = (async () => {
    while (writing) await someone()
  })()
  const seen: number[] = []
  const from = await head()
  let last = from
  for (let round = 0; round < 15; round++) {
    const events = await read({ 'last-event-id': String(last) }, got => got.length > round % 4)
    seen.push(...events.map(({ id }) => id))
    last = seen.at(-1) ?? last
  }
  writing = false
  await writer
  expect(seen).toEqual(Array.from({ length: seen.length }, (_, index) => from + 1 + index))
  expect(seen.length).toBeGreaterThan(15)
})

test('the number is the same in id:, in the event and in the JSON page', async () => {
  const [first] = await read({}, events => events.length > 0, '?after=0')
  expect(first).toMatchObject({ id: 1, data: { sequence: 1 } })
  expect(first?.type).toBe(first?.data.type)
})

test('without a place to start from, a stream begins with what happens next', async () => {
  const before = await head()
  const reading = read({}, events => events.length > 0)
  await new Promise(resolve => setTimeout(resolve, 200))
  await someone()
  expect((await reading)[0]?.id).toBe(before + 1)
})

test.each([
  ['a number below zero', '/v1/events?after=-1', {}],
  ['a limit above the bound', '/v1/events?limit=100000', {}],
  ['a Last-Event-ID that is none', '/v1/events', { accept: 'text/event-stream', 'last-event-id': 'x' }],
])('%s is refused by name', async (_name, path, headers) => {
  const answer = await daemon.call('GET', path, { headers })
  expect(answer.status).toBe(400)
  expect(answer.body).toMatchObject({ code: 'invalidInput' })
})

test('RULES A6: what the log keeps no longer is 410 with the oldest; no number begins there', async () => {
  let ahead = 0
  const clock = { ...systemClock, now: () => systemClock.now() + ahead }
  const own = await run({}, { clock })
  await makeChannel(own, '7')
  await makeChannel(own, '8')
  ahead = 2 * 86_400_000
  await makeChannel(own, '9')
  await own.store.sweep({ ...FOR_EVER, log: 86_400_000 })
  const [{ head: newest = 0 } = {}] = await own.store.query('workspaces', {})
  const gone = { code: 'gone', status: 410, oldest: newest }
  const stream = { accept: 'text/event-stream' }
  expect(problem(await own.call('GET', '/v1/events?after=0'))).toMatchObject(gone)
  expect(problem(await own.call('GET', `/v1/events?after=${newest - 2}`))).toMatchObject(gone)
  const resumed = await own.call('GET', '/v1/events', { headers: { ...stream, 'last-event-id': '1' } })
  expect(problem(resumed)).toMatchObject(gone)
  const page = await own.call('GET', '/v1/events')
  expect(page.body).toMatchObject({ data: [{ sequence: newest, type: 'channel.created' }], next: newest })
  expect((await own.call('GET', `/v1/events?after=${newest - 1}`)).body).toEqual(page.body)
  ahead += 2 * 86_400_000
  await own.store.sweep({ ...FOR_EVER, log: 86_400_000 })
  expect((await own.call('GET', '/v1/events')).body).toEqual({ data: [], next: newest })
  expect((await own.call('GET', `/v1/events?after=${newest}`)).body).toEqual({ data: [], next: newest })
  await own.close()
})

test('a daemon that stops ends its streams', async () => {
  const own = await run()
  const answer = await fetch(`${own.url}/v1/events`, {
    headers: { authorization: `Bearer ${TOKEN}`, accept: 'text/event-stream' },
  })
  const ended = answer.text()
  const from = performance.now()
  await own.close()
  expect(await ended).toContain('retry: ')
  expect(performance.now() - from).toBeLessThan(5_000)
})
