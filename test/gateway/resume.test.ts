import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import type { Received } from '../../model/change.ts'
import { systemClock } from '../../model/clock.ts'
import type { TokenId } from '../../model/ids.ts'
import { FOR_EVER } from '../contracts/store/retention.ts'
import { makeChannel, type Running, run, TOKEN } from './daemon.ts'
import { CARRIERS, type Carrier, type Reader, Refused, refusalOf, socketUrl } from './resume/carriers.ts'

/**
 * The law of resuming, for whatever carries events: a reader misses nothing, or gets what it missed in order, or is
 * told to start again and why. One of the three, and never a number twice or out of order.
 */
let daemon: Running
let keys = 0

beforeAll(async () => {
  daemon = await fresh()
})
afterAll(() => daemon.close())

/** A daemon with one channel. */
async function fresh(): Promise<Running> {
  const made = await run()
  await makeChannel(made, '1')
  return made
}

/** Commits messages that came in, and answers with the number of the newest event. */
async function happen(count: number, text = 'Hola', on = daemon): Promise<number> {
  const [{ id: channel } = {}] = await on.store.query('channels', {})
  if (channel === undefined) throw new Error('no channel')
  const received = (): Received => ({
    kind: 'received',
    channel,
    key: `key.${keys++}`,
    providerId: null,
    at: 1_790_000_000_000,
    echo: false,
    address: { kind: 'phone', value: '+5215500000001' },
    also: [],
    content: { type: 'text', text },
  })
  const changes = Array.from({ length: count }, received)
  return (await on.store.commit({ workspace: on.workspace, changes })).head
}

const WAIT = { timeout: 15_000, interval: 20 }

/** Waits until the reader has this number. */
async function reach(reader: Reader, number: number): Promise<void> {
  await vi.waitFor(() => expect(reader.numbers.at(-1) ?? 0).toBeGreaterThanOrEqual(number), WAIT)
}

/** All numbers after one up to another, each once and in order. */
function gapless(numbers: number[], after: number, to: number): void {
  expect(numbers).toEqual(Array.from({ length: to - after }, (_, index) => after + 1 + index))
}

describe.each(CARRIERS)('the law of resuming, by $name', ({ open }: Carrier) => {
  test('who connects while much happens misses nothing, wherever it starts', async () => {
    let isDone = false
    const writing = (async () => {
      // Bounded: on a slow machine all of it is read again by each of them.
      while (!isDone && keys < 10_000) {
        await happen(1 + (keys % 37))
        await sleep(1)
      }
    })()
    const readers: { after: number | undefined; reader: Reader }[] = []
    for (let number = 0; number < 16; number++) {
      await sleep(number % 3)
      const { head = 0 } = (await daemon.store.query('workspace', { id: daemon.workspace })) ?? {}
      const after = [undefined, 0, head, Math.floor(head / 2)][number % 4]
      readers.push({ after, reader: await open(daemon.url, after === undefined ? {} : { after }) })
    }
    isDone = true
    await writing
    const head = await happen(1)
    for (const { after, reader } of readers) {
      await reach(reader, head)
      gapless(reader.numbers, after ?? (reader.numbers[0] ?? 0) - 1, head)
      expect(reader.dropped()).toBeNull()
      reader.close()
    }
  })

  test('who goes away at any moment and comes back with its last number gets each number once', async () => {
    const head = await happen(600)
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 400 }), { maxLength: 6 }), async strides => {
        const all: number[] = []
        for (const stride of [...strides, head]) {
          const last = all.at(-1) ?? 0
          if (last >= head) break
          const reader = await open(daemon.url, { after: last })
          await reach(reader, Math.min(head, last + stride))
          reader.close()
          all.push(...reader.numbers)
        }
        gapless(all, 0, head)
      }),
      { numRuns: 4 },
    )
  })

  test('who is too slow is told to start again and why, and resumes without a gap', async () => {
    // Its own: what it fills would be read again and again by the readers of the others.
    const own = await fresh()
    const from = await happen(1, 'Hola', own)
    const reader = await open(own.url, { after: from - 1 })
    await reach(reader, from)
    reader.pause()
    const text = 'x'.repeat(4_000)
    for (let group = 0; group < 40 && !(await hasDropped(own)); group++) await happen(500, text, own)
    reader.resume()
    await reader.ended
    expect(reader.dropped()).toBe('more than 5000 events waited')
    const last = reader.numbers.at(-1) ?? 0
    gapless(reader.numbers, from - 1, last)
    const next = await open(own.url, { after: last })
    await reach(next, last + 1)
    expect(next.numbers[0]).toBe(last + 1)
    next.close()
    await own.close()
  })

  test('a restart of the daemon loses nothing', async () => {
    const first = await fresh()
    const { dataDir } = first
    const reader = await open(first.url, { after: 0 })
    await reach(reader, await happen(20, 'Hola', first))
    await first.stop()
    await reader.ended
    expect(reader.dropped()).toBeNull()
    const second = await run({ dataDir })
    const head = await happen(20, 'Hola', second)
    const last = reader.numbers.at(-1) ?? 0
    const again = await open(second.url, { after: last })
    await reach(again, head)
    gapless([...reader.numbers, ...again.numbers], 0, head)
    again.close()
    await second.close()
  })

  test('RULES A6: what the log has no more, or never had, is 410 before anything is streamed', async () => {
    let ahead = 0
    const own = await run({}, { clock: { ...systemClock, now: () => systemClock.now() + ahead } })
    await makeChannel(own, '7')
    ahead = 2 * 86_400_000
    await makeChannel(own, '8')
    await own.store.sweep({ ...FOR_EVER, log: 86_400_000 })
    for (const after of [0, 3]) {
      const refused = await open(own.url, { after }).catch((error: unknown) => error)
      expect(refused).toBeInstanceOf(Refused)
      expect(refused).toMatchObject({ status: 410, body: { code: 'gone', oldest: 2 } })
    }
    await own.close()
  })

  test('a stream ends when its token is revoked, and is told why', async () => {
    const body = { name: 'reader', role: 'backend' }
    const made = (await daemon.call('POST', '/v1/tokens', { body })).body as { id: TokenId; token: string }
    const reader = await open(daemon.url, { token: made.token })
    await daemon.call('DELETE', `/v1/tokens/${made.id}`)
    await reader.ended
    expect(reader.dropped()).toBe('the token counts no more')
    await expect(open(daemon.url, { token: made.token })).rejects.toMatchObject({ status: 401 })
  })
})

async function hasDropped(on: Running): Promise<boolean> {
  const { text } = await on.call('GET', '/metrics', { token: null })
  return /^omnibus_sse_dropped_total [1-9]/m.test(text)
}

describe('the WebSocket of /v1/events', () => {
  test('a browser tells its token as a subprotocol, and gets another one back', async () => {
    const head = await happen(1)
    const socket = new WebSocket(socketUrl(daemon.url, head - 1), ['omnibus-events-1', `bearer.${TOKEN}`])
    const frame = new Promise(resolve => socket.once('message', data => resolve(JSON.parse(String(data)))))
    expect(await frame).toMatchObject({ specversion: '1.0', sequence: head, type: 'message.created' })
    expect(socket.protocol).toBe('omnibus-events-1')
    socket.terminate()
  })

  test('a daemon that stops says so by its close code', async () => {
    const own = await run()
    const socket = new WebSocket(socketUrl(own.url), { headers: { authorization: `Bearer ${TOKEN}` } })
    await new Promise(resolve => socket.once('open', resolve))
    const closed = new Promise(resolve => socket.once('close', resolve))
    await own.close()
    expect(await closed).toBe(1001)
  })

  test('who does not say goodbye does not hold up a stop', async () => {
    const own = await run()
    const socket = new WebSocket(socketUrl(own.url), { headers: { authorization: `Bearer ${TOKEN}` } })
    await new Promise(resolve => socket.once('open', resolve))
    socket.pause()
    const from = performance.now()
    await own.close()
    expect(performance.now() - from).toBeLessThan(5_000)
    socket.terminate()
  })

  test.each<[string, string, string[], number, string]>([
    ['no token', '', ['omnibus-events-1'], 401, 'unauthorized'],
    ['a wrong token', '', ['omnibus-events-1', 'bearer.wrong'], 401, 'unauthorized'],
    ['a token and no subprotocol of ours', '', [`bearer.${TOKEN}`], 400, 'malformedRequest'],
    ['a number that is none', '?after=x', ['omnibus-events-1', `bearer.${TOKEN}`], 400, 'invalidInput'],
    [
      'a workspace that is not there',
      '?workspace=x',
      ['omnibus-events-1', `bearer.${TOKEN}`],
      404,
      'notFound',
    ],
  ])('%s is refused in HTTP', async (_name, query, protocols, status, code) => {
    const socket = new WebSocket(socketUrl(daemon.url) + query, protocols)
    socket.on('error', () => {})
    const refused = new Promise(resolve =>
      socket.once('unexpected-response', (_request, response) => resolve(refusalOf(response))),
    )
    expect(await refused).toMatchObject({ status, body: { code } })
  })
})
