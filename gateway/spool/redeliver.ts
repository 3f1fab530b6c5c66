import type { AnyConnector } from '../../connectors/connector.ts'
import type { Directory } from '../../connectors/directory.ts'
import type { Log } from '../../model/log.ts'
import { type Store, StoreBusy, StoreFailing } from '../../store/store.ts'
import { attribute } from '../attribute.ts'
import { createGates, holderOf } from '../gates.ts'
import { stands } from '../intake.ts'
import type { Metrics } from '../metrics.ts'
import type { Delivery } from './folder.ts'

export type RedeliverOptions = {
  store: Pick<Store, 'commit'>
  directory: Directory
  connectorOf: (name: string) => AnyConnector | undefined
  metrics: Metrics
  log: Log
}

/**
 * `stored`: durable. `gone`: nobody is left whom it is about, as on the shared URL of a connector (RULES B8).
 * `refused`: this version or the store cannot take it, now or later.
 */
export type Redelivered = 'stored' | 'gone' | 'refused'

/** Items were counted when they came. */
const COUNTED = { add: () => {} }
const UNCOUNTED = { intakeItems: COUNTED, intakeIgnored: COUNTED, intakeRejected: COUNTED }

/**
 * Takes a delivery in as it would have been when it came: it was verified then, so it is parsed, attributed and
 * committed. What was stored in spite of the store's silence is recognised (RULES B1). Commits are handed over before
 * the first wait, so that who calls in order is stored in order.
 * @throws StoreBusy, StoreFailing: the same again later
 */
export function createRedeliver(options: RedeliverOptions): (delivery: Delivery) => Promise<Redelivered> {
  const { store, directory, connectorOf, metrics, log } = options
  const gateOf = createGates(directory, connectorOf)
  return async ({ connector, named, channels: ids, request }) => {
    const known = connectorOf(connector)
    const gate = gateOf(connector)
    if (known?.receive === undefined) return 'refused'
    const channels = ids.flatMap(id => directory.get(id) ?? [])
    if (gate === undefined || channels.length === 0) return 'gone'
    const holder = holderOf('', channels)
    const ofUrl = named === undefined ? undefined : directory.get(named)
    const { transactions } = attribute({ metrics: UNCOUNTED, log }, gate, holder, ofUrl, request)
    try {
      const all = await Promise.all(transactions.map(one => store.commit(one)))
      const isStored = all.every((committed, index) => stands(committed, transactions[index], gate, metrics))
      return isStored ? 'stored' : 'refused'
    } catch (error) {
      if (error instanceof StoreBusy || error instanceof StoreFailing) throw error
      log.error({ err: error, connector }, 'the store refuses a delivery of the spool')
      return 'refused'
    }
  }
}
