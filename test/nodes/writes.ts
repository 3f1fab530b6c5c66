import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Grant } from './leases.ts'

/** What a node notes of a request to the provider: when it was made, and when its first byte went out. */
export type Write = {
  what: 'made' | 'written'
  reference: string
  /** Milliseconds on a clock that all processes share. */
  monotonic: number
  /** Milliseconds UTC. */
  at: number
}

/** Under its data directory, one line of JSON for each. */
export const WRITES = 'writes.ndjson'

/** Instead of 30 s, with all that `queue/tenure.ts` measures by it. */
export const LEASE_MS = 5000
/** RULES C4: `leaseEnd − sendTimeout − 2 s`, of which the tenure keeps 22 of 30 s. */
const QUIET_MS = (LEASE_MS * 22) / 30
/** Two clocks that are the same one, read to whole milliseconds, one of them by the server. */
const CLOCKS_MS = 3
const SECOND_MS = 1000
/** RULES E2: what is seen from outside may crowd by so much, since the limiter looked at its clock a moment before. */
const CROWD = 1.02

export function writesOf(dataDir: string): Write[] {
  const lines = readFileSync(join(dataDir, WRITES), 'utf8').split('\n')
  return lines.flatMap(line => (line === '' ? [] : [JSON.parse(line) as Write]))
}

/**
 * RULES C4: not a byte of a request is written later than the lease allows.
 *
 * @param writes of one node
 * @param grants of all nodes, in order
 */
export function lateWrites(node: string, writes: readonly Write[], grants: readonly Grant[]): string[] {
  return writes.flatMap(({ what, reference, at }) => {
    const last = grants.findLast(grant => grant.at <= at + CLOCKS_MS)
    if (what === 'made' || (last?.node === node && at - CLOCKS_MS <= last.until - QUIET_MS)) return []
    const lateMs = last?.node === node ? `${at - last.until + QUIET_MS} ms late` : 'without the lease'
    return [`${node} wrote ${reference} ${lateMs}: ${at}, ${JSON.stringify(last)}`]
  })
}

/**
 * The most requests within one second, of all nodes together, by when they were let go. A request whose connection was
 * still being made was written a little later, and one that was never written does not count.
 *
 * @returns that number, and when the second began
 */
export function fullestSecond(writes: readonly Write[]): { count: number; from: number } {
  const written = new Set(writes.flatMap(({ what, reference }) => (what === 'written' ? [reference] : [])))
  const made = writes.filter(({ what, reference }) => what === 'made' && written.has(reference))
  const times = made.map(({ monotonic }) => monotonic).toSorted((a, b) => a - b)
  let fullest = { count: 0, from: 0 }
  let first = 0
  for (const [index, time] of times.entries()) {
    while ((times[first] ?? time) <= time - SECOND_MS) first += 1
    if (index - first + 1 > fullest.count) fullest = { count: index - first + 1, from: times[first] ?? time }
  }
  return fullest
}

/** RULES E2. */
export function rateFaults({ count, from }: ReturnType<typeof fullestSecond>, perSecond: number): string[] {
  const most = Math.ceil(perSecond * CROWD)
  return count > most ? [`${count} requests within the second from ${from}, of ${most}`] : []
}
