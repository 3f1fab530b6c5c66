import { tmpdir } from 'node:os'
import type { Import } from '../../model/import.ts'
import { seededRandom } from '../../model/random.ts'
import { scratch } from '../scratch.ts'
import { type Life, startLife } from './life.ts'

/** What is wrong after all deaths, one line for each fault. */
export type ImportCrash = { deaths: number; faults: string[]; read: number }

/** Enough to be in the middle of it at any moment that is tried. */
const ROWS = 12_000
/** One of so many is about a person who came before in the file. */
const AGAIN_ONE_IN = 50
const BAD_ONE_IN = 997
const DEATHS_MAX = 3
/** From before it listens to the end of the file. */
const MOMENT_MS = [350, 1500] as const
const END_MS = 60_000

/**
 * An import over several lives of a daemon, each but the last ended by SIGKILL at a moment that nobody chose. Every row
 * is applied once: each person is made by one event, and the counts are those of the file.
 */
export async function crashImport(seed: number, store?: string): Promise<ImportCrash> {
  await using folder = await scratch(tmpdir())
  const random = seededRandom(seed)
  const upTo = (max: number): number => Math.floor(random.fraction() * max)
  const rows = Array.from({ length: ROWS }, (_, at) => {
    if (at % BAD_ONE_IN === BAD_ONE_IN - 1) return 'nobody,x'
    return `${phoneOf(at > 0 && upTo(AGAIN_ONE_IN) === 0 ? upTo(at) : at)},row ${at}`
  })
  const good = rows.filter(row => !row.startsWith('nobody'))
  const people = new Set(good.map(row => row.split(',')[0]))
  let id: string | undefined
  let deaths = 0
  for (let left = 1 + upTo(DEATHS_MAX); left > 0; left--) {
    const afterMs = MOMENT_MS[0] + upTo(MOMENT_MS[1] - MOMENT_MS[0])
    const life = await startLife(folder.path, { afterMs }, undefined, store)
    deaths += 1
    if (life === undefined) continue
    // Its answer may go down with the process; the same file again is the same import.
    id = (await post(life, rows).catch(() => undefined)) ?? id
    await life.ended
  }
  const last = await startLife(folder.path, undefined, undefined, store)
  if (last === undefined) throw new Error('the last life did not start')
  try {
    const again = await post(last, rows)
    const faults = id === undefined || id === again ? [] : ['the same file was another import']
    const done = await ended(last, again)
    faults.push(...faultsOf(done, { rows: rows.length, good: good.length, people: people.size }))
    const made = await madeBy(last)
    if (made.length !== people.size) faults.push(`${made.length} people were made of ${people.size}`)
    if (new Set(made).size !== made.length) faults.push('a person was made twice')
    return { deaths, faults, read: done.rows.read }
  } finally {
    await last.stop()
  }
}

function phoneOf(at: number): string {
  return `+5255${10_000_000 + at}`
}

async function post(life: Life, rows: readonly string[]): Promise<string> {
  const headers = { 'content-type': 'text/csv' }
  const answer = await life.call('POST', '/v1/contacts/import', `phone,name\n${rows.join('\n')}\n`, headers)
  if (answer.status >= 300) throw new Error(`the import was answered ${answer.status}`)
  return (answer.body as Import).id
}

async function ended(life: Life, id: string): Promise<Import> {
  for (const from = performance.now(); performance.now() - from < END_MS; ) {
    const found = (await life.call('GET', `/v1/contacts/imports/${id}`)).body as Import
    if (found.endedAt !== null) return found
    await new Promise(resolve => setTimeout(resolve, 20))
  }
  throw new Error(`the import did not end within ${END_MS} ms`)
}

type Expected = { rows: number; good: number; people: number }

function faultsOf({ state, rows: counts }: Import, { rows, good, people }: Expected): string[] {
  const { read, created, updated, unchanged, rejected } = counts
  const sums: [string, number, number][] = [
    ['read', read, rows],
    ['created', created, people],
    ['created, updated and unchanged', created + updated + unchanged, good],
    ['rejected', rejected, rows - good],
  ]
  return [
    ...(state === 'finished' ? [] : [`it is ${state}`]),
    ...sums
      .filter(([, found, told]) => found !== told)
      .map(([what, found, told]) => `${what}: ${found} of ${told}`),
  ]
}

/** The people whom the log says were made, in its order. */
async function madeBy(life: Life): Promise<string[]> {
  const made: string[] = []
  for (let after = 0; ; ) {
    const { body } = await life.call('GET', `/v1/events?after=${after}&limit=1000`)
    const { data } = body as { data: { sequence: number; type: string; subject: string }[] }
    made.push(...data.filter(({ type }) => type === 'contact.created').map(({ subject }) => subject))
    const last = data.at(-1)
    if (last === undefined) return made
    after = last.sequence
  }
}
