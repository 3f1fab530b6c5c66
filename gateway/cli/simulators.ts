import type { AnyConnector } from '../../connectors/connector.ts'
import type { Simulation } from '../../connectors/kit/sim/simulation.ts'
import { allConnectors } from '../../connectors/registry.ts'
import type { Declared } from '../declared.ts'

export type Simulated = Pick<AnyConnector, 'connector' | 'title'> & { simulation: Simulation }

/** Every connector whose provider can be simulated, in the order of the registry. */
export async function simulated(): Promise<Simulated[]> {
  const found = allConnectors().map(async ({ connector, title, simulation }) => {
    return simulation === undefined ? [] : [{ connector, title, simulation: await simulation() }]
  })
  return (await Promise.all(found)).flat()
}

/** A channel that talks to the simulator at this address. */
export function channelOf({ connector, title, simulation }: Simulated, url: string): Declared {
  return { connector, name: `Simulated ${title}`, config: simulation.config(url), workspace: null }
}
