import { createReadStream, createWriteStream, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Daemon } from './daemon.ts'
import type { Load, LoadQuestions } from './load.ts'
import { type Part, startPart } from './parts.ts'
import { type Check, equal, onStore, type Row, row } from './report.ts'
import { WHATSAPP, whatsapp } from './webhooks.ts'

/** What the issue asks for, on a machine that also runs the load. */
const BARS = { perSecond: 20_000, memoryMb: 300, p99Ms: 100 }
const WEBHOOKS_PER_SECOND = 2_000
const CONNECTIONS = 64
/** One run of the load; the import takes several. */
const SLICE_MS = 4_000
const CITIES = ['Bogotá', 'México', 'Lima', 'São Paulo', 'Roma', 'Quito', 'Santiago', 'Montevideo']

/** Imports so many people while 2,000 webhooks a second come in. Leaves them in the daemon. */
export async function importPart(daemon: Daemon, people: number): Promise<{ rows: Row[]; checks: Check[] }> {
  const { store } = daemon
  await prepare(daemon)
  const load = startPart<LoadQuestions>(new URL('./load.ts', import.meta.url))
  const channel = await newChannel(daemon)
  await drive(load, daemon, channel, 0)
  const alone = await drive(load, daemon, channel, 1)
  using file = listOf(people)
  await file.write()
  const { id } = await upload(daemon, file.path)
  const slices: Load[] = []
  let memoryMb = 0
  const watch = setInterval(() => {
    memoryMb = Math.max(memoryMb, daemon.memory() / 1e6)
  }, 200)
  let found = await read(daemon, id)
  while (found.endedAt === null) {
    slices.push(await drive(load, daemon, channel, slices.length + 2))
    found = await read(daemon, id)
  }
  clearInterval(watch)
  await load.stop()
  const seconds = (Date.parse(found.endedAt) - Date.parse(found.startedAt ?? '')) / 1000
  const perSecond = people / seconds
  // The last one goes on when the import is over.
  const whole = slices.length > 1 ? slices.slice(0, -1) : slices
  const p99Ms = Math.max(...whole.map(slice => slice.p99Ms))
  const answered = (slice: Load): number => slice.answers[200] ?? 0
  return {
    rows: [
      row(onStore(`import of ${people} contacts`, store), 'rows/s', perSecond, {
        memoryMb,
        bar: `≥ ${BARS.perSecond} /s, < ${BARS.memoryMb} MB`,
        pass: perSecond >= BARS.perSecond && memoryMb < BARS.memoryMb,
      }),
      row(onStore('webhooks meanwhile', store), '/s', Math.min(...whole.map(slice => slice.perSecond)), {
        ceiling: alone.perSecond,
        p50Ms: Math.max(...whole.map(slice => slice.p50Ms)),
        p99Ms,
        bar: `p99 ≤ ${BARS.p99Ms} ms`,
        pass: p99Ms <= BARS.p99Ms,
      }),
      row(onStore('webhooks without it', store), '/s', alone.perSecond, {
        p50Ms: alone.p50Ms,
        p99Ms: alone.p99Ms,
      }),
    ],
    checks: [
      equal(onStore('rows that made a contact', store), people, found.rows.created),
      equal(
        onStore('webhooks answered 200', store),
        sum(slices.map(({ sent }) => sent)),
        sum(slices.map(answered)),
      ),
    ],
  }
}

type Found = { id: string; startedAt: string | null; endedAt: string | null; rows: { created: number } }

async function read(daemon: Daemon, id: string): Promise<Found> {
  return await daemon.api<Found>('GET', `/v1/contacts/imports/${id}`)
}

async function prepare({ api }: Daemon): Promise<void> {
  await api('POST', '/v1/fields', { key: 'city', title: 'City', type: 'text' })
  await api('POST', '/v1/fields', { key: 'points', title: 'Points', type: 'number' })
}

async function newChannel({ api }: Daemon): Promise<string> {
  const body = { connector: 'whatsapp', name: 'bench', config: WHATSAPP }
  return (await api<{ id: string }>('POST', '/v1/channels', body)).id
}

/** A slice of the load, with webhooks of its own: no two in the whole run are the same. */
async function drive(
  load: Part<LoadQuestions>,
  { port }: Daemon,
  channel: string,
  slice: number,
): Promise<Load> {
  const count = (WEBHOOKS_PER_SECOND * SLICE_MS) / 1000 + CONNECTIONS
  await load.ask('prepare', {
    ...{ host: `127.0.0.1:${port}`, path: `/in/whatsapp/${channel}` },
    ...{ first: slice * count, count, template: whatsapp.template() },
  })
  const run = { port, connections: CONNECTIONS, ms: SLICE_MS, again: false, perSecond: WEBHOOKS_PER_SECOND }
  return await load.ask('run', run)
}

/** A list as another program would write it; its numbers come in no order. */
function listOf(people: number) {
  const directory = mkdtempSync(join(tmpdir(), 'omnibus-bench-list-'))
  const path = join(directory, 'people.csv')
  const lines = function* (): Generator<string> {
    yield 'name,phone,email,language,tags,fields.city,fields.points\r\n'
    for (let from = 0; from < people; from += 1_000) {
      const some = Math.min(1_000, people - from)
      yield Array.from({ length: some }, (_, at) => lineOf(from + at)).join('')
    }
  }
  return {
    path,
    write: () => pipeline(Readable.from(lines()), createWriteStream(path)),
    [Symbol.dispose]: () => rmSync(directory, { recursive: true, force: true }),
  }
}

/** Multiplying by a prime that divides no power of ten visits every number once. */
function lineOf(number: number): string {
  const phone = `+5255${String((number * 7_654_321) % 100_000_000).padStart(8, '0')}`
  const city = CITIES[number % CITIES.length]
  const tags = `segment ${number % 20};source ${number % 7}`
  return `Ana García ${number},${phone},ana.${number}@example.com,es,${tags},${city},${number % 1000}\r\n`
}

async function upload({ port, token }: Daemon, path: string): Promise<{ id: string }> {
  const answer = await fetch(`http://127.0.0.1:${port}/v1/contacts/import`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'text/csv',
      'content-length': String(statSync(path).size),
    },
    body: Readable.toWeb(createReadStream(path)) as ReadableStream,
    duplex: 'half',
  })
  if (answer.status !== 202)
    throw new Error(`the import was answered ${answer.status}: ${await answer.text()}`)
  return (await answer.json()) as { id: string }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0)
}
