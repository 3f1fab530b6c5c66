import type { Clock } from '../../model/clock.ts'
import { createBuckets } from './buckets.ts'
import { ADDRESS, VISITOR } from './rates.ts'
import type { Visit } from './visit.ts'

/** Who may do how much. Each answers how many milliseconds to wait; 0 is go. */
export type Limits = {
  connection(address: string): number
  message(visit: Visit, characters: number): number
  upload(address: string, visitor: string): number
}

export function createLimits({ clock }: { clock: Clock }): Limits {
  const connections = createBuckets(ADDRESS.connections)
  const messages = [createBuckets(ADDRESS.messages), createBuckets(VISITOR.messages)] as const
  const characters = createBuckets(VISITOR.characters)
  const uploads = [createBuckets(ADDRESS.uploads), createBuckets(VISITOR.uploads)] as const
  return {
    connection: address => connections(address, clock.monotonic()),
    message: ({ address, who }, length) => {
      const now = clock.monotonic()
      const visitor = who?.visitor ?? ''
      return messages[1](visitor, now) || characters(visitor, now, length) || messages[0](address, now)
    },
    upload: (address, visitor) => {
      const now = clock.monotonic()
      return uploads[1](visitor, now) || uploads[0](address, now)
    },
  }
}
