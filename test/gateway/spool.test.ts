import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { AnyConnector } from '../../connectors/connector.ts'
import { createDirectory, type OpenChannel } from '../../connectors/directory.ts'
import { connectorOf } from '../../connectors/registry.ts'
import { createMetrics } from '../../gateway/metrics.ts'
import type { Delivery } from '../../gateway/spool/folder.ts'
import { createSpool, type Spool, type SpoolOptions } from '../../gateway/spool/spool.ts'
import type { Committed, Transaction } from '../../model/change.ts'
import { systemClock } from '../../model/clock.ts'
import type { ChannelId, WorkspaceId } from '../../model/ids.ts'
import { systemRandom } from '../../model/random.ts'
import { createSealer } from '../../store/seal.ts'
import { StoreFailing } from '../../store/store.ts'
import { scratch } from '../scratch.ts'

const twilio = connectorOf('twilio') as AnyConnector
const KEY = 'a-secret-key-of-tests'
const SILENT = { debug: () => {}, info: () => {}, warn: () => {} }

function channelOf(number: string): OpenChannel {
  return {
    ...{ id: `chn_${number}` as ChannelId, workspace: 'wks_1' as WorkspaceId, connector: twilio, name: 'n' },
    ...{ status: 'active', config: { from: number, authToken: 't' } as never, providerKey: number },
    ...{ senderGroup: 'g', health: { state: 'unknown' }, live: {} },
  }
}

const [A, B] = ['+15005550001', '+15005550002']

function delivery(id: string, to = A): Delivery {
  const form = { MessageSid: id, SmsStatus: 'received', From: '+14155550142', To: to, Body: id }
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  const body = Buffer.from(new URLSearchParams(form).toString())
  const request = { method: 'POST', url: 'http://x/in/twilio', query: {}, headers, body, at: 5 }
  return { connector: 'twilio', named: undefined, channels: [`chn_${to}` as ChannelId], request }
}

type Stood = {
  spool: Spool
  stored: string[]
  errors: string[]
  down: (is: boolean) => void
  files(): string[]
}

/** A spool over a store that can be out of reach, and refuses a message called `poison`. */
async function open(path: string, isDown: boolean, more: Partial<SpoolOptions> = {}): Promise<Stood> {
  let down = isDown
  const stored: string[] = []
  const errors: string[] = []
  const commit = async ({ changes }: Transaction): Promise<Committed> => {
    if (down) throw new StoreFailing('gone')
    const keys = changes.flatMap(change => (change.kind === 'received' ? change.key : []))
    if (keys.includes('poison')) throw new Error('no such column')
    stored.push(...keys)
    return { outcomes: changes.map(() => ({ ok: true })), head: 1, replayed: false, stale: false }
  }
  const directory = createDirectory()
  for (const number of [A, B]) directory.set(channelOf(number))
  const quiet = { store: () => undefined, lags: () => ({}), sseReaders: () => 0, visits: () => 0 }
  const metrics = createMetrics({ ...quiet, spool: () => undefined, now: () => 0 })
  metrics.stop()
  const spool = await createSpool({
    ...{ path, directory, metrics, store: { commit }, sealer: createSealer([KEY]), clock: systemClock },
    ...{ random: systemRandom, connectorOf: name => (name === 'twilio' ? twilio : undefined) },
    log: { ...SILENT, error: (_fields, message) => errors.push(message) },
    bounds: { againMs: 2 },
    ...more,
  })
  const files = (): string[] => readdirSync(path).sort()
  return { spool, stored, errors, files, down: is => (down = is) }
}

const isEmpty = ({ spool }: Stood) => expect.poll(() => spool.figures().deliveries, { interval: 2 }).toBe(0)

test('RULES B9: what waits is stored in order once the store is back, and only then removed', async () => {
  await using folder = await scratch()
  const path = join(folder.path, 'data', 'spool')
  const one = await open(path, true)
  for (const id of ['1', '2', '3']) expect(await one.spool.keep(delivery(id))).toBe(true)
  expect(one.spool.figures()).toEqual({ deliveries: 3, oldestAt: 5 })
  expect(one.files()).toHaveLength(3)
  one.down(false)
  await isEmpty(one)
  expect(one.stored).toEqual(['1', '2', '3'])
  await expect.poll(one.files, { interval: 2 }).toEqual([])
  await one.spool.stop()
})

test('RULES B9: what comes for a channel waits behind what it has there, and no other', async () => {
  await using folder = await scratch()
  const { spool, down } = await open(join(folder.path, 'spool'), true)
  const kept = spool.keep(delivery('1'))
  // From the moment that it is being written.
  expect([spool.holds([`chn_${A}` as ChannelId]), spool.holds([`chn_${B}` as ChannelId])]).toEqual([
    true,
    false,
  ])
  await kept
  down(false)
  await expect.poll(() => spool.holds([`chn_${A}` as ChannelId]), { interval: 2 }).toBe(false)
  await spool.stop()
})

test('RULES B9: it survives a start, in order, before what comes then, and is sealed', async () => {
  await using folder = await scratch()
  const first = await open(folder.path, true)
  await Promise.all(['1', '2', '3'].map(id => first.spool.keep(delivery(id))))
  await first.spool.stop()
  const text = first
    .files()
    .map(file => readFileSync(join(folder.path, file), 'utf8'))
    .join()
  expect(text).not.toMatch(/Body|4155550142/)
  const second = await open(folder.path, true)
  expect(await second.spool.keep(delivery('4'))).toBe(true)
  second.down(false)
  await isEmpty(second)
  expect(second.stored).toEqual(['1', '2', '3', '4'])
  await second.spool.stop()
})

test.each([
  ['deliveries', { deliveriesMax: 2 }],
  ['bytes', { bytesMax: 1200 }],
])('RULES B9: full by %s it takes no more', async (_name, bounds) => {
  await using folder = await scratch()
  const { spool, errors } = await open(folder.path, true, { bounds: { againMs: 1000, ...bounds } })
  const kept: boolean[] = []
  for (const id of ['1', '2', '3']) kept.push(await spool.keep(delivery(id)))
  expect(kept).toEqual([true, true, false])
  expect(errors).toEqual(['the spool cannot take a delivery'])
  await spool.stop()
})

test('RULES B9: a disk that refuses is no answer of success, and holds nothing up', async () => {
  await using folder = await scratch()
  const path = join(folder.path, 'spool')
  const { spool } = await open(path, true)
  writeFileSync(path, '')
  expect(await spool.keep(delivery('1'))).toBe(false)
  expect([spool.figures().deliveries, spool.holds([`chn_${A}` as ChannelId])]).toEqual([0, false])
  await spool.stop()
})

test('what the store refuses for good is set aside, and tried again by the next start', async () => {
  await using folder = await scratch()
  const one = await open(folder.path, true)
  for (const id of ['1', 'poison', '2']) await one.spool.keep(delivery(id))
  one.down(false)
  await isEmpty(one)
  expect(one.stored).toEqual(['1', '2'])
  await expect.poll(one.files, { interval: 2 }).toEqual([expect.stringMatching(/\.aside$/)])
  await one.spool.stop()
  const next = await open(folder.path, true)
  expect(next.spool.figures().deliveries).toBe(1)
  await next.spool.stop()
})

test('RULES B8: nobody is left whom it is about: it is dropped', async () => {
  await using folder = await scratch()
  const one = await open(folder.path, true)
  await one.spool.keep(delivery('1', '+15005550009'))
  await isEmpty(one)
  expect(one.errors).toEqual([])
  await expect.poll(one.files, { interval: 2 }).toEqual([])
  await one.spool.stop()
})

test('RULES G1: sealed with a key that is not given, it waits aside for a start that has it', async () => {
  await using folder = await scratch()
  const old = await open(folder.path, true, { sealer: createSealer(['the-key-of-before']) })
  await old.spool.keep(delivery('1'))
  await old.spool.stop()
  const without = await open(folder.path, false)
  expect([without.spool.figures().deliveries, without.errors]).toEqual([
    0,
    ['a delivery in the spool cannot be read; it is set aside'],
  ])
  await without.spool.stop()
  const both = await open(folder.path, false, { sealer: createSealer([KEY, 'the-key-of-before']) })
  await isEmpty(both)
  expect(both.stored).toEqual(['1'])
  await both.spool.stop()
})

test('RULES B9: whatever a crash or the disk did to one file, the others are stored, in order', async () => {
  const damage = fc.record({
    which: fc.nat(3),
    at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    how: fc.constantFrom('cut', 'bent', 'zeroed', 'swapped', 'part'),
  })
  await fc.assert(
    fc.asyncProperty(damage, async ({ which, at, how }) => {
      await using folder = await scratch()
      await mkdir(folder.path, { recursive: true })
      const first = await open(folder.path, true)
      const ids = ['1', '2', '3', '4']
      for (const id of ids) await first.spool.keep(delivery(id))
      await first.spool.stop()
      const files = first.files()
      const file = join(folder.path, files[which] ?? '')
      const bytes = readFileSync(file)
      const byte = Math.floor(at * bytes.length)
      if (how === 'cut') writeFileSync(file, bytes.subarray(0, byte))
      if (how === 'bent') bytes[byte] = bytes[byte] === 0x41 ? 0x42 : 0x41
      if (how === 'zeroed') bytes.fill(0, byte)
      if (how === 'bent' || how === 'zeroed') writeFileSync(file, bytes)
      if (how === 'swapped')
        writeFileSync(file, readFileSync(join(folder.path, files[(which + 1) % 4] ?? '')))
      // Written whole, and killed before it had its name: nobody was answered, and it is no worse for that.
      if (how === 'part') await rename(file, file.replace(/sealed$/, 'part'))
      const next = await open(folder.path, false)
      await isEmpty(next)
      await next.spool.stop()
      // Base64 ends with what it can do without: a cut there takes nothing away.
      const isWhole = how === 'part' || next.stored.length === ids.length
      expect(next.stored).toEqual(ids.filter((_, index) => isWhole || index !== which))
      expect(next.files()).toHaveLength(isWhole ? 0 : 1)
      if (byte < bytes.length - 4 && how !== 'part') expect(isWhole).toBe(false)
    }),
    { numRuns: 25 },
  )
})
