import type { Delivery, Subject, Told, Which } from '../connector.ts'
import type { Stand } from './stand.ts'

/** How a law makes the provider tell something. */
export type Hands = {
  /** By default with our secret, to our own URL; `route` null is the URL that all channels share. */
  deliver(told: readonly Told[], by?: Which, route?: Which | null): Delivery[]
  /** The status of each. */
  take(deliveries: readonly Delivery[]): Promise<number[]>
}

export function handsOf({ receive }: Subject, it: () => Stand): Hands {
  return {
    deliver: (told, by = 'ours', route = 'ours') => {
      if (receive === undefined) throw new Error('it is never called: say so in `exempt`')
      return receive.deliver(told, by, it().urlOf(route))
    },
    take: async deliveries => {
      const statuses: number[] = []
      for (const delivery of deliveries) statuses.push(await it().deliver(delivery))
      return statuses
    },
  }
}

let last = 0

/** A text, and with it an id, that no other message has. */
export function unique(what: string): string {
  last += 1
  return `${what} ${Date.now().toString(36)}${last}`
}
