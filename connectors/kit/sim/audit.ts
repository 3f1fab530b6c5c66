import type { Json } from '../json.ts'

/** A send as the provider saw it. `id` is null where it was refused; `code` is the refusal's. */
export type SentMessage = {
  at: number
  /** Who sends: the number, page, bot or account, as the provider calls it. */
  number: string
  to: string
  /** Our name for the attempt, where the provider is told one. */
  reference: string | null
  id: string | null
  code: number | null
  body: Json
}

export type SendStats = {
  requests: number
  accepted: number
  /** By error code. */
  refused: Record<string, number>
  /** Requests that were cut, dropped or stalled on purpose, by kind. */
  faults: Record<string, number>
  /** References that were accepted more than once. */
  referencesTwice: number
  /** Messages accepted more than once: references equal up to their last dot, which counts attempts. */
  partsTwice: number
}

export type Audit<S extends SentMessage = SentMessage> = {
  log: readonly S[]
  accepted(entry: S): void
  refused(entry: S): void
  fault(kind: string): void
  /** The newest logged message with this provider id or reference. */
  find(key: { id?: string; reference?: string }): S | undefined
  stats(): SendStats
}

/** References remembered for the uniqueness check; about 100 bytes each. */
const REFERENCES_MAX = 5_000_000

/** Everything that was sent: the newest in full, the rest as counts, every reference for the uniqueness check. */
export function createAudit<S extends SentMessage>(logMax: number): Audit<S> {
  let log: S[] = []
  const references = new Set<string>()
  const parts = new Set<string>()
  const stats = { requests: 0, accepted: 0, referencesTwice: 0, partsTwice: 0 }
  const refused: Record<string, number> = {}
  const faults: Record<string, number> = {}
  const keep = (entry: S): void => {
    stats.requests += 1
    log.push(entry)
    // Cut by half and not by one: moving a long array at each send would cost more than the send.
    if (log.length > logMax * 2) log = log.slice(-logMax)
  }
  const seen = (set: Set<string>, key: string): number => {
    if (set.has(key)) return 1
    if (set.size < REFERENCES_MAX) set.add(key)
    return 0
  }
  return {
    get log() {
      return log
    },
    accepted: entry => {
      keep(entry)
      stats.accepted += 1
      if (entry.reference === null) return
      stats.referencesTwice += seen(references, entry.reference)
      const dot = entry.reference.lastIndexOf('.')
      if (dot > 0) stats.partsTwice += seen(parts, entry.reference.slice(0, dot))
    },
    refused: entry => {
      keep(entry)
      const key = String(entry.code)
      refused[key] = (refused[key] ?? 0) + 1
    },
    fault: kind => {
      faults[kind] = (faults[kind] ?? 0) + 1
    },
    find: ({ id, reference }) =>
      log.findLast(
        entry =>
          (id !== undefined && entry.id === id) || (reference !== undefined && entry.reference === reference),
      ),
    stats: () => ({ ...stats, refused: { ...refused }, faults: { ...faults } }),
  }
}
